"""The pages on conformance say what is so: every law with what finds it broken, and a kind in under 100 lines."""

import pytest

from broken import BROKEN
from needs import ROOT
from pages import read_page
from vitruvian.conformance import FULL, LAWS, QUICK

LAWS_PAGE = (ROOT / "docs" / "reference" / "laws.md").read_text("utf-8")


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.name)
def test_the_reference_lists_every_law_and_what_breaks_it(law) -> None:
    [row] = [line for line in LAWS_PAGE.splitlines() if line.startswith(f"| {law.name} | ")]
    assert f"| {law.sentence} |" in row
    for case in BROKEN:
        assert (f"{case.kind.__name__}: " in row) == (case.law == law.name)
    assert ("--full" in row) == law.full_only


def test_the_reference_says_how_much_is_run() -> None:
    for what, quick, full in (
        ("prior draws under `limits`", QUICK.draws, FULL.draws),
        ("pairs of seeds under `effect` and `paired`", QUICK.pairs, FULL.pairs),
        ("replications under `calibrated`", QUICK.replications, FULL.replications),
    ):
        assert f"| {what} | {quick:,} | {full:,} |" in LAWS_PAGE
    assert f"| subjects under `reference` | none | {FULL.reference} |" in LAWS_PAGE


def test_a_kind_takes_under_a_hundred_lines() -> None:
    page = read_page(ROOT / "docs" / "how-to" / "add-a-kind.md")
    files = [b for b in page.blocks if b.file and b.file.endswith((".py", ".toml")) and b.file != "ask.py"]
    lines = sum(1 for block in files for line in block.text.splitlines() if line.strip())
    assert 0 < lines < 100


def test_the_page_puts_its_kind_under_every_law() -> None:
    page = read_page(ROOT / "docs" / "how-to" / "add-a-kind.md")
    ran = [b.text for b in page.blocks if not b.no_run and not b.file]
    assert any("vitruvian conform caffeine" in text for text in ran)
