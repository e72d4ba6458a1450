"""Laws of the house that no linter knows: light imports, no machine paths, complete kinds."""

import ast
import itertools
import re
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import pytest

from needs import ROOT

SOURCE = ROOT / "src" / "vitruvian"
KINDS = sorted(p.parent for p in (SOURCE / "kinds").glob("*/__init__.py"))
HEAVY = ("jax", "numba", "scipy.stats", "matplotlib", "sqlalchemy", "xarray", "pint", "pandas")
BINARY = {".png", ".npz", ".pdf", ".ico", ".woff2", ".gz"}
# Letters in brackets, so that this file does not find itself.
MACHINE_PATH = re.compile(r"""["'`\s=(]/(hom[e]|sr[v]|op[t]|wor[k]|roo[t]|far[m]|Use[r]s)/[\w.]""")
REGISTRY = re.compile(r"pyp[i]\.org|python[h]osted|npm[j]s\.(org|com)|deb[.]debian|crates[.]io")


def committed_files() -> list[Path]:
    """What git knows or would add: the working tree without what is ignored."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    paths = (ROOT / name for name in listed.stdout.decode().split("\0") if name)
    return [path for path in paths if path.is_file() and path.suffix not in BINARY]


def test_the_command_line_starts_without_the_heavy_libraries() -> None:
    code = f"import sys, vitruvian.cli; print(*[m for m in {HEAVY!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [], "import these where they are used, not at the top"


def test_no_file_names_a_machine_or_a_registry() -> None:
    found = []
    for path in committed_files():
        for number, line in enumerate(path.read_text("utf-8", errors="replace").splitlines(), 1):
            if MACHINE_PATH.search(line) or REGISTRY.search(line):
                found.append(f"{path.relative_to(ROOT)}:{number}: {line.strip()[:100]}")
    assert not found, "\n".join(found)


def test_the_patterns_find_what_they_are_for() -> None:
    assert MACHINE_PATH.search('data = "/' + 'home/ada/data"')
    assert not MACHINE_PATH.search("https://example.org/work/of/others")
    assert REGISTRY.search("https://pyp" + "i.org/simple")


def test_a_file_is_one_idea() -> None:
    sizes = {p.relative_to(ROOT): len(p.read_text("utf-8").splitlines()) for p in python_files()}
    long = {str(path): lines for path, lines in sizes.items() if lines > 400}
    assert not long, f"above 400 lines: {long}"


def test_no_file_is_a_drawer() -> None:
    drawers = {"utils", "util", "helpers", "helper", "common", "misc", "manager"}
    found = [str(p.relative_to(ROOT)) for p in SOURCE.rglob("*") if p.stem in drawers]
    assert not found, f"name the idea instead: {found}"


def python_files() -> list[Path]:
    return sorted(SOURCE.rglob("*.py"))


@pytest.mark.parametrize("folder", KINDS, ids=lambda folder: folder.name)
def test_a_kind_is_complete(folder: Path) -> None:
    for need in ("README.md", "evidence/claims.toml"):
        assert (folder / need).is_file(), f"{folder.relative_to(ROOT)} lacks {need}"
    assert folder.name in entry_points(), f"pyproject.toml lacks the entry point '{folder.name}'"


def test_every_entry_point_has_its_folder() -> None:
    folders = {folder.name for folder in KINDS}
    assert set(entry_points()) <= folders, f"no folder: {sorted(set(entry_points()) - folders)}"
    for name, target in entry_points().items():
        assert target == f"vitruvian.kinds.{name}:KIND"


def entry_points() -> dict[str, str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    return project["entry-points"]["vitruvian.kinds"]


def test_every_direct_dependency_is_pinned() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    pins = re.findall(r"^([\w.-]+)==", (ROOT / "constraints.txt").read_text("utf-8"), re.MULTILINE)
    extras = project["optional-dependencies"]
    unpinned_by_choice = {"vitruvian", *map(normal, extras["peers"])}
    needs = [*project["dependencies"], *itertools.chain.from_iterable(extras.values())]
    lacking = set(map(normal, needs)) - set(map(normal, pins)) - unpinned_by_choice
    assert not lacking, f"make constraints: {sorted(lacking)}"


def test_what_is_imported_is_declared() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = project["optional-dependencies"]
    users = [extras[name] for name in ("fit", "sample", "bench", "parquet", "cluster", "fuzz", "peers")]
    needs = itertools.chain(project["dependencies"], *users)
    declared = set(map(normal, needs)) | {"vitruvian"}
    distributions = metadata.packages_distributions()
    undeclared = []
    for path in python_files():
        for module in imported_modules(path) - sys.stdlib_module_names:
            names = {normal(name) for name in distributions.get(module, [module])}
            if not names & declared:
                undeclared.append(f"{path.relative_to(ROOT)}: {module}")
    assert not undeclared, f"add to pyproject.toml or do without: {undeclared}"


def imported_modules(path: Path) -> set[str]:
    """The top-level names of all absolute imports of a file, those inside functions too."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.partition(".")[0])
    return found


def normal(requirement: str) -> str:
    """The name in a requirement, as registries compare it."""
    return re.sub(r"[-_.]+", "-", re.split(r"[\[><=~!; ]", requirement)[0]).lower()


def test_compiled_code_is_kept_by_its_sources_only() -> None:
    """numba's own cache serves an old model after an edit of what it calls: engines/compiled.py keeps what is kept."""
    kept = [p for p in (ROOT / "src").rglob("*.py") if "cache=True" in p.read_text("utf-8")]
    assert kept == []
