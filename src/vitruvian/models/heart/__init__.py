"""The heart's shape: bi-ventricles on voxels with coordinates, fibres and surfaces; rules, images and families."""

from vitruvian.models.heart.anatomy import LEFT, RIGHT, SEPTUM, Anatomy, Surface

__all__ = ["LEFT", "RIGHT", "SEPTUM", "Anatomy", "Surface"]
