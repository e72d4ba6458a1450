"""What is read off twelve leads: when the QRS begins and ends, where it points, how large it is, when T ends.

Begin and end: where the root mean square slope of the independent leads, over 10 ms, passes a share of its peak
(Kligfield et al., Circulation 2007;115:1306: earliest onset to latest offset over all leads). Axis: the angle of net
areas in I and aVF, aVF longer by 2 / sqrt(3) (Wilson's triangle).
"""

from __future__ import annotations

import numpy as np

from vitruvian.models.ecg.leads import LEADS

SHARE = 0.08  # of the steepest slope; assumed
_INDEPENDENT = [0, 1, *range(6, 12)]


def steepness(leads: np.ndarray, step: float, over: float = 10.0) -> np.ndarray:
    """(..., 12, time) mV -> (..., time) mV/ms: root mean square over independent leads of the slope over `over` ms."""
    k = max(1, round(over / step / 2))
    ends = np.concatenate([np.repeat(leads[..., :1], k, -1), leads, np.repeat(leads[..., -1:], k, -1)], axis=-1)
    slope = (ends[..., 2 * k :] - ends[..., : -2 * k]) / (2 * k * step)
    return np.sqrt(sum(slope[..., i, :] ** 2 for i in _INDEPENDENT) / len(_INDEPENDENT))


def bounds(leads: np.ndarray, step: float, until: np.ndarray) -> np.ndarray:
    """(member, 12, time) -> (member, 2): begin and end (ms) of the QRS, looked for up to `until` (member,) ms."""
    slope = steepness(leads, step)
    slope = np.where(np.arange(slope.shape[1]) * step <= until[:, None], slope, 0.0)
    level = SHARE * slope.max(axis=1, keepdims=True)
    above = slope >= level
    first, last = above.argmax(axis=1), slope.shape[1] - 1 - above[:, ::-1].argmax(axis=1)
    each = np.arange(len(slope))
    before, after = np.maximum(first - 1, 0), np.minimum(last + 1, slope.shape[1] - 1)
    begin = first - _beyond(slope[each, first], slope[each, before], level[:, 0])
    end = last + _beyond(slope[each, last], slope[each, after], level[:, 0])
    return np.stack([begin, end], axis=1) * step


def _beyond(inside: np.ndarray, outside: np.ndarray, level: np.ndarray) -> np.ndarray:
    """Share of a sample from `inside` to where the level is crossed."""
    fall = inside - outside
    return np.where(fall > 0, (inside - level) / np.where(fall > 0, fall, 1.0), 0.0)


def areas(leads: np.ndarray, step: float, start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """(member, 12, time), start and end (member,) ms -> (member, 12) mV ms, edges shared."""
    t = np.arange(leads.shape[-1]) * step
    inside = np.clip((t - start[:, None]) / step + 0.5, 0, 1) * np.clip((end[:, None] - t) / step + 0.5, 0, 1)
    return np.cumsum(leads * inside[:, None], axis=-1)[..., -1] * step


def axis(area: np.ndarray) -> np.ndarray:
    """(member, 12) areas -> (member,) degrees, 0 to the left, 90 to the feet."""
    x, y = area[:, LEADS.index("I")], area[:, LEADS.index("aVF")] * 2.0 / np.sqrt(3.0)
    return np.degrees(np.arctan2(y, x))


def t_end(leads: np.ndarray, step: float, after: np.ndarray, share: float = 0.1) -> np.ndarray:
    """(member,) ms: where the root mean square of the leads last falls below a share of T's peak, past `after` ms."""
    size = np.sqrt(sum(leads[:, i] ** 2 for i in _INDEPENDENT) / len(_INDEPENDENT))
    t = np.arange(size.shape[1]) * step
    size = np.where(t[None] >= after[:, None], size, 0.0)
    level = share * size.max(axis=1, keepdims=True)
    last = size.shape[1] - 1 - (size >= level)[:, ::-1].argmax(axis=1)
    each = np.arange(len(size))
    beyond = np.minimum(last + 1, size.shape[1] - 1)
    return (last + _beyond(size[each, last], size[each, beyond], level[:, 0])) * step
