"""The hidden course of simulated patients: infection, circulation, lungs and kidneys, with treatment acting on them.

    infection      dI = r I (1 - I) - (k_i + k_a antibiotic) I                inflammation  dM = (2.5 I - M) / 6
    volume         dB = fluid/5000 - leak M B - bleeding + 0.02 (1 - B)        stroke volume SV = 84 K B^3 / (B^3 + 1/8)
    heart rate     towards own + 25 (1 - e^{-0.7 M}) + 0.9 (75 - MAP)+ + 8 (T - 37), within 0.5 h
    pressure       MAP = 5 + HR SV R V,   V = 1 - 0.42 M / (1 + 0.4 M) + 0.9 D / (D + 0.15)    D: noradrenaline
    lungs          PaO2 = (713 FiO2 - 50) e^{-(1.6 S + 4 S^2)},  S = 0.05 + lung injury + 0.06 M + 0.25 (B - 1.15)+
    saturation     1 / (23400 / (P^3 + 150 P) + 1)                             Severinghaus, J Appl Physiol 1979;46:599
    lactate        dL = 0.25 + 0.9 (1 - CO SaO2 / 4.2)+ + 0.12 M - 0.25 (0.4 + 0.6 min(CO / 5, 1)) L
    kidneys        dG = 0.02 (1 - G) - 0.09 ((70 - MAP)/20)+ G - 0.02 M G;   creatinine dC = 0.143 (C0 - G C)

Frank-Starling and baroreflex in their simplest form (Guyton). h, mL, mmHg, mmol/L, mg/dL; arrays are (patient,).
Every number without a source is assumed. Leaves out acid-base, ventilation mechanics, sedation, and all drugs but four.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np

STEP = 0.5  # h
LEAK = 0.008  # /h a unit of inflammation
KILLED, CLEARED = 0.30, 0.05  # /h by antibiotics, by the patient


@dataclass(frozen=True)
class Person:
    """What is fixed about patients: age (years), weight (kg), their resting values and how infection grows in them."""

    age: np.ndarray
    female: np.ndarray
    weight: np.ndarray
    heart_rate: np.ndarray  # /min
    pressure: np.ndarray  # mmHg, mean
    creatinine: np.ndarray  # mg/dL
    respiration: np.ndarray  # /min
    growth: np.ndarray  # /h


@dataclass(frozen=True)
class Insults:
    """What befalls patients, h since admission (0: they come with it; inf: never): an infection, a failing heart,
    bleeding, a lung injury."""

    infection: np.ndarray
    heart: np.ndarray
    heart_loss: np.ndarray  # share of contractility
    bleeding: np.ndarray
    bleeding_rate: np.ndarray  # of blood volume, /h
    bleeding_ends: np.ndarray
    lung: np.ndarray
    lung_size: np.ndarray  # shunt


@dataclass(frozen=True)
class Care:
    """Treatment in a step: fluid (mL/h), noradrenaline (ug/kg/min), inspired oxygen (share), antibiotic (0 or 1)."""

    fluid: np.ndarray
    noradrenaline: np.ndarray
    oxygen: np.ndarray
    antibiotic: np.ndarray


@dataclass(frozen=True)
class Body:
    """The state of every patient."""

    infection: np.ndarray
    inflammation: np.ndarray
    contractility: np.ndarray
    volume: np.ndarray
    injury: np.ndarray
    kidney: np.ndarray
    creatinine: np.ndarray
    lactate: np.ndarray
    heart_rate: np.ndarray
    pressure: np.ndarray
    stroke: np.ndarray
    respiration: np.ndarray
    temperature: np.ndarray
    oxygen_pressure: np.ndarray
    saturation: np.ndarray
    tone: np.ndarray  # slow wandering of vascular tone

    @classmethod
    def at_rest(cls, who: Person) -> Body:
        """Healthy for what they are."""
        one, none = np.ones(len(who.age)), np.zeros(len(who.age))
        return cls(none, none, one, one, none, one, who.creatinine, one, who.heart_rate, who.pressure, 75.0 * one,
                   who.respiration, 36.9 * one, 92.0 * one, severinghaus(92.0 * one), none)  # fmt: skip

    @property
    def shunt(self) -> np.ndarray:
        """Share of blood that passes the lungs unoxygenated."""
        wet = 0.25 * np.maximum(self.volume - 1.15, 0.0)
        return np.clip(0.05 + self.injury + 0.06 * self.inflammation + wet, 0.05, 0.7)

    @property
    def output(self) -> np.ndarray:
        """Cardiac output, L/min."""
        return self.heart_rate * self.stroke / 1000.0

    def urine(self) -> np.ndarray:
        """mL/kg/h."""
        return 1.1 * self.kidney * np.clip((self.pressure - 45.0) / 35.0, 0.0, 1.6)

    def coma(self) -> np.ndarray:
        """Glasgow Coma Scale before rounding."""
        low = 4.0 * np.maximum((60.0 - self.pressure) / 20.0, 0.0) + 0.6 * np.maximum(self.lactate - 4.0, 0.0)
        return np.clip(15.0 - low - 20.0 * np.maximum(0.85 - self.saturation, 0.0), 3.0, 15.0)

    def only(self, keep: np.ndarray) -> Body:
        """Of these patients."""
        return Body(*(getattr(self, f.name)[keep] for f in fields(self)))


def severinghaus(pressure: np.ndarray) -> np.ndarray:
    """Oxygen saturation (share) at this partial pressure (mmHg)."""
    p = np.maximum(pressure, 1.0)
    return 1.0 / (23400.0 / (p**3 + 150.0 * p) + 1.0)


def step(body: Body, who: Person, hit: Insults, care: Care, t: float, noise: np.ndarray) -> Body:
    """The state STEP later. noise: standard normal (3, patient): of tone, heart rate and respiration."""
    h = STEP
    seeded = np.where((hit.infection <= t) & (t < hit.infection + h), np.where(hit.infection <= 0.0, 0.25, 0.05), 0.0)
    killed = CLEARED + KILLED * care.antibiotic
    infection = body.infection + h * (who.growth * body.infection * (1.0 - body.infection) - killed * body.infection)
    infection = np.clip(np.maximum(infection, seeded), 0.0, 1.0)
    inflammation = np.maximum(body.inflammation + h * (2.5 * body.infection - body.inflammation) / 6.0, 0.0)
    failing = 1.0 - np.where(hit.heart <= t, hit.heart_loss, 0.0)
    contractility = body.contractility + h * (failing - body.contractility) / 3.0
    bleeding = np.where((hit.bleeding <= t) & (t < hit.bleeding_ends), hit.bleeding_rate, 0.0)
    lost = LEAK * inflammation * body.volume + bleeding
    volume = np.clip(body.volume + h * (care.fluid / 5000.0 - lost + 0.02 * (1.0 - body.volume)), 0.3, 1.6)
    grown = np.where((hit.lung <= t) & (t < hit.lung + 6.0), hit.lung_size / 6.0, 0.0)
    injury = np.maximum(body.injury + h * (grown - body.injury / 60.0), 0.0)
    return _circulated(
        replace(body, infection=infection, inflammation=inflammation, contractility=contractility, volume=volume,
                injury=injury), who, care, noise,
    )  # fmt: skip


def _circulated(body: Body, who: Person, care: Care, noise: np.ndarray) -> Body:
    """Heart, vessels, lungs, tissue and kidneys follow within the step."""
    h, m = STEP, body.inflammation
    tone = body.tone - h * body.tone / 8.0 + 0.03 * np.sqrt(h) * noise[0]
    stroke = 84.4 * body.contractility * body.volume**3 / (body.volume**3 + 0.125)
    fever = body.temperature - 37.0
    wanted = who.heart_rate + 25.0 * (1.0 - np.exp(-0.7 * m)) + 0.9 * np.maximum(75.0 - body.pressure, 0.0)
    rate = body.heart_rate + h * (wanted + 8.0 * np.maximum(fever, 0.0) - body.heart_rate) / 0.8
    rate = np.clip(rate + 2.5 * np.sqrt(h) * noise[1], 35.0, 175.0)
    resistance = (who.pressure - 5.0) / (who.heart_rate * 75.0)
    drug = 0.9 * care.noradrenaline / (care.noradrenaline + 0.15)
    vessels = np.maximum(1.0 + tone - 0.42 * m / (1.0 + 0.4 * m) + drug, 0.2)
    pressure = np.clip(5.0 + rate * stroke * resistance * vessels, 20.0, 160.0)
    shunt = body.shunt
    arterial = np.maximum((713.0 * care.oxygen - 50.0) * np.exp(-(1.6 * shunt + 4.0 * shunt**2)), 15.0)
    saturation = severinghaus(arterial)
    delivered = rate * stroke / 1000.0 * saturation
    made = 0.25 + 0.9 * np.maximum(1.0 - delivered / 4.2, 0.0) + 0.12 * m
    cleared = 0.25 * (0.4 + 0.6 * np.minimum(rate * stroke / 5000.0, 1.0))
    lactate = np.clip(body.lactate + h * (made - cleared * body.lactate), 0.3, 25.0)
    drive = who.respiration + 24.0 * (shunt - 0.05) + 0.2 * np.maximum(70.0 - arterial, 0.0)
    drive = drive + 1.2 * np.maximum(lactate - 2.0, 0.0) + 3.0 * m
    breaths = np.clip(body.respiration + h * (drive - body.respiration) / 0.8 + 0.7 * noise[2], 5.0, 55.0)
    warmth = 36.9 + 1.5 * m / (1.0 + 0.35 * m) * np.clip(1.3 - who.age / 200.0, 0.5, 1.2)
    starved = 0.09 * np.maximum((70.0 - pressure) / 20.0, 0.0) + 0.02 * m
    kidney = np.clip(body.kidney + h * (0.02 * (1.0 - body.kidney) - starved * body.kidney), 0.03, 1.0)
    creatinine = body.creatinine + h * 0.143 * (who.creatinine - kidney * body.creatinine)
    temperature = body.temperature + h * (warmth - body.temperature) / 2.0
    return replace(
        body, tone=tone, stroke=stroke, heart_rate=rate, pressure=pressure, oxygen_pressure=arterial,
        saturation=saturation, lactate=lactate, respiration=breaths, kidney=kidney, creatinine=creatinine,
        temperature=temperature,
    )  # fmt: skip
