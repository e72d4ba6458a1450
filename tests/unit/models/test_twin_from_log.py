"""From a log to a model and to forecasts: what was put in comes out, and what cannot be known is said."""

import csv
import json
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from scipy import stats

from vitruvian.cli import main
from vitruvian.engines.event.text import read_model
from vitruvian.models import beds, discharge, flowlearn, flowmodel, presentstate, traces
from vitruvian.models.beds import Present, Stays
from vitruvian.models.distances import earth_movers, ngram_distance
from vitruvian.models.durations import Law
from vitruvian.models.eventlog import Event, EventLog, event_log
from vitruvian.models.flowplots import plot_gantt, plot_waits
from vitruvian.models.survival import Durations

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
HOUR, NAN = 3600.0, float("nan")


def clinic(seed: int, cases: int = 400) -> EventLog:
    """Triage by one nurse on duty 08 to 20, then a scan (half of them) after a delay nobody explains, then home."""
    rng, events, free, t = np.random.default_rng(seed), [], 0.0, 0.0
    for i in range(cases):
        t += rng.exponential(1.0 if 8 <= t % 24 < 20 else 4.0) * HOUR / HOUR
        begin = max(t, free)
        if begin % 24 < 8 or begin % 24 >= 20:
            begin = 24 * np.floor((begin + 4) / 24) + 8
        free = begin + rng.gamma(4.0, 0.1)
        name, group = f"p{i}", "A" if i % 3 else "B"
        events.append(Event(name, "triage", begin * HOUR, free * HOUR, "ann", t * HOUR))
        if rng.random() < (0.7 if group == "A" else 0.1):
            start = free + rng.exponential(0.5)
            events.append(Event(name, "scan", start * HOUR, (start + rng.lognormal(-1.0, 0.4)) * HOUR))
    return event_log(events, MONDAY, groups={f"p{i}": "A" if i % 3 else "B" for i in range(cases)})


def test_what_was_put_in_comes_out() -> None:
    log = clinic(1)
    flow = flowlearn.learn(log)
    triage, scan = flow.activities["triage"], flow.activities["scan"]
    assert triage.hold is not None
    assert triage.hold.mean_interval[0] < 0.4 < triage.hold.mean_interval[1]
    assert scan.hold is not None
    assert scan.hold.law.family == "lognormal"
    assert scan.hold.mean_interval[0] < np.exp(-1.0 + 0.08) < scan.hold.mean_interval[1]
    share, low, high = flow.by_group["A"].frequencies(("triage",))["scan"]
    assert low < 0.7 < high
    assert share == pytest.approx(0.7, abs=0.1)
    assert triage.pool == "ann"
    day = flow.pools[0].week[:24]
    assert day[9:19].all()
    assert not day[:7].any()
    assert triage.wait is not None
    assert triage.extraneous is not None
    assert triage.extraneous.law.mean < 0.1 * triage.wait.law.mean  # the nurse was busy or away: nothing is unexplained
    assert flow.to_json()["log"]["cases"] == 400


def test_the_model_is_read_back_and_says_what_it_is() -> None:
    flow = flowlearn.learn(clinic(2))
    made = flowmodel.model(flow, "clinic", "learned; not validated")
    from vitruvian.engines.event.text import write_yaml

    again = read_model(write_yaml(made))
    assert again == made
    assert [s.name for s in made.steps] == ["comes", "triage", "scan"]
    assert made.steps[1].route is not None
    assert made.steps[1].route.classes["A"]["scan"] > made.steps[1].route.classes["B"]["scan"]
    assert made.pools[0].capacity == 1
    assert {u.name for u in made.uncertain} == {"demand", "pace_1", "pace_2"}  # what the log leaves open
    assert made.uncertain[0].log_sd == pytest.approx(400**-0.5, rel=0.5)
    assert any("arrivals a day" in line for line in flowmodel.header(flow))


def test_completions_only_says_what_it_cannot_tell() -> None:
    log = clinic(3)
    only = event_log(
        [Event(c, a, NAN, t) for c, a, t in zip(log.case, log.activity, log.complete, strict=True)], log.origin
    )
    flow = flowlearn.learn(only)
    assert flow.activities["scan"].hold is None
    assert flow.activities["scan"].lead is not None
    assert any("cannot be told apart" in n for n in flow.notes)
    assert any("pools, calendars and extraneous delay are not" in n for n in flow.notes)


def test_history_gives_steps_of_their_own() -> None:
    flow = flowlearn.learn(clinic(4), order=2)
    made = flowmodel.model(flow, "clinic", "learned; not validated")
    assert "scan (after triage)" in {s.name for s in made.steps}


def test_simulated_cases_are_like_the_log() -> None:
    log = clinic(5)
    learned = traces.learn(log)
    made = learned.simulate(400, seed=1)
    truth = [log.activity[r].tolist() for _, r in log.traces()]
    assert ngram_distance([names for names, _ in made], truth) < 0.1
    assert ngram_distance([["triage"]] * 9, truth) > 0.2
    assert made[7][0] == learned.simulate(8, seed=1)[7][0]  # a case does not know how many others there are


def test_distances() -> None:
    a, b = np.array([0.0, 1.0, 2.0]), np.array([3.0, 5.0])
    assert earth_movers(a, b) == pytest.approx(stats.wasserstein_distance(a, b))
    assert ngram_distance([["x", "y"]], [["x", "y"], ["x", "y"]]) == 0.0
    assert ngram_distance([["x"]], [["y"]]) == 1.0


def test_one_ward_is_the_exact_conditional_law() -> None:
    """M/G/infinity from known elapsed stays: Bernoulli survivors and Poisson newcomers, by scipy's quadrature."""
    from scipy.integrate import quad

    law, hours = Law("lognormal", (20.0, 0.9)), np.array([6.0, 24.0])
    here = [Present("a", "w", 3.0), Present("b", "w", 50.0)]
    answer = beds.forecast(here, {"": Stays({"w": law}, {}, {"w": 1.0})}, {"": lambda t: 0.7}, hours)

    def survives(t: float) -> float:
        return float(law.survival(np.array(t)))

    for j, h in enumerate(hours):
        p = [survives(x.elapsed + h) / survives(x.elapsed) for x in here]
        new = 0.7 * quad(lambda x, h=h: survives(h - x), 0.0, h)[0]
        survivors = np.array([(1 - p[0]) * (1 - p[1]), p[0] * (1 - p[1]) + p[1] * (1 - p[0]), p[0] * p[1]])
        exact = np.convolve(survivors, stats.poisson.pmf(np.arange(60), new))
        assert answer.pmf["w"][j][:30] == pytest.approx(exact[:30], abs=2e-5)
    assert answer.discharges(24.0)[0]["gone"] == pytest.approx(1 - survives(27.0) / survives(3.0), abs=1e-6)


def test_a_network_of_units_is_its_simulation() -> None:
    rng, n = np.random.default_rng(8), 40000
    icu, ward = Law("gamma", (10.0, 0.7)), Law("weibull", (1.5, 30.0))
    how = Stays({"icu": icu, "ward": ward}, {"icu": {"ward": 0.8}, "ward": {"icu": 0.1}}, {"icu": 1.0})
    answer = beds.forecast([Present("a", "icu", 6.0)], {"": how}, {"": lambda t: 0.0}, np.array([12.0, 36.0]))
    left = icu.remaining(np.full(n, 6.0), rng.random(n))
    moved = rng.random(n) < 0.8
    stay = ward.sample(rng, n)
    back = moved & (rng.random(n) < 0.1)
    again = icu.sample(rng, n)
    for j, h in enumerate((12.0, 36.0)):
        home = left + stay + again  # back on the ward from intensive care once more
        once_more = back & (rng.random(n) < 0.8) & (home <= h) & (h < home + ward.sample(rng, n))
        in_ward = np.mean((moved & (left <= h) & (h < left + stay)) | once_more)
        in_icu = np.mean((left > h) | (back & (left + stay <= h) & (h < left + stay + again)))
        assert answer.mean("ward")[j] == pytest.approx(in_ward, abs=4 * np.sqrt(0.25 / n) + 0.002)
        assert answer.mean("icu")[j] == pytest.approx(in_icu, abs=4 * np.sqrt(0.25 / n) + 0.002)


def test_discharge_depends_on_who_it_is() -> None:
    rng = np.random.default_rng(9)
    age, frail = rng.uniform(20, 90, 800), (rng.random(800) < 0.3).astype(float)
    stay = 30.0 * np.exp(0.01 * (age - 55) + 0.5 * frail) * rng.weibull(1.4, 800)
    seen = rng.exponential(120.0, 800)
    model = discharge.learn(
        Durations.of(np.minimum(stay, seen), stay <= seen), {"age": age.tolist(), "frail": frail.tolist()}
    )
    found = model.to_json()["factors"]
    for name, truth in (("age", np.exp(0.01)), ("frail", np.exp(0.5))):
        low, high = found[name]["interval95"]
        assert low < truth < high
    young, old = (model.gone(10.0, np.array([24.0]), {"age": a, "frail": f})[0] for a, f in ((25, 0), (85, 1)))
    assert old < 0.6 * young
    left = model.remaining(10.0, {"age": 25.0, "frail": 0.0}, np.array([young]))
    assert left == pytest.approx([24.0])


def written(tmp_path: Path) -> list[str]:
    log = clinic(6)
    with open(tmp_path / "log.csv", "w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["who", "what", "from", "to", "by", "class"])
        for c, a, s, e, r in zip(log.case, log.activity, log.start, log.complete, log.resource, strict=True):
            rows.writerow([c, a, log.moment(s).isoformat(), log.moment(e).isoformat(), r, log.groups[c]])
    columns = {"case": "who", "activity": "what", "start": "from", "complete": "to", "resource": "by", "group": "class"}
    return [part for role, name in columns.items() for part in (f"--{role}", name)]


def test_learn_writes_a_model_and_a_map(tmp_path: Path) -> None:
    options = written(tmp_path)
    out, picture = tmp_path / "model.yaml", tmp_path / "map.svg"
    arguments = ["hospital", "learn", str(tmp_path / "log.csv"), *options, "--out", str(out), "--map", str(picture)]
    said = CliRunner().invoke(main, arguments)
    assert said.exit_code == 0, said.output
    assert "lognormal" in said.output
    assert read_model(out.read_text("utf-8")).name == "model"
    assert picture.stat().st_size > 1000
    told = json.loads(CliRunner().invoke(main, [*arguments, "--json"]).stdout)
    assert told["activities"]["triage"]["rows"] == 400


def test_forecast_starts_from_who_is_there(tmp_path: Path) -> None:
    options = written(tmp_path)
    arguments = [
        "hospital",
        "forecast",
        str(tmp_path / "log.csv"),
        *options,
        "--hours",
        "12",
        "--now",
        "2026-03-12T12:00",
    ]
    said = CliRunner().invoke(main, [*arguments, "--beds", "scan=1"])
    assert said.exit_code == 0, said.output
    assert "more than 1 in scan" in said.output
    told = json.loads(CliRunner().invoke(main, [*arguments, "--json"]).stdout)
    assert set(told["units"]) == {"triage", "scan"}
    wrong = CliRunner().invoke(main, [*arguments, "--beds", "moon=1"])
    assert wrong.exit_code == 1
    assert "there is no unit 'moon'" in wrong.output


def test_forecasts_know_no_future() -> None:
    log = clinic(7)
    now = float(np.quantile(log.start, 0.6))
    whole = presentstate.forecast(log, now, np.array([4.0, 12.0]))
    past = presentstate.forecast(log.before(now), now, np.array([4.0, 12.0]))
    assert np.array_equal(whole.pmf["scan"], past.pmf["scan"])


def test_pictures_are_drawn() -> None:
    import matplotlib.pyplot as plt

    log = clinic(8, 60)
    answer = presentstate.forecast(log, log.until, np.arange(1.0, 13.0))
    for ax in (flowlearn.learn(log).plot(), plot_gantt(log), plot_waits(log, flowlearn.enabled(log)), answer.plot()):
        assert ax.has_data() or ax.texts
        plt.close(ax.figure)
