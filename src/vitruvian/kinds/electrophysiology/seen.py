"""What is seen of the heart: twelve leads and numbers read off them, arrivals by segment; sensors and their noise."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from vitruvian.core.kind import ContextOfUse, Envelope
from vitruvian.core.noise import Gaussian
from vitruvian.core.quantity import Mean, Observable, Quantity
from vitruvian.models.beats import Beat, Loop, Told, Trace
from vitruvian.models.ecg.leads import LEADS
from vitruvian.models.ecg.sites import SEGMENTS

CONTEXT = ContextOfUse(
    "In which order is this heart activated, what does its ECG say of it, and what would pacing from here or there do?",
    "researchers and engineers of resynchronisation and of in-silico trials",
    "high if used for choosing a lead: no outcome data stand behind it",
    "care, diagnosis, arrhythmia risk; research use, not clinically validated",
)
ENVELOPE = Envelope(
    {
        "Heart.lv_volume": (100, 400),
        "Heart.rv_volume": (100, 320),
        "Heart.long_axis": (80, 120),
        "Heart.lv_wall": (6, 13),
        "Heart.rv_wall": (4, 7),
        "Pacing.av_delay": (80, 250),
        "Pacing.vv_delay": (-60, 60),
    },
    "range of the hearts of evidence/claims.toml",
)
AREA_LEADS, T_LEADS = ("I", "aVF", "V1", "V2", "V4", "V6"), ("V2", "V6")
LATENCY = 400.0  # ms, above any total activation time of a heart that lives; assumed
OBSERVABLES = (
    Observable("ecg", "mV", dims=("lead", "sample"), low=-8, high=8,
               meaning="one beat: leads I to V6, 300 samples, 2 ms apart, 20 ms before the first activation"),
    Observable("activation", "ms", dims=("segment",), low=0, high=LATENCY,
               meaning="mean arrival in the right free wall and the 17 segments, after the first"),
    Observable("qrs", "ms", "8633-0", low=40, high=LATENCY, meaning="QRS duration over all leads"),
    Observable("qt", "ms", "8634-8", low=200, high=700, meaning="QRS onset to end of T"),
    Observable("qrs_axis", "deg", "8632-2", low=-180, high=180, meaning="frontal axis of the QRS area"),
    Observable("t_axis", "deg", "8638-9", low=-180, high=180, meaning="frontal axis of T"),
    Observable("lv_activation", "ms", low=10, high=LATENCY, meaning="QRS onset to the last of the left ventricle"),
    Observable("rv_activation", "ms", low=5, high=LATENCY, meaning="QRS onset to the last of the right free wall"),
    Observable("lateral_delay", "ms", low=-200, high=LATENCY, meaning="mean arrival, lateral wall after septum"),
    *(Observable(f"area_{n}", "mV.ms", low=-600, high=600, meaning=f"net area of the QRS in {n}") for n in AREA_LEADS),
    *(Observable(f"t_area_{n}", "mV.ms", low=-600, high=600, meaning=f"net area of T in {n}") for n in T_LEADS),
)  # fmt: skip
QUANTITIES = (
    Quantity("qrs_mean", "ms", "mean QRS duration", "qrs", Mean()),
    Quantity("lv_activation_mean", "ms", "mean left ventricular activation time", "lv_activation", Mean()),
    Quantity("rv_activation_mean", "ms", "mean right ventricular activation time", "rv_activation", Mean()),
    Quantity("lateral_delay_mean", "ms", "mean delay of the lateral wall after the septum", "lateral_delay", Mean()),
)
NOISES = (
    Gaussian(
        "qrs", sd=5.0
    ),  # ms, between readings: Tomlinson et al., Ann Noninvasive Electrocardiol 2012 [order]; assumed
    Gaussian("qt", sd=10.0),  # ms, assumed
    *(Gaussian(f"area_{n}", sd=5.0) for n in AREA_LEADS),  # mV ms: an electrode moved by 1 cm; assumed
    *(Gaussian(f"t_area_{n}", sd=6.0) for n in T_LEADS),  # assumed
)

SAMPLES, LENGTH = 300, 0.6  # of a beat; s
TRACES = tuple(Trace(name, "mV", f"lead {name}") for name in LEADS)
LOOPS = (
    Loop("frontal", "frontal plane, lead I and lead aVF", "I", "aVF"),
    Loop("horizontal", "horizontal plane, lead V6 and lead V2", "V6", "V2"),
)
SURAWICZ = "Surawicz et al., J Am Coll Cardiol 2009;53:976"
RAUTAHARJU = "Rautaharju et al., J Am Coll Cardiol 2009;53:982; at 60 /min"
TOLD = (
    Told("qrs", "ms", "QRS duration", usual=(60.0, 110.0), source=SURAWICZ),
    Told("qt", "ms", "QT interval", usual=(350.0, 460.0), source=RAUTAHARJU),
    Told("qrs_axis", "deg", "QRS axis", usual=(-30.0, 90.0), source=SURAWICZ),
    Told("t_axis", "deg", "T axis", usual=(0.0, 90.0), source="assumed"),
    Told("lv_activation", "ms", "last of the left ventricle, after the first"),
    Told("rv_activation", "ms", "last of the right free wall, after the first"),
    Told("lateral_delay", "ms", "lateral wall after the septum"),
    *(Told(f"arrival {name}", "ms", f"mean arrival, {name}") for name in SEGMENTS),
)
BEAT = (
    "One beat of the reaction-eikonal model for each member of the belief, in a uniform chest with electrodes at "
    "standard sites. It leaves out atria, lungs and bone, ectopic beats, and loss of capture."
)
PICTURE = (
    "When the front reaches each place, of the member nearest to the mean of the belief: the reaction-eikonal model on "
    "an idealised heart of the subject's size. It leaves out the curvature of fronts and ectopic beats."
)


def shown(beat: Mapping[str, np.ndarray]) -> Beat:
    """The beat as `loops` shows it: leads by name, numbers, arrivals by segment."""
    ecg, arrivals = beat["ecg"], beat["activation"]
    numbers = {t.name: beat[t.name] for t in TOLD if t.name in beat}
    numbers |= {f"arrival {name}": arrivals[:, k] for k, name in enumerate(SEGMENTS)}
    members = len(ecg)
    leads = {name: np.ascontiguousarray(ecg[:, k].T) for k, name in enumerate(LEADS)}
    return Beat(np.full(members, LENGTH), leads, numbers, np.zeros(members))
