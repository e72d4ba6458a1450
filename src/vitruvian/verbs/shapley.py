"""Shapley shares of any function of coalitions, exact for few players, by sampled permutations for many.

phi_j = mean over orders of v(those before j, and j) - v(those before j). Shares add up to v(all) - v(none) exactly,
whatever the number of orders: every order does. Shapley, in: Contributions to the Theory of Games II, 1953; sampling:
Castro et al., Comput Oper Res 2009;36:1726; each order is used with its reverse (antithetic), Mitchell et al., J Mach
Learn Res 2022;23:43.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from vitruvian.core.keys import generator

Coalition = frozenset[int]
Values = Callable[[Sequence[Coalition]], list[np.ndarray]]  # coalitions -> value of each member, (member,)


@dataclass(frozen=True)
class Shared:
    """shares (player,), their standard errors (player,), v(none), v(all), v(all without j) (player,), and how."""

    shares: np.ndarray
    errors: np.ndarray
    none: float
    all: float
    without: np.ndarray
    how: str


def shapley(count: int, values: Values, weights: np.ndarray, *, most: int, seed: int) -> Shared:
    """Shares of `count` players in the weighted mean over members; at most about `most` coalitions are evaluated.

    The standard error holds both the sampling of orders and that of members.
    """
    everyone = frozenset(range(count))
    if 2**count <= most:
        wanted = [frozenset(c) for k in range(count + 1) for c in itertools.combinations(range(count), k)]
        orders: list[tuple[int, ...]] = []
        how = "exact: every coalition"
    else:
        orders = _orders(count, most, seed)
        wanted = [frozenset(order[:k]) for order in orders for k in range(count + 1)]
        wanted += [everyone - {j} for j in range(count)]
        how = f"{len(orders)} sampled permutations, in antithetic pairs"
    wanted = list(dict.fromkeys(wanted))
    told = dict(zip(wanted, values(wanted), strict=True))
    parts = _sampled(orders, count, told) if orders else _exact(count, told)[None]
    by_member = parts.mean(axis=0)  # (player, member)
    shares = by_member @ weights
    error = ((by_member - shares[:, None]) ** 2) @ weights**2 / max(1.0 - float(np.sum(weights**2)), 1e-12)
    if len(parts) > 1:
        error = error + (parts @ weights).var(axis=0, ddof=1) / len(parts)
    without = np.array([told[everyone - {j}] @ weights for j in range(count)])
    none, all_ = (float(told[c] @ weights) for c in (frozenset(), everyone))
    return Shared(shares, np.sqrt(error), none, all_, without, how)


def _orders(count: int, most: int, seed: int) -> list[tuple[int, ...]]:
    """Permutations with their reverses; each pair costs at most 2 (count - 1) coalitions."""
    rng, pairs = generator(seed, "permutations"), max(2, most // (2 * (count - 1)))
    out: list[tuple[int, ...]] = []
    for _ in range(pairs):
        order = tuple(rng.permutation(count).tolist())
        out += [order, order[::-1]]
    return out


def _sampled(orders: Sequence[tuple[int, ...]], count: int, told: dict[Coalition, np.ndarray]) -> np.ndarray:
    """Contributions (pair of orders, player, member)."""
    out = []
    for order in orders:
        one = np.empty((count, len(told[frozenset()])))
        for k, j in enumerate(order):
            one[j] = told[frozenset(order[: k + 1])] - told[frozenset(order[:k])]
        out.append(one)
    return np.stack(out).reshape(len(orders) // 2, 2, count, -1).mean(axis=1)


def _exact(count: int, told: dict[Coalition, np.ndarray]) -> np.ndarray:
    """Contributions (player, member) over all coalitions, weighted as all orders would."""
    out = np.zeros((count, len(told[frozenset()])))
    for coalition, value in told.items():
        for j in set(range(count)) - coalition:
            k = len(coalition)
            share = math.factorial(k) * math.factorial(count - k - 1) / math.factorial(count)
            out[j] += share * (told[coalition | {j}] - value)
    return out


def shapley_by_member(
    count: int, values: Callable[[np.ndarray], np.ndarray], weights: np.ndarray, *, seed: int
) -> Shared:
    """The same where every member may meet its own coalition: one order and its reverse a member, as many orders as
    members for the cost of 3 `count` runs.

    values: masks (run, member, player) of who is present -> (run, member).
    """
    members = len(weights)
    ranks = np.stack([generator(seed, "order", i).permutation(count) for i in range(members)])  # (member, player)
    sizes = np.arange(count + 1)[:, None, None]
    forth, back = (
        ranks[None] < sizes,
        (count - 1 - ranks)[None] < sizes,
    )  # the first k of each order: (k, member, player)
    without = np.broadcast_to(~np.eye(count, dtype=bool)[:, None, :], (count, members, count))
    told = values(np.concatenate([forth, back[1:-1], without]))
    first = told[: count + 1]
    second = np.concatenate([first[:1], told[count + 1 : 2 * count], first[-1:]])
    rows = np.arange(members)[:, None]
    parts = np.stack([np.diff(first, axis=0).T[rows, ranks], np.diff(second, axis=0).T[rows, count - 1 - ranks]])
    by_member = parts.mean(axis=0).T
    shares = by_member @ weights
    error = ((by_member - shares[:, None]) ** 2) @ weights**2 / max(1.0 - float(np.sum(weights**2)), 1e-12)
    how = f"{2 * members} sampled permutations: one and its reverse a member"
    ends = told[2 * count :] @ weights
    return Shared(shares, np.sqrt(error), float(first[0] @ weights), float(first[-1] @ weights), ends, how)
