"""A walk-in clinic's queue: the smallest event kind, a template."""

from vitruvian.kinds.queue.actions import Clinic, OpenServers, Surge
from vitruvian.kinds.queue.model import Queue

__all__ = ["KIND", "Clinic", "OpenServers", "Queue", "Surge"]

KIND = Queue()
