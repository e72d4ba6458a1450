"""Multiple imputation of missing visits, under missing at random and under reference-based assumptions.

Each arm's visits are multivariate normal; (mean, covariance) are drawn from their posterior by data augmentation
(Schafer, 1997, section 5.4), missing visits from their conditional given the seen ones. After a treated patient
leaves, the mean is: "mar" the own arm's; "j2r" the control arm's at once; "cir" the own arm's last level with the
control arm's increments; "cr" the control arm's throughout; delta adds a fixed worsening a visit. Carpenter, Roger
& Kenward, J Biopharm Stat 23:1352 (2013). Pooled by Rubin's rules with the degrees of freedom of Barnard & Rubin,
Biometrika 86:948 (1999).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from vitruvian.core.errors import InferenceError
from vitruvian.core.keys import generator
from vitruvian.studies.procova.estimate import Estimate

RULES = ("mar", "j2r", "cir", "cr")
BURN, THIN = 50, 10  # steps of data augmentation: assumed; the chain mixes in a few steps for trials' missingness


def imputed(
    y: np.ndarray,
    arm: np.ndarray,
    baseline: np.ndarray | None = None,
    *,
    rule: str = "mar",
    delta: float = 0.0,
    count: int = 20,
    seed: int = 0,
) -> np.ndarray:
    """(count, n, visit) completed; baseline (n, k) is conditioned on. delta is added to what is imputed
    after dropout.
    """
    if rule not in RULES:
        raise InferenceError(f"no rule '{rule}'", where="imputation", fix=f"use one of {', '.join(RULES)}")
    base = np.zeros((len(y), 0)) if baseline is None else baseline
    if not np.isfinite(base).all():
        raise InferenceError(
            "a baseline value is missing", where="imputation", fix="impute it by the score's rule first"
        )
    whole = np.concatenate([base, y], axis=1)
    chains = {a: _chain(whole[arm == a], count, generator(seed, "imputation", rule, a)) for a in (0, 1)}
    rng, k = generator(seed, "imputation draws", rule), base.shape[1]
    out = np.repeat(whole[None], count, axis=0)
    for m in range(count):
        for a in (0, 1):
            own, reference = chains[a][m], chains[0][m]
            for i in np.flatnonzero(arm == a):
                out[m, i] = _complete(whole[i], own, reference, rule if a == 1 else "mar", k, delta, rng)
    return out[:, :, k:]


Moments = tuple[np.ndarray, np.ndarray]


def _complete(
    row: np.ndarray, own: Moments, reference: Moments, rule: str, k: int, delta: float, rng: np.random.Generator
) -> np.ndarray:
    gone = ~np.isfinite(row)
    if not gone.any():
        return row
    last = int(
        np.flatnonzero(~gone).max(initial=k - 1)
    )  # the last visit seen; later ones are dropout, earlier ones are gaps
    mean, cov = own[0].copy(), own[1]
    if rule in ("j2r", "cr"):
        cov = reference[1]
        mean[last + 1 :] = reference[0][last + 1 :]
        if rule == "cr":
            mean = reference[0].copy()
    elif rule == "cir" and last >= k:
        mean[last + 1 :] = own[0][last] + reference[0][last + 1 :] - reference[0][last]
    out = _conditional(row, gone, mean, cov, rng)
    out[last + 1 :] += delta * np.arange(1, len(row) - last)
    return out


def _conditional(
    row: np.ndarray, gone: np.ndarray, mean: np.ndarray, cov: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    seen, out = ~gone, row.copy()
    gain = (
        np.linalg.solve(cov[np.ix_(seen, seen)], cov[np.ix_(seen, gone)]).T if seen.any() else np.zeros((gone.sum(), 0))
    )
    centre = mean[gone] + gain @ (row[seen] - mean[seen])
    rest = cov[np.ix_(gone, gone)] - gain @ cov[np.ix_(seen, gone)]
    root = np.linalg.cholesky(rest + 1e-10 * np.trace(cov) * np.eye(len(rest)))
    out[gone] = centre + root @ rng.standard_normal(int(gone.sum()))
    return out


def _chain(rows: np.ndarray, count: int, rng: np.random.Generator) -> list[Moments]:
    """Posterior draws of (mean, covariance) under a Jeffreys prior."""
    n, p = rows.shape
    if n < p + 3:
        raise InferenceError(f"{n} patients for {p} columns in an arm", where="imputation", fix="use fewer visits")
    gone = ~np.isfinite(rows)
    filled = np.where(gone, np.nanmean(rows, axis=0), rows)
    mean, cov = filled.mean(axis=0), np.cov(filled, rowvar=False).reshape(p, p) + 1e-9 * np.eye(p)
    patterns, index = np.unique(gone, axis=0, return_inverse=True)
    out: list[Moments] = []
    for step in range(BURN + THIN * count):
        for k, pattern in enumerate(patterns):
            if pattern.any():
                for i in np.flatnonzero(index.ravel() == k):
                    filled[i] = _conditional(rows[i], pattern, mean, cov, rng)
        centre = filled.mean(axis=0)
        scatter = (filled - centre).T @ (filled - centre)
        cov = _inverse_wishart(n - 1, scatter, rng)
        mean = centre + np.linalg.cholesky(cov / n) @ rng.standard_normal(p)
        if step >= BURN and (step - BURN) % THIN == THIN - 1:
            out.append((mean, cov))
    return out


def _inverse_wishart(df: int, scatter: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Bartlett's decomposition of the Wishart of the inverse."""
    p = len(scatter)
    a = np.tril(rng.standard_normal((p, p)), -1) + np.diag(np.sqrt(rng.chisquare(df - np.arange(p))))
    root = np.linalg.cholesky(np.linalg.inv(scatter)) @ a
    return np.linalg.inv(root @ root.T)


def pooled(estimates: Sequence[Estimate], name: str, method: str) -> Estimate:
    """Rubin's rules."""
    m = len(estimates)
    if m < 2:
        raise InferenceError("one imputation cannot be pooled", where="imputation", fix="impute 20 times or more")
    q, u = np.array([e.value for e in estimates]), np.array([e.se**2 for e in estimates])
    between, within = float(q.var(ddof=1)), float(u.mean())
    total = within + (1 + 1 / m) * between
    share = (1 + 1 / m) * between / total
    whole = estimates[0].df
    old = (m - 1) / max(share, 1e-12) ** 2
    seen = (whole + 1) / (whole + 3) * whole * (1 - share) if np.isfinite(whole) else np.inf
    df = 1 / (1 / old + (0.0 if np.isinf(seen) else 1 / max(seen, 1e-9)))
    detail = {"imputations": float(m), "share_missing": float(share)}
    return Estimate(
        name, float(q.mean()), total**0.5, float(df), method, estimates[0].n, estimates[0].scale, 0.0, detail
    )


def sensitivity(
    y: np.ndarray,
    arm: np.ndarray,
    analysis: Callable[[np.ndarray], Estimate],
    baseline: np.ndarray | None = None,
    *,
    count: int = 20,
    seed: int = 0,
) -> list[Estimate]:
    """The last visit's effect under every rule; `analysis` takes completed outcomes of that visit (n,)."""
    out = []
    for rule in RULES:
        sets = imputed(y, arm, baseline, rule=rule, count=count, seed=seed)
        out.append(
            pooled([analysis(s[:, -1]) for s in sets], rule, f"multiple imputation ({rule}), {count} sets, Rubin")
        )
    return out
