"""HL7 v2 over MLLP: messages stored as they came, read into FHIR resources, acknowledged one by one."""

from vitruvian.platform.connect.hl7v2.intake import Answered, Intake

__all__ = ["Answered", "Intake"]
