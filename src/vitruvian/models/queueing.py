"""Queues in closed form: stationary Erlang and Pollaczek-Khinchine results, and the transient of M/M/c.

    a = lambda m (offered load),  rho = a / c
    B(0) = 1,  B(c) = a B(c-1) / (c + a B(c-1))                      Erlang B: share lost without a queue
    C = B / (1 - rho (1 - B))                                         Erlang C: share that waits
    W = C m / (c (1 - rho)),  Lq = lambda W,  L = lambda (W + m)      mean wait, mean queue, mean number in system
    M/G/1:  W = lambda m^2 (1 + cv^2) / (2 (1 - rho))                 Pollaczek-Khinchine
    p'(t) = p(t) Q                                                    Kolmogorov's forward equations of M/M/c

Reference: Gross, Shortle, Thompson and Harris, Fundamentals of Queueing Theory, 4th ed., 2008, chapters 2 and 5.
Times in one unit throughout. Holds for Poisson arrivals, first come first served; stationary results need rho < 1.
"""

from __future__ import annotations

import numpy as np

from vitruvian.core.errors import KindError


def erlang_b(servers: int, offered: float) -> float:
    """Share of arrivals lost when nobody can wait."""
    blocked = 1.0
    for c in range(1, servers + 1):
        blocked = offered * blocked / (c + offered * blocked)
    return blocked


def erlang_c(servers: int, offered: float) -> float:
    """Share of arrivals that wait."""
    rho = _stable(offered / servers)
    blocked = erlang_b(servers, offered)
    return blocked / (1.0 - rho * (1.0 - blocked))


def mean_wait(servers: int, rate: float, mean: float) -> float:
    """Stationary mean wait of M/M/c, in the unit of `mean`."""
    return erlang_c(servers, rate * mean) * mean / (servers - rate * mean)


def mean_wait_general(rate: float, mean: float, cv: float) -> float:
    """Stationary mean wait of M/G/1 (Pollaczek-Khinchine)."""
    return rate * mean**2 * (1.0 + cv**2) / (2.0 * (1.0 - _stable(rate * mean)))


def number_after(start: int, servers: int, rate: float, mean: float, time: float, most: int = 400) -> np.ndarray:
    """P(n present after `time`), n = 0..most, of M/M/c that starts with `start`; `most` must be out of reach."""
    from scipy.sparse import csr_array
    from scipy.sparse.linalg import expm_multiply

    n = np.arange(most + 1)
    up, down = np.full(most, rate), np.minimum(n[1:], servers) / mean
    leave = -(np.append(up, 0.0) + np.append(0.0, down))
    p = np.zeros(most + 1)
    p[start] = 1.0
    flow = csr_array(np.diag(leave) + np.diag(up, -1) + np.diag(down, 1))
    after = expm_multiply(flow * time, p)
    if after[-1] > 1e-9:
        raise KindError(f"more than {most} may be present", where="number_after", fix="raise `most`")
    return np.clip(after, 0.0, 1.0)


def _stable(rho: float) -> float:
    if rho >= 1.0:
        raise KindError(f"load {rho:g} per server: the queue has no stationary state", fix="use a load below 1")
    return rho
