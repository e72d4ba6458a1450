"""Equations of ten Tusscher & Panfilov, Am J Physiol Heart 2006;291:H1088: a human ventricular cell.

Units ms, mV, mM, pA/pF. Every function is arithmetic on plain numbers or arrays: numpy, JAX and numba run the same
lines. Numbers are those of the authors' CellML code for the epicardial cell (as in openly licensed copies of it);
mid-myocardial and endocardial differ as the paper's table says.
"""

from __future__ import annotations

from typing import Any

GATES = ("m", "h", "j", "Xr1", "Xr2", "Xs", "r", "s", "d", "f", "f2", "fCass")
POOLS = ("Ca_i", "Ca_SR", "Ca_ss", "Na_i", "K_i", "R_prime")
REST = {  # start of the benchmark of Niederer et al., Phil Trans R Soc A 2011;369:4331
    "V": -85.23,
    "m": 0.00172,
    "h": 0.7444,
    "j": 0.7045,
    "Xr1": 0.00621,
    "Xr2": 0.4712,
    "Xs": 0.0095,
    "r": 2.42e-8,
    "s": 0.999998,
    "d": 3.373e-5,
    "f": 0.7888,
    "f2": 0.9755,
    "fCass": 0.9953,
    "Ca_i": 0.000126,
    "Ca_SR": 3.64,
    "Ca_ss": 0.00036,
    "Na_i": 8.604,
    "K_i": 136.89,
    "R_prime": 0.9073,
}

RTF = 8.314 * 310.0 / 96.485  # mV
F, CM, V_C, V_SR, V_SS = 96.485, 185.0, 16404.0, 1094.0, 54.68  # C/mmol, pF, um3
K_O, NA_O, CA_O = 5.4, 140.0, 2.0  # mM outside
G_K1, G_BNA, G_BCA, G_PCA, G_PK, P_NAK = 5.405, 0.00029, 0.000592, 0.1238, 0.0146, 2.724
# g_Na, g_CaL, g_Kr, g_Ks, g_to; 1.0 in the sixth place: the endocardial s gate
EPI = (14.838, 0.0398, 0.153, 0.392, 0.294, 0.0)
MID = (14.838, 0.0398, 0.153, 0.098, 0.294, 0.0)  # g_Ks a quarter
ENDO = (14.838, 0.0398, 0.153, 0.392, 0.073, 1.0)  # g_to 0.073, slow s gate


def gates(V: Any, xp: Any) -> tuple[tuple[Any, Any], ...]:
    """(steady value, time constant in ms) of the eleven gates that V alone drives, then of the endocardial s gate."""
    e = xp.exp
    h_inf = 1 / (1 + e((V + 71.55) / 7.43)) ** 2
    low = V < -40
    ah = xp.where(low, 0.057 * e(-(V + 80) / 6.8), 0.0)
    bh = xp.where(
        low,
        2.7 * e(0.079 * V) + 310000 * e(0.3485 * xp.minimum(V, 0.0)),
        0.77 / (0.13 * (1 + e((V + 10.66) / -11.1))),
    )
    fall = (-25428 * e(0.2444 * xp.minimum(V, 0.0)) - 6.948e-6 * e(-0.04391 * V)) * (V + 37.78)
    aj = xp.where(low, fall / (1 + e(0.311 * (V + 79.23))), 0.0)
    bj = xp.where(
        low,
        0.02424 * e(-0.01052 * V) / (1 + e(-0.1378 * (V + 40.14))),
        0.6 * e(0.057 * V) / (1 + e(-0.1 * (V + 32))),
    )
    return (
        (
            1 / (1 + e((-56.86 - V) / 9.03)) ** 2,
            1 / (1 + e((-60 - V) / 5)) * (0.1 / (1 + e((V + 35) / 5)) + 0.1 / (1 + e((V - 50) / 200))),
        ),
        (h_inf, 1 / (ah + bh)),
        (h_inf, 1 / (aj + bj)),
        (1 / (1 + e((-26 - V) / 7)), 450 / (1 + e((-45 - V) / 10)) * 6 / (1 + e((V + 30) / 11.5))),
        (1 / (1 + e((V + 88) / 24)), 3 / (1 + e((-60 - V) / 20)) * 1.12 / (1 + e((V - 60) / 20))),
        (1 / (1 + e((-5 - V) / 14)), 1400 / xp.sqrt(1 + e((5 - V) / 6)) / (1 + e((V - 35) / 15)) + 80),
        (1 / (1 + e((20 - V) / 6)), 9.5 * e(-((V + 40) ** 2) / 1800) + 0.8),
        (1 / (1 + e((V + 20) / 5)), 85 * e(-((V + 45) ** 2) / 320) + 5 / (1 + e((V - 20) / 5)) + 3),
        (
            1 / (1 + e((-8 - V) / 7.5)),
            (1.4 / (1 + e((-35 - V) / 13)) + 0.25) * 1.4 / (1 + e((V + 5) / 5)) + 1 / (1 + e((50 - V) / 20)),
        ),
        (
            1 / (1 + e((V + 20) / 7)),
            1102.5 * e(-((V + 27) ** 2) / 225) + 200 / (1 + e((13 - V) / 10)) + 180 / (1 + e((V + 30) / 10)) + 20,
        ),
        (
            0.67 / (1 + e((V + 35) / 7)) + 0.33,
            562 * e(-((V + 27) ** 2) / 240) + 31 / (1 + e((25 - V) / 10)) + 80 / (1 + e((V + 30) / 10)),
        ),
        (1 / (1 + e((V + 28) / 5)), 1000 * e(-((V + 67) ** 2) / 1000) + 8),
    )


def quotient(x: Any, xp: Any) -> Any:
    """x / (exp(x) - 1), by its series near 0, where the plain quotient is 0/0 (L-type calcium current at 15 mV)."""
    small = xp.abs(x) < 1e-2
    safe = xp.where(small, 1.0, x)
    return xp.where(small, 1 - x / 2 + x * x / 12, safe / xp.expm1(safe))


def factors(V: Any, xp: Any) -> tuple[Any, ...]:
    """What V alone decides of the currents: calcium in and out, pump, exchanger forth and back, plateau potassium."""
    e = xp.exp
    ghk = 2 * F * quotient(2 * (V - 15) / RTF, xp)  # = 4 (V - 15) F2/RT / (exp(2 (V - 15) F/RT) - 1)
    back = e(-0.65 * V / RTF)
    exchange = 1000.0 / ((87.5**3 + NA_O**3) * (1.38 + CA_O) * (1 + 0.1 * back))
    return (
        0.25 * ghk * e(2 * (V - 15) / RTF),
        CA_O * ghk,
        P_NAK * K_O / (K_O + 1.0) / (1 + 0.1245 * e(-0.1 * V / RTF) + 0.0353 * e(-V / RTF)),
        exchange * e(0.35 * V / RTF) * CA_O,
        exchange * back * NA_O**3 * 2.5,
        G_PK / (1 + e((25 - V) / 5.98)),
    )


def rectifier(u: Any, xp: Any) -> Any:
    """i_K1 at u = V - E_K, pA/pF."""
    e = xp.exp
    a = 0.1 / (1 + e(0.06 * (u - 200)))
    b = (3 * e(0.0002 * (u + 100)) + e(0.1 * (u - 10))) / (1 + e(-0.5 * u))
    return G_K1 * a / (a + b) * u


def reversal(Ca_i: Any, Na_i: Any, K_i: Any, log: Any) -> tuple[Any, ...]:
    """E_Na, E_K, E_Ks, E_Ca, mV."""
    return (
        RTF * log(NA_O / Na_i),
        RTF * log(K_O / K_i),
        RTF * log((K_O + 0.03 * NA_O) / (K_i + 0.03 * Na_i)),
        0.5 * RTF * log(CA_O / Ca_i),
    )


def balance(V: Any, g: Any, p: Any, E: Any, K1: Any, q: Any, scale: Any) -> tuple[Any, ...]:
    """Total current and the rates of the pools; g gates, p pools, E reversal potentials, q `factors`, scale (6,).

    i (pA/pF), dCa_i, dCa_SR, dCa_ss, dNa_i, dK_i, dR (per ms), then steady value and time constant of fCass.
    """
    m, h, j, xr1, xr2, xs, r, s, d, f, f2, fc = g
    Ca_i, Ca_SR, Ca_ss, Na_i, _, R = p
    E_Na, E_K, E_Ks, E_Ca = E
    ca_in, ca_out, nak, forth, back, pk = q
    g_Na, g_CaL, g_Kr, g_Ks, g_to, _ = scale
    i_Na = g_Na * m * m * m * h * j * (V - E_Na)
    i_CaL = g_CaL * d * f * f2 * fc * (ca_in * Ca_ss - ca_out)
    i_Kr = g_Kr * xr1 * xr2 * (V - E_K)  # sqrt(K_o / 5.4) is 1
    i_Ks = g_Ks * xs * xs * (V - E_Ks)
    i_to = g_to * r * s * (V - E_K)
    i_NaK = nak * Na_i / (Na_i + 40.0)
    i_NaCa = forth * Na_i * Na_i * Na_i - back * Ca_i
    i_bNa, i_bCa = G_BNA * (V - E_Na), G_BCA * (V - E_Ca)
    i_pCa = G_PCA * Ca_i / (Ca_i + 0.0005)
    i_pK = pk * (V - E_K)
    potassium = K1 + i_to + i_Kr + i_Ks + i_pK
    total = potassium + i_CaL + i_NaK + i_Na + i_bNa + i_NaCa + i_bCa + i_pCa

    up = 0.006375 * Ca_i * Ca_i / (Ca_i * Ca_i + 0.00025 * 0.00025)
    leak, xfer = 0.00036 * (Ca_SR - Ca_i), 0.0038 * (Ca_ss - Ca_i)
    kcasr = 2.5 - 1.5 * Ca_SR * Ca_SR / (Ca_SR * Ca_SR + 1.5 * 1.5)
    ss2 = Ca_ss * Ca_ss
    k1 = 0.15 / kcasr * ss2
    rel = 0.102 * k1 * R / (0.06 + k1) * (Ca_SR - Ca_ss)
    a, b, c = Ca_i + 0.001, Ca_SR + 0.3, Ca_ss + 0.00025
    a, b, c = a * a, b * b, c * c
    to_mM = CM / (V_C * F)
    d_Ca_i = (-(i_bCa + i_pCa - 2 * i_NaCa) * 0.5 * to_mM + (leak - up) * (V_SR / V_C) + xfer) * a / (a + 0.2 * 0.001)
    d_Ca_SR = (up - rel - leak) * b / (b + 10.0 * 0.3)
    d_Ca_ss = (-i_CaL * CM / (2 * V_SS * F) + rel * (V_SR / V_SS) - xfer * (V_C / V_SS)) * c / (c + 0.4 * 0.00025)
    d_Na = -(i_Na + i_bNa + 3 * i_NaK + 3 * i_NaCa) * to_mM
    d_K = -(potassium - 2 * i_NaK) * to_mM
    d_R = -0.045 * kcasr * Ca_ss * R + 0.005 * (1 - R)
    w = 1 / (1 + ss2 / 0.0025)
    return total, d_Ca_i, d_Ca_SR, d_Ca_ss, d_Na, d_K, d_R, 0.6 * w + 0.4, 80 * w + 2
