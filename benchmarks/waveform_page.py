"""The waveform page for ten minutes: frames a second, heap after a collection, and how far the drawing is behind.

    python benchmarks/waveform_page.py [--minutes 10]

A real server on a store of its own, a synthetic monitor that posts three channels at its own rate a quarter of a second
at a time, and the machine's Chromium (headless; set CHROMIUM to name another). Asked for: 30 frames a second and a flat
heap. Peer: none; what a page can reach is the browser's own 60 frames a second, which an empty page is timed at beside
it. Writes benchmarks/results/waveform_page.json.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import Page, sync_playwright

from vitruvian.client import Client
from vitruvian.models.bedside import Heart, Monitor
from vitruvian.models.bedside.monitor import CHANNELS
from vitruvian.platform.freeport import free_port
from vitruvian.platform.store.database import Database
from vitruvian.platform.synthetic import MARK
from vitruvian.platform.trust import people
from vitruvian.platform.trust.secret import hash_password

RESULTS = Path(__file__).parent / "results" / "waveform_page.json"
CHUNK = 0.25  # s of signal a message
USER, PASSWORD = "bench", "waveforms for ten minutes"
EMPTY = """() => new Promise(done => { let n = 0; const start = performance.now();
  const tick = () => { n++; const s = (performance.now() - start) / 1000;
    if (s < 5) requestAnimationFrame(tick); else done(n / s); };
  requestAnimationFrame(tick); })"""


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=int, default=10)
    minutes = parser.parse_args().minutes
    with tempfile.TemporaryDirectory() as place:
        token, port = prepared(place), free_port()
        url = f"http://127.0.0.1:{port}"
        program = [
            str(Path(sys.executable).with_name("vitruvian")),
            "serve",
            "--db",
            place,
            "--port",
            str(port),
            "--quiet",
        ]
        with subprocess.Popen(program, stdout=subprocess.PIPE) as server:
            try:
                rows, empty = watched(url, token, minutes)
            finally:
                server.terminate()
    told = {"minutes": minutes, "empty_page_fps": round(empty, 1), "rows": rows, "machine": machine()}
    RESULTS.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    frames = [row["fps"] for row in rows]
    heap = [row["heap_mb"] for row in rows]
    print(f"{min(frames):.1f} to {max(frames):.1f} frames a second (an empty page: {empty:.1f}), heap {heap[0]:.1f} MB")
    print(f"after the first minute and {heap[-1]:.1f} MB after the last; behind by {rows[-1]['behind_ms']:.0f} ms")


def prepared(place: str) -> str:
    """A store with an admin; returns a token."""
    database = Database.open(place)
    with database.write() as connection:
        people.add_user(connection, "local", USER, "admin", hash_password(PASSWORD), 0)
        token = people.add_token(connection, "local", "bench", "admin", None, "bench", 0)[1]
    database.close()
    return token


def watched(url: str, token: str, minutes: int) -> tuple[list[dict[str, Any]], float]:
    """A row a minute, and the frames a second of an empty page before."""
    until_ready(url)
    with Client(url, token=token) as api:
        twin = api.create_twin("infusion", f"Bed {MARK}", fields={"weight": "80 kg"}, origin=datetime.now(UTC)).id
    done = threading.Event()
    sender = threading.Thread(target=send, args=(url, token, twin, done))
    sender.start()
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
            context = browser.new_context(base_url=url, viewport={"width": 1440, "height": 900})
            context.request.post("/v1/sessions", data={"name": USER, "password": PASSWORD})
            page = context.new_page()
            page.goto("/health/ready")
            empty = page.evaluate(EMPTY)
            page.goto(f"/twins/{twin}/waveforms")
            page.wait_for_function(
                "() => Number(document.querySelector('.strips')?.dataset.frames) > 10", timeout=120_000
            )
            rows = [minute(page, k + 1) for k in range(minutes)]
            browser.close()
    finally:
        done.set()
        sender.join()
    return rows, empty


def minute(page: Page, number: int) -> dict[str, Any]:
    """Watch for a minute."""
    before, start = state(page), time.monotonic()
    page.wait_for_timeout(60_000)
    after, spent = state(page), time.monotonic() - start
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    heap = session.send("Runtime.getHeapUsage")["usedSize"]
    session.detach()
    fps, load = (after["frames"] - before["frames"]) / spent, os.getloadavg()[0]
    row = {"minute": number, "fps": round(fps, 1), "heap_mb": round(heap / 1e6, 2)}
    row |= {"behind_ms": after["behind"], "load": round(load, 1)}
    print(row, flush=True)
    return row


def state(page: Page) -> dict[str, float]:
    """What the page says of itself."""
    said: dict[str, str] = page.evaluate("() => ({...document.querySelector('.strips').dataset})")
    return {name: float(said.get(name, 0)) for name in ("frames", "behind")}


def send(url: str, token: str, twin: str, done: threading.Event) -> None:
    """The monitor's samples as they arise."""
    monitor, at = Monitor(Heart(), 1), datetime.now(UTC)
    with httpx.Client(base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=60) as client:
        while not done.is_set():
            drawn = monitor.draw(int(CHUNK * monitor.rate))
            channels = [
                {"name": n, "unit": CHANNELS[n], "rate": monitor.rate, "samples": v.tolist()} for n, v in drawn.items()
            ]
            body = {"start": at.isoformat(), "source": f"monitor {MARK}", "channels": channels}
            client.post(f"/v1/twins/{twin}/waveforms", json=body).raise_for_status()
            at += timedelta(seconds=CHUNK)
            done.wait(max(0.0, (at - datetime.now(UTC)).total_seconds()))


def until_ready(url: str) -> None:
    """Wait for the server, a minute at most."""
    for _ in range(600):
        try:
            if httpx.get(f"{url}/health/ready").is_success:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    raise SystemExit("error: the server did not start within a minute. Fix: run `vitruvian serve` by hand and read why")


def chromium() -> str:
    """The browser's path."""
    found = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    if not found:
        raise SystemExit("error: there is no Chromium here. Fix: apt-get install chromium, or set CHROMIUM to its path")
    return found


def machine() -> str:
    """Processor and cores."""
    return f"{platform.machine()}, {os.cpu_count()} cores, no GPU asked for"


if __name__ == "__main__":
    main()
