"""An infusion feeding a queue: the smallest couple, a template."""

from vitruvian.kinds.infusion_queue.calls import AddNurses, Calls, Ward
from vitruvian.kinds.infusion_queue.infusion import Drug, Infuse, Person
from vitruvian.kinds.infusion_queue.model import KIND

__all__ = ["KIND", "AddNurses", "Calls", "Drug", "Infuse", "Person", "Ward"]
