"""vitruvian heart stimulate: programmed stimulation of a twin's heart, one on file, or one of a population."""

from __future__ import annotations

import csv
import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from vitruvian.cli import opened
from vitruvian.cli.progress import Progress
from vitruvian.cli.say import json_option, note, plain, put_json, say
from vitruvian.cli.tables import table
from vitruvian.core.errors import FieldError, ParseError

if TYPE_CHECKING:
    from vitruvian.models.heart.anatomy import Anatomy
    from vitruvian.models.heart.stimulated import Stimulated
    from vitruvian.models.heart.stimulation import Muscle, Preparation

GRID = ("voxels", "spacing", "origin", "wall", "depth", "height", "turn", "fibre", "sheet")
TRIED, ANSWER, TABLE, PICTURE = "tried.json", "stimulation.json", "stimulation.csv", "stimulation.png"


@click.command()
@click.argument("heart", metavar="T|FILE|POPULATION")
@click.option(
    "--row", type=click.IntRange(1), default=1, show_default=True, help="Which heart of a table or population."
)
@click.option("--site", default="right apex", show_default=True, help="Where: right apex, right outflow, a left lead.")
@click.option("--cycle", type=float, default=600.0, show_default=True, help="Between two beats of the drive, ms.")
@click.option("--drive", type=int, default=4, show_default=True, help="Beats of the drive (S1).")
@click.option("--extra", type=int, default=2, show_default=True, help="Extra beats at most (S2, S3, S4).")
@click.option("--first", type=float, default=400.0, show_default=True, help="Coupling an extra beat begins with, ms.")
@click.option("--step", type=float, default=20.0, show_default=True, help="How much earlier the next try is, ms.")
@click.option("--lasting", type=float, default=1000.0, show_default=True, help="Activity that counts as lasting, ms.")
@click.option("--cv", type=float, help="Speed along fibres, m/s (default: the twin's, else 0.6).")
@click.option("--apd", type=float, help="Duration of the action potential, ms (default: the twin's, else 300).")
@click.option("--scar", "segment", help="Segment of an infarct (default: the heart's own).")
@click.option("--transmurality", type=float, help="Share of the wall that is scar (default: the heart's own).")
@click.option("--border", type=float, default=4.0, show_default=True, help="Width of the border zone, mm.")
@click.option("--isthmus", type=float, default=0.0, show_default=True, help="Surviving channel through the scar, mm.")
@click.option("--spacing", type=float, help="Width of the voxels, mm (default: 2, or half of the thinner wall).")
@click.option("--dt", type=float, help="Time step, ms (default: what is stable and exact).")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), default=Path("stimulation"), show_default=True)
@json_option
def stimulate(heart: str, row: int, out: Path, as_json: bool, **given: Any) -> None:
    """Pace a heart, add earlier and earlier beats, and see whether activity outlives them. A simulation.

    \b
    Examples:
      vitruvian heart stimulate Ada --isthmus 8
      vitruvian heart stimulate hearts.csv --row 7 --site "right outflow"
      vitruvian heart stimulate heart.npz --scar "mid anterior" --transmurality 1 --isthmus 8

    A twin of kind electrophysiology, voxels that `heart fit --voxels` wrote, a table that `heart family --out` wrote,
    or a population. Tried sequences are kept in the folder --out: asked again after a break, it goes on where it was.
    """
    from vitruvian.models.heart.stimulated import spelled
    from vitruvian.models.heart.stimulation import Preparation, Protocol
    from vitruvian.platform.stimulated import stimulate as stimulated

    named = {n: given[n] for n in ("site", "cycle", "drive", "extra", "first", "step", "lasting")}
    anatomy, muscle = _heart(heart, row, given)
    prepared = Preparation(anatomy, muscle, Protocol(**named), given["dt"])
    kept = _kept(out, prepared)
    if kept:
        note(f"{len(kept)} sequences are taken from {out / TRIED}")
    with Progress("Stimulating") as show:
        found = stimulated(prepared, kept, lambda rows: _keep(out, prepared, rows), lambda s, said: show(s, said))
    _write(out, found)
    if as_json:
        put_json(found.to_json())
        return
    rows = [
        (spelled(t.coupling), "yes" if t.captured else "no", f"{t.lasted:.0f}", f"{cpu:.1f}")
        for t, cpu in zip(found.found.tried, found.cpu_s, strict=True)
    ]
    say(table(["coupling, ms", "captured", "activity, ms", "CPU-s"], rows))
    say(found.sentence, *found.notes, found.disclaimer)
    say(*(f"written: {out / name}" for name in (ANSWER, TABLE, PICTURE)))


def _heart(name: str, row: int, given: dict[str, Any]) -> tuple[Anatomy, Muscle]:
    """What is named, with what was said beside it. Errors: FieldError for options that a source does not take."""
    import dataclasses

    from vitruvian.models.heart.family import POPULATIONS
    from vitruvian.models.heart.stimulation import Muscle

    path = Path(name)
    own = Muscle()
    if path.suffix == ".npz" or not (path.is_file() or name in POPULATIONS):
        if given["spacing"] is not None:
            raise FieldError("is that of the heart itself", where="--spacing", fix="give it to `heart fit --voxels`")
        if path.suffix == ".npz":
            anatomy = _voxels(path)
        else:
            from vitruvian.platform.stimulated import of_twin

            anatomy, own = of_twin(opened.twin(name))
    else:
        anatomy, own = (
            _drawn(path, row, given["spacing"]) if path.is_file() else _population(name, row, given["spacing"])
        )
    said = {n: given[n] for n in ("cv", "apd", "segment", "transmurality") if given[n] is not None}
    if "segment" in said and "transmurality" not in said and not own.scarred:
        said["transmurality"] = 1.0
    return anatomy, dataclasses.replace(own, **said, border=given["border"], isthmus=given["isthmus"])


def _population(name: str, row: int, spacing: float | None) -> tuple[Anatomy, Muscle]:
    from vitruvian.models.heart.family import draw

    return _built(vars(draw(name, row)[row - 1]), spacing)


def _drawn(path: Path, row: int, spacing: float | None) -> tuple[Anatomy, Muscle]:
    from vitruvian.models.ecg.sites import SEGMENTS

    try:
        rows = list(csv.DictReader(path.read_text("utf-8").splitlines()))
        named = {k.partition(" [")[0]: v for k, v in rows[row - 1].items() if k and isinstance(v, str)}
        one: dict[str, Any] = {k: float(v) for k, v in named.items() if _is_number(v)}
        number = int(one.get("scar_segment", 0))
        one["scar"] = SEGMENTS[number] if number else "none"
    except (OSError, UnicodeDecodeError, IndexError) as error:
        said = f"has no heart {row}" if isinstance(error, IndexError) else f"cannot be read: {error}"
        raise ParseError(
            said, where=str(path), fix="give the .csv that `heart family --out` wrote, and --row"
        ) from None
    return _built(one, spacing)


def _built(one: dict[str, Any], spacing: float | None) -> tuple[Anatomy, Muscle]:
    from dataclasses import fields

    from vitruvian.models.heart.ideal import IdealBiventricle
    from vitruvian.models.heart.stimulation import Muscle

    names = {f.name for f in fields(IdealBiventricle)}
    if "lv_volume" not in one:
        raise ParseError("has no column lv_volume", where="heart stimulate", fix="give what `heart family --out` wrote")
    heart = IdealBiventricle(**{k: v for k, v in one.items() if k in names})
    finest = int(10 * min(2.0, heart.lv_wall / 2, heart.rv_wall / 2)) / 10
    scar, depth = one.get("scar", "none"), one.get("transmurality", 0.0)
    return heart.anatomy(spacing or finest), Muscle(segment=scar, transmurality=depth)


def _voxels(path: Path) -> Anatomy:
    import numpy as np

    from vitruvian.models.heart.anatomy import Anatomy

    try:
        with np.load(path) as file:
            held = {name: file[name] for name in GRID}
        (dx, dy, dz), (x, y, z) = (map(float, held.pop(name)) for name in ("spacing", "origin"))
    except (OSError, ValueError, TypeError, KeyError) as error:
        said = f"cannot be read as a heart's voxels: {error}"
        raise ParseError(said, where=str(path), fix="give what `heart fit --voxels` wrote") from None
    return Anatomy(**held, spacing=(dx, dy, dz), origin=(x, y, z), source=f"voxels of {path.name}")


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _key(prepared: Preparation) -> str:
    """Of the whole ask: what was tried for another is not this one's."""
    digest = hashlib.sha256(repr((prepared.muscle, prepared.protocol, prepared.step)).encode())
    for values in (prepared.heart.voxels, prepared.heart.fibre):
        digest.update(values.tobytes())
    return digest.hexdigest()[:16]


def _kept(out: Path, prepared: Preparation) -> list[dict[str, Any]]:
    """What an ask like this had tried before it ended. FieldError where another ask's lies there."""
    if not (out / TRIED).exists():
        return []
    try:
        held = json.loads((out / TRIED).read_text("utf-8"))
        same = held["ask"] == _key(prepared)
    except (OSError, ValueError, KeyError, TypeError):
        raise ParseError("cannot be read", where=str(out / TRIED), fix="take it away, or give another --out") from None
    if not same:
        raise FieldError(f"{out} holds what another ask tried", where="--out", fix="give another folder")
    return held["tried"]


def _keep(out: Path, prepared: Preparation, rows: list[dict[str, Any]]) -> None:
    _put(out / TRIED, json.dumps({"ask": _key(prepared), "tried": rows}) + "\n")


def _write(out: Path, found: Stimulated) -> None:
    _put(out / ANSWER, json.dumps(plain(found.to_json()), indent=1) + "\n")
    lines = ["coupling_ms,captured,lasted_ms,cpu_s,synthetic"]
    for row in found.rows():
        coupling = "+".join(f"{c:g}" for c in row["coupling_ms"])
        lines.append(f"{coupling},{'yes' if row['captured'] else 'no'},{row['lasted_ms']:g},{row['cpu_s']:g},yes")
    _put(out / TABLE, "\n".join(lines) + "\n")
    found.plot().savefig(out / PICTURE, dpi=120)


def _put(path: Path, text: str) -> None:
    """Whole or not at all."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        scratch = path.with_name(f"{path.name}.new")
        scratch.write_text(text, encoding="utf-8")
        scratch.replace(path)
    except OSError as error:
        raise ParseError(f"cannot be written: {error.strerror}", where=str(path), fix="give another --out") from None
