"""What is wrong is said in a line or two: what, where, how to cure it. Never a trace, never a wrong number."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from theophylline import levels
from vitruvian.cli import main
from vitruvian.cli.lazy import LazyGroup

Run, Ask = Callable[..., Result], Callable[..., Any]
MAKE = ("twin", "create", "--kind", "infusion", "--subject", "Bob")


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("forecast", "Adda"), ["there is no twin 'Adda'", "did you mean Ada?"]),
        (("calibrate", "zzz"), ["there is no twin 'zzz'"]),
        (("decide", "Ada"), ["which question? kind 'infusion' has"]),
        (("describe", "infuson"), ["there is no kind 'infuson'", "infusion"]),
        (("observe", "Ada", "nope.csv"), ["nope.csv", "No such file"]),
        (("forecast", "Ada", "--hours", "0"), ["--hours", "0 h is no horizon"]),
        (("forecast", "Ada", "--hours", "nan"), ["--hours", "no horizon"]),
        (("forecast", "Ada", "--of", "concentratoin"), ["'concentratoin'", "use one of concentration"]),
        (("forecast", "Ada", "--as-of", "2024-02-01T08:00"), ["no reading was known", "the first is of 2024-03-01"]),
        (("forecast", "Ada", "--as-of", "2999-01-01"), ["--as-of", "in the future"]),
        (("forecast", "Ada", "--as-of", "yesterday"), ["--as-of", "'yesterday' is not a time", "2026-03-01T12:30"]),
        (("forecast", "Ada", "--as-of", "2024-03-31T02:30"), ["does not exist in Europe/Berlin"]),
        (("calibrate", "Ada", "--days", "-1"), ["--days"]),
        (("calibrate", "Ada", "--method", "magic"), ["no method 'magic'", "laplace"]),
        (("backtest", "Ada", "--horizon", "60"), ["'60' is not a duration", "45m"]),
        (("compare", "Ada", "--option", "x=nope.yaml"), ["nope.yaml", "No such file"]),
        (("recommend", "Ada", "--goal", "nope.yaml"), ["nope.yaml", "No such file"]),
        (("explain", "Ada", "--quantity", "pek_level"), ["pek_level", "peak_level"]),
        (("validate", "infusion", "--claim", "inf.nothing"), ["inf.nothing", "infusion.sbc"]),
        ((*MAKE, "--set", "weigth=80"), ["weigth", "did you mean weight?"]),
        ((*MAKE, "--set", "weight=800"), ["between 30 and 200 kg"]),
        ((*MAKE, "--set", "weight=80 mL"), ["'mL' to 'kg'", "give it in kg"]),
        ((*MAKE, "--zone", "Berlin"), ["'Berlin' is not a time zone", "Europe/Berlin"]),
        (("twin", "create", "--kind", "infusion", "--subject", "Ada"), ["already", "Ada"]),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, tuple) else "",
)
def test_a_mistake_is_named_with_its_cure(ada: str, run: Run, args: tuple[str, ...], said: list[str]) -> None:
    done = run(*args, code=1)
    assert done.stdout == ""
    assert len(done.stderr.strip().splitlines()) <= 2, done.stderr
    for part in said:
        assert part in done.stderr


@pytest.mark.parametrize(
    "args",
    [("forecast",), ("compare", "Ada"), ("compare", "Ada", "--option", "walk"), (*MAKE, "--set", "weight"), ("fly",)],
)
def test_a_call_that_is_none_ends_with_2(ada: str, run: Run, args: tuple[str, ...]) -> None:
    assert "Usage:" in run(*args, code=2).stderr


PLANS = {
    "- Bolus: {at: +1h, dose: 300": ["line 1, column 29", "is not YAML"],
    "Bolus: {at: +1h, dose: 300}": ["line 1, column 1", "must be a list"],
    "- Bols: {at: +1h, dose: 300}": ["line 1, column 3", "did you mean Bolus?"],
    "- Bolus:\n    at: +1h\n    dos: 300": ["line 3, column 5", "did you mean dose?"],
    "- Bolus: {at: +1h, dose: 3000}": ["line 1, column 26", "between 0 and 600 mg"],
    "- Bolus: {at: +1h, dose: 3 mg/h}": ["line 1, column 26", "'mg/h' to 'mg'"],
    "- Bolus: {at: +1h}": ["line 1, column 10", "needs dose"],
    "- Bolus: {dose: 300}": ["line 1, column 3", "has no time"],
    "- Bolus: {at: noon, dose: 300}": ["line 1, column 15", "'noon' is not a time"],
    "- Bolus: {at: 2024-03-01T12:00, dose: 300}": ["is in the past"],
    "- Bolus: {at: +1h, at: +2h, dose: 300}": ["line 1, column 20", "twice"],
    "": ["is empty"],
    "\x00\x01": ["is not YAML"],
}


@pytest.mark.parametrize("text", PLANS, ids=repr)
def test_an_option_file_says_where_it_is_wrong(ada: str, run: Run, tmp_path: Path, text: str) -> None:
    (tmp_path / "plan.yaml").write_text(text, encoding="utf-8")
    said = run("compare", ada, "--option", "x=plan.yaml", code=1).stderr
    for part in PLANS[text]:
        assert part in said


def test_a_goal_says_where_it_is_wrong(ada: str, run: Run, tmp_path: Path) -> None:
    good = (
        "horizon: +4h\nobjective: {quantity: peak_level, sense: min}\ncandidates:\n  a: [{Bolus: {at: +1h, dose: 9}}]\n"
    )
    for old, new, said in (
        ("peak_level", "pek_level", "line 2, column 23"),
        ("sense: min", "sense: least", "line 2"),
        ("dose: 9", "dose: 9000", "line 4"),
        ("+1h", "noon", "line 4, column 20"),
        ("horizon: +4h\n", "", "has no window"),
    ):
        (tmp_path / "goal.yaml").write_text(good.replace(old, new), encoding="utf-8")
        assert said in run("recommend", ada, "--goal", "goal.yaml", code=1).stderr


def test_a_file_that_cannot_be_read_leaves_no_twin(run: Run, ask: Ask, tmp_path: Path) -> None:
    (tmp_path / "good.csv").write_text(levels(1, 9), encoding="utf-8")
    for name, content in {
        "junk.csv": bytes(range(256)) * 40,
        "empty.csv": b"",
        "other.csv": b"a,b\n1,2\n",
        "unit.csv": b"time,observable,value,unit\n2024-03-01T08:00,concentration,5,kg\n",
        "glucose.csv": b"time,glucose (mg/dL)\n2024-03-01T08:00,105\n2024-03-01T08:05,107\n",
    }.items():
        (tmp_path / name).write_bytes(content)
        assert name in run(*MAKE, "good.csv", name, code=1).stderr
    assert ask("twin", "list") == []


def test_rows_that_cannot_be_used_are_kept_aside_with_line_and_fix(
    ada: str, run: Run, ask: Ask, tmp_path: Path
) -> None:
    text = "time,observable,value,unit\n2024-03-04T08:00,concentration,5,mg/L\n2024-03-04T09:00,concentration,5,kg\n"
    (tmp_path / "mixed.csv").write_text(text + "2999-03-04T09:00,concentration,5,mg/L\n2024-03-04T1", encoding="utf-8")
    [taken] = ask("observe", ada, "mixed.csv")
    assert (taken["new"], taken["kept_aside"]) == (1, 3)
    told = run("observe", ada, "mixed.csv").stdout
    assert "line 3" in told
    assert "Fix:" in told
    assert {row["line"] for row in ask("show", ada)["kept_aside"]} == {3, 4, 5}


def test_a_twin_without_readings_says_what_to_do(run: Run) -> None:
    run(*MAKE)
    for command in (("calibrate", "Bob"), ("forecast", "Bob"), ("assimilate", "Bob"), ("backtest", "Bob")):
        assert "vitruvian observe Bob FILE" in run(*command, code=1).stderr
    assert "No belief yet" in run("show", "Bob").stdout


def test_a_fault_of_the_program_is_one_line_and_a_trace_on_request() -> None:
    @click.group(cls=LazyGroup, commands_at={})
    @click.option("--debug", is_flag=True)
    @click.pass_context
    def group(ctx: click.Context, debug: bool) -> None:
        ctx.obj = {"debug": debug}

    @group.command()
    def breaks() -> None:
        raise ZeroDivisionError("by\nzero")

    group.commands_at = {}
    group.add_command(breaks)
    group.get_command = lambda ctx, name: breaks  # type: ignore[method-assign]
    done = CliRunner().invoke(group, ["breaks"])
    assert done.exit_code == 1
    assert len(done.stderr.strip().splitlines()) == 1
    assert "vitruvian --debug" in done.stderr
    assert isinstance(CliRunner().invoke(group, ["--debug", "breaks"]).exception, ZeroDivisionError)


def test_a_broken_addition_does_not_take_the_program_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    from importlib.metadata import EntryPoint

    broken = EntryPoint("ghost", "no.such.package:command", "vitruvian.commands")
    monkeypatch.setattr("vitruvian.cli.lazy._added", lambda: {"ghost": broken})
    assert CliRunner().invoke(main, ["--help"]).exit_code == 0
    done = CliRunner().invoke(main, ["ghost", "--anything"])
    assert done.exit_code == 1
    assert "no.such.package" in done.stderr


def test_every_command_teaches(run: Run) -> None:
    for name in (*main.list_commands(click.Context(main)), "twin create", "twin list", "twin show"):
        said = run(*name.split(), "--help").stdout
        assert "Usage:" in said
        if name not in ("twin", "conform"):
            assert "Example" in said, f"{name} --help shows no example"
