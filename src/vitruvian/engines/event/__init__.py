"""Discrete events: a declarative model, compiled to tables for one kernel, beside a reference in plain Python."""

from vitruvian.engines.event.engine import Change, EventEngine, Level, as_batch
from vitruvian.engines.event.network import Network, Service, Source, Station

__all__ = ["Change", "EventEngine", "Level", "Network", "Service", "Source", "Station", "as_batch"]
