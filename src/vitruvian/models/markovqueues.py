"""Queues in closed form or as small Markov chains solved exactly, beyond those of `queueing`.

    M/G/1, priorities (Cobham 1954):     W_k = W_0 / ((1 - s_{k-1}) (1 - s_k)),  W_0 = sum_i lambda_i E[S_i^2] / 2
    preemptive resume:                   T_k = E[S_k] / (1 - s_{k-1}) + sum_{i<=k} lambda_i E[S_i^2] / 2 / ((1 - s_{k-1}) (1 - s_k))
    M/M/c, priorities, equal service:    W_k = C m / c / ((1 - s_{k-1}) (1 - s_k)),  s_k = sum_{i<=k} lambda_i m / c
    M(t)/G/inf:                          N(t) is Poisson with mean int lambda(u) P(S > t - u) du
    any birth-death chain:               p_n = p_0 prod lambda_{i-1} / mu_i

Reference: Gross, Shortle, Thompson and Harris, Fundamentals of Queueing Theory, 4th ed. 2008, chapters 2 to 4 and 7.
Times in one unit throughout. Stationary results hold for loads below 1.
"""  # noqa: E501

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np

from vitruvian.models.queueing import erlang_c


def cobham(rates: Sequence[float], means: Sequence[float], seconds: Sequence[float]) -> list[float]:
    """Mean waits of M/G/1 with non-preemptive priorities, the most urgent first. seconds: E[S^2]."""
    w0 = 0.5 * sum(r * s for r, s in zip(rates, seconds, strict=True))
    load = np.concatenate([[0.0], np.cumsum(np.multiply(rates, means))])
    return [w0 / ((1 - load[k]) * (1 - load[k + 1])) for k in range(len(rates))]


def preemptive(rates: Sequence[float], means: Sequence[float], seconds: Sequence[float]) -> list[float]:
    """Mean times in system of M/G/1 with preemptive-resume priorities."""
    load = np.concatenate([[0.0], np.cumsum(np.multiply(rates, means))])
    left = 0.5 * np.cumsum(np.multiply(rates, seconds))
    return [means[k] / (1 - load[k]) + left[k] / ((1 - load[k]) * (1 - load[k + 1])) for k in range(len(rates))]


def priorities(servers: int, rates: Sequence[float], mean: float) -> list[float]:
    """Mean waits of M/M/c with non-preemptive priorities and one service law."""
    load = np.concatenate([[0.0], np.cumsum(rates) * mean / servers])
    wait = erlang_c(servers, sum(rates) * mean) * mean / servers
    return [wait / ((1 - load[k]) * (1 - load[k + 1])) for k in range(len(rates))]


def birth_death(up: np.ndarray, down: np.ndarray) -> np.ndarray:
    """Stationary probabilities of 0..n; up[k] from k to k + 1, down[k] from k + 1 to k."""
    p = np.concatenate([[1.0], np.cumprod(up / down)])
    return p / p.sum()


def erlang_a(servers: int, rate: float, mean: float, patience: float, most: int = 400) -> tuple[float, float]:
    """M/M/c with exponential patience: share who give up, and mean number who wait."""
    n = np.arange(1, most + 1)
    p = birth_death(np.full(most, rate), np.minimum(n, servers) / mean + np.maximum(n - servers, 0) / patience)
    waiting = float((p * np.maximum(np.arange(most + 1) - servers, 0)).sum())
    return waiting / patience / rate, waiting


def finite(servers: int, places: int, rate: float, mean: float) -> tuple[float, float]:
    """M/M/c/K with `places` to wait: share turned away, and mean number who wait."""
    n = np.arange(1, servers + places + 1)
    p = birth_death(np.full(len(n), rate), np.minimum(n, servers) / mean)
    return float(p[-1]), float((p * np.maximum(np.arange(len(p)) - servers, 0)).sum())


def repair(machines: int, crew: int, life: float, mean: float) -> float:
    """Mean number of machines that are down, each failing after `life`, repaired by a crew of so many."""
    n = np.arange(machines)
    p = birth_death((machines - n) / life, np.minimum(n + 1, crew) / mean)
    return float((p * np.arange(machines + 1)).sum())


def stationary(flow: np.ndarray) -> np.ndarray:
    """Stationary probabilities of a chain with rates flow[i, j]."""
    q = flow - np.diag(flow.sum(axis=1))
    a = np.vstack([q.T, np.ones(len(q))])
    return np.linalg.lstsq(a, np.append(np.zeros(len(q)), 1.0), rcond=None)[0]


def tandem(rate: float, first: float, second: float, places: int, buffer: int) -> tuple[float, float]:
    """Two single servers, `places` to wait before the first (others lost), `buffer` between, blocking after service.

    Share lost, and share of time the first server is blocked.
    """
    states = [(a, b, k) for a in range(places + 2) for b in range(buffer + 2) for k in (0, 1)]
    # a at the first (in service, waiting or blocked), b at the second, k: the first server is blocked
    states = [s for s in states if not s[2] or (s[0] >= 1 and s[1] == buffer + 1)]
    index = {s: n for n, s in enumerate(states)}
    flow = np.zeros((len(states), len(states)))
    for (a, b, k), n in index.items():
        if a <= places:
            flow[n, index[a + 1, b, k]] += rate
        if a >= 1 and not k:
            goal = (a - 1, b + 1, 0) if b <= buffer else (a, b, 1)
            flow[n, index[goal]] += 1.0 / first
        if b >= 1:
            goal = (a - 1, b, 0) if k else (a, b - 1, 0)
            flow[n, index[goal]] += 1.0 / second
    p = stationary(flow)
    lost = sum(p[n] for (a, _, _), n in index.items() if a == places + 1)
    return float(lost), float(sum(p[n] for (_, _, k), n in index.items() if k))


def transient(
    start: np.ndarray, up: Callable[[float], np.ndarray], down: Callable[[float], np.ndarray], edges: Sequence[float]
) -> list[np.ndarray]:
    """Probabilities at each of `edges` after the first, rates constant between them (Kolmogorov's equations)."""
    from scipy.linalg import expm

    p, out = start, []
    for a, b in pairwise(edges):
        rise, fall = up(0.5 * (a + b)), down(0.5 * (a + b))
        q = np.diag(rise, 1) + np.diag(fall, -1)
        q -= np.diag(q.sum(axis=1))
        p = p @ expm(q * (b - a))
        out.append(p)
    return out


def infinite_servers(
    rate: Callable[[np.ndarray], np.ndarray], survival: Callable[[np.ndarray], np.ndarray], t: float
) -> float:
    """Mean number present of M(t)/G/inf at t, empty at 0 (midpoint rule)."""
    n = 20000
    u = (np.arange(n) + 0.5) * t / n
    return float((rate(u) * survival(t - u)).sum() * t / n)
