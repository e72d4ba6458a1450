"""Questions over months of a person or a cohort with type 2 diabetes: what could go and in which order, what it costs,
and what a programme does to many."""

from vitruvian.studies.months.cohort import Adherence, Strategies, Strategy, simulate
from vitruvian.studies.months.ladder import Ladder, Rung, ladder
from vitruvian.studies.months.programmes import Outlook, Prices, Programmes, outlook, programmes

__all__ = [
    "Adherence",
    "Ladder",
    "Outlook",
    "Prices",
    "Programmes",
    "Rung",
    "Strategies",
    "Strategy",
    "ladder",
    "outlook",
    "programmes",
    "simulate",
]
