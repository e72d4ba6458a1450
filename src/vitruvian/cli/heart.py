"""vitruvian heart: a patient's bi-ventricle from the guide points of magnetic resonance images."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from vitruvian.cli.say import json_option, note, plain, put_json, say
from vitruvian.cli.tables import table
from vitruvian.core.errors import ParseError

if TYPE_CHECKING:
    from vitruvian.models.heart.anatomy import Anatomy
    from vitruvian.models.heart.subdivision import SubdivisionSurface


@click.group()
def heart() -> None:
    """Hearts' shapes: surfaces, volumes and voxels with fibres from contours drawn on images.

    \b
    Example:
      vitruvian heart fit GPFile_000.txt --slices SliceInfoFile.txt --tables biv-me
    """


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

    Slices are moved in their planes where breath moved them. The sd of a volume is a jackknife over slices. Fibres are
    by rule: no image shows them. What was not used is listed.
    """
    from vitruvian.models.heart.fitted import from_guide_points

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
    rows.append(["mass", f"{found.mass:.1f}", f"{found.sd['muscle'] * 1.05:.1f}", "g"])
    say(table(["what", "value", "sd", "unit"], rows))
    median, most = found.distance["median"], found.distance["p95"]
    say(f"points lie {median:.1f} mm (median) from their surfaces, 95 % within {most:.1f} mm")
    for line in found.fit.points.aside:
        note(f"note: {line}")


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
    except (OSError, UnicodeDecodeError) as error:
        raise ParseError(f"cannot be read: {error}", where=str(path), fix="check the path") from None
