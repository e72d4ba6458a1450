"""Every page's code runs, what it shows is what comes out, and its links lead somewhere."""

import doctest
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from needs import ROOT, find_data_root
from pages import SHELL, Block, Command, Page, all_pages, commands, read_blocks

PAGES = all_pages()
RUNNABLE = [p for p in PAGES if any(b.language in SHELL | {"python"} for b in p.blocks)]
LINK = re.compile(r"!?\[[^\]]*\]\(\s*<?(?P<target>[^)\s>]+)>?[^)]*\)")
ELSEWHERE = re.compile(r"^(https?|mailto):")


def run_python(block: Block, page: Page, namespace: dict[str, object]) -> None:
    # Blank lines in front, so that a traceback names the line of the page.
    code = compile("\n" * (block.line - 1) + block.text, str(page.path), "exec")
    exec(code, namespace)


def run_command(command: Command, page: Page, folder: Path) -> None:
    """Run one line in a shell where `vitruvian` is this environment's; compare what is shown."""
    done = subprocess.run(
        ["bash", "-eu", "-o", "pipefail", "-c", command.command],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=300,
    )
    where = f"{page.name}:{command.line}: $ {command.command}"
    printed = done.stdout + done.stderr
    assert done.returncode == 0, f"{where}\nended with {done.returncode}:\n{printed}"
    assert "Traceback (most recent call last)" not in printed, f"{where}\n{printed}"
    same = doctest.OutputChecker().check_output(
        command.shown.strip() + "\n",
        printed.strip() + "\n",
        doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE,
    )
    difference = f"the page shows:\n{command.shown}\nbut it prints:\n{printed}"
    assert same or not command.shown.strip(), f"{where}\n{difference}"


@pytest.mark.parametrize("page", RUNNABLE, ids=lambda page: page.name)
def test_the_code_of_a_page_runs(
    page: Page,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("VITRUVIAN_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("VITRUVIAN_DATA", str(find_data_root()))
    monkeypatch.setenv("MPLBACKEND", "agg")
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    namespace: dict[str, object] = {"__name__": "__page__"}
    for block in page.blocks:
        if block.file:
            file = tmp_path / block.file
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(block.text, encoding="utf-8")
        elif block.no_run:
            continue
        elif block.language == "python":
            run_python(block, page, namespace)
        elif block.language in SHELL:
            for command in commands(block):
                run_command(command, page, tmp_path)


@pytest.mark.parametrize("page", RUNNABLE, ids=lambda page: page.name)
def test_a_shell_block_is_run_or_says_why_not(page: Page) -> None:
    silent = [
        f"{page.name}:{block.line}"
        for block in page.blocks
        if block.language in SHELL and not (block.no_run or block.file or commands(block))
    ]
    fix = "start the commands with '$ ' or put <!-- no-run: reason --> above the block"
    assert not silent, f"{fix}: {silent}"


def anchors(text: str) -> set[str]:
    """The ids that a Markdown renderer gives to the headings of a page."""
    headings = re.findall(r"^#+\s+(.+?)\s*$", text, flags=re.MULTILINE)
    plain = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in headings)
    return {heading.replace(" ", "-") for heading in plain}


@pytest.mark.fast
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_relative_links_lead_somewhere(page: Page) -> None:
    dead = []
    for found in LINK.finditer(page.prose):
        target, _, anchor = found["target"].partition("#")
        if ELSEWHERE.match(found["target"]):
            continue
        file = (page.path.parent / target).resolve() if target else page.path
        if not file.exists() or not file.is_relative_to(ROOT):
            dead.append(f"{found['target']} (no such file)")
        elif anchor and file.suffix == ".md" and anchor not in anchors(file.read_text("utf-8")):
            dead.append(f"{found['target']} (no such heading)")
    assert not dead, f"{page.name}: {dead}"


@pytest.mark.fast
def test_every_page_of_the_shelves_is_reachable_from_the_index() -> None:
    reached, ahead = set(), [ROOT / "docs" / "index.md"]
    by_path = {page.path: page for page in PAGES}
    while ahead:
        path = ahead.pop()
        if path in reached or path not in by_path:
            continue
        reached.add(path)
        for found in LINK.finditer(by_path[path].prose):
            ahead.append((path.parent / found["target"].partition("#")[0]).resolve())
    shelved = {page.path for page in PAGES if page.name.startswith("docs/")}
    lost = sorted(path.relative_to(ROOT).as_posix() for path in shelved - reached)
    assert not lost, f"no page links to: {lost}"


@pytest.mark.fast
def test_the_reader_of_blocks_knows_its_directives() -> None:
    text = (
        "```python\na = 1\n```\n"
        "<!-- no-run: needs a ward -->\n```console\n$ vitruvian demo\n```\n\n"
        "<!-- file: goal.yaml -->\n\n```yaml\ngoal: 1\n```\n"
        "```console\n$ vitruvian forecast T \\\n>   --hours 3\nshown ...\n```\n"
    )
    python, unrun, file, console = read_blocks(text)
    assert (python.text, python.line) == ("a = 1\n", 2)
    assert unrun.no_run == "needs a ward"
    assert file.file == "goal.yaml"
    [command] = commands(console)
    assert command.command == "vitruvian forecast T \\\n  --hours 3"
    assert command.shown == "shown ...\n"


@pytest.mark.fast
@pytest.mark.parametrize(
    ("block", "complaint"),
    [
        ("```console\n$ echo one two\nthree\n```\n", "but it prints"),
        ("```console\n$ false\n```\n", "ended with 1"),
        ("```console\n$ echo 'Traceback (most recent call last)'\n```\n", "Traceback"),
    ],
)
def test_a_page_that_shows_what_is_not_so_fails(block: str, complaint: str, tmp_path: Path) -> None:
    page = Page(ROOT / "docs" / "broken.md", block, read_blocks(block))
    [command] = commands(page.blocks[0])
    with pytest.raises(AssertionError, match=re.escape(complaint)):
        run_command(command, page, tmp_path)


@pytest.mark.fast
def test_a_python_block_that_fails_names_its_line(tmp_path: Path) -> None:
    text = "# A page\n\n```python\nward = {}\nward['beds']\n```\n"
    page = Page(ROOT / "docs" / "broken.md", text, read_blocks(text))
    with pytest.raises(KeyError, match="beds") as failure:
        run_python(page.blocks[0], page, {})
    assert failure.traceback[-1].lineno + 1 == 5
