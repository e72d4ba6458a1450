"""The loop's steady beat in microseconds: a small network learned from the loop, with what physics fixes kept exact.

    u in [-1, 1]^13 -> log stroke, log LV and RV end-diastolic volumes, mean atrial pressures, log pulse pressures and
    where the mean lies in them. The rest follows exactly from conservation in a steady beat:
    ESV = EDV - SV,  mean p_sys = p_ra + CO (R_sv + R_sys),  mean p_pa = p_la + CO (R_pv + R_pul)

Learned by learn.py from 400,000 loops over RANGES; `rms` is its error on hearts kept apart. Outside RANGES the network
goes flat (coordinates are clipped softly). Any member is a column: elementwise, differentiable, float64.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from vitruvian.engines.jaxsetup import jnp
from vitruvian.models.circulation.loop import R_PV, R_SV, Heart

# name -> (low, high, logarithmic); the last is R C of the lungs, s, so that C_pul = RC / (0.047 + R_pul)
RANGES: dict[str, tuple[float, float, bool]] = {
    "rate": (40.0, 175.0, True),
    "stressed": (450.0, 1800.0, True),
    "E_lv": (0.5, 5.5, True),
    "V0_lv": (-10.0, 140.0, False),
    "A_lv": (0.12, 3.0, True),
    "delay": (0.0, 0.14, False),
    "E_rv": (0.2, 2.5, True),
    "V0_rv": (0.0, 120.0, False),
    "A_rv": (0.12, 3.0, True),
    "R_sys": (0.4, 2.4, True),
    "C_sys": (0.4, 3.5, True),
    "R_pul": (0.02, 1.4, True),
    "RC_pul": (0.15, 1.1, True),
}
R_LAW = 0.047  # mmHg s/mL beside R_pul in the R-C law: Tedford et al., Circulation 125:289 (2012)
ANSWERS = ("stroke", "lv_edv", "rv_edv", "rap", "lap", "pulse_sys", "form_sys", "pulse_pul", "form_pul")


def coordinates(values: dict[str, Any]) -> Any:
    """u (13, member) of inputs by the names of RANGES; softly held within [-1.05, 1.05]."""
    rows = []
    for name, (low, high, logarithmic) in RANGES.items():
        a, b, v = (np.log(low), np.log(high), jnp.log(values[name])) if logarithmic else (low, high, values[name])
        rows.append(2.0 * (v - a) / (b - a) - 1.0)
    u = jnp.stack(jnp.broadcast_arrays(*rows))
    over = jnp.maximum(jnp.abs(u) - 1.0, 0.0)
    return jnp.where(over > 0.0, jnp.sign(u) * (1.0 + 0.05 * jnp.tanh(over / 0.05)), u)


def heart(u: Any) -> Heart:
    """The loop's inputs at u (13, member)."""
    v = {}
    for row, (name, (low, high, logarithmic)) in zip(u, RANGES.items(), strict=True):
        share = 0.5 * (row + 1.0)
        v[name] = jnp.exp(np.log(low) + share * np.log(high / low)) if logarithmic else low + share * (high - low)
    return Heart(**{n: v[n] for n in Heart._fields if n != "C_pul"}, C_pul=v["RC_pul"] / (R_LAW + v["R_pul"]))


def answers(seen: dict[str, np.ndarray]) -> np.ndarray:
    """What the network is taught (n, 9), from what the loop shows."""
    sys, pul = seen["sbp"] - seen["dbp"], seen["pasp"] - seen["padp"]
    columns = (
        np.log(seen["stroke"]),
        np.log(seen["lv_edv"]),
        np.log(seen["rv_edv"]),
        seen["rap"],
        seen["lap"],
        np.log(sys),
        (seen["map"] - seen["dbp"]) / sys,
        np.log(pul),
        (seen["mpap"] - seen["padp"]) / pul,
    )
    return np.stack(columns, axis=1)


def network(w: Any, u: Any) -> Any:
    """Standardised answers (9, member) from u (13, member)."""
    a = jnp.tanh(w[0] @ u + w[1])
    b = jnp.tanh(w[2] @ a + w[3])
    return w[4] @ b + w[5]


@cache
def weights() -> tuple[tuple[np.ndarray, ...], np.ndarray, np.ndarray, np.ndarray]:
    """(layers, centre, spread, rms) as shipped."""
    with np.load(Path(__file__).with_name("emulator.npz")) as kept:
        layers = tuple(kept[f"arr_{k}"] for k in range(6))
        return layers, kept["centre"][:, None], kept["spread"][:, None], kept["rms"]


def steady(values: dict[str, Any]) -> dict[str, Any]:
    """What the steady beat shows, by the names of loop.seen, from inputs by the names of RANGES, each (member,)."""
    layers, centre, spread, _ = weights()
    y = network(layers, coordinates(values)) * spread + centre
    stroke, lv_edv, rv_edv = jnp.exp(y[0]), jnp.exp(y[1]), jnp.exp(y[2])
    rap, lap, pulse_sys, pulse_pul = y[3], y[4], jnp.exp(y[5]), jnp.exp(y[7])
    flow = stroke * values["rate"] / 60.0
    map_ = rap + flow * (R_SV + values["R_sys"])
    mpap = lap + flow * (R_PV + values["R_pul"])
    dbp, padp = map_ - y[6] * pulse_sys, mpap - y[8] * pulse_pul
    return {
        "lv_edv": lv_edv,
        "lv_esv": lv_edv - stroke,
        "rv_edv": rv_edv,
        "rv_esv": rv_edv - stroke,
        "stroke": stroke,
        "sbp": dbp + pulse_sys,
        "dbp": dbp,
        "map": map_,
        "pasp": padp + pulse_pul,
        "padp": padp,
        "mpap": mpap,
        "rap": rap,
        "lap": lap,
    }
