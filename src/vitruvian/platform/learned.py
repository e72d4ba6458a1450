"""What a twin has learned: the answer of calibrate and assimilate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from vitruvian.core.twin import Twin
from vitruvian.verbs.result import Basis

if TYPE_CHECKING:
    from vitruvian.verbs.fitted import Fitted


@dataclass(frozen=True)
class Learned:
    """The twin with its new belief, stored as `version`; `how` is "calibrated" or "assimilated"."""

    how: str
    version: int
    twin: Twin

    @property
    def basis(self) -> Basis:
        """Method, window, readings, and the share learned per parameter."""
        return Basis.of(self.twin.believed(), self.twin.kind)

    def parameters(self) -> list[dict[str, Any]]:
        """Per parameter its unit, meaning, posterior quantiles and the share that was learned."""
        from vitruvian.verbs.result import weighted_quantile

        kind, belief = self.twin.kind, self.twin.believed()
        learned = belief.learned()
        rows = []
        for p in kind.parameters:
            if p.dims or p.name not in belief.names:
                continue
            values = p.prior.value(belief.z[:, belief.names.index(p.name)])
            low, middle, high = (float(weighted_quantile(values, belief.weights, q)) for q in (0.05, 0.5, 0.95))
            said = {"name": p.name, "unit": p.unit, "meaning": p.meaning}
            rows.append({**said, "q05": low, "q50": middle, "q95": high, "learned": learned[p.name]})
        return rows

    def fitted(self) -> Fitted:
        """How well the model follows the readings it rests on."""
        from vitruvian.verbs.fitted import fitted

        return fitted(self.twin)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON with local times."""
        belief, origin = self.twin.believed(), self.twin.case.origin
        return {
            "how": self.how,
            "version": self.version,
            "kind": belief.kind,
            "at": origin.moment(belief.at).isoformat(),
            "known_at": origin.moment(belief.known_at).isoformat(),
            "window": [origin.moment(t).isoformat() for t in belief.window],
            "basis": self.basis.to_json(),
            "parameters": self.parameters(),
            "diagnostics": dict(belief.diagnostics),
            "warnings": list(belief.notes),
        }

    def plot(self, name: str | None = None, ax: Any = None) -> Any:
        """Readings over the model's median and 90 % band (matplotlib axes)."""
        return self.fitted().plot(name, ax)
