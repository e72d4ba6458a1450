"""Programmed stimulation against theory: fronts' speeds, what is refractory, and when a circuit is long enough."""

import numpy as np
import pytest

from vitruvian.engines.induction import Stimulation
from vitruvian.engines.jaxsetup import jnp
from vitruvian.engines.monodomain import Stimulus, Tissue, solve
from vitruvian.models.cells.mitchell_schaeffer import MitchellSchaeffer
from vitruvian.models.cells.zoned import Zoned, diffusivity, duration, lasting, recovery, slower, speed
from vitruvian.models.heart.ideal import IdealBiventricle
from vitruvian.models.heart.stimulation import Muscle, Preparation, Protocol

pytestmark = pytest.mark.science
STANDARD = MitchellSchaeffer()
RADIUS, WIDE = 20.0, 4.0  # mm, of a ring in its middle
ROUND = 2 * np.pi * RADIUS


@pytest.mark.parametrize("weaker", [1.0, 4.0])
def test_a_plane_front_is_as_fast_as_the_closed_form_says(weaker: float) -> None:
    cell = slower(STANDARD, weaker)
    D, h = diffusivity(cell, 0.4), 0.1 * 0.4 * cell.tau_in * 5
    assert speed(cell, D) == pytest.approx(0.4)
    row = Tissue(np.ones((150, 1, 1), dtype=bool), (h, h, h), D * np.eye(3))
    begin = Stimulus((row.nodes[:, 0] < 20 * h).astype(float), duration=4.0)
    wave = solve(row, Zoned((cell,)), [begin], 2000 * h, dt=0.02 * cell.tau_in, stop=True)
    at = wave.activation.reshape(151, 4).mean(axis=1)
    assert 60 * h / (at[140] - at[80]) == pytest.approx(0.4, rel=0.02)


def test_zones_step_alike_on_the_processor_and_in_jax_and_as_the_one_cell() -> None:
    cell = Zoned((STANDARD, lasting(slower(STANDARD, 2.0), 250.0)))
    variant = np.array([0, 1, 1, 0])
    y = np.array([[-80.0, -20.0, 10.0, 12.0], [1.0, 0.7, 0.4, 0.9]])
    flow = np.array([50.0, 0.0, -1.0, 2.0])
    stepper = cell.stepper(variant, 0.05)
    stepper.load(y)
    stepper.step(flow.astype(np.float32))
    traced = np.asarray(cell.step(jnp.asarray(y), variant, jnp.asarray(flow), 0.05))
    assert stepper.save() == pytest.approx(traced, rel=1e-4)
    one = np.asarray(STANDARD.step(jnp.asarray(y), variant, jnp.asarray(flow), 0.05))
    assert traced[:, variant == 0] == pytest.approx(one[:, variant == 0], rel=1e-5)
    assert duration(cell.zones[1]) == pytest.approx(250.0, rel=0.02)


def test_no_beat_is_carried_before_the_cell_has_recovered() -> None:
    """A rested strip: tau_close ln(1 / h_min) of plateau, then tau_open ln((1 - h_min) / (1 - 9/8 h_min)) of rest."""
    strip = Tissue.slab((40.0, 2.0, 1.0), 1.0, diffusivity(STANDARD, 0.4) * np.eye(3))
    x = strip.nodes[:, 0]
    weights = [(x < 6.0).astype(float)] * 2
    far = x > 20.0
    how = Stimulation(strip, STANDARD, weights, None, 600.0, 1, 340.0, 4.0, 700.0, 0.1, far)
    tried = [one for one, _ in how.sequences()]
    earliest, missed = tried[-2], tried[-1]
    theory = STANDARD.tau_close * np.log(1.0 / STANDARD.h_min) + recovery(STANDARD)
    assert (earliest.captured, missed.captured) == (True, False)
    assert theory < earliest.coupling[0]
    assert duration(STANDARD) < earliest.coupling[0] < duration(STANDARD) + 30.0, "to 90 % of repolarisation, and rest"


def ring(speed_: float) -> Tissue:
    side = int(2 * (RADIUS + WIDE))
    at = np.arange(side) + 0.5 - side / 2
    far = np.hypot(at[:, None], at[None, :])
    return Tissue(
        (np.abs(far - RADIUS) < WIDE / 2)[:, :, None], (1.0, 1.0, 1.0), diffusivity(STANDARD, speed_) * np.eye(3)
    )


def stimulated_ring(ms: float, border_ms: float, speed_: float) -> Stimulation:
    """A ring; beats enter at 0 degrees, a zone of another duration begins beside it, from 20 to 80 degrees."""
    tissue = ring(speed_)
    middle = RADIUS + WIDE
    angle = np.degrees(np.arctan2(tissue.nodes[:, 1] - middle, tissue.nodes[:, 0] - middle))
    zone = (angle > 20) & (angle < 80)
    cell = Zoned((lasting(STANDARD, ms), lasting(STANDARD, border_ms)))
    weights = [(np.abs(angle) < 8).astype(float)] * 2
    near = (angle < -10) & (angle > -40)
    first = border_ms + 60.0
    return Stimulation(tissue, cell, weights, zone.astype(np.int64), first + 300.0, 2, first, 10.0, 1200.0, 0.1, near)


def test_a_ring_with_a_zone_that_recovers_late_is_inducible_and_runs_at_its_circuit_time() -> None:
    """Mines' law: blocked one way, round the other; 0.4 mm/ms times 150 ms is 60 mm, the ring is 126 mm long."""
    courses = list(stimulated_ring(150.0, 220.0, 0.4).sequences())
    one, course = courses[-1]
    assert one.lasted >= 1200.0
    assert courses[0][0].lasted < 700.0, "a late beat passes both ways and is gone"
    assert 150.0 < one.coupling[0] < 240.0, "where the zone is still refractory, the rest not"
    assert course is not None
    assert course.period == pytest.approx(ROUND / 0.4, rel=0.2)


def test_the_same_ring_all_alike_is_not_inducible() -> None:
    tried = [one for one, _ in stimulated_ring(150.0, 150.0, 0.4).sequences()]
    assert max(one.lasted for one in tried) < 700.0
    assert not tried[-1].captured


@pytest.mark.slow
def test_a_heart_is_inducible_through_a_slow_channel_in_its_scar_and_not_without_the_scar() -> None:
    heart = IdealBiventricle(lv_wall=8.0, rv_wall=4.0).anatomy(2.0)
    asked = Protocol(drive=3, extra=2)
    ill = Muscle(segment="mid inferolateral", transmurality=1.0, isthmus=10.0)
    found = [one for one, _ in Preparation(heart, ill, asked).stimulation.sequences()]
    well = [one for one, _ in Preparation(heart, Muscle(), asked).stimulation.sequences()]
    assert found[-1].captured
    assert found[-1].lasted >= asked.lasting
    assert max(one.lasted for one in well) < asked.lasting
    assert not well[-1].captured
