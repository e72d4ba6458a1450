"""Beats in an ECG: slope energy of all leads against two running levels (Pan & Tompkins, IEEE Trans Biomed Eng
1985;32:230), filters without delay.

Band 5 to 15 Hz, slope, square, mean over 150 ms; a peak is a beat above noise + 1/4 (signal - noise); none within 200
ms of the last; within 360 ms only if half as steep (else it is T); after 1.66 of the usual interval the largest peak
above half of the level is taken. Each lead's energy is measured by its own usual size, so that no lead drowns another,
and a lead that is lost (flat or not a number) counts for nothing. Levels and times are the paper's.
"""

from __future__ import annotations

import numpy as np

from vitruvian.core.errors import RecordError

REFRACTORY, T_WAVE, WINDOW = 0.2, 0.36, 0.15  # s
BACK = 1.66  # of the usual interval


def beats(leads: np.ndarray, rate: float) -> np.ndarray:
    """Sample numbers of QRS complexes in (lead, time) or (time,), at `rate` Hz."""
    from scipy.ndimage import uniform_filter1d
    from scipy.signal import find_peaks

    if rate < 80:
        raise RecordError(f"{rate:g} Hz shows no QRS", where="beats", fix="give 100 Hz or more")
    shown = np.atleast_2d(np.asarray(leads, dtype=np.float64))
    steep = _slopes(shown, rate)
    energy = uniform_filter1d((steep**2).sum(axis=0), max(1, round(WINDOW * rate)))
    places, _ = find_peaks(energy, distance=max(1, round(REFRACTORY * rate)))
    if len(places) == 0:
        return np.zeros(0, dtype=int)
    found = _sorted_out(places, energy, rate)
    reach = round(0.1 * rate)
    size = np.abs(steep).sum(axis=0)
    spread = uniform_filter1d(size, max(1, round(0.03 * rate)))
    return np.array([max(0, p - reach) + int(spread[max(0, p - reach) : p + reach].argmax()) for p in found], dtype=int)


def _slopes(shown: np.ndarray, rate: float) -> np.ndarray:
    """(lead, time) slope of the band, over its lead's usual peak: the median over spans of 2 s of the largest."""
    from scipy.signal import butter, sosfiltfilt

    filled = np.where(np.isfinite(shown), shown, np.nanmedian(np.where(np.isfinite(shown), shown, np.nan)))
    band = sosfiltfilt(butter(2, (5.0, 15.0), "band", fs=rate, output="sos"), filled, axis=1)
    steep = np.gradient(band, axis=1) * rate
    span = max(1, round(2.0 * rate))
    whole = steep[:, : max(span, steep.shape[1] // span * span)]
    if whole.shape[1] % span:
        usual = np.abs(whole).max(axis=1)
    else:
        usual = np.median(np.abs(whole).reshape(len(steep), -1, span).max(axis=2), axis=1)
    return np.where(usual[:, None] > 1e-9, steep / np.maximum(usual[:, None], 1e-9), 0.0)


def _sorted_out(places: np.ndarray, energy: np.ndarray, rate: float) -> list[int]:
    """Which peaks are beats."""
    first = energy[: max(1, round(2.0 * rate))]
    signal, noise = 0.5 * float(first.max()), 0.5 * float(first.mean())
    found: list[int] = []
    left: list[int] = []  # peaks since the last beat that were taken for noise
    gaps: list[int] = []
    for p in places.tolist():
        level = noise + 0.25 * (signal - noise)
        if gaps and found and p - found[-1] > BACK * np.mean(gaps[-8:]):
            candidates = [q for q in left if q - found[-1] > REFRACTORY * rate and energy[q] > 0.5 * level]
            if candidates:
                best = max(candidates, key=lambda q: float(energy[q]))
                signal = 0.25 * float(energy[best]) + 0.75 * signal
                gaps.append(best - found[-1])
                found.append(best)
                left = [q for q in left if q > best]
        is_t = bool(found) and p - found[-1] < T_WAVE * rate and energy[p] < 0.25 * energy[found[-1]]  # half as steep
        if energy[p] > level and not is_t:
            signal = 0.125 * float(energy[p]) + 0.875 * signal
            if found:
                gaps.append(p - found[-1])
            found.append(p)
            left = []
        else:
            noise = 0.125 * float(energy[p]) + 0.875 * noise
            left.append(p)
    return found


def matched(found: np.ndarray, told: np.ndarray, within: float) -> tuple[int, int, int]:
    """True positives, false positives, misses: each annotation takes at most one detection within so many samples
    (150 ms by AAMI EC57)."""
    hits, k, used = 0, 0, np.zeros(len(found), dtype=bool)
    for at in told.tolist():
        while k < len(found) and found[k] < at - within:
            k += 1
        near = [i for i in range(k, min(k + 8, len(found))) if found[i] <= at + within and not used[i]]
        if near:
            used[min(near, key=lambda i: abs(int(found[i]) - at))] = True
            hits += 1
    return hits, int((~used).sum()), len(told) - hits
