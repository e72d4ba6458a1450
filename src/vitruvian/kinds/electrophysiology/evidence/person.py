"""A real twelve-lead ECG: the fast tier fitted to the QRS of some beats of a record, scored on the others.

Her QRS is that of a right bundle branch block (rsR' in V1, broad S in I and V6), so the right spots are silent. Free:
speeds, the delay of every left spot, how the heart lies (three turns, three shifts), size, the moment of the first
activation. Not known of her: torso, anatomy, scar; electrodes are at standard sites and the heart is an idealised one
of assumed size. The fit is a search (ES-MDA, then Gauss-Newton).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from vitruvian.core.keys import generator
from vitruvian.engines.inference.smoother import es_mda, geometric
from vitruvian.engines.reaction_eikonal import STEP, Muscle, Paths, traces
from vitruvian.kinds.electrophysiology.beat import BLOCKED
from vitruvian.models.ecg import LEADS
from vitruvian.models.ecg.conduction import BEFORE, Conduction, shape
from vitruvian.models.ecg.detect import beats, matched
from vitruvian.models.ecg.leads import free, whole
from vitruvian.models.ecg.measure import bounds
from vitruvian.models.ecg.sites import FASCICLES
from vitruvian.models.ecg.template import template
from vitruvian.models.ecg.torso import HEART, STANDARD, K, slopes
from vitruvian.models.ecg.wfdb import BEATS, header, marks, signals
from vitruvian.models.heart.ideal import IdealBiventricle

RECORD = "ecg-wfdb/s0010_re"
FORM = {"lv_volume": 120.0, "rv_volume": 130.0, "long_axis": 85.0, "lv_wall": 8.0, "rv_wall": 4.0}  # assumed
SPOTS = tuple(site for name, group in FASCICLES.items() if name not in BLOCKED["RBBB"] for site in group)
TURNS, SHIFTS = 25.0, 15.0  # degrees and mm, sd of how the heart lies; assumed
DELAY = 8.0  # ms, sd of a spot's delay: Durrer's 5 ms, widened for a sick heart; assumed
ERROR = 0.08  # mV: what such a chest leaves out; assumed
BEAT = 90, 130  # samples of 1 ms before and after a detected beat
AROUND = 8.0  # ms of rest fitted before the QRS
MEMBERS, STEPS = 300, 8


@dataclass(frozen=True, eq=False)
class Model:
    """z (member, n) -> leads (member, 12, sample) over the QRS."""

    paths: Paths
    muscle: Muscle
    middles: np.ndarray
    D: np.ndarray
    swing: float
    samples: int

    @classmethod
    def of(cls, samples: int) -> Model:
        heart = Conduction(IdealBiventricle(**FORM).anatomy(2.0))
        paths = heart.paths(SPOTS[:1])
        for site in SPOTS[1:]:
            paths = paths.join(heart.paths((site,)))
        D = heart.blocks.total(heart.tissue.tensors) * float(np.prod(heart.tissue.spacing))
        middles = heart.blocks.mean(heart.tissue.centres) - heart.tissue.centres.mean(axis=0)
        return cls(paths, heart.muscle, middles, D, template(heart.cell).swing, samples)

    @property
    def size(self) -> int:
        """Of z: three speeds, a delay a spot, three turns, three shifts, size, the moment of the first activation."""
        return 3 + len(SPOTS) + 6 + 2

    def leads(self, z: np.ndarray) -> np.ndarray:
        n = len(SPOTS)
        times = DELAY * z[:, 3 : 3 + n]
        lies = z[:, 3 + n : 9 + n]
        out = np.empty((len(z), 12, self.samples))
        at = np.arange(self.samples) * STEP
        for i, row in enumerate(z):
            leads, _, _ = traces(
                self.paths,
                shape(0.4 * np.exp(0.12 * row[1:2]), 2.5 * np.exp(0.25 * row[2:3])),
                times[i : i + 1],
                0.6 * np.exp(0.15 * row[:1]),
                np.ones((1, 1)),
                np.full((1, 3), [300.0, 0.0, 0.0]),
                self._turned(lies[i]),
            )
            begin = BEFORE - AROUND - 4.0 * row[-1]
            told = whole(leads)[0] * np.exp(0.5 * row[-2])
            grid = np.arange(told.shape[1]) * STEP
            out[i] = [np.interp(at + begin, grid, lead) for lead in told]
        return out

    def _turned(self, lies: np.ndarray) -> Muscle:
        turn = _rotation(np.radians(TURNS) * lies[:3])
        seen = slopes(HEART + SHIFTS * lies[3:] + self.middles @ turn.T, STANDARD) @ turn
        each = self.swing * K * np.einsum("bij,bej->bei", self.D, seen)
        S = np.moveaxis(free(np.moveaxis(each, 1, 0)), 0, 2)[:, None]
        return dataclasses.replace(self.muscle, S=np.ascontiguousarray(S, dtype=np.float32))


def _rotation(vector: np.ndarray) -> np.ndarray:
    """(3, 3) by Rodrigues."""
    angle = float(np.linalg.norm(vector))
    if angle < 1e-12:
        return np.eye(3)
    x, y, z = vector / angle
    k = np.array([(0.0, -z, y), (z, 0.0, -x), (-y, x, 0.0)])
    return np.eye(3) + np.sin(angle) * k + (1.0 - np.cos(angle)) * k @ k


def record(root: Path) -> tuple[np.ndarray, float]:
    """(12, time) mV and Hz."""
    folder = root / Path(RECORD).parent
    head = header((root / f"{RECORD}.hea").read_text("utf-8"))
    every = signals(head, {s.file: (folder / s.file).read_bytes() for s in head.signals})
    names = [s.name.lower() for s in head.signals]
    return every[[names.index(lead.lower()) for lead in LEADS]], head.rate


def complexes(leads: np.ndarray, rate: float) -> np.ndarray:
    """(beat, 12, sample of STEP) QRS of every whole beat, aligned by the steepest moment, rest before it taken off."""
    before, after = BEAT
    found = [b for b in beats(leads, rate).tolist() if before + 30 < b < leads.shape[1] - after - 30]
    cut = np.stack([leads[:, b - before - 20 : b + after + 20] for b in found])
    pattern = np.median(cut, axis=0)
    out = []
    for one in cut:  # aligned to the median beat by up to 20 ms
        shifts = range(-20, 21)
        fits = [float((one[:, 20 + s : s - 20 or None] * pattern[:, 20:-20]).sum()) for s in shifts]
        s = shifts[int(np.argmax(fits))]
        out.append(one[:, 20 + s : 20 + s + before + after])
    whole_ = np.stack(out)
    every = round(STEP * rate / 1000.0)
    thin = whole_[:, :, : whole_.shape[2] // every * every].reshape(*whole_.shape[:2], -1, every).mean(axis=3)
    thin = thin - thin[:, :, :6].mean(axis=2, keepdims=True)
    begin, end = bounds(np.median(thin, axis=0)[None], STEP, np.full(1, 1e9))[0]
    first, last = round((begin - AROUND) / STEP), round(end / STEP) + 3
    return thin[:, :, max(first, 0) : last]


def fitted(shown: np.ndarray, model: Model, seed: int, members: int = MEMBERS) -> tuple[np.ndarray, float]:
    """z and correlation of the fit to one QRS (12, sample)."""
    from scipy.optimize import least_squares

    y = shown.ravel()

    def run(z: np.ndarray) -> np.ndarray:
        return model.leads(z).reshape(len(z), -1)

    z0 = generator(seed, "ep.ecg").standard_normal((members, model.size))
    found = es_mda(run, y, ERROR**2 * np.eye(len(y)), z0, seed, alphas=geometric(STEPS, 2.0))
    told = run(found.z)
    best = found.z[int(np.argmin(((told - y) ** 2).sum(axis=1) / ERROR**2 + (found.z**2).sum(axis=1)))]

    def residual(z: np.ndarray) -> np.ndarray:
        return np.concatenate([(run(z[None])[0] - y) / ERROR, z])

    polished = least_squares(residual, best, diff_step=1e-2, max_nfev=12).x
    return polished, _correlation(run(polished[None])[0], y)


def _correlation(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.corrcoef(a.ravel(), b.ravel())[0, 1])


def measure(
    claim: str, data: Path | None, test: Path | None, quick: bool, progress: Callable[[float], None]
) -> dict[str, Any]:
    """Fitted on the mean of every other beat, scored on each of the rest. Quick: fewer members and steps."""
    assert data is not None
    shown = complexes(*record(data / "heart"))
    fit, others = shown[::2].mean(axis=0), shown[1::2]
    model = Model.of(shown.shape[2])
    progress(0.4)
    z, own = fitted(fit, model, 0, members=100 if quick else MEMBERS)
    told = model.leads(z[None])[0]
    unfitted = model.leads(np.zeros((1, model.size)))[0]
    scores = np.array([_correlation(told, one) for one in others])
    by_lead = {n: _correlation(told[k], others.mean(axis=0)[k]) for k, n in enumerate(LEADS)}
    measured, bar = float(np.median(scores)), 0.80 if quick else 0.85
    detail = {
        "fitted_beats": len(shown[::2]),
        "correlation_on_fitted": own,
        "lowest_and_highest_on_others": [float(scores.min()), float(scores.max())],
        "by_lead": by_lead,
        "mean_of_fitted_beats_on_others": float(np.median([_correlation(fit, one) for one in others])),
        "z": np.round(z, 2).tolist(),
    }
    return {
        "measured": measured,
        "met": measured >= bar,
        "n": len(others),
        "baseline": float(np.median([_correlation(unfitted, one) for one in others])),
        "detail": detail,
    }


def detection(
    claim: str, data: Path | None, test: Path | None, quick: bool, progress: Callable[[float], None]
) -> dict[str, Any]:
    """Sensitivity and positive predictive value of beats within 150 ms: every annotated record there is."""
    assert data is not None
    folder, rows = (test or data) / "heart" / "ecg-wfdb", {}
    for path in sorted(folder.glob("*.atr")):
        head = header(path.with_suffix(".hea").read_text("utf-8"))
        leads = signals(head, {s.file: (folder / s.file).read_bytes() for s in head.signals})
        at, code = marks(path.read_bytes())
        told = at[np.isin(code, list(BEATS))]
        if quick:
            leads, told = leads[:, : int(300 * head.rate)], told[told < 300 * head.rate]
        hit, false, missed = matched(beats(leads, head.rate), told, 0.15 * head.rate)
        one = matched(beats(leads[:1], head.rate), told, 0.15 * head.rate)
        rows[path.stem] = {"hit": hit, "false": false, "missed": missed, "first lead alone": list(one)}
    hit, false, missed = (sum(r[k] for r in rows.values()) for k in ("hit", "false", "missed"))
    worst = min(hit / max(hit + missed, 1), hit / max(hit + false, 1))
    return {"measured": worst, "met": worst >= 0.995, "n": hit + missed, "baseline": None, "detail": rows}
