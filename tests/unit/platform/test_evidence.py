"""The evidence runner: claims are read, measured, kept, resumed, and shown stale when sources change."""

from __future__ import annotations

import json
import sys
import textwrap
from pathlib import Path

import pytest

from vitruvian.core.errors import KindError, VitruvianError
from vitruvian.platform import evidence
from vitruvian.platform.sources import meaning, sources_hash

CLAIMS = """
[[claim]]
id = "toy.sum"
class = "verification"
statement = "two and two are four"
metric = "sum"
target = "= 4"
data = ""
budget_cpu_s = 1
measure = "evidence.sums:sums"
[[claim]]
id = "toy.data"
class = "validation"
statement = "needs data that is not here"
metric = "error"
target = "< 1"
data = "no/such/set"
budget_cpu_s = 1
measure = "evidence.sums:sums"
"""
MEASURE = """
from pathlib import Path
from vitruvian.core import keys

def sums(claim_id, data, test, quick, progress):
    "Counts its calls in a file."
    counter = Path(__file__).with_name("calls")
    counter.write_text(counter.read_text() + "x" if counter.exists() else "x")
    progress(1.0)
    return {"measured": 2 + 2, "met": 2 + 2 == 4, "n": 10 if quick else 1000, "baseline": "five"}
"""


@pytest.fixture
def toy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = tmp_path / "toypkg"
    (root / "evidence").mkdir(parents=True)
    (root / "__init__.py").write_text("")
    (root / "evidence" / "__init__.py").write_text("")
    (root / "evidence" / "claims.toml").write_text(CLAIMS)
    (root / "evidence" / "sums.py").write_text(MEASURE)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(evidence, "package_of", lambda kind: "toypkg")
    for cached in (evidence.folder, evidence.source_hash):
        cached.cache_clear()
    yield root
    for cached in (evidence.folder, evidence.source_hash):
        cached.cache_clear()
    for name in [m for m in sys.modules if m.startswith("toypkg")]:
        del sys.modules[name]


def calls(root: Path) -> int:
    path = root / "evidence" / "calls"
    return len(path.read_text()) if path.exists() else 0


def test_claims_are_measured_kept_and_not_measured_twice(toy: Path):
    seen: list[tuple[str, float]] = []
    rows = evidence.run_claims("toy", only=["toy.sum"], progress=lambda c, s: seen.append((c, s)))
    assert rows[0]["measured"] == 4
    assert rows[0]["met"] is True
    assert seen == [("toy.sum", 1.0)]
    kept = json.loads((toy / "evidence" / "results.json").read_text())
    assert kept[0]["source_hash"] == rows[0]["source_hash"]
    evidence.run_claims("toy", only=["toy.sum"], resume=True)
    assert calls(toy) == 1
    evidence.run_claims("toy", only=["toy.sum"])
    assert calls(toy) == 2


def test_quick_results_are_not_kept(toy: Path):
    rows = evidence.run_claims("toy", only=["toy.sum"], quick=True)
    assert rows[0]["n"] == 10
    assert not (toy / "evidence" / "results.json").exists()


def test_a_changed_source_makes_a_result_stale_but_a_comment_does_not(toy: Path):
    evidence.run_claims("toy", only=["toy.sum"])
    path = toy / "evidence" / "sums.py"
    path.write_text(path.read_text().replace("Counts its calls", "Says how often it was called") + "# seen\n")
    evidence.source_hash.cache_clear()
    assert evidence.results("toy")[0]["stale"] is False
    path.write_text(path.read_text().replace("2 + 2", "2 + 3", 1))
    evidence.source_hash.cache_clear()
    assert evidence.results("toy")[0]["stale"] is True


def test_a_change_to_another_claims_code_or_wording_leaves_a_result_and_its_own_target_does_not(toy: Path):
    evidence.run_claims("toy", only=["toy.sum"])
    (toy / "evidence" / "differences.py").write_text("X = 1\n")
    path = toy / "evidence" / "claims.toml"
    path.write_text(CLAIMS.replace("two and two are four", "two and two make four"))
    evidence.source_hash.cache_clear()
    assert evidence.results("toy")[0]["stale"] is False
    path.write_text(CLAIMS.replace('"= 4"', '"< 4"'))
    assert evidence.results("toy")[0]["stale"] is True
    path.write_text(CLAIMS)
    (toy / "model.py").write_text("X = 1\n")
    evidence.source_hash.cache_clear()
    assert evidence.results("toy")[0]["stale"] is True


def test_absent_data_is_said_not_passed(toy: Path):
    row = evidence.run_claims("toy", only=["toy.data"])[0]
    assert row["met"] is None
    assert "not here" in row["measured"]


def test_errors_name_the_place(toy: Path):
    with pytest.raises(KindError, match=r"no claim 'toy.none'.*toy.sum, toy.data"):
        evidence.run_claims("toy", only=["toy.none"])
    with pytest.raises(VitruvianError, match="no such folder"):
        evidence.run_claims("toy", data=toy / "nowhere")
    path = toy / "evidence" / "claims.toml"
    path.write_text(CLAIMS.replace('metric = "sum"\n', ""))
    with pytest.raises(KindError, match=r"claim 'toy.sum' lacks metric"):
        evidence.claims("toy")
    path.write_text(CLAIMS.replace('"verification"', '"belief"'))
    with pytest.raises(KindError, match="has class 'belief'"):
        evidence.claims("toy")


def test_an_import_two_steps_away_counts(toy: Path):
    (toy / "evidence" / "sums.py").write_text("from toypkg.evidence import near\n")
    (toy / "evidence" / "near.py").write_text("from toypkg.evidence import deep\n")
    (toy / "evidence" / "deep.py").write_text("import json\n")
    before = sources_hash("toypkg", toy, "evidence.sums")
    (toy / "evidence" / "deep.py").write_text("import json\nX = 12\n")
    assert sources_hash("toypkg", toy, "evidence.sums") != before


def test_meaning_ignores_comments_layout_and_docstrings():
    a = meaning('def f(x):\n    "Says."\n    return x  # now\n')
    assert a == meaning("def f( x ):\n    return (x)\n")
    assert a != meaning("def f(x):\n    return -x\n")
    assert meaning(textwrap.dedent('class A:\n    "doc"\n    b = 1\n')) == meaning("class A:\n    b = 1\n")
