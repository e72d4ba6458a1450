"""A hospital, or a part of one, from its declarative model: the kind of the operations twin."""

from vitruvian.kinds.hospital.actions import Site
from vitruvian.kinds.hospital.model import PATIENT, Hospital
from vitruvian.kinds.hospital.shipped import shipped

__all__ = ["KIND", "PATIENT", "Hospital", "Site", "shipped"]

KIND = Hospital(shipped("emergency"))
