"""The beat behind a twin of the circulation: its loops agree with each other, with the slow layer, and in time."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from vitruvian.core.belief import Belief
from vitruvian.core.case import Case
from vitruvian.core.errors import CapabilityError, FieldError
from vitruvian.core.keys import generator
from vitruvian.core.latents import Latents
from vitruvian.core.record import Record
from vitruvian.core.twin import Twin
from vitruvian.kinds.circulation import KIND, Patient
from vitruvian.kinds.circulation import actions as do
from vitruvian.kinds.infusion import KIND as INFUSION
from vitruvian.models.circulation import march
from vitruvian.verbs.loops import loops

DAY = 86400.0
AT = 200 * DAY


def twin(condition: str = "PAH moderate", members: int = 24, timeline: tuple = ()) -> Twin:
    """Believed to be anyone of the set."""
    case = Case(Patient(condition=condition), timeline)
    layout = Latents.of(KIND.parameters, KIND.compile(case, Record.empty(), 0.0, AT, AT))
    prior = KIND.population(case)
    mean, cov = prior.moments(layout.names)
    z = mean + generator(5, "persons").standard_normal((members, len(mean))) @ np.linalg.cholesky(cov).T
    weights = np.full(members, 1.0 / members)
    held = Belief(
        "circulation", KIND.version, layout.names, z, weights, AT, AT, "prior", 0, prior=prior, window=(0.0, AT)
    )
    return Twin(KIND, case, Record.empty(), held)


def test_a_loops_numbers_are_those_of_its_courses() -> None:
    answer = loops(twin())
    for side in ("lv", "rv"):
        V, p = (answer.options["as planned"].traces[f"{side}_{what}"] for what in ("volume", "pressure"))
        sv = answer.number(f"{side}_edv") - answer.number(f"{side}_esv")
        assert np.allclose(sv, V.max(axis=0) - V.min(axis=0))
        assert np.allclose(answer.number(f"{side}_ef"), 100 * sv / answer.number(f"{side}_edv"))
        assert np.allclose(
            answer.number(f"{side}_coupling"), answer.number(f"{side}_ees") / answer.number(f"{side}_ea")
        )
        low = answer.number(f"{side}_work") / 1.33322e-4
        assert (low > 0).all()
        assert (low < sv * p.max(axis=0)).all()  # a loop lies within its own rectangle
    assert np.allclose(answer.number("lv_sv"), answer.number("rv_sv"), rtol=2e-3)  # what one gives, the other takes
    assert answer.options["as planned"].moved < 1e-3


def test_the_beat_is_that_of_the_slow_layer_at_any_time() -> None:
    from vitruvian.core.quantity import Request
    from vitruvian.verbs.forecast import forecast

    mine = twin(timeline=(do.PDE5Inhibitor(at=30 * DAY, dose=60.0),))
    for at in (10 * DAY, AT, AT + 90 * DAY):
        seen = loops(mine, at)
        early = dataclasses.replace(mine.believed(), at=min(at, AT), residual={})
        said = forecast(mine.having(early), Request.of({n: [at] for n in ("lv_edv", "rv_ef", "cardiac_output")}))
        for name in ("lv_edv", "cardiac_output"):
            ratio = seen.number(name) / said[name].values[:, 0]
            assert np.abs(ratio - 1).max() < 0.08, (at, name)  # the emulator's error, circ.emulator


def test_what_is_given_moves_the_loops_of_the_same_members() -> None:
    mine = twin()
    given = {
        "prostacyclin": [do.Prostacyclin(at=AT, dose=20.0)],
        "fluid": [do.Fluid(at=AT, volume=1000.0)],
        "blocker": [do.BetaBlocker(at=AT, target=100.0)],
    }
    answer = loops(mine, AT + 90 * DAY, given)
    assert answer.difference("mpap", "prostacyclin")[2] < -0.5
    assert answer.difference("rv_coupling", "prostacyclin")[0] > 0
    assert answer.difference("heart_rate", "blocker")[2] < 0
    early = loops(mine, AT + DAY, given)
    assert early.difference("lv_edv", "fluid")[0] > 0
    assert early.difference("lv_edp", "fluid")[0] > 0
    told = answer.to_json()
    assert set(told["options"]) == {"as planned", *given}
    assert len(told["options"]["fluid"]["traces"]["lv_volume"]["q50"]) == 100
    assert answer.plot("rv").get_xlabel() == "volume [mL]"


def test_every_drug_and_load_moves_the_loop_as_documented() -> None:
    mine, later = twin(members=16), AT + 90 * DAY
    given = {
        "sildenafil": [do.PDE5Inhibitor(at=AT, dose=240.0)],
        "nitrate": [do.Nitrate(at=AT, dose=60.0)],
        "diuretic": [do.Diuretic(at=AT, dose=80.0)],
    }
    answer = loops(mine, later, given)
    assert answer.difference("mpap", "sildenafil")[2] < 0
    for unloading in ("nitrate", "diuretic"):
        assert answer.difference("lv_edp", unloading)[2] < 0
        assert answer.difference("lv_edv", unloading)[2] < 0
    load = loops(mine, AT + 300.0, {"bicycle": [do.Exercise(at=AT, power=40.0)]})
    for name in ("heart_rate", "cardiac_output", "mpap", "lv_dpdt"):
        assert load.difference(name, "bicycle")[0] > 0, name


def test_pacing_shortens_the_late_walls_beat() -> None:
    mine = twin("LBBB")
    answer = loops(mine, AT + DAY, {"paced": [do.Pacing(at=AT, correction=0.9)]})
    assert answer.difference("lv_dpdt", "paced")[0] > 0
    assert answer.difference("lv_sv", "paced")[0] > 0


def test_what_cannot_be_asked_is_refused() -> None:
    mine = twin()
    with pytest.raises(FieldError, match="known from"):
        loops(mine, -DAY)
    with pytest.raises(FieldError, match="in the past"):
        loops(mine, AT, {"late": [do.Fluid(at=AT - DAY, volume=100.0)]})
    with pytest.raises(CapabilityError, match="shows no beat"):
        loops(Twin(INFUSION, INFUSION.example().case, belief=dataclasses.replace(_any(INFUSION))))


def _any(kind) -> Belief:
    names = tuple(p.name for p in kind.parameters)
    return Belief(kind.name, kind.version, names, np.zeros((2, len(names))), np.full(2, 0.5), 0.0, 0.0, "prior", 0)


def test_hearts_and_steps_that_cannot_be_are_refused_with_the_fix() -> None:
    h = march.Heart(70.0, 980.0, 2.4, 15.0, 0.6, 0.012, 0.65, 30.0, 0.8, 0.95, 1.5, 0.06, 4.0)
    x = march.start(march.Heart(*(np.array([v]) for v in h)))
    with pytest.raises(FieldError, match="20 steps a beat are unstable") as told:
        march.march(h, x, 5, 20)
    least = int(told.value.fix.split()[-1])
    march.march(h, x, 60, least)  # what the refusal names is enough
    for name, value in {"rate": 0.0, "E_lv": -1.0, "C_sys": np.nan, "stressed": -100.0, "delay": -0.01}.items():
        with pytest.raises(FieldError, match=f"Heart.{name}|must be"):
            march.march(h._replace(**{name: value}), x, 5)
