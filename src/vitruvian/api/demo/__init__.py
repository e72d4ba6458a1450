"""A living demonstration: synthetic, labelled sources that speak the real protocols to the running server.

`service` is one more service of the server: an admission system over MLLP, sensors over MQTT (HTTP where there is no
broker), a record system over FHIR, programs with native batches. Nothing here writes into the store by another door.
"""

from vitruvian.api.demo.living import service

__all__ = ["service"]
