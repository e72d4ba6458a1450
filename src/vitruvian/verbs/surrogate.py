"""surrogate: a kind that answers like another, thousands of times as fast, with its own error on every answer.

It knows one case, the fields and parameters that its design lets vary, and the times and windows asked when it was
made; anything else it refuses. Its error is drawn per member: answers spread by it, coverage counts it.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

import numpy as np

from vitruvian.core.belief import State
from vitruvian.core.case import Case
from vitruvian.core.errors import KindError
from vitruvian.core.forcing import Batch, Forcing
from vitruvian.core.keys import generator, member_seeds
from vitruvian.core.kind import AbstractKind, Causal, ContextOfUse, Envelope, Example, Outputs, Theta
from vitruvian.core.latents import Latents
from vitruvian.core.parameter import Parameter
from vitruvian.core.prior import AbstractPrior
from vitruvian.core.quantity import Request
from vitruvian.core.record import Record
from vitruvian.verbs.design import Design, Truncated, inside
from vitruvian.verbs.emulator import Emulator, fit_emulator
from vitruvian.verbs.forecast import check_request


def surrogate(kind: AbstractKind, design: Design, request: Request, *, seed: int = 0) -> AbstractSurrogate:
    """A surrogate of `kind` for the observables' times and quantities' windows (s) of `request`, from design.n runs.

    It is Causal where the kind is. Its quantities are the model's, without the discrepancy of their observable.
    Errors: KindError for a design that does not fit the kind; CapabilityError without scikit-learn (extra `fit`).
    """
    design.checked(kind)
    check_request(kind, request, design.t0)
    x = _points(len(design.names), design.n)
    outputs = _runs(kind, design, request, x, seed)
    y = np.concatenate([outputs[n].reshape(design.n, -1) for n in request.items], axis=1)
    if not np.isfinite(y).all():
        raise KindError("the kind is not finite in all of the design", where=kind.name, fix="narrow the design")
    shapes = {n: outputs[n].shape[1:] for n in request.items}
    made = CausalSurrogate if isinstance(kind, Causal) else PredictiveSurrogate
    return made(kind, design, request, shapes, fit_emulator(x, y, seed))


@dataclass(frozen=True, eq=False)
class AbstractSurrogate(AbstractKind):
    """The emulated kind, its design, what it may be asked, the shape of each answer (n, ...), and the emulator."""

    base: AbstractKind
    design: Design
    request: Request
    shapes: Mapping[str, tuple[int, ...]]
    emulator: Emulator

    stochastic = True  # its error is drawn

    def __post_init__(self) -> None:
        base, made = self.base, f"{self.design.n} runs of {self.base.name} {self.base.version}"
        told = {
            "name": f"{base.name}_surrogate",
            "version": f"{base.version}+{self.digest[:8]}",
            "context_of_use": ContextOfUse(
                f"What would {base.name} say, at once?",
                base.context_of_use.users,
                base.context_of_use.risk,
                f"{base.context_of_use.not_for}; anything outside its design",
            ),
            "envelope": Envelope(
                {**base.envelope.ranges, **_plain(self.design.fields)}, f"{base.envelope.source}; {made}"
            ),
            "parameters": tuple(
                _truncated(p, self.design) for p in base.parameters if p.name in self.design.parameters
            ),
            "observables": tuple(o for o in base.observables if o.name in self.request.items),
            "quantities": tuple(
                dataclasses.replace(q, of="", reducer=None) for q in base.quantities if q.name in self.request.items
            ),
            "actions": base.actions,
            "subject": base.subject,
            "noises": tuple(n for n in base.noises if n.observable in self.request.items),
            "discrepancies": {n: d for n, d in base.discrepancies.items() if n in self.request.items},
        }
        for name, value in told.items():
            object.__setattr__(self, name, value)

    @property
    def digest(self) -> str:
        """Hash of what it was made from and of what was fitted."""
        told = hashlib.sha256(self.emulator.digest.encode())
        told.update(repr((self.design.fields, self.design.parameters, self.design.t0)).encode())
        told.update(repr((self.design.case.subject, self.design.case.timeline)).encode())
        return told.hexdigest()

    @property
    def accuracy(self) -> dict[str, dict[str, float]]:
        """Per item, runs left out and predicted from the others: RMSE in its unit, and coverage of the 90 % band."""
        error, sd = self.emulator.left_out()
        out = {}
        for name, columns in self._columns().items():
            e, s = error[:, columns], np.maximum(sd[:, columns], 1e-300)
            out[name] = {
                "rmse": float(np.sqrt(np.mean(e**2))),
                "cover90": float(np.mean(np.abs(e) <= 1.6448536 * s)),
            }
        return out

    def compile(self, case: Case, record: Record, t0: float, t1: float, known_at: float) -> Forcing:
        if t0 != self.design.t0:
            raise KindError(
                f"runs from {self.design.t0:g} s, not from {t0:g} s",
                where=self.name,
                fix="ask from there, or make another",
            )
        return Forcing(t0, t1, arrays={"x": self.design.coordinates(case.until(known_at))})

    def run(
        self, theta: Theta, forcing: Forcing | Batch, request: Request, seeds: np.ndarray, start: State | None = None
    ) -> tuple[Outputs, State | None]:
        fields = np.stack([f.arrays["x"] for f in (forcing.forcings if isinstance(forcing, Batch) else (forcing,))])
        index = forcing.index if isinstance(forcing, Batch) else np.zeros(len(seeds), dtype=int)
        x = np.concatenate([fields[index], self._coordinates(theta, len(seeds))], axis=1)
        width = len(self.emulator.processes) + len(self.emulator.mean)
        normals = np.stack([generator(int(s), "surrogate").standard_normal(width) for s in seeds])
        y = self.emulator.draw(x, normals)
        return {n: self._asked(n, request, y) for n in request.items}, None

    def example(self) -> Example:
        observed = {o.name: self.request.times(o.name) for o in self.observables}
        return Example(self.design.case, self.design.t0, max(self.request.last(), self.design.t0), observed, ())

    def _coordinates(self, theta: Theta, members: int) -> np.ndarray:
        """Parameter coordinates (member, parameter) in [0, 1]: linear in z between the limits."""
        out = np.empty((members, len(self.design.parameters)))
        for k, (name, (low, high)) in enumerate(self.design.parameters.items()):
            prior = _prior(self.base, name)
            a, b = prior.z(low), prior.z(high)
            values = np.asarray(theta[name], dtype=np.float64)
            for value in (values.min(), values.max()):
                inside(name, float((value - low) / (high - low)), (low, high))
            z = np.array([prior.z(v) for v in np.clip(values, low, high).tolist()])
            out[:, k] = (z - a) / (b - a)
        return np.clip(out, 0.0, 1.0)

    def _columns(self) -> dict[str, slice]:
        """Where each item's outputs stand."""
        out, start = {}, 0
        for name in self.request.items:
            size = int(np.prod(self.shapes[name]))
            out[name] = slice(start, start + size)
            start += size
        return out

    def _asked(self, name: str, request: Request, y: np.ndarray) -> np.ndarray:
        """The answer at the times or windows asked for, (member, n, ...)."""
        if name not in self.request.items:
            raise KindError(f"was not made for '{name}'", where=self.name, fix=f"ask {', '.join(self.request.items)}")
        whole = y[:, self._columns()[name]].reshape(len(y), *self.shapes[name])
        windows = name in {q.name for q in self.quantities}
        known, asked = (r.windows(name) if windows else r.times(name)[:, None] for r in (self.request, request))
        near = np.abs(asked[:, None] - known[None]).max(axis=2)
        index = near.argmin(axis=1)
        if len(asked) and (near[np.arange(len(asked)), index] > 1e-6).any():
            k = int(np.argmax(near[np.arange(len(asked)), index]))
            raise KindError(
                f"was not made for '{name}' at {asked[k].tolist()} s",
                where=self.name,
                fix="ask the times it was made for",
            )
        return whole[:, index]


@final
class CausalSurrogate(AbstractSurrogate, Causal):
    """Of a kind whose actions are interventions."""


@final
class PredictiveSurrogate(AbstractSurrogate):
    """Of a kind that only predicts."""


def _points(d: int, n: int) -> np.ndarray:
    """Sobol points in [0, 1]^d, stretched to touch the faces."""
    from scipy.stats import qmc

    size = 2 ** int(np.ceil(np.log2(n)))  # balanced in powers of two
    u = qmc.Sobol(d, scramble=False).random(size)[:n]
    return (u - u.min(axis=0)) / (u.max(axis=0) - u.min(axis=0))


def _runs(kind: AbstractKind, design: Design, request: Request, x: np.ndarray, seed: int) -> dict[str, np.ndarray]:
    """The kind itself at every point: {item: (point, n, ...)}."""
    forcings, fields = [], list(design.fields.items())
    last = max(request.last(), design.t0)
    for point in x:
        given = {n: low + float(u) * (high - low) for (n, (low, high)), u in zip(fields, point, strict=False)}
        forcings.append(kind.compile(design.at(given), Record.empty(), design.t0, last, np.inf))
    layouts = [Latents.of(kind.parameters, f) for f in forcings]
    z = np.zeros((len(x), layouts[0].width))
    start = 0
    for p in kind.parameters:
        if p.name in design.parameters:
            low, high = (p.prior.z(v) for v in design.parameters[p.name])
            u = x[:, len(fields) + list(design.parameters).index(p.name)]
            z[:, start] = low + u * (high - low)
        start += layouts[0].capacity[p.dims[0]] if p.dims else 1
    if len({layout.width for layout in layouts}) != 1:
        raise KindError("its slots change over the design", where=kind.name, fix="vary fewer fields")
    batch = Batch(tuple(forcings), np.arange(len(x)))
    outputs, _ = kind.run(layouts[0].theta(z), batch, request, member_seeds(seed, len(x)))
    return {n: np.asarray(outputs[n], dtype=np.float64) for n in request.items}


def _prior(kind: AbstractKind, name: str) -> AbstractPrior:
    return next(p.prior for p in kind.parameters if p.name == name)


def _truncated(p: Parameter, design: Design) -> Parameter:
    low, high = design.parameters[p.name]
    return dataclasses.replace(p, prior=Truncated(p.prior, low, high), source=f"{p.source}; cut to {low:g} to {high:g}")


def _plain(fields: Mapping[str, tuple[float, float]]) -> dict[str, tuple[float, float]]:
    return {n: r for n, r in fields.items() if "[" not in n}
