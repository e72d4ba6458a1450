"""A real server with synthetic twins, and a real browser that looks at it. Nothing is mocked.

A page fails its test when anything is written to the console, or when axe finds something serious.
"""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, expect

from needs import ROOT
from running import Running
from vitruvian.client import Action, Client, Reading
from vitruvian.platform.connect import read
from vitruvian.platform.evidence import folder

NAME, OTHER, PASSWORD = "ada", "lise", "correct horse battery staple"
PERSON, DRUG = "Bed 7 (synthetic)", "Infusion 3 (synthetic)"
AXE = ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js"
BUILT = ROOT / "src" / "vitruvian" / "web" / "index.html"
# a browser notes every refused request, the expected ones too, and that software draws 3D slowly
REFUSED = re.compile(r"status of (404|409|412|422)|GL Driver Message .*Performance").search
SCREEN: dict[str, Any] = {"viewport": {"width": 1440, "height": 900}, "reduced_motion": "reduce"}
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
expect.set_options(timeout=20_000)


@dataclass(frozen=True)
class Place:
    """The server, and the twins on it."""

    server: Running
    person: str  # metabolic: calibrated and followed, an alert is open
    drug: str  # a kind without panels of its own

    @property
    def url(self) -> str:
        return self.server.url


def now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


def person(api: Client) -> str:
    """The shipped synthetic person, moved to the present by whole days: its sensor up to a quarter of an hour ago."""
    export = read(folder("metabolic") / "demo" / "clarity_export.csv", zone="UTC")
    until = now() - 15 * MINUTE
    last = datetime.fromtimestamp(export.readings[-1].utc_us / 1e6, UTC)
    by = DAY * -(-(until - last) // DAY)
    rows = [(datetime.fromtimestamp(r.utc_us / 1e6, UTC) + by, r.value) for r in export.readings]
    rows = [(at, value) for at, value in rows if until - 3 * DAY < at <= until]
    twin = api.create_twin("metabolic", PERSON, fields={"weight": "91 kg", "diabetes": "type2"}, origin=rows[0][0]).id
    readings = [Reading("glucose", at, value, unit="mg/dL", sensor="dexcom") for at, value in rows]
    meals = [Action("Meal", until - hours * timedelta(hours=1), {"carbohydrate": 45.0}) for hours in (2, 7, 26, 31)]
    api.send(twin, readings, meals, source="sensor (synthetic)")
    assert api.calibrate(twin).state == "done"
    api.add_rule("glucose above 60", twin=twin, on="reading", of="glucose", high=60.0, escalate_minutes=15)
    api.follow(twin, hours=3)
    return twin


def drug(api: Client) -> str:
    start = now() - timedelta(hours=6)
    twin = api.create_twin("infusion", DRUG, fields={"weight": "80 kg"}, origin=start).id
    levels = [9.1, 8.6, 8.0, 7.5, 7.1]
    readings = [Reading("concentration", start + timedelta(hours=h), v, unit="mg/L") for h, v in enumerate(levels, 1)]
    api.send(twin, readings, [Action("Bolus", start, {"dose": 300})], source="pump (synthetic)")
    assert api.calibrate(twin).state == "done"
    return twin


def heart(api: Client, subject: str, read: dict[str, tuple[float, str]]) -> str:
    """A large heart with a blocked left bundle, and what was read off one ECG {observable: value, unit}; calibrated."""
    start = (now() - 2 * DAY).replace(minute=0, second=0)
    fields = {"conduction": "LBBB", "lv_volume": 260.0, "rv_volume": 170.0, "long_axis": 105.0}
    twin = api.create_twin("electrophysiology", subject, fields=fields, origin=start).id
    readings = [Reading(n, start + timedelta(hours=1), v, unit=u) for n, (v, u) in read.items()]
    assert api.send(twin, readings, [], source="clinic (synthetic)").kept_aside == 0
    assert api.calibrate(twin).state == "done"
    return twin


def known(chromium: Browser, place: Place, name: str, **more: Any) -> BrowserContext:
    """A browser in which this user is logged in."""
    context = chromium.new_context(base_url=place.url, **{**SCREEN, **more})
    came = context.request.post("/v1/sessions", data={"name": name, "password": PASSWORD})
    assert came.ok, came.text()
    return context


def watched(context: BrowserContext, expected: Callable[[str], Any] = REFUSED) -> Iterator[Page]:
    """A page whose console stays without an error that is not expected, and which asks nobody but the server."""
    said: list[str] = []
    page = context.new_page()
    page.on(
        "console", lambda m: said.append(m.text) if m.type in ("error", "warning") and not expected(m.text) else None
    )
    page.on("pageerror", lambda e: said.append(str(e)))
    page.on("request", lambda r: said.append(f"asks {r.url}") if not r.url.startswith("http://127.0.0.1:") else None)
    yield page
    context.close()
    assert not said, "the console said:\n" + "\n".join(said)


STILL = """() => !document.querySelector(".skeleton, [aria-busy=true]")
  && document.getAnimations().every(a => a.playState !== "running")"""


def accessible(page: Page) -> None:
    """axe finds nothing serious, in WCAG 2.2 A and AA, once everything has loaded and nothing moves or fades."""
    page.evaluate("document.fonts.ready.then(() => true)")
    page.wait_for_function(STILL, timeout=90_000)
    page.evaluate(AXE.read_text(encoding="utf-8"))
    tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
    found: dict[str, Any] = page.evaluate("tags => axe.run(document, {runOnly: tags})", tags)
    serious = [v for v in found["violations"] if v["impact"] in ("serious", "critical")]
    assert not serious, f"axe on {page.url}:\n" + "\n".join(map(told, serious))


def told(violation: dict[str, Any]) -> str:
    """A violation, with the first places where it is and what axe measured there."""
    places = "".join(
        f"\n    {json.dumps(n['target'])}: {n['failureSummary']}\n    {n['html'][:200]}" for n in violation["nodes"][:5]
    )
    return f"  {violation['id']}: {violation['help']}{places}"
