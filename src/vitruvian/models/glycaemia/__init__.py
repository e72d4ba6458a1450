"""Glycaemia: consensus metrics, the ambulatory glucose profile, error grids and the hypoglycaemia alarm."""

from vitruvian.models.glycaemia.alarm import Alarm, AlarmScore, Lows, Watched, chosen, lows, score, trade_off
from vitruvian.models.glycaemia.artefacts import Artefacts, artefacts
from vitruvian.models.glycaemia.episodes import Episodes, episodes
from vitruvian.models.glycaemia.errorgrid import ErrorGrid, error_grid
from vitruvian.models.glycaemia.mage import Mage, mage
from vitruvian.models.glycaemia.mealweights import likely_meals
from vitruvian.models.glycaemia.metrics import Metrics, metrics
from vitruvian.models.glycaemia.profile import Profile, profile
from vitruvian.models.glycaemia.trace import Grid, Trace
from vitruvian.models.glycaemia.unannounced import LikelyMeal, LikelyMeals

__all__ = [
    "Alarm",
    "AlarmScore",
    "Artefacts",
    "Episodes",
    "ErrorGrid",
    "Grid",
    "LikelyMeal",
    "LikelyMeals",
    "Lows",
    "Mage",
    "Metrics",
    "Profile",
    "Trace",
    "Watched",
    "artefacts",
    "chosen",
    "episodes",
    "error_grid",
    "likely_meals",
    "lows",
    "mage",
    "metrics",
    "profile",
    "score",
    "trade_off",
]
