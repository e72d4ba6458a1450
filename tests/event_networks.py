"""Networks for the tests of the event engine: one station, and random ones with every feature."""

import numpy as np

from vitruvian.core.forcing import Forcing, Schedule
from vitruvian.core.parameter import Parameter
from vitruvian.core.prior import Fixed
from vitruvian.engines.event import Change, EventEngine, Level, Network, Service, Source, Station
from vitruvian.engines.event.network import FAMILIES

HOUR = 3600.0
NONE = np.zeros(0)
UNITS = {"m": "h", "r": "/h", "g": "1"}  # by the first letter of a parameter's name


def constant(value: float) -> Schedule:
    """The same value for ever."""
    return Schedule(NONE, NONE, value)


def engine(network: Network) -> EventEngine:
    """With everything that can be read at the first station; times in h."""
    name = network.stations[0].name
    names = [*(s.service.mean for s in network.stations), *(s.rate for s in network.sources)]
    names += [s.slope for s in network.sources if s.slope]
    return EventEngine(
        network,
        tuple(Parameter(n, UNITS[n[0]], Fixed(1.0), "assumed", "for a test") for n in names),
        {
            "waiting": Level(name, ("waiting",)),
            "present": Level(name, ("waiting", "busy")),
            "mean_wait": Change(name, ("waited",), ("started",), 1 / HOUR),
            "mean_queue": Change(name, ("waiting_area",), ("time",)),
            "mean_present": Change(name, ("waiting_area", "busy_area"), ("time",)),
            "utilisation": Change(name, ("busy_area",), ("busy_area", "idle_area")),
            "arrived": Change(name, ("arrived",)),
            "left": Change(name, ("left",)),
        },
    )


def single(family: str = "exponential", cv: float = 0.0, most: int = 128) -> EventEngine:
    """One source (rate r) before one station (mean m, servers c), surge factor f."""
    station = Station("desk", Service(family, "m", cv), "c", most)
    return engine(Network((station,), (Source("door", "desk", "r", "f"),)))


def clinic(servers: float, hours: float, factor: Schedule | None = None) -> Forcing:
    """Forcing of `single` from 0 to `hours`."""
    return Forcing(0.0, hours * HOUR, schedules={"c": constant(servers), "f": factor or constant(1.0)})


def random_model(rng: np.random.Generator) -> tuple[Network, dict[str, float], Forcing]:
    """Up to four stations and three sources, routes, shifts, surges and drivers over a day; rates in /h, means in h."""
    k, s = int(rng.integers(1, 5)), int(rng.integers(1, 4))
    laws = [Service(FAMILIES[rng.integers(3)], f"m{i}", float(rng.uniform(0.2, 1.5))) for i in range(k)]
    stations = tuple(Station(f"s{i}", law, f"c{i}") for i, law in enumerate(laws))
    driven = [(f"u{i}", f"g{i}") if rng.random() < 0.5 else ("", "") for i in range(s)]
    sources = tuple(Source(f"a{i}", f"s{rng.integers(k)}", f"r{i}", f"f{i}", *driven[i]) for i in range(s))
    routes = {}
    for i in range(k):
        row = 0.8 * rng.dirichlet(np.ones(k + 1))[:k]
        if rng.random() < 0.7:
            routes[f"s{i}"] = {f"s{j}": float(p) for j, p in enumerate(row)}

    def steps(high: float, whole: bool = False) -> Schedule:
        n = int(rng.integers(0, 5))
        values = rng.uniform(0, high, n + 1)
        values = np.floor(values) if whole else values
        return Schedule(np.sort(rng.uniform(-2, 24, n)) * HOUR, values[1:], float(values[0]))

    schedules = {x.servers: steps(5, whole=True) for x in stations} | {x.factor: steps(3) for x in sources}
    schedules |= {x.driver: steps(4) for x in sources if x.driver}
    numbers = {f"m{i}": float(rng.uniform(0.1, 0.6)) for i in range(k)}
    numbers |= {f"r{i}": float(rng.uniform(0, 8)) for i in range(s)}
    numbers |= {x.slope: float(rng.uniform(-0.2, 0.6)) for x in sources if x.slope}
    return Network(stations, sources, routes), numbers, Forcing(0.0, 24 * HOUR, schedules=schedules)
