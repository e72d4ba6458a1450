"""Alarm policies: rising edges, the choice for a load, the promise about precision, reasons; closed forms."""

import dataclasses
from typing import Any

import numpy as np
import pytest

from vitruvian.core.errors import FieldError, InferenceError
from vitruvian.core.record import Record
from vitruvian.models.alarms.choose import choose
from vitruvian.models.alarms.policy import HOUR, AlarmPolicy, Standing
from vitruvian.models.alarms.promise import clopper_pearson, promise
from vitruvian.models.alarms.reasons import from_record
from vitruvian.models.alarms.score import net_benefit, score
from vitruvian.models.alarms.stays import Watched, edges

rng = np.random.default_rng(7)


def one(risk: list[float], event: float = np.nan, step: float = HOUR) -> Watched:
    return Watched.of([(np.arange(len(risk)) * step, np.array(risk))], np.array([event]))


def stays(count: int, looks: int = 60) -> Watched:
    """Irregular looks at a random walk; the event comes the sooner the higher it stands."""
    series, events = [], []
    for _ in range(count):
        times = np.cumsum(rng.exponential(HOUR, looks))
        x = 0.3 * np.cumsum(rng.standard_normal(looks)) - 2.0
        struck = np.flatnonzero(rng.uniform(size=looks) < 0.1 / (1.0 + np.exp(-2.0 * x)))
        series.append((times, 1.0 / (1.0 + np.exp(-x))))
        events.append(times[struck[0]] + 1.0 if len(struck) else np.nan)
    return Watched.of(series, np.array(events), patient=np.arange(count) // 2)


def test_a_risk_that_stays_high_is_one_alarm() -> None:
    found = edges(AlarmPolicy(0.5, refractory=0.0), one([0.1, 0.6, 0.7, 0.9, 0.6, 0.4, 0.8, 0.2]))
    assert (found.raised / HOUR).tolist() == [1.0, 6.0]
    assert (found.ended / HOUR).tolist() == [5.0, 7.0]


def test_persistence_refractory_margin_and_silence() -> None:
    risk = [0.6, 0.4, 0.6, 0.45, 0.6, 0.6, 0.1, 0.6, 0.6]

    def raised(**how: Any) -> list[float]:
        policy = dataclasses.replace(AlarmPolicy(0.5, refractory=0.0), **how)
        return (edges(policy, one(risk)).raised / HOUR).tolist()

    assert raised() == [0.0, 2.0, 4.0, 7.0]
    assert raised(persistence=2, of=2) == [5.0, 8.0]
    assert raised(persistence=2, of=3) == [2.0, 5.0, 8.0], "arming again forgets the looks before"
    assert raised(margin=0.2) == [0.0, 7.0]
    assert raised(refractory=5.0 * HOUR) == [0.0, 5.0], "what is due when the time is over is raised then"
    silent = AlarmPolicy(0.5, refractory=0.0, silent=((22.0, 5.0),))
    assert (edges(silent, one(risk)).raised / HOUR).tolist() == [5.0, 7.0], "delayed, not dropped"


@pytest.mark.parametrize("how", [(1, 1, 0.0, 0.0), (2, 3, 0.0, 0.05), (3, 5, 4.0, 0.1), (1, 4, 12.0, 0.0)])
def test_the_compiled_walk_is_the_policy_look_by_look(how: tuple[int, int, float, float]) -> None:
    k, n, refractory, margin = how
    policy = AlarmPolicy(0.3, k, n, refractory * HOUR, margin, ((23.0, 6.5),))
    watched = stays(40)
    watched.risk[::17] = np.nan
    said = []
    for s in range(len(watched.event)):
        stand = Standing()
        for i in range(watched.starts[s], watched.starts[s + 1]):
            stand = policy.look(Standing.from_json(stand.to_json()), watched.times[i], watched.risk[i])
            said += [i] if stand.raised else []
    assert edges(policy, watched).look.tolist() == said
    assert len(said) > 10


def test_rates_of_independent_looks_are_those_of_runs() -> None:
    """Looks high with probability q: a run of k starts at q^k (1 - q) a look (k of k, armed by any low look)."""
    q, looks = 0.3, 400_000
    high = (rng.uniform(size=looks) < q).astype(float)
    for k in (1, 2, 3):
        n = len(edges(AlarmPolicy(0.5, k, k, 0.0), one(high.tolist())))
        expected = looks * q**k * (1.0 - q)
        assert abs(n - expected) < 4.0 * np.sqrt(expected), (k, n, expected)


def test_a_correction_takes_the_place_of_the_look_it_corrects() -> None:
    policy = AlarmPolicy(0.5, 2, 2, 0.0)
    stand = policy.look(policy.look(Standing(), 0.0, 0.9), 0.0, 0.2)
    assert not policy.look(stand, 1.0, 0.9).raised
    assert policy.look(policy.look(stand, 1.0, 0.9), 0.5, 0.9).looks == ((0.0, False), (1.0, True)), "older: nothing"


def test_scores_count_what_they_say() -> None:
    watched = Watched.of(
        [(np.arange(10) * HOUR, np.array([0, 0, 0, 9, 0, 0, 0, 0, 0, 0.0])),
         (np.arange(10) * HOUR, np.array([0, 9, 9, 9, 9, 9, 9, 9, 9, 9.0])),
         (np.arange(10) * HOUR, np.array([0, 9, 0, 9, 0, 0, 0, 0, 0, 0.0]))],
        np.array([5.0, 9.5, np.nan]) * HOUR,
    )  # fmt: skip
    found = score(AlarmPolicy(1.0, refractory=0.0), watched, horizon=4 * HOUR)
    assert (found.events, found.recalled, found.in_window, found.alarms) == (2, 2, 1, 4)
    assert (found.precision, found.lead) == (0.25, (2.0 + 8.5) / 2.0)
    assert found.days == pytest.approx((5.0 + 9.5 + 9.0) / 24.0)
    assert score(AlarmPolicy(1.0), watched, horizon=4 * HOUR, least=3 * HOUR).recalled == 1


def test_the_choice_keeps_the_load_and_nothing_tried_recalls_more() -> None:
    fitting = stays(200)
    templates = (AlarmPolicy(0.5), AlarmPolicy(0.5, 2, 3, margin=0.05))
    best = choose(fitting, 0.5, templates, horizon=12 * HOUR)
    assert best.score.load <= 0.5
    assert best.score.recalled == max(s.recalled for _, s in best.tried if s.load <= 0.5) > 0
    nothing = choose(fitting, 0.0, templates, horizon=12 * HOUR)
    assert nothing.score.alarms == 0
    assert best.to_json()["curve"]
    with pytest.raises(InferenceError, match="no stay has an event"):
        choose(one([0.1, 0.2]), 1.0, templates, horizon=HOUR)


def test_clopper_and_pearson() -> None:
    assert clopper_pearson(8, 10, 0.95) == pytest.approx(0.4931, abs=1e-4)  # Clopper & Pearson 1934, chart: 0.49
    assert clopper_pearson(20, 20, 0.95) == pytest.approx(0.05 ** (1 / 20))
    assert clopper_pearson(0, 20, 0.95) == 0.0
    lone = promise(np.array([1, 1, 0, 1, 0, 1, 1, 1, 1, 1]), np.arange(10))
    assert lone.bound == pytest.approx(clopper_pearson(0.8 * lone.effective, lone.effective, 0.95))
    assert lone.effective == pytest.approx(9.0), "one alarm a patient: C - 1 of them are independent of their mean"


def test_the_promise_holds_when_a_patients_alarms_are_alike() -> None:
    """Beta-binomial patients, intra-class correlation 0.5: the bound holds in 95 % of studies, a naive one does not."""
    p, icc, held, naive, studies = 0.4, 0.5, 0, 0, 2000
    a, b = p * (1 - icc) / icc, (1 - p) * (1 - icc) / icc
    draw = np.random.default_rng(20261126)
    for _ in range(studies):
        n = draw.geometric(0.25, size=60)
        each = draw.beta(a, b, size=60)
        patient = np.repeat(np.arange(60), n)
        right = draw.uniform(size=len(patient)) < each[patient]
        held += promise(right, patient).bound <= p
        naive += clopper_pearson(right.sum(), len(right), 0.95) <= p
    assert held / studies >= 0.95 - 2 * np.sqrt(0.95 * 0.05 / studies)
    assert naive / studies < 0.92


def test_resampled_patients_keep_their_stays_together() -> None:
    watched = stays(30)
    again = watched.only(np.array([3, 3, 0]))
    assert len(again.event) == 6
    assert again.patient.tolist() == [0, 0, 1, 1, 2, 2]
    looks = np.diff(watched.starts)
    assert np.diff(again.starts).tolist() == [*looks[6:8], *looks[6:8], *looks[0:2]]
    every = watched.only(np.arange(15))
    assert np.array_equal(every.risk, watched.risk)


def test_decision_curve() -> None:
    outcome = (rng.uniform(size=5000) < 0.2).astype(float)
    p = np.array([0.05, 0.2, 0.5])
    sure = net_benefit(outcome, outcome, p)
    share = outcome.mean()
    assert sure.net == pytest.approx([share] * 3)
    everybody = net_benefit(np.ones(5000), outcome, np.array([share]))
    assert everybody.net[0] == pytest.approx(0.0, abs=1e-12)
    assert everybody.everybody[0] == pytest.approx(0.0, abs=1e-12)


def test_reasons_name_what_changed_and_what_would_undo_them() -> None:
    times = np.arange(12) * HOUR
    rate = Record.of("respiratory_rate", times, np.r_[np.full(6, 16.0), np.full(5, 17.0), 31.0])
    weight = Record.of("weight", np.array([0.0]), np.array([80.0]))
    said = from_record(Record.join([rate, weight]), {"respiratory_rate": "/min", "weight": "kg"}, 11.0 * HOUR)
    assert [v.of for v in said.values] == ["respiratory_rate", "weight"]
    assert said.trends[0].change == 15.0
    assert said.changed == ("respiratory_rate is 31 /min; usual for this subject: 16",)
    assert any("artefact" in w for w in said.wrong_if)
    assert any("weight has moved since" in w for w in said.wrong_if)


@pytest.mark.parametrize(
    "how", [{"persistence": 3, "of": 2}, {"refractory": -1.0}, {"silent": ((3.0, 3.0),)}, {"silent": ((-1.0, 3.0),)}]
)
def test_a_policy_that_cannot_be_is_refused(how: dict[str, Any]) -> None:
    with pytest.raises(FieldError):
        AlarmPolicy(0.5, **how)
