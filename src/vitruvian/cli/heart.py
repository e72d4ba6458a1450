"""vitruvian heart: a patient's bi-ventricle from the guide points of images, and thousands of drawn ones."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from vitruvian.cli.say import json_option, note, plain, put_json, say
from vitruvian.cli.stimulate import stimulate
from vitruvian.cli.tables import table
from vitruvian.core.errors import FieldError, ParseError

if TYPE_CHECKING:
    from vitruvian.models.heart.anatomy import Anatomy
    from vitruvian.models.heart.family import Shape
    from vitruvian.models.heart.subdivision import SubdivisionSurface
    from vitruvian.verbs.virtual import Column

PICTURES = (".png", ".svg", ".pdf", ".jpg")


@click.group()
def heart() -> None:
    """Hearts' shapes: surfaces, volumes and voxels with fibres from contours drawn on images.

    \b
    Example:
      vitruvian heart fit GPFile_000.txt --slices SliceInfoFile.txt --tables biv-me
      vitruvian heart family men --count 1000 --out hearts.csv
      vitruvian heart stimulate dilated --row 3
    """


heart.add_command(stimulate)


@heart.command()
@click.argument("points", type=click.Path(path_type=Path))
@click.option("--slices", type=click.Path(path_type=Path), help="SliceInfoFile.txt: the planes of the images.")
@click.option(
    "--tables",
    type=click.Path(path_type=Path),
    required=True,
    help="Folder of the surface's tables and template, as biv-me ships them (Apache-2.0).",
)
@click.option("--frame", type=int, help="Time frame; the first when left out.")
@click.option("--out", type=click.Path(path_type=Path), help="Keep the answer here (JSON), control points included.")
@click.option("--voxels", type=click.Path(path_type=Path), help="Keep voxels with coordinates and fibres here (.npz).")
@click.option("--spacing", type=float, default=1.0, show_default=True, help="Width of the voxels, mm.")
@click.option("--plot", "picture", type=click.Path(path_type=Path), help="Draw cuts through it here (.png, .svg).")
@json_option
def fit(
    points: Path,
    slices: Path | None,
    tables: Path,
    frame: int | None,
    out: Path | None,
    voxels: Path | None,
    spacing: float,
    picture: Path | None,
    as_json: bool,
) -> None:
    """Fit both ventricles to the guide points in POINTS; about 20 seconds.

    \b
    Example:
      vitruvian heart fit GPFile_000.txt --slices SliceInfoFile.txt --tables biv-me --plot heart.png

    Slices are moved in their planes where breath moved them. The sd of a volume is a jackknife over slices, widened
    where no valve was marked: a warning says by how much. Fibres are by rule: no image shows them. What was not used is
    listed.
    """
    from vitruvian.models.heart.fitted import from_guide_points, refuse_spacing

    for path in (out, picture, voxels):
        _writable(path)
    if picture is not None and picture.suffix.lower() not in PICTURES:
        raise FieldError(
            f"'{picture.name}' has no known form", where="--plot", fix=f"end it with {', '.join(PICTURES)}"
        )
    refuse_spacing(spacing)
    surface = _surface(tables)
    found = from_guide_points(_text(points), _text(slices) if slices else "", surface, frame)
    if out is not None:
        out.write_text(json.dumps(plain(found.to_json())) + "\n")
    if picture is not None:
        found.plot().savefig(picture, dpi=120)
    if voxels is not None:
        _keep(found.anatomy(spacing), voxels)
    if as_json:
        put_json(found.to_json())
        return
    rows = [[name, f"{value:.1f}", f"{found.sd[name]:.1f}", "mL"] for name, value in found.volumes.items()]
    rows.append(["mass", f"{found.mass:.1f}", f"{found.mass_sd:.1f}", "g"])
    say(table(["what", "value", "sd", "unit"], rows))
    median, most = found.distance["median"], found.distance["p95"]
    say(f"points lie {median:.1f} mm (median) from their surfaces, 95 % within {most:.1f} mm")
    for line in found.warnings:
        note(f"warning: {line}")
    for line in found.fit.points.aside:
        note(f"note: {line}")


@heart.command()
@click.argument("population", default="men")
@click.option("--count", default=1000, show_default=True, type=click.IntRange(1, 1_000_000), help="Hearts.")
@click.option("--seed", default=0, show_default=True, help="The same seed, the same hearts.")
@click.option("--out", type=click.Path(path_type=Path), help="Where to write them: .csv, .parquet, .json.")
@json_option
def family(population: str, count: int, seed: int, out: Path | None, as_json: bool) -> None:
    """Draw thousands of hearts of POPULATION: men, women, dilated, hypertrophic, "pulmonary hypertension".

    \b
    Example:
      vitruvian heart family dilated --count 2000 --out hearts.csv

    A row is what an idealised bi-ventricle is built from, with the left ventricle's mass, and an infarct's segment
    (0: none) and depth. Every row is synthetic; beside a CSV lies where its numbers come from.
    """
    import numpy as np

    from vitruvian.cli.tables import number, span
    from vitruvian.models.heart.family import POPULATIONS, draw
    from vitruvian.platform import exported, registry
    from vitruvian.verbs.virtual import Virtual

    if out is not None:
        exported.refuse(out)
    _writable(out)
    drawn = draw(population, count, seed)
    kind = registry.get("electrophysiology")
    found = Virtual(
        kind.name,
        kind.version,
        0.0,
        seed,
        {population: {}},
        np.full(count, population),
        np.arange(count),
        tuple(_columns(drawn)),
        {population: POPULATIONS[population].source},
        "synthetic: idealised hearts drawn from published or assumed sizes; nobody was measured",
    )
    command = shlex.join(["vitruvian", *sys.argv[1:]])
    written = exported.export(found, out, command) if out is not None else ()
    if as_json:
        told = exported.provenance(found, command)
        put_json({**told, "files": [str(path) for path in written]} if written else {**found.to_json(), **told})
        return
    units = {c.name: c.unit for c in found.columns}
    rows = [(n, number(mid), span(low, high), units[n]) for _, n, low, mid, high in found.summary()]
    say(f"{count} {found.label}", table(["what", "median", "90 % of them", "unit"], rows))
    say(*(f"written: {path}" for path in written))


def _columns(drawn: list[Shape]) -> Iterator[Column]:
    import numpy as np

    from vitruvian.models.ecg.sites import SEGMENTS
    from vitruvian.verbs.virtual import Column

    units = {"lv_volume": "mL", "rv_volume": "mL", "mass": "g", "flat": "1", "transmurality": "1"}
    units |= dict.fromkeys(("azimuth", "dip", "roll"), "deg")
    for name in ("lv_volume", "rv_volume", "mass", "long_axis", "lv_wall", "rv_wall", "flat", "azimuth", "dip", "roll"):
        values = np.array([getattr(one, name) for one in drawn])
        yield Column(name, "shown", units.get(name, "mm"), name.replace("_", " "), values)
    segments = np.array([0 if one.scar == "none" else SEGMENTS.index(one.scar) for one in drawn])
    yield Column("scar_segment", "shown", "1", "segment of an infarct, 1 to 17; 0: none", segments)
    depth = np.array([one.transmurality for one in drawn])
    yield Column("transmurality", "shown", "1", "share of the wall that is scar", depth)


def _keep(shape: Anatomy, path: Path) -> None:
    import numpy as np

    np.savez_compressed(
        path,
        voxels=shape.voxels,
        spacing=np.array(shape.spacing),
        origin=np.array(shape.origin),
        wall=shape.wall,
        depth=shape.depth,
        height=shape.height,
        turn=shape.turn,
        fibre=shape.fibre,
        sheet=shape.sheet,
    )


def _surface(folder: Path) -> SubdivisionSurface:
    """From the four files, in the folder or the subfolders biv-me keeps them in."""
    from vitruvian.models.heart.subdivision import SubdivisionSurface

    def find(name: str) -> Path:
        found = sorted(folder.rglob(name))
        if not found:
            raise ParseError(f"no {name}", where=str(folder), fix="give biv-me's model folder with --tables")
        return found[0]

    return SubdivisionSurface.parse(
        find("subdivision_matrix_sparse.mat").read_bytes(),
        _text(find("ETIndicesSorted.txt")),
        _text(find("ETIndicesMaterials.txt")),
        _text(find("template_model*.txt")),
    )


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except OSError as error:
        raise ParseError(f"cannot be read: {error.strerror}", where=str(path), fix="check the path") from None
    except UnicodeDecodeError:
        raise ParseError("is no text", where=str(path), fix="give the table itself (UTF-8)") from None


def _writable(path: Path | None) -> None:
    """Before minutes of work, not after them."""
    if path is not None and not path.absolute().parent.is_dir():
        raise FieldError(f"there is no folder {path.parent}", where=str(path), fix="make it first, or check the path")
