"""From labelled voxels to an anatomy: coordinates, fibres, surfaces."""

from __future__ import annotations

from collections.abc import Mapping

from vitruvian.models.heart.anatomy import Anatomy, Surface
from vitruvian.models.heart.coordinates import Coordinates
from vitruvian.models.heart.fibres import FibreRule, fibres
from vitruvian.models.heart.labels import Labelled


def build(heart: Labelled, surfaces: Mapping[str, Surface], rule: FibreRule | None = None) -> Anatomy:
    """What a simulation needs of a heart."""
    at = Coordinates.of(heart)
    fibre, sheet = fibres(at, rule or FibreRule())
    return Anatomy(
        voxels=heart.voxels,
        spacing=heart.spacing,
        origin=heart.origin,
        wall=at.wall,
        depth=at.depth,
        height=at.height,
        turn=at.turn,
        fibre=fibre,
        sheet=sheet,
        source=heart.source,
        surfaces=surfaces,
    )
