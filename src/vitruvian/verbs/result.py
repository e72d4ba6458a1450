"""What a verb answers: labelled ensembles with bands, what they rest on, and warnings. Labels are put on here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from vitruvian.core.belief import Belief
from vitruvian.core.case import Origin
from vitruvian.core.errors import KindError
from vitruvian.core.kind import AbstractKind

if TYPE_CHECKING:
    import xarray


@dataclass(frozen=True)
class Ensemble:
    """One observable or quantity: values (member, n, ...) at times (n,) or over windows (n, 2), in `unit`."""

    name: str
    unit: str
    times: np.ndarray
    values: np.ndarray
    weights: np.ndarray

    @property
    def is_window(self) -> bool:
        """True for a quantity over windows."""
        return self.times.ndim == 2

    def mean(self) -> np.ndarray:
        """Weighted mean over members, (n, ...)."""
        return np.tensordot(self.weights, self.values, axes=1)

    def sd(self) -> np.ndarray:
        """Weighted standard deviation over members, (n, ...)."""
        return np.sqrt(np.tensordot(self.weights, (self.values - self.mean()) ** 2, axes=1))

    def quantile(self, q: float) -> np.ndarray:
        """Weighted quantile over members, (n, ...)."""
        return weighted_quantile(self.values, self.weights, q)

    def probability(self, low: float = -np.inf, high: float = np.inf) -> np.ndarray:
        """Probability of low <= value <= high, (n, ...)."""
        inside = (self.values >= low) & (self.values <= high)
        return np.tensordot(self.weights, inside.astype(float), axes=1)

    def minus(self, other: Ensemble) -> Ensemble:
        """Member by member difference: both must come from the same draws."""
        return Ensemble(self.name, self.unit, self.times, self.values - other.values, self.weights)

    def to_json(self) -> dict[str, Any]:
        """Median, mean, 50 % and 90 % bands as plain lists."""
        bands = {f"q{int(q * 100):02d}": self.quantile(q).tolist() for q in (0.05, 0.25, 0.5, 0.75, 0.95)}
        return {"unit": self.unit, "times": self.times.tolist(), "mean": self.mean().tolist(), **bands}


@dataclass(frozen=True)
class Basis:
    """What an answer rests on: the belief's method, window and readings, and how much was learned per parameter."""

    method: str
    window: tuple[float, float]
    rows: int
    learned: Mapping[str, float]
    notes: tuple[str, ...] = ()
    meanings: Mapping[str, str] = field(default_factory=dict)
    members: int = 200

    @classmethod
    def of(cls, belief: Belief, kind: AbstractKind) -> Basis:
        """From a belief; slots (one meal's delay) are left out."""
        learned = {k: v for k, v in belief.learned().items() if "@" not in k}
        meanings = {p.name: p.meaning.partition(":")[0] for p in kind.parameters}
        return cls(belief.method, belief.window, belief.rows, learned, belief.notes, meanings, belief.members)

    def sentence(self) -> str:
        """How much of the answer was learned from this subject's data, in words."""
        top = sorted(self.learned.items(), key=lambda kv: -kv[1])
        chance = max(0.05, 2.0 * (2.0 / self.members) ** 0.5)  # a variance of so few members errs by that alone
        told = [f"{self.meanings.get(name, name)} {100 * share:.0f} %" for name, share in top if share >= chance]
        if not told or self.rows == 0:
            return "Nothing in this answer was learned from this subject's data: it is the population's."
        shown = ", ".join(told[:5]) + (f" and less of {len(told) - 5} more" if len(told) > 5 else "")
        return f"Learned from {self.rows} readings of this subject: {shown}; the rest is the population's."

    def to_json(self) -> dict[str, Any]:
        """Plain JSON."""
        return {
            "method": self.method,
            "window": list(self.window),
            "rows": self.rows,
            "learned": dict(self.learned),
            "notes": list(self.notes),
            "sentence": self.sentence(),
        }


@dataclass(frozen=True)
class Forecast:
    """Answer of `forecast`: ensembles by name, from time `at` (s since origin)."""

    kind: str
    at: float
    origin: Origin
    items: Mapping[str, Ensemble]
    basis: Basis
    warnings: tuple[str, ...] = ()
    seed: int = 0
    noise: bool = False
    disclaimer: str = field(default="A simulation for research use.", repr=False)

    def __getitem__(self, name: str) -> Ensemble:
        if name not in self.items:
            raise KindError(f"'{name}' was not asked for", where="Forecast", fix=f"use {', '.join(self.items)}")
        return self.items[name]

    def to_json(self) -> dict[str, Any]:
        """Plain JSON with local times."""
        items = {}
        for name, e in self.items.items():
            items[name] = {**e.to_json(), "local": [self.origin.moment(t).isoformat() for t in e.times.ravel()]}
        return {
            "kind": self.kind,
            "at": self.origin.moment(self.at).isoformat(),
            "items": items,
            "basis": self.basis.to_json(),
            "warnings": list(self.warnings),
            "seed": self.seed,
            "noise": self.noise,
            "disclaimer": self.disclaimer,
        }

    def to_xarray(self) -> xarray.Dataset:
        """A labelled dataset: dimensions member and, per item, its times or windows."""
        import xarray

        data = {}
        for name, e in self.items.items():
            axis = f"{name}_window" if e.is_window else f"{name}_time"
            more = [f"{name}_{i}" for i in range(e.values.ndim - 2)]
            coords = {} if e.is_window else {axis: e.times}
            data[name] = xarray.DataArray(e.values, dims=["member", axis, *more], coords=coords, attrs={"unit": e.unit})
        first = next(iter(self.items.values()))
        weights = xarray.DataArray(first.weights, dims=["member"])
        return xarray.Dataset({**data, "weight": weights}, attrs={"kind": self.kind, "origin": str(self.origin.utc)})

    def plot(self, name: str | None = None, ax: Any = None) -> Any:
        """Median with 50 and 90 % bands over local time (matplotlib axes)."""
        from vitruvian.verbs.plots import plot_forecast

        return plot_forecast(self, name, ax)


@dataclass(frozen=True)
class Comparison:
    """Answer of `compare`: a forecast an option, all from the same draws and random streams."""

    options: Mapping[str, Forecast]
    against: str

    def difference(self, option: str, name: str) -> Ensemble:
        """Option minus the reference option, member by member."""
        return self.options[option][name].minus(self.options[self.against][name])

    @property
    def basis(self) -> Basis:
        """What all options rest on."""
        return self.options[self.against].basis

    @property
    def warnings(self) -> tuple[str, ...]:
        """All options' warnings."""
        said = [f"{name}: {w}" for name, f in self.options.items() for w in f.warnings]
        return tuple(dict.fromkeys(said))

    def to_json(self) -> dict[str, Any]:
        """Plain JSON: the options, and each one's difference from the reference."""
        differences = {
            option: {name: self.difference(option, name).to_json() for name in f.items}
            for option, f in self.options.items()
            if option != self.against
        }
        options = {name: f.to_json() for name, f in self.options.items()}
        return {"against": self.against, "options": options, "differences": differences, "basis": self.basis.to_json()}

    def plot(self, name: str | None = None, ax: Any = None) -> Any:
        """Every option's median and 90 % band (matplotlib axes)."""
        from vitruvian.verbs.plots import plot_comparison

        return plot_comparison(self, name, ax)


def weighted_quantile(values: np.ndarray, weights: np.ndarray, q: float) -> np.ndarray:
    """Quantile q over the first axis: one more draw lies below it with probability q (equal weights: k / (M + 1))."""
    if np.allclose(weights, weights[0]):
        return np.quantile(values, q, axis=0, method="weibull")
    order = np.argsort(values, axis=0)
    ranked = np.take_along_axis(values, order, axis=0)
    cumulative = np.cumsum(weights[order], axis=0)
    index = np.argmax(cumulative >= q - 1e-12, axis=0)
    return np.take_along_axis(ranked, index[None], axis=0)[0]
