"""Beyond the primary analysis: secondary outcomes behind it, further arms beside it, subgroups within it.

Multiplicity: serial gates (the primary first, then family by family, Holm within), Holm over all, or a fixed
sequence; several arms against one control: Dunnett (single step). Subgroups are descriptive: Cochran's Q of their
estimates is the test of heterogeneity, Holm over the columns (Cochran, Biometrics 10:101, 1954).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import gammaincc

from vitruvian.core.errors import InferenceError
from vitruvian.kinds.prognosis.stack import Stack
from vitruvian.models.trialtable import Frame
from vitruvian.studies.procova.ancova import ancova
from vitruvian.studies.procova.estimate import Estimate
from vitruvian.studies.procova.multiplicity import dunnett_p, fixed_sequence, gatekeeping, holm
from vitruvian.studies.procova.protocol import Protocol
from vitruvian.studies.procova.trialarrays import Arrays, arrays_of, contrast

FEWEST = 10  # patients of each arm in a subgroup that is shown: assumed
LEVELS = 12  # of a subgroup's column
NOTE = "subgroups are descriptive: the trial was not sized for them"
Estimates = Callable[[Protocol, Arrays], Estimate]


@dataclass(frozen=True)
class Further:
    """Rows for a report: secondary outcomes and arms with adjusted p, subgroups with their heterogeneity."""

    secondary: tuple[dict[str, Any], ...] = ()
    arms: tuple[dict[str, Any], ...] = ()
    subgroups: tuple[dict[str, Any], ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Plain JSON."""
        return {f.name: list(getattr(self, f.name)) for f in dataclasses.fields(self)}


def further(
    protocol: Protocol, frame: Frame, stack: Stack, primary: Estimate, arrays: Arrays, kept: np.ndarray, of: Estimates
) -> Further:
    """frame: the whole trial's; arrays, kept (n,): patients of the primary contrast that have an outcome."""
    mine, rows = contrast(protocol, frame)
    return Further(
        _secondary(mine, rows, stack, primary),
        _arms(protocol, frame, stack, primary, of),
        _subgroups(mine, rows.take(kept), arrays, of),
    )


def _secondary(protocol: Protocol, frame: Frame, stack: Stack, primary: Estimate) -> tuple[dict[str, Any], ...]:
    if not protocol.secondary:
        return ()
    whole = arrays_of(protocol, frame, stack)
    families: list[list[tuple[str, Estimate, int]]] = []
    for family in protocol.secondary:
        families.append([])
        for column in family:
            y = frame.number(column)
            there = np.isfinite(y)
            a = dataclasses.replace(whole.take(there), y=y[there], event=None)
            given = {"interaction": protocol.interaction, "hc": protocol.variance, "name": column}
            made = ancova(a.y, a.arm, a.x("score and covariates"), **given)
            families[-1].append((column, made, int((~there).sum())))
    p = [[primary.p], *([e.p for _, e, _ in family] for family in families)]
    adjusted = _adjusted(p, protocol.multiplicity)
    return tuple(
        {"outcome": column, "family": k + 1, **e.to_json(), "adjusted_p": float(adjusted[k + 1][j]), "without": gone}
        for k, family in enumerate(families)
        for j, (column, e, gone) in enumerate(family)
    )


def _adjusted(p: list[list[float]], how: str) -> list[np.ndarray]:
    if how == "gatekeeping":
        return gatekeeping(p)
    flat = [v for family in p for v in family]
    made = holm(flat) if how == "holm" else fixed_sequence(flat)
    edges = np.cumsum([len(family) for family in p])[:-1]
    return np.split(made, edges)


def _arms(
    protocol: Protocol, frame: Frame, stack: Stack, primary: Estimate, of: Estimates
) -> tuple[dict[str, Any], ...]:
    if not protocol.arm.others:
        return ()
    found: dict[str, tuple[Estimate, int]] = {}
    controls = 0
    for level in (protocol.arm.treated, *protocol.arm.others):
        one, rows = contrast(protocol, frame, level)
        a = arrays_of(one, rows, stack)
        a = a.take(np.isfinite(a.y))
        found[level] = (primary if level == protocol.arm.treated else of(one, a), int(a.arm.sum()))
        controls = int((1 - a.arm).sum())
    estimates = [e for e, _ in found.values()]
    if protocol.estimand == "difference":
        df = float(sum(n for _, n in found.values()) + controls - len(found) - 2 - len(protocol.beside))
        p = dunnett_p([e.statistic for e in estimates], controls, [n for _, n in found.values()], df)
        method = "Dunnett, single step"
    else:
        p, method = holm([e.p for e in estimates]), "Holm"
    return tuple(
        {"arm": level, **e.to_json(), "adjusted_p": float(v), "adjustment": method, "treated": n}
        for (level, (e, n)), v in zip(found.items(), p, strict=True)
    )


def _subgroups(protocol: Protocol, frame: Frame, arrays: Arrays, of: Estimates) -> tuple[dict[str, Any], ...]:
    out: list[dict[str, Any]] = []
    for column in protocol.subgroups:
        rows = []
        for level, mask in _levels(frame, column).items():
            a = arrays.take(mask)
            counts = [int((a.arm == k).sum()) for k in (0, 1)]
            row: dict[str, Any] = {"group": level, "control": counts[0], "treated": counts[1]}
            if min(counts) >= FEWEST:
                try:
                    row |= _within(protocol, a, of).to_json()
                except InferenceError as err:
                    row["note"] = err.what
            else:
                row["note"] = f"fewer than {FEWEST} patients in an arm"
            rows.append(row)
        out.append({"column": column, "levels": rows, "heterogeneity_p": _heterogeneity(rows)})
    tested = [g for g in out if g["heterogeneity_p"] is not None]
    for g, p in zip(tested, holm([g["heterogeneity_p"] for g in tested]) if tested else (), strict=True):
        g["adjusted_p"] = float(p)
    return tuple(out)


def _within(protocol: Protocol, a: Arrays, of: Estimates) -> Estimate:
    """Columns of covariates that do not vary within the subgroup are left out."""
    varies = np.ptp(a.beside, axis=0) > 0 if a.beside.shape[1] else np.zeros(0, bool)
    return of(protocol, dataclasses.replace(a, beside=a.beside[:, varies]))


def _levels(frame: Frame, column: str) -> dict[str, np.ndarray]:
    values = frame.column(column)
    if values.dtype != object and len(np.unique(values[np.isfinite(values)])) > LEVELS:
        middle = float(np.nanmedian(values))
        return {f"below {middle:g}": values < middle, f"{middle:g} and above": values >= middle}
    told = frame.factor(column)
    return {level: told == level for level in sorted(set(told.tolist()) - {""})[:LEVELS]}


def _heterogeneity(rows: list[dict[str, Any]]) -> float | None:
    """Cochran's Q: p of no difference between the levels' effects."""
    told = [(r["value"], r["se"]) for r in rows if "se" in r and r["se"] > 0]
    if len(told) < 2:
        return None
    value, se = np.array(told).T
    weight = 1 / se**2
    q = float((weight * (value - (weight @ value) / weight.sum()) ** 2).sum())
    return float(gammaincc((len(told) - 1) / 2, q / 2))
