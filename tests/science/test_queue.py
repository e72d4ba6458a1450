"""The queue kind: every claim at reduced size, the exact likelihood, and a forecast from the present census."""

import numpy as np
import pytest
from scipy import stats

from vitruvian.core.case import Case
from vitruvian.core.errors import RecordError
from vitruvian.core.keys import member_seeds
from vitruvian.core.quantity import Request
from vitruvian.core.record import Record
from vitruvian.core.twin import Twin
from vitruvian.engines.event import layout as at
from vitruvian.kinds.queue import KIND, Clinic, OpenServers, Surge
from vitruvian.platform.evidence import Claim, claims, package_of
from vitruvian.verbs.calibrate import calibrate

HOUR = 3600.0
THETA = {"arrival_rate": np.array([8.0, 12.0]), "service_mean": np.array([0.2, 0.3])}
SEEDS = member_seeds(4, 2)


@pytest.mark.parametrize("claim", claims("queue"), ids=lambda c: c.id)
def test_the_claim_is_met(claim: Claim) -> None:
    found = claim.function(package_of("queue"))(claim.id, None, None, True, lambda share: None)
    print(found)
    assert found["met"], found


def test_the_likelihood_is_poisson_and_exponential() -> None:
    case = Case(Clinic(), (Surge(at=1.5 * HOUR, factor=3.0, duration=1.0),))
    hours = np.array([1.0, 2.0, 3.0]) * HOUR
    counts, lengths = np.array([9.0, 14.0, 20.0]), np.array([0.1, 0.5, 0.3])
    going_on = np.array([0, 0, 1])
    record = Record.join(
        [
            Record.of("arrivals", hours, counts),
            Record.of("service_time", hours, lengths, limit=going_on),
            Record.of("present", hours, np.array([3.0, 4.0, 5.0])),
        ]
    )
    found = KIND.log_likelihood(THETA, case, record, 0.0, 3 * HOUR)
    usual = np.array([1.0, 2.0, 2.0])  # half an hour of three times the arrivals lies in each of the last two
    for m, (rate, mean) in enumerate(zip(*THETA.values(), strict=True)):
        seen = stats.expon(scale=mean)
        expected = stats.poisson.logpmf(counts, rate * usual).sum()
        expected += seen.logpdf(lengths[:2]).sum() + seen.logsf(lengths[2])
        assert found[m] == pytest.approx(expected, rel=1e-12)


def test_calibration_is_the_conjugate_posterior_where_there_is_one() -> None:
    """100 hours with 900 arrivals and 400 services of 0.3 h: gamma posteriors, the priors all but forgotten."""
    hours = np.arange(1.0, 101.0) * HOUR
    record = Record.join(
        [
            Record.of("arrivals", hours, np.full(100, 9.0)),
            Record.of("service_time", np.linspace(0.1, 99.9, 400) * HOUR, np.full(400, 0.3)),
            Record.of("present", hours[-1:], np.array([6.0])),
        ]
    )
    belief = calibrate(Twin(KIND, Case(Clinic()), record), members=2000, seed=1, window=(0.0, 100 * HOUR)).believed()
    rate = np.exp(np.log(10.0) + 0.2 * belief.z[:, belief.names.index("arrival_rate")])
    mean = np.exp(np.log(0.25) + 0.2 * belief.z[:, belief.names.index("service_mean")])
    # lognormal prior x gamma likelihood, normal in the logarithm: precisions 1 / 0.2^2 and the number of events
    for values, prior, seen, events in ((rate, 10.0, 9.0, 900), (mean, 0.25, 0.3, 400)):
        precision = events + 25.0
        centre = (events * np.log(seen) + 25.0 * np.log(prior)) / precision
        assert belief.weights @ np.log(values) == pytest.approx(centre, abs=4 * np.sqrt(1 / precision / 500))
        spread = np.sqrt(belief.weights @ (np.log(values) - belief.weights @ np.log(values)) ** 2)
        assert spread == pytest.approx(precision**-0.5, rel=0.1)
    assert belief.state is not None
    assert (belief.state.tree["memory"][:, at.ALIVE] == 6).all()


def test_a_state_comes_from_the_last_head_count_and_nothing_later() -> None:
    record = Record.of(
        "present",
        np.array([1.0, 2.0, 5.0]) * HOUR,
        np.array([2.0, 9.0, 40.0]),
        known_at=np.array([1.0, 2.0, 5.0]) * HOUR,
    )
    case = Case(Clinic(servers=4), (OpenServers(at=1.5 * HOUR, servers=1),))
    state = KIND.state_from(case, record, 2 * HOUR, THETA, SEEDS)
    forcing = KIND.compile(case, record, 2 * HOUR, 3 * HOUR, 2 * HOUR)
    asked = Request({"present": np.array([2 * HOUR]), "waiting": np.array([2 * HOUR])})
    out, _ = KIND.run(THETA, forcing, asked, SEEDS, state)
    assert out["present"].tolist() == [[9.0], [9.0]]
    assert out["waiting"].tolist() == [[4.0], [4.0]]
    older = KIND.state_from(case, record, 4 * HOUR, THETA, SEEDS)
    assert older.at == 4 * HOUR
    with pytest.raises(RecordError, match="no head count"):
        KIND.state_from(case, record, 0.5 * HOUR, THETA, SEEDS)


def test_the_last_to_come_wait_and_the_first_to_come_is_called_first() -> None:
    """Waits of a census grow with the queue: those called later came later, and all came before the census."""
    record = Record.of("present", np.array([0.0]), np.array([30.0]))
    theta = {n: v[:1] for n, v in THETA.items()}
    state = KIND.state_from(Case(Clinic()), record, 0.0, theta, SEEDS[:1])
    from vitruvian.kinds.queue.desk import ENGINE

    trace = ENGINE.trace(theta, KIND.compile(Case(Clinic()), record, 0.0, 20 * HOUR, 0.0), int(SEEDS[0]), state)
    called = [who for _, what, who, _ in trace if what == 1][:27]
    assert called == sorted(called)
    assert len({who for _, what, who, _ in trace if what == 2}) > 30
    first = ENGINE.simulation.tables.offsets["M_ENTITIES"]
    since = state.tree["memory"].view(np.float64)[0, [first + at.ENTITY * k + at.SINCE_F for k in range(3, 30)]]
    assert (np.diff(since) > 0).all()
    assert since.max() < 0.0


def test_an_action_in_the_past_still_counts_where_a_run_starts_later() -> None:
    case = Case(Clinic(servers=3), (OpenServers(at=HOUR, servers=2), OpenServers(at=2 * HOUR, servers=-4)))
    forcing = KIND.compile(case, Record.empty(), 3 * HOUR, 4 * HOUR, 3 * HOUR)
    assert forcing.schedules["servers"].at(np.array([0.5, 1.0, 1.9, 2.0]) * HOUR).tolist() == [3.0, 5.0, 5.0, 1.0]
    assert KIND.compile(case, Record.empty(), 0.0, 4 * HOUR, HOUR).schedules["servers"].at(np.array([3 * HOUR])) == [
        5.0
    ]
