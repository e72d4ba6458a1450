"""The next hour from the sensor alone, on GlucoBench: one method on five sets, beside linear regression and the paper.

Everything by the benchmark's protocol (PROTOCOL.md): its seeds, split, origins, errors over 12 steps, median and mean
over origins, mean over seeds. Linear regression is refitted on the same parts with the benchmark's own lags; the best
published rows stand beside. Nothing that is fitted here is shipped: the sets' licences differ.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from vitruvian.kinds.metabolic.evidence.glucobench import (
    AHEAD,
    FOLDER,
    SETS,
    STEP,
    Segment,
    Setting,
    Split,
    origins,
    people,
    segments,
    split,
)
from vitruvian.kinds.metabolic.evidence.others import NobodyError, held_out, in_order, placed, told
from vitruvian.kinds.metabolic.evidence.others import parts as others
from vitruvian.models.sensor_forecast import LAGS, Stretch, fit

Progress = Callable[[float], None]
SEEDS = tuple(range(10, 20))
TARGETS = {"iglu": 9.2, "colas": 4.9, "dubosson": 11.6, "hall": 6.9, "weinstock": 12.2}  # mg/dL, claims.toml
RATIO, COVER = 1.01, (0.87, 0.93)
QUICK, SLACK = (
    {"iglu": (10, 12), "dubosson": (10, 12)},
    1.1,
)  # sets and seeds of --quick, and how much its targets widen
FOLDS, LEARNERS = 5, 2  # parts that people who were seen are scored in; people without whom nothing is fitted
CHUNK = 100_000  # windows a step of the normal equations takes


@dataclass(frozen=True)
class Score:
    """Over a part's origins: median and mean squared error of both methods, coverage, also by person; width."""

    median: float
    mean: float
    line_median: float
    line_mean: float
    cover: float
    width: float
    people_cover: tuple[float, ...]
    n: int


@told
def glucobench(claim: str, data: Path | None, test: Path | None, quick: bool, progress: Progress) -> dict[str, Any]:
    """Median and mean RMSE at 60 min and 90 % coverage by set; full: ten seeds; quick: two seeds of two small sets."""
    assert data is not None
    rows: dict[str, dict[str, Any]] = {}
    notes: list[str] = []
    plan = _plan(test, quick)
    for k, (name, seeds) in enumerate(plan.items()):
        try:
            scores, splits = _scores(data, test, name, seeds)
        except NobodyError as err:
            notes.append(f"{name}: {err}")
            continue
        published = _published(data, name, "ID" if test is None else "OOD")
        rows[name] = _row(scores, TARGETS[name] * (SLACK if quick else 1.0), published, splits, test is not None)
        if test is not None:
            notes += [f"{name}: {n}" for n in _notes(data, test, name)]
        progress((k + 1) / len(plan))
    if not rows:
        raise NobodyError("; ".join(notes) or "no set is there", where=claim, fix="lay it out like data/cgm/glucobench")
    return {**_said(rows), "notes": notes}


def _plan(test: Path | None, quick: bool) -> dict[str, tuple[int, ...]]:
    """Seeds of each set: of others' subjects one seed of the sets that are there; quick: of the two smallest."""
    if test is None:
        return dict(QUICK) if quick else dict.fromkeys(SETS, SEEDS)
    there = [n for n, s in SETS.items() if placed(test, FOLDER, (f"{s.file}.csv.gz",)) is not None]
    small = [n for n in there if n in QUICK]
    return dict.fromkeys((small or there[:1]) if quick else there, SEEDS[:1])


def _scores(data: Path, test: Path | None, name: str, seeds: Sequence[int]) -> tuple[list[Score], int]:
    """A score a seed, and how many different splits they are; of others' subjects one score a part of them."""
    setting = SETS[name]
    if test is not None:
        return _unseen(split(segments(data, name), setting, seeds[0]), setting, segments(test, name)), 1
    known: dict[tuple[str, ...], Score] = {}
    scores = []
    for seed in seeds:
        parts = split(segments(data, name), setting, seed)
        drawn = tuple(sorted({s.subject for s in parts.outside}))
        if drawn not in known:  # small sets draw the same people again
            known[drawn] = _measured(parts.train, parts.validation, parts.test, setting)
        scores.append(known[drawn])
    return scores, len(known)


def _unseen(parts: Split, setting: Setting, asked: Sequence[Segment]) -> list[Score]:
    """Fitted on the training part and on the people left out, but on nobody who is scored."""
    longer = [s for s in asked if len(s.value) >= setting.history + AHEAD]
    if not longer:
        needed = STEP * (setting.history + AHEAD) / 60
        raise NobodyError(
            f"nobody has {needed:.0f} h without a gap", where="--test", fix="name people with longer records"
        )
    train = (*parts.train, *parts.outside)
    known, tested = people((*train, *parts.validation)), people(longer)
    out = []
    for part in others(known, tested, FOLDS, LEARNERS):
        mine, theirs = {known[i].name for i in part.learners}, {tested[i].name for i in part.tested}
        first, second = ([s for s in some if s.subject in mine] for some in (train, parts.validation))
        out.append(_measured(first, second, [s for s in longer if s.subject in theirs], setting))
    return out


def _notes(data: Path, test: Path, name: str) -> tuple[str, ...]:
    """Who is held out, and who is too short."""
    asked, setting = segments(test, name), SETS[name]
    long = {s.subject for s in asked if len(s.value) >= setting.history + AHEAD}
    short = sorted({s.subject for s in asked} - long, key=in_order)
    said = (f"not scored, too short: {', '.join(short)}",) if short else ()
    return (*held_out(people(segments(data, name)), people(asked)), *said)


def _measured(
    train: Sequence[Segment], validation: Sequence[Segment], test: Sequence[Segment], setting: Setting
) -> Score:
    """Fit on the training part, score on the test part."""
    history, future, whose = _cut(test, setting)
    line = _least_squares(train, setting.lags)
    straight = np.column_stack([np.ones(len(history)), history[:, -setting.lags :]]) @ line
    mine = fit(_stretches(train), _stretches(validation)).forecast(history[:, -LAGS:], whose)
    found, beside = (np.mean((p - future) ** 2, axis=1) for p in (mine.value, straight))
    inside = (future >= mine.low) & (future <= mine.high)
    each = tuple(float(inside[np.array(whose) == p].mean()) for p in sorted(set(whose)))
    middles = (float(np.median(found)), float(found.mean()), float(np.median(beside)), float(beside.mean()))
    return Score(*middles, float(inside.mean()), float(np.mean(mine.high - mine.low)), each, len(future))


def _stretches(parts: Sequence[Segment]) -> list[Stretch]:
    return [Stretch(s.subject, s.value) for s in parts]


def _cut(parts: Sequence[Segment], setting: Setting) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """History (n, setting.history) and future (n, 12) of every origin, and whose it is."""
    rows, whose = [np.zeros((0, setting.history + AHEAD))], []
    for s, at in origins(parts, setting):
        rows += [s.value[a - setting.history : a + AHEAD][None, :] for a in at.tolist()]
        whose += [s.subject] * len(at)
    joined = np.concatenate(rows)
    return joined[:, : setting.history], joined[:, setting.history :], whose


def _least_squares(parts: Sequence[Segment], lags: int) -> np.ndarray:
    """One equation a step on the last `lags` readings, (1 + lags, 12): the benchmark's linear regression."""
    squares, products = np.zeros((lags + 1, lags + 1)), np.zeros((lags + 1, AHEAD))
    for s in parts:
        if len(s.value) < lags + AHEAD:
            continue
        rows = np.lib.stride_tricks.sliding_window_view(s.value, lags + AHEAD)
        for k in range(0, len(rows), CHUNK):
            x = np.column_stack([np.ones(len(rows[k : k + CHUNK])), rows[k : k + CHUNK, :lags]])
            squares += x.T @ x
            products += x.T @ rows[k : k + CHUNK, lags:]
    return np.linalg.solve(squares, products)


def _row(scores: Sequence[Score], target: float, published: str, splits: int, unseen: bool) -> dict[str, Any]:
    """One set: means over seeds, as the paper's tables have them. Others' subjects are judged against the line."""

    def over(name: str) -> float:
        return float(np.mean([getattr(s, name) for s in scores]))

    median, mean = np.sqrt(over("median")), np.sqrt(over("mean"))
    line_median, line_mean, cover = np.sqrt(over("line_median")), np.sqrt(over("line_mean")), over("cover")
    half = _half([np.array(s.people_cover) for s in scores])
    good = median <= (line_median if unseen else target)
    covered = COVER[0] <= cover <= COVER[1] or abs(cover - 0.9) <= half
    return {
        "median_rmse": median,
        "target": target,
        "mean_rmse": mean,
        "linear_regression": {"median_rmse": line_median, "mean_rmse": line_mean},
        "mean_over_linear_regression": mean / line_mean,
        "cover90": cover,
        "cover90_allowed_either_side": max(half, 0.03),
        "cover90_by_seed": [s.cover for s in scores],
        "band_width": over("width"),
        "published_best_median": published,
        "met": {"median": bool(good), "mean": bool(mean <= RATIO * line_mean), "cover": bool(covered)},
        "origins": sum(s.n for s in scores),
        "different_splits": splits,
    }


def _half(people: Sequence[np.ndarray]) -> float:
    """Half width of the 99 % band of a coverage, people being the clusters; seeds share people, so one seed's worth."""
    spread = [2.576 * p.std(ddof=1) / np.sqrt(len(p)) for p in people if len(p) > 1]
    return float(np.mean(spread)) if spread else 0.0


@cache
def _published(data: Path, name: str, part: str) -> str:
    """The published model with the lowest median error, without covariates: "arima 10.53"."""
    with open(data / FOLDER / "published_results.csv", encoding="utf-8", newline="") as file:
        rows = [
            (float(r["mse"]) ** 0.5, r["model"])
            for r in csv.DictReader(file)
            if (r["dataset"], r["covariates"], r["split"], r["reduction"]) == (name, "no", part, "median")
        ]
    best = min(rows)
    return f"{best[1]} {best[0]:.2f}"


def _said(rows: dict[str, dict[str, Any]]) -> dict[str, Any]:
    measured = {
        name: f"median RMSE {r['median_rmse']:.2f}, mean RMSE {r['mean_rmse']:.2f} = "
        f"{r['mean_over_linear_regression']:.3f} x linear regression, cover {100 * r['cover90']:.1f} %"
        for name, r in rows.items()
    }
    beside = {
        name: f"linear regression, median {r['linear_regression']['median_rmse']:.2f}, mean "
        f"{r['linear_regression']['mean_rmse']:.2f}; best published median: {r['published_best_median']}"
        for name, r in rows.items()
    }
    met = bool(rows) and all(all(r["met"].values()) for r in rows.values())
    n = sum(r["origins"] for r in rows.values())
    return {"measured": measured, "met": met, "n": n, "baseline": beside, "detail": rows}
