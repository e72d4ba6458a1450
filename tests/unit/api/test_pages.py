"""The client's files as they are served: one page under many paths, packed, remembered for ever, nothing inline."""

import gzip
from pathlib import Path

import pytest

from served import Served
from vitruvian.api import pages


@pytest.fixture
def built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text("<!doctype html><title>client</title>")
    (tmp_path / "assets" / "index-abc.js").write_text("let a = 1")
    (tmp_path / "assets" / "index-abc.js.gz").write_bytes(gzip.compress(b"let a = 1"))
    monkeypatch.setattr(pages, "FOLDER", tmp_path)
    return tmp_path


def test_the_page_is_served_under_every_path_of_the_client(served: Served, built: Path) -> None:
    for path in ("/", "/login", "/twins/tw-1/what-if", "/alerts", "/admin"):
        answer = served.call("GET", path, "")
        assert (answer.status_code, answer.text) == (200, "<!doctype html><title>client</title>"), path
        assert answer.headers["cache-control"] == "no-cache"
        assert "unsafe-inline" not in answer.headers["content-security-policy"]
    assert served.call("GET", "/v1/nothing", "").headers["content-type"] == "application/problem+json"


def test_files_are_packed_and_kept_for_ever(served: Served, built: Path) -> None:
    answer = served.call("GET", "/assets/index-abc.js", "", headers={"Accept-Encoding": "gzip, br"})
    assert (answer.text, answer.headers["content-encoding"]) == ("let a = 1", "gzip")
    assert "immutable" in answer.headers["cache-control"]
    plain = served.call("GET", "/assets/index-abc.js", "", headers={"Accept-Encoding": "identity"})
    assert (plain.text, plain.headers.get("content-encoding")) == ("let a = 1", None)
    again = served.call("GET", "/assets/index-abc.js", "", headers={"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304


def test_nothing_outside_the_folder_is_served(served: Served, built: Path) -> None:
    (built.parent / "secret.txt").write_text("no")
    for path in ("/assets/..%2fsecret.txt", "/assets/%2e%2e%2f%2e%2e%2fsecret.txt", "/assets/nothing.js"):
        assert served.call("GET", path, "").status_code == 404, path


def test_without_a_built_client_the_server_says_so(
    served: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "FOLDER", tmp_path)
    assert "make client" in served.call("GET", "/", "").text
