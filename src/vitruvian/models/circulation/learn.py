"""Learns the emulator of the loop's steady beat from the loop itself: designs, beats to the limit cycle, fits, saves.

    python -m vitruvian.models.circulation.learn weights.npz [designs]

Inputs are drawn evenly in the emulator's own coordinates (emulator.py) over RANGES; hearts that no living person has
(PHYSIOLOGICAL) are left out. A network of two hidden layers of tanh is fitted by Adam. A GPU takes a minute for 400,000
hearts; two cores take hours, so the weights travel with the package, with what they were learned from.
"""

from __future__ import annotations

import itertools
import sys
from typing import Any

import numpy as np

from vitruvian.engines.jaxsetup import jax, jnp
from vitruvian.models.circulation import emulator, loop

BEATS, STEPS = 150, 200
WIDTH, ROUNDS, BATCH, RATE = 64, 120_000, 8192, 3e-3
PHYSIOLOGICAL = {
    "map": (40.0, 180.0),
    "stroke": (12.0, 200.0),
    "mpap": (5.0, 110.0),
    "rap": (-3.0, 32.0),
    "lap": (-3.0, 45.0),
    "lv_edv": (30.0, 480.0),
    "rv_edv": (30.0, 480.0),
}


def designs(count: int, seed: int) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Coordinates u (n, 13) of living hearts and what their steady beats show, each (n,)."""
    u = np.random.default_rng(seed).uniform(-1.0, 1.0, (count, len(emulator.RANGES)))

    @jax.jit
    def steady(u: Any) -> Any:
        h = emulator.heart(u.T)
        x = loop.beats(h, loop.start(h), BEATS, STEPS)
        again = loop.beats(h, x, 1, STEPS)
        moved = jnp.stack([jnp.abs(a - b) for a, b in zip(x, again, strict=True)]).max(axis=0)
        return {**loop.seen(h, x, STEPS), "moved": moved}

    parts = [
        {k: np.asarray(v) for k, v in steady(jnp.asarray(p)).items()}
        for p in np.array_split(u, max(1, count // 200_000))
    ]
    out = {k: np.concatenate([p[k] for p in parts]) for k in parts[0]}
    keep = np.isfinite(out["stroke"]) & (out["moved"] < 0.02)  # mL a beat
    for name, (low, high) in PHYSIOLOGICAL.items():
        keep &= (out[name] > low) & (out[name] < high)
    return u[keep], {k: v[keep] for k, v in out.items()}


def fit(u: np.ndarray, y: np.ndarray, seed: int, width: int = WIDTH, rounds: int = ROUNDS) -> list[np.ndarray]:
    """Weights and biases of the network from standardised answers y (n, out), by Adam with a falling rate."""
    keys = jax.random.split(jax.random.PRNGKey(seed), 4)
    sizes = [u.shape[1], width, width, y.shape[1]]
    w: list[Any] = []
    for k, (a, b) in enumerate(itertools.pairwise(sizes)):
        w += [jax.random.normal(keys[k], (b, a), dtype=jnp.float32) / np.sqrt(a), jnp.zeros((b, 1), dtype=jnp.float32)]
    x, t = jnp.asarray(u.T, dtype=jnp.float32), jnp.asarray(y.T, dtype=jnp.float32)

    def loss(w: Any, pick: Any) -> Any:
        return jnp.mean((emulator.network(w, x[:, pick]) - t[:, pick]) ** 2)

    def step(carry: Any, k: Any) -> Any:
        w, m, v, key = carry
        key, mine = jax.random.split(key)
        value, g = jax.value_and_grad(loss)(w, jax.random.randint(mine, (BATCH,), 0, x.shape[1]))
        rate = RATE * 0.5 * (1.0 + jnp.cos(jnp.pi * k / rounds)) + 1e-6
        m = [0.9 * a + 0.1 * b for a, b in zip(m, g, strict=True)]
        v = [0.999 * a + 0.001 * b * b for a, b in zip(v, g, strict=True)]
        c1, c2 = 1.0 - 0.9 ** (k + 1.0), 1.0 - 0.999 ** (k + 1.0)
        w = [p - rate * (a / c1) / (jnp.sqrt(b / c2) + 1e-8) for p, a, b in zip(w, m, v, strict=True)]
        return (w, m, v, key), value

    zero = [jnp.zeros_like(a) for a in w]
    run = jax.jit(lambda c: jax.lax.scan(step, c, jnp.arange(rounds, dtype=jnp.float32)))
    with jax.default_matmul_precision("float32"):
        (w, _, _, _), _ = run((w, zero, zero, keys[3]))
    return [np.asarray(a, dtype=np.float64) for a in w]


def main(path: str, count: int) -> None:
    """Learn, tell the errors on hearts that were not learned from, save."""
    u, seen = designs(count, 1)
    y = emulator.answers(seen)
    centre, spread = y.mean(axis=0), y.std(axis=0)
    held = len(u) // 20
    sys.stdout.write(f"{len(u)} of {count} hearts live; {held} kept apart\n")
    w = fit(u[held:], (y[held:] - centre) / spread, 2)
    told = np.asarray(emulator.network(w, u[:held].T)).T
    error = told * spread + centre - y[:held]
    rms = np.sqrt((error**2).mean(axis=0))
    for name, e, s in zip(emulator.ANSWERS, rms, spread, strict=True):
        sys.stdout.write(f"{name:10s} rms {e:.5f} of sd {s:.4f}: {e / s:.5f}\n")
    np.savez(path, *w, centre=centre, spread=spread, rms=rms, hearts=np.array([len(u) - held, held]))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 400_000)
