"""FHIR R4: JSON as it was written, checked by HL7's definitions, stored version by version, searched, exchanged."""

from vitruvian.platform.connect.fhir.answer import Answer
from vitruvian.platform.connect.fhir.server import FhirServer, Request

__all__ = ["Answer", "FhirServer", "Request"]
