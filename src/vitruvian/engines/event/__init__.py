"""Discrete events: a declarative model, compiled to tables for one kernel, beside a reference in plain Python."""

from vitruvian.engines.eventengine import Change, EventEngine, Level, as_batch, flattened

__all__ = ["Change", "EventEngine", "Level", "as_batch", "flattened"]
