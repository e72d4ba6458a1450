"""The client as a program: its unit tests, its weight, and how fast the first page is."""

import importlib.util
import os
import re
import subprocess
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from browsing import NAME, PASSWORD, Place
from needs import ROOT

pytestmark = pytest.mark.service
HEAVIEST = 500_000  # bytes of the first page as they are sent: issue 6
PAINTED, INTERACTIVE = 1.0, 2.0  # s on this machine: issue 6


def test_its_own_units_hold() -> None:
    spec = importlib.util.spec_from_file_location("build_client", ROOT / "web" / "build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    node, npm = module._node()
    path = os.pathsep.join([str(Path(node).parent), os.environ["PATH"]])
    done = subprocess.run([*npm, "test", "--silent"], cwd=ROOT / "web", env={**os.environ, "PATH": path}, text=True,
                          capture_output=True)  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    print(re.findall(r"Tests .*", done.stdout))


def test_the_first_page_is_light_and_fast(chromium: Browser, place: Place) -> None:
    best, sent = (9.9, 9.9), 0
    for _ in range(8):  # the machine does other things too: the best of some, each with an empty cache
        if best[0] < PAINTED and best[1] < INTERACTIVE:
            break
        context = chromium.new_context(base_url=place.url)
        assert context.request.post("/v1/sessions", data={"name": NAME, "password": PASSWORD}).ok
        page = context.new_page()
        page.goto("/")
        expect(page.get_by_role("link", name="New twin")).to_be_visible()
        expect(page.locator(".twin-card").first).to_be_visible()
        usable = page.evaluate("performance.now()") / 1000
        paint = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime") / 1000
        sent = page.evaluate(
            "performance.getEntriesByType('resource').filter(r => r.name.includes('/assets/'))"
            ".reduce((sum, r) => sum + r.encodedBodySize, 0)"
        )
        best = min(best, (paint, usable))
        context.close()
    print(f"first page: {sent / 1000:.0f} kB, painted after {best[0]:.2f} s, usable after {best[1]:.2f} s")
    assert sent < HEAVIEST
    assert best[0] < PAINTED
    assert best[1] < INTERACTIVE
