"""The clinic's desk as a network: one member of the kind, its parameters, and what can be seen of it."""

from __future__ import annotations

from vitruvian.core.noise import Count
from vitruvian.core.parameter import Parameter
from vitruvian.core.prior import LogNormal
from vitruvian.core.quantity import Observable, Quantity
from vitruvian.engines.event import Change, EventEngine, Level, Network, Service, Source, Station
from vitruvian.models.flow import Durations, HeadCount

HOUR = 3600.0

PARAMETERS = (
    Parameter("arrival_rate", "/h", LogNormal.around(10.0, 0.2), "assumed", "arrivals per hour on a usual day"),
    Parameter("service_mean", "h", LogNormal.around(0.25, 0.2), "assumed", "mean time with a server"),
)
NETWORK = Network(
    (Station("desk", Service("exponential", mean="service_mean"), servers="servers"),),
    (Source("door", to="desk", rate="arrival_rate", factor="surge"),),
)
ENGINE = EventEngine(
    NETWORK,
    PARAMETERS,
    {
        "waiting": Level("desk", ("waiting",)),
        "present": Level("desk", ("waiting", "busy")),
        "last_wait": Level("desk", ("last_wait",), 1 / HOUR),
        "mean_wait": Change("desk", ("waited",), ("started",), 1 / HOUR),
        "mean_queue": Change("desk", ("waiting_area",), ("time",)),
        "mean_present": Change("desk", ("waiting_area", "busy_area"), ("time",)),
        "utilisation": Change("desk", ("busy_area",), ("busy_area", "idle_area"), most=1.0),
        "served": Change("desk", ("left",)),
    },
)
OBSERVABLES = (  # upper limits: assumed, a closed clinic at five times the usual arrivals
    Observable("waiting", "1", low=0, high=20000, meaning="patients in the queue"),
    Observable("present", "1", low=0, high=20000, meaning="patients in the queue or with a server"),
    Observable("last_wait", "h", low=0, high=1000, meaning="wait of the patient called last"),
    Observable("arrivals", "1", low=0, high=500, meaning="expected arrivals in the hour before"),
    Observable("service_time", "h", low=0, high=5, meaning="expected time with a server"),
)
QUANTITIES = (
    Quantity("mean_wait", "h", "mean wait of patients called in the window; 0 if nobody was", low=0),
    Quantity("mean_queue", "1", "patients in the queue, time average", low=0),
    Quantity("mean_present", "1", "patients present, time average", low=0),
    Quantity("utilisation", "1", "share of open server time spent with patients", low=0, high=1),
    Quantity("served", "1", "patients who left", low=0),
)
NOISES = (Count("arrivals"), Durations("service_time"), HeadCount("present"), HeadCount("waiting"))
