"""The wheel in an empty environment: what it declares is all that it needs, and it shows the client without Node."""

import re
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from importlib.metadata import distribution
from pathlib import Path

import httpx
import pytest
from packaging.requirements import Requirement

from needs import ROOT, missing
from vitruvian.platform.freeport import free_port

pytestmark = pytest.mark.service
BUILT = ROOT / "src" / "vitruvian" / "web" / "index.html"
QUIET = ["--quiet", "--no-input", "--disable-pip-version-check"]


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    if not BUILT.exists():
        missing("the built client", "make client")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (made,) = tmp_path.glob("*.whl")
    return made


@pytest.fixture
def python(wheel: Path, tmp_path: Path) -> Path:
    """Of an environment of its own, that holds the wheel, and with it what it declares, at the pinned versions."""
    home = tmp_path / "env"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(home)], check=True)
    made = home / "bin" / "python"
    pinned = ["--no-compile", "--only-binary", ":all:", "--retries", "1", "--timeout", "30", "-c"]
    install = [sys.executable, "-m", "pip", "--python", str(made), "install", *QUIET, *pinned]
    start = time.monotonic()
    done = subprocess.run([*install, str(ROOT / "constraints.txt"), str(wheel)], capture_output=True, text=True)
    if done.returncode:  # no registry is reachable here: the same packages, from where the tests run
        assert "Could not find a version" in done.stderr or "connection" in done.stderr.lower(), done.stderr
        print("no registry:", done.stderr.strip().splitlines()[-1])
        copy(wheel, next(home.glob("lib/python*/site-packages")))
    print(f"installed in {time.monotonic() - start:.0f} s")
    return made


def copy(wheel: Path, site: Path) -> None:
    """The wheel, and every distribution that its requirements reach, file by file."""
    with zipfile.ZipFile(wheel) as packed:
        packed.extractall(site)
        meta = next(name for name in packed.namelist() if name.endswith(".dist-info/METADATA"))
        asked = re.findall(r"^Requires-Dist: (.*)$", packed.read(meta).decode(), re.MULTILINE)
    seen: set[str] = set()
    for name in reached([Requirement(one) for one in asked], seen):
        found = distribution(name)
        for file in found.files or ():
            source, target = Path(str(found.locate_file(file))), site / file
            if source.is_file() and ".." not in file.parts:
                target.parent.mkdir(parents=True, exist_ok=True)
                target.symlink_to(source)


def reached(asked: list[Requirement], seen: set[str]) -> Iterator[str]:
    """Names of distributions, each once, with what each needs in its turn."""
    for one in asked:
        extras = [{"extra": extra} for extra in one.extras] or [{"extra": ""}]
        if (one.marker and not any(one.marker.evaluate(extra) for extra in extras)) or one.name.lower() in seen:
            continue
        seen.add(one.name.lower())
        yield one.name
        yield from reached([Requirement(r) for r in distribution(one.name).requires or ()], seen)


def test_it_serves_the_client_where_there_is_no_node(wheel: Path, python: Path, tmp_path: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert not [n for n in names if "node_modules" in n or n.startswith(("tests/", "web/"))]
    port, program = free_port(), "from vitruvian.cli import main; main()"
    command = [str(python), "-I", "-c", program, "serve", "--db", str(tmp_path / "db"), "--port", str(port), "--quiet"]
    alone = {"PATH": "", "HOME": str(tmp_path)}
    found = [str(python), "-I", "-c", "import vitruvian; print(vitruvian.__file__)"]
    where = subprocess.run(found, env=alone, text=True, capture_output=True, check=True).stdout
    assert where.startswith(str(python.parents[1])), "the editable installation is not looked at"
    with subprocess.Popen(command, env=alone, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert "listens" in process.stdout.readline()
            transport = httpx.HTTPTransport(retries=5)
            with httpx.Client(transport=transport, base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
                assert client.get("/").text == BUILT.read_text(encoding="utf-8")
                script = re.findall(r'src="(/assets/[^"]+\.js)"', client.get("/").text)[0]
                packed = client.get(script, headers={"Accept-Encoding": "br"})
                assert packed.headers["content-encoding"] == "br"
                plain = client.get(script, headers={"Accept-Encoding": "identity"})
                assert plain.text == (BUILT.parent / script.lstrip("/")).read_text(encoding="utf-8")
                assert client.get("/health/ready").is_success
        finally:
            process.terminate()
