"""The synthetic person of the demonstration: another model than the one that is fitted, so that fitting is no mirror.

Equations: Dalla Man, Rizza, Cobelli, IEEE Trans Biomed Eng 54:1740 (2007), type 2 diabetes; subcutaneous insulin:
Dalla Man et al., J Diabetes Sci Technol 8:26 (2014). Basal rates follow from dx/dt = 0 at (Gb, Ib). Added, all assumed:
a rise of hepatic production at dawn, insulin action that varies over the day, fat that slows gastric emptying, changes
from day to day, carbohydrate misjudged, late logs, snacks not logged, an AR(1) sensor with a gain error and a gap.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np

from vitruvian.core.keys import generator

START = datetime(2026, 2, 2, tzinfo=ZoneInfo("America/Chicago"))  # far from a clock change
DAYS, MINUTES = 10, 1440
# Dalla Man 2007, table I, type 2 diabetes
BW, VG, K1, K2, VI, M1, M2, M4, M5, HEB = 91.0, 1.49, 0.042, 0.071, 0.04, 0.379, 0.673, 0.269, 0.0526, 0.6
KMAX, KMIN, KABS, F, B, D = 0.0465, 0.0076, 0.023, 0.90, 0.68, 0.09
KP2, KP3, KP4, KI, FCNS, VMX, KM0, P2U = 0.0007, 0.005, 0.0786, 0.0066, 1.0, 0.034, 466.21, 0.084
KS, ALPHA, BETA, GAMMA, KE1, KE2, GB, IB = 0.99, 0.013, 0.05, 0.5, 0.0007, 269.0, 164.0, 54.0
EGPB = 2.08  # mg/kg/min: table I's kp1 = 3.09 at (Gb, Ib)
KD, KA1, KA2 = 0.0164, 0.0035, 0.0182  # subcutaneous insulin, adult means of the UVA/Padova 2008 population
KSC = 0.1  # /min, interstitial lag of about 10 min (assumed)


@dataclass(frozen=True)
class Meal:
    """A meal as eaten (minute, g) and as logged; logged_at < 0: never logged."""

    eaten_at: float
    logged_at: float
    carbohydrate: float
    logged_carbohydrate: float
    protein: float
    fat: float
    fibre: float
    insulin: float


def meals(seed: int) -> list[Meal]:
    """Ten days of breakfast, lunch and dinner, and a snack on two days of three, half of them not logged."""
    rng = generator(seed, "meals")
    out = []
    for day in range(DAYS):
        plan = [("breakfast", 7.4, 45, 15, 14, 5), ("lunch", 12.5, 60, 25, 22, 7), ("dinner", 18.9, 70, 32, 28, 8)]
        if day % 3:
            plan.append(("snack", 15.8, 22, 3, 6, 1))
        for name, hour, carb, protein, fat, fibre in plan:
            at = day * MINUTES + 60 * hour + rng.normal(0, 25)
            size = float(np.exp(rng.normal(0, 0.3)))
            logged = carb * size * float(np.exp(rng.normal(0, 0.2)))
            known = name != "snack" or rng.uniform() < 0.5
            late = max(-5.0, rng.normal(-3, 8))  # a log may follow the first bite by some minutes
            dose = max(0.0, float(np.round(carb * size / 15))) if name == "dinner" and day >= 2 else 0.0
            mix = (protein * size, fat * size, fibre * size)
            out.append(Meal(at, at + late if known else -1.0, carb * size, float(5 * round(logged / 5)), *mix, dose))
    return out


def _basal() -> dict[str, float]:
    """Everything that follows from the steady state at (Gb, Ib)."""
    gp, ip = GB * VG, IB * VI
    m3 = HEB * M1 / (1 - HEB)
    il = (M2 + M4) * ip / M1
    sb = (M1 + m3) * il - M2 * ip
    gt = (FCNS - EGPB + K1 * gp) / K2
    vm0 = (EGPB - FCNS) * (KM0 + gt) / gt
    po = sb / GAMMA
    kp1 = EGPB + KP2 * gp + KP3 * IB + KP4 * po
    return {"gp": gp, "gt": gt, "il": il, "ip": ip, "sb": sb, "po": po, "vm0": vm0, "kp1": kp1, "m6": HEB + M5 * sb}


def _rate(x: np.ndarray, eat: float, size: float, fat: float, clock: float, action: float, base: dict) -> np.ndarray:
    """dx/dt per min; eat mg/min, size mg of the running meal, clock h, action: factor on insulin-dependent uptake."""
    q1, q2, qg, gp, gt, il, ip, remote, i1, idel, po, y, s1, s2, gs = x
    q, kmax = q1 + q2, KMAX * np.exp(-0.006 * fat)
    empty = kmax
    if size > 1:
        aa, cc = 2.5 / (size * (1 - B)), 2.5 / (size * D)
        empty = KMIN + (kmax - KMIN) / 2 * (np.tanh(aa * (q - B * size)) - np.tanh(cc * (q - D * size)) + 2)
    dawn = 1 + 0.08 * np.exp(-0.5 * ((clock - 6.5) / 1.5) ** 2)
    made = max(0.0, base["kp1"] * dawn - KP2 * gp - KP3 * idel - KP4 * po)
    used = (base["vm0"] + VMX * action * remote) * gt / (KM0 + gt)
    ra = F * KABS * qg / BW
    dgp = made + ra - FCNS - KE1 * max(0.0, gp - KE2) - K1 * gp + K2 * gt
    insulin = ip / VI
    secreted = GAMMA * po
    m3 = M1 * (base["m6"] - M5 * secreted) / (1 - (base["m6"] - M5 * secreted))
    glucose, target = gp / VG, BETA * (gp / VG - GB)
    return np.array(
        [
            eat - kmax * q1,
            kmax * q1 - empty * q2,
            empty * q2 - KABS * qg,
            dgp,
            -used + K1 * gp - K2 * gt,
            -(M1 + m3) * il + M2 * ip + secreted,
            -(M2 + M4) * ip + M1 * il + (KA1 * s1 + KA2 * s2),
            -P2U * (remote - (insulin - IB)),
            -KI * (i1 - insulin),
            -KI * (idel - i1),
            -GAMMA * po + y + KS * max(0.0, dgp / VG) + base["sb"],
            -ALPHA * (y - max(target, -base["sb"])),
            -(KD + KA1) * s1,
            KD * s1 - KA2 * s2,
            -KSC * (gs - glucose),
        ]
    )


def simulate(eaten: list[Meal], seed: int) -> np.ndarray:
    """Interstitial glucose (mg/dL) at each minute of the ten days: classical Runge-Kutta, 1 min."""
    rng = generator(seed, "body")
    base = _basal()
    x = np.zeros(15)
    x[3:10] = base["gp"], base["gt"], base["il"], base["ip"], 0.0, IB, IB
    x[10], x[14] = base["po"], GB
    daily = np.exp(rng.normal(0, 0.12, DAYS))
    out = np.empty(DAYS * MINUTES)
    size = fat = 0.0
    for minute in range(DAYS * MINUTES):
        eat = 0.0
        for meal in eaten:
            if int(meal.eaten_at) == minute:
                size, fat = x[0] + x[1] + 1000 * meal.carbohydrate, meal.fat
                x[12] += meal.insulin * 6000 / BW  # 1 U = 6000 pmol
            if 0 <= minute - int(meal.eaten_at) < 15:
                eat += 1000 * meal.carbohydrate / 15
        clock = (minute % MINUTES) / 60
        action = daily[minute // MINUTES] * (1 - 0.2 * np.exp(-0.5 * ((clock - 8) / 2.5) ** 2))
        arguments = (eat, size, fat, clock, action, base)
        k1 = _rate(x, *arguments)
        k2 = _rate(x + 0.5 * k1, *arguments)
        k3 = _rate(x + 0.5 * k2, *arguments)
        k4 = _rate(x + k3, *arguments)
        out[minute] = x[14]
        x = x + (k1 + 2 * k2 + 2 * k3 + k4) / 6
    return out


def readings(glucose: np.ndarray, seed: int) -> list[tuple[int, int]]:
    """(minute, mg/dL) every 5 minutes: gain 1.03, AR(1) error of 6 mg/dL over 25 min, white 2 mg/dL, one gap."""
    rng = generator(seed, "sensor")
    error, out = 0.0, []
    decay = float(np.exp(-5 / 25))
    for minute in range(2, DAYS * MINUTES, 5):
        error = decay * error + 6 * (1 - decay**2) ** 0.5 * rng.standard_normal()
        value = 1.03 * glucose[minute] + error + 2 * rng.standard_normal()
        if not 4 * MINUTES + 600 <= minute < 4 * MINUTES + 705:
            out.append((minute, round(float(value))))
    return out


CLARITY = (  # header of an export of Dexcom Clarity
    "Index,Timestamp (YYYY-MM-DDThh:mm:ss),Event Type,Event Subtype,Patient Info,Device Info,Source Device ID,"
    "Glucose Value (mg/dL),Insulin Value (u),Carb Value (grams),Duration (hh:mm:ss),"
    "Glucose Rate of Change (mg/dL/min),Transmitter Time (Long Integer),Transmitter ID"
)


def write(folder: Path, seed: int = 2026) -> None:
    """clarity_export.csv and meals.csv of the synthetic person."""
    eaten = meals(seed)
    samples = readings(simulate(eaten, seed), seed)
    with (folder / "clarity_export.csv").open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(CLARITY.split(","))
        for i, (what, info) in enumerate(
            [("FirstName", "SYNTHETIC"), ("LastName", "Demonstration, no real person")], start=1
        ):
            out.writerow([i, "", what, "", info, *[""] * 9])
        out.writerow([3, "", "Device", "", "", "Synthetic sensor", "SYN-1", *[""] * 7])
        for i, (minute, value) in enumerate(samples, start=4):
            shown = "Low" if value < 40 else "High" if value > 400 else value
            row = [i, _stamp(minute), "EGV", "", "", "", "SYN-1", shown, "", "", "", "", minute * 60, "SYN001"]
            out.writerow(row)
    with (folder / "meals.csv").open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(["time", "carbs_g", "protein_g", "fat_g", "fibre_g", "insulin_units", "insulin_type"])
        for m in sorted((m for m in eaten if m.logged_at >= 0), key=lambda m: m.logged_at):
            dose = [f"{m.insulin:g}", "fast"] if m.insulin else ["", ""]
            mix = [f"{g:.0f}" for g in (m.logged_carbohydrate, m.protein, m.fat, m.fibre)]
            out.writerow([_stamp(m.logged_at), *mix, *dose])


def _stamp(minute: float) -> str:
    return (START + timedelta(minutes=round(minute))).replace(tzinfo=None).isoformat()


if __name__ == "__main__":
    write(Path(__file__).parents[1] / "demo")
