"""The Dockerfile, read: it cannot be built where there is no container engine, but what it names must be there."""

import re
import tomllib
from fnmatch import fnmatch

from needs import ROOT

TEXT = (ROOT / "Dockerfile").read_text("utf-8").replace("\\\n", " ")
STEPS = [line.split(maxsplit=1) for line in TEXT.splitlines() if line and not line.startswith("#")]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


def test_what_is_copied_is_there_and_not_kept_out() -> None:
    rules = (ROOT / ".dockerignore").read_text("utf-8").split()
    let_in = [rule[1:] for rule in rules if rule.startswith("!")]
    copied = [rest.split()[:-1] for word, rest in STEPS if word == "COPY" and not rest.startswith("--from")]
    for name in (n.rstrip("/") for names in copied for n in names):
        assert (ROOT / name).exists(), name
        assert any(fnmatch(name.split("/")[0], rule) for rule in let_in), f"{name} is kept out by .dockerignore"


def test_stages_are_made_before_they_are_copied_from_and_the_last_is_no_root() -> None:
    made: set[str] = set()
    for word, rest in STEPS:
        if word == "FROM" and " AS " in rest:
            made.add(rest.split()[-1])
        for name in re.findall(r"--from=(\S+)", rest):
            assert name in made
    last = max(i for i, (word, _) in enumerate(STEPS) if word == "FROM")
    words = [word for word, _ in STEPS[last:]]
    assert {"USER", "HEALTHCHECK", "VOLUME", "ENTRYPOINT", "CMD"} <= set(words)
    assert dict(STEPS[last:])["USER"] not in ("root", "0")


def test_every_installation_is_pinned_and_its_extras_exist() -> None:
    installs = re.findall(r"pip install ([^&\n]*)", TEXT)
    assert installs
    assert all("-c constraints.txt" in one for one in installs)
    extras = {name for group in re.findall(r"\[([a-z,]+)\]\"", TEXT) for name in group.split(",")}
    assert extras <= set(PROJECT["project"]["optional-dependencies"])
    assert extras >= {"postgres", "parquet"}
    oldest = tuple(map(int, PROJECT["project"]["requires-python"].lstrip(">=").split(".")))
    (python,) = re.findall(r"ARG PYTHON=(\S+)", TEXT)
    assert tuple(map(int, python.split("."))) >= oldest
