"""What a test needs from the machine: data sets, a browser, a database, a broker.

A test that lacks one skips and says so; where VITRUVIAN_REQUIRE_ALL=1 (CI) it fails instead.
"""

import os
import shutil
from pathlib import Path
from typing import NoReturn

import pytest

ROOT = Path(__file__).resolve().parents[1]

# name -> (commands, any of which will do; how to get it on Debian)
PROGRAMS = {
    "chromium": (("chromium", "chromium-browser", "google-chrome"), "apt-get install chromium"),
    "postgres": (("postgres",), "apt-get install postgresql"),
    "mosquitto": (("mosquitto",), "apt-get install mosquitto"),
    "mosquitto_pub": (("mosquitto_pub",), "apt-get install mosquitto-clients"),
    "node": (("node", "nodejs"), "apt-get install nodejs"),
    "npm": (("npm",), "apt-get install npm"),
}
# Debian keeps servers off the PATH of ordinary users.
SYSTEM_FOLDERS = [Path("/usr/sbin"), *sorted(Path("/usr/lib/postgresql").glob("*/bin"))]


def missing(what: str, fix: str) -> NoReturn:
    """End the running test: skip aloud, or fail where everything is required."""
    if os.environ.get("VITRUVIAN_REQUIRE_ALL") == "1":
        pytest.fail(f"{what} is required (VITRUVIAN_REQUIRE_ALL=1). Fix: {fix}", pytrace=False)
    pytest.skip(f"NOT TESTED: {what} is not here. Fix: {fix}")


def require(program: str) -> Path:
    """The path of an external program, by its name in PROGRAMS."""
    commands, fix = PROGRAMS[program]
    search = os.pathsep.join([os.environ.get("PATH", ""), *map(str, SYSTEM_FOLDERS)])
    for command in commands:
        if found := shutil.which(command, path=search):
            return Path(found)
    missing(program, fix)


def find_data_root() -> Path:
    """The root of the real data sets: VITRUVIAN_DATA, else ../shared/data beside the repository."""
    return Path(os.environ.get("VITRUVIAN_DATA", ROOT.parent / "shared" / "data"))


def require_data(*parts: str) -> Path:
    """A file or folder below the data root, e.g. require_data("cgm", "cgmacros")."""
    path = find_data_root().joinpath(*parts)
    if not path.exists():
        name = "/".join(parts) or "the data root"
        missing(f"data set {name}", "set VITRUVIAN_DATA to the root of the data sets")
    return path
