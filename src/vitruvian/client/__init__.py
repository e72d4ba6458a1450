"""A typed client of the HTTP interface.

with Client("http://127.0.0.1:8080", token="vt_...") as server:
    ada = server.create_twin("infusion", "Ada")
    server.send(ada.id, [Reading("concentration", datetime.now(UTC), 9.4, unit="mg/L")])
"""

from vitruvian.client.client import Client
from vitruvian.client.errors import Refused
from vitruvian.client.values import Action, Alert, Event, FromFiles, Job, Outcome, Page, Reading, RowOutcome, Twin

__all__ = [
    "Action",
    "Alert",
    "Client",
    "Event",
    "FromFiles",
    "Job",
    "Outcome",
    "Page",
    "Reading",
    "Refused",
    "RowOutcome",
    "Twin",
]
