"""Prometheus metrics: requests by route, time spent, what waits to be written, what was ingested."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from vitruvian.api.gate import need
from vitruvian.api.problems import documented
from vitruvian.api.site import Site, site_of
from vitruvian.platform.trust.policy import Principal

router = APIRouter(tags=["health"])


class Metrics:
    """Counters of one server; labels are routes and statuses, never ids."""

    def __init__(self, site: Site) -> None:
        self.registry = CollectorRegistry()
        labels = ["method", "route", "status"]
        self._requests = Counter("vitruvian_requests", "Requests answered", labels, registry=self.registry)
        self._seconds = Histogram("vitruvian_request_seconds", "Time to answer", ["route"], registry=self.registry)
        self.rows = Counter(
            "vitruvian_rows", "Rows received, by what became of them", ["status"], registry=self.registry
        )
        waiting = Gauge("vitruvian_writes_waiting", "Requests that wait to be written", registry=self.registry)
        waiting.set_function(lambda: site.writer.waiting)
        groups = Gauge("vitruvian_commits", "Group commits since the start", registry=self.registry)
        groups.set_function(lambda: site.writer.groups)
        self._known: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}

    def seen(self, method: str, route: str, status: int, seconds: float) -> None:
        """One request was answered."""
        key = (method, route, abs(status))
        if key not in self._known:
            self._known[key] = (self._requests.labels(method, route, abs(status)), self._seconds.labels(route))
        count, spent = self._known[key]
        count.inc()
        spent.observe(seconds)

    def text(self) -> bytes:
        """In Prometheus' text format."""
        return generate_latest(self.registry)


def metrics_of(request: Request) -> Metrics:
    """The counters of the server this request came to."""
    return site_of(request).parts["metrics"]


@router.get(
    "/metrics",
    response_class=Response,
    responses={**documented(), 200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
    summary="Prometheus metrics",
)
def metrics(request: Request, who: Annotated[Principal, need("metrics:read")]) -> Response:
    """Counters and gauges in Prometheus' text format; no label names a twin or a person."""
    return Response(metrics_of(request).text(), media_type=CONTENT_TYPE_LATEST)
