"""What programmed stimulation of one heart found: sequences tried, the last one's activation, what the grid can say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from vitruvian.engines.induction import Course, Induction
from vitruvian.models.ecg.sites import SEGMENTS
from vitruvian.models.heart.anatomy import RIGHT
from vitruvian.models.heart.stimulation import Preparation

DISCLAIMER = (
    "A simulation for research use: the answer of this tissue, this cell and this resolution, no patient's risk."
)


@dataclass(frozen=True, eq=False)
class Stimulated:
    """course: of the inducing sequence, else of the last that captured (or was tried); cpu_s of each one tried."""

    prepared: Preparation
    found: Induction
    course: Course
    cpu_s: tuple[float, ...]
    speeds: Mapping[str, tuple[float, float]]
    disclaimer: str = field(default=DISCLAIMER, repr=False)

    @property
    def sentence(self) -> str:
        """The answer in one."""
        p, one = self.prepared.protocol, self.found.inducing
        tried = f"{len(self.found.tried)} sequences from the {p.site}"
        if one is None:
            return f"not inducible by {tried}: no activity outlived its last beat by {p.lasting:g} ms"
        again = self.course.period
        round_ = "" if again is None else f", again every {again:.0f} ms"
        return f"inducible at {spelled(one.coupling)} ms, the last of {tried}: activity lasted {p.lasting:g} ms{round_}"

    @property
    def error(self) -> float:
        """Largest share by which a plane front on this grid is off the speed asked, either way."""
        return max(abs(carried / asked - 1.0) for asked, carried in self.speeds.values())

    @property
    def notes(self) -> tuple[str, ...]:
        """What the grid and the cell do to the answer."""
        p, cell = self.prepared, self.prepared.cell
        off = ", ".join(f"{way} {carried / asked - 1.0:+.0%}" for way, (asked, carried) in self.speeds.items())
        h = max(p.heart.spacing)
        said = [f"speeds on this {h:g} mm grid against those asked: {off} (plane fronts in rested muscle, measured)"]
        if self.error > 0.1:
            said.append(f"a speed is off by more than a tenth: do not trust a coupling to better than {self.error:.0%}")
        bend = p.diffusivities[0] / p.muscle.cv
        said.append(
            f"fronts stop on bends tighter than about {bend:.1f} mm (D / c along fibres; 0.5 mm without the grid)"
        )
        if cell.tau_in > 0.31:
            said.append(f"currents were weakened {cell.tau_in / 0.3:.1f} times so that the grid carries the front")
        said.append(
            "this cell's action potential shortens as far as a circuit asks: a long one protects less than in muscle"
        )
        said.append(f"{p.heart.source}; no conduction system, no drug; border zone and isthmus are assumed")
        return tuple(said)

    def rows(self) -> list[dict[str, Any]]:
        """One a sequence tried."""
        return [
            {"coupling_ms": list(t.coupling), "captured": t.captured, "lasted_ms": t.lasted, "cpu_s": cpu}
            for t, cpu in zip(self.found.tried, self.cpu_s, strict=True)
        ]

    def to_json(self) -> dict[str, Any]:
        """Plain JSON."""
        p = self.prepared
        return {
            **{k: v for k, v in self.found.to_json().items() if k != "tried"},
            "tried": self.rows(),
            "earliest_capture_ms": self.found.earliest,
            "period_ms": self.course.period,
            "activation": {
                "coupling_ms": list(self.course.tried.coupling),
                "last_ms": {SEGMENTS[k]: round(v, 1) for k, v in p.regions(self.course.last)},
                "before_ms": {SEGMENTS[k]: round(v, 1) for k, v in p.regions(self.course.before)},
            },
            "protocol": vars(p.protocol),
            "muscle": vars(p.muscle),
            "grid": {
                "spacing_mm": list(p.heart.spacing),
                "nodes": len(p.tissue.nodes),
                "step_ms": p.step,
                "speed_m_per_s": {way: {"asked": a, "carried": c} for way, (a, c) in self.speeds.items()},
                "largest_speed_error": self.error,
                "tau_in_ms": p.cell.tau_in,
            },
            "basis": {"sentence": self.sentence},
            "notes": list(self.notes),
            "source": p.heart.source,
            "disclaimer": self.disclaimer,
        }

    def plot(self) -> Any:
        """Bars of what lasted; left ventricle and septum, apex in the middle, by when each place was active last."""
        from matplotlib.figure import Figure

        figure = Figure(figsize=(10, 4.5), layout="constrained")
        left = figure.add_subplot(1, 2, 1)
        self.found.plot(left)
        left.set_xlabel("coupling, ms")
        ax: Any = figure.add_subplot(1, 2, 2, projection="polar")
        heart, alive = self.prepared.heart, self.prepared.alive
        shown = (heart.wall != RIGHT)[alive]
        values = np.nan_to_num(self.course.last, nan=-1e9)[self.prepared.tissue.corners].max(axis=1)[shown]
        turn, height = np.pi - heart.turn[alive][shown], heart.height[alive][shown]
        there = values > -1e8
        ax.scatter(turn[~there], height[~there], s=5, color="0.85")
        seen = ax.scatter(turn[there], height[there], s=5, c=values[there], cmap="viridis")
        figure.colorbar(seen, ax=ax, label="last active, ms after the last beat")
        ax.set_xticks(np.radians([0, 90, 180, 270]), ["lateral", "anterior", "septal", "inferior"])
        ax.set_yticks([])
        ax.set_title(f"after {spelled(self.course.tried.coupling)} ms", fontsize=9)
        figure.suptitle(f"{self.sentence}\n{self.disclaimer}", fontsize=8)
        return figure


def spelled(coupling: tuple[float, ...]) -> str:
    """As one says it: 400 + 320."""
    return " + ".join(f"{c:g}" for c in coupling)
