"""FHIR R4: written JSON, validation, a store of resources, search."""
