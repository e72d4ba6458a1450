"""The documentation as data: pages, their fenced blocks and what a comment above a block asks for.

<!-- no-run: reason -->   the block is not run, and the reason is printed
<!-- file: goal.yaml -->  the block is written to that file in the page's folder, and not run
"""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from needs import ROOT

SHELL = {"sh", "bash", "console", "shell"}
FENCE = re.compile(r"^(?P<indent> *)(?P<fence>`{3,}|~{3,})\s*(?P<language>[\w+-]*)")
DIRECTIVE = re.compile(r"^\s*<!--\s*(?P<word>no-run|file):\s*(?P<value>.+?)\s*-->\s*$")


@dataclass(frozen=True)
class Block:
    """One fenced block: its language, its text, the page line its text starts on."""

    language: str
    text: str
    line: int
    no_run: str | None = None
    file: str | None = None


@dataclass(frozen=True)
class Command:
    """One `$ command` of a console block and the output that the page shows for it, if any."""

    command: str
    shown: str
    line: int


@dataclass(frozen=True)
class Page:
    """One Markdown file of the repository."""

    path: Path
    text: str
    blocks: tuple[Block, ...]

    @property
    def name(self) -> str:
        return self.path.relative_to(ROOT).as_posix()

    @property
    def prose(self) -> str:
        """The text without its blocks and inline code, where links are looked for."""
        lines, inside = [], None
        for line in self.text.splitlines():
            fence = FENCE.match(line)
            if inside is None and fence:
                inside = fence["fence"]
            elif inside is not None and line.strip() == inside:
                inside = None
            elif inside is None:
                lines.append(re.sub(r"`[^`]*`", "", line))
        return "\n".join(lines)


def read_blocks(text: str) -> tuple[Block, ...]:
    """Every fenced block of a Markdown text, with the directive standing directly above it."""
    blocks: list[Block] = []
    directive: dict[str, str] = {}
    fence, start, body = None, 0, []
    for number, line in enumerate(text.splitlines(), 1):
        if fence is not None:
            if line.strip() == fence["fence"]:
                known = {"no_run": directive.get("no-run"), "file": directive.get("file")}
                blocks.append(Block(fence["language"], "\n".join(body) + "\n", start, **known))
                fence, directive = None, {}
            else:
                body.append(line.removeprefix(fence["indent"]))
        elif found := FENCE.match(line):
            fence, start, body = found, number + 1, []
        elif found := DIRECTIVE.match(line):
            directive[found["word"]] = found["value"]
        elif line.strip():
            directive = {}
    if fence is not None:
        raise ValueError(f"line {start - 1}: the block is never closed")
    return tuple(blocks)


def commands(block: Block) -> list[Command]:
    """The `$ ` lines of a shell block; a trailing backslash continues, other lines are output."""
    found: list[Command] = []
    continued = False
    for offset, line in enumerate(block.text.splitlines()):
        if continued:
            last = found[-1]
            found[-1] = Command(last.command + "\n" + line.removeprefix("> "), "", last.line)
        elif line.startswith("$ "):
            found.append(Command(line.removeprefix("$ "), "", block.line + offset))
        elif found:
            last = found[-1]
            found[-1] = Command(last.command, last.shown + line + "\n", last.line)
        continued = line.endswith("\\") and (continued or line.startswith("$ "))
    return found


def read_page(path: Path) -> Page:
    """Parse one Markdown file."""
    text = path.read_text(encoding="utf-8")
    return Page(path, text, read_blocks(text))


@cache
def all_pages() -> tuple[Page, ...]:
    """README, CONTRIBUTING, CHANGELOG, everything under docs/, and every kind's README."""
    paths = [
        *sorted(ROOT.glob("*.md")),
        *sorted((ROOT / "docs").rglob("*.md")),
        *sorted((ROOT / "src").rglob("*.md")),
    ]
    return tuple(read_page(path) for path in paths)
