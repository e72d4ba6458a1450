"""Foreign clients in JavaScript, pinned in tests/js/package-lock.json and installed where node is."""

import json
import os
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

from needs import ROOT, missing, require

FOLDER = ROOT / "tests" / "js"


@cache
def modules() -> Path:
    """The installed packages; installs them when they are not there, or others than the lock file says."""
    npm, here = require("npm"), FOLDER / "node_modules"
    asked = json.loads((FOLDER / "package-lock.json").read_text())["packages"]
    held = here / ".package-lock.json"
    found = json.loads(held.read_text())["packages"] if held.exists() else {}
    if any(found.get(name, {}).get("version") != p["version"] for name, p in asked.items() if name):
        command = [str(npm), "ci", "--no-audit", "--no-fund", "--ignore-scripts"]
        done = subprocess.run(command, cwd=FOLDER, capture_output=True, text=True, timeout=300)
        if done.returncode:
            missing(f"what tests/js/package.json names ({done.stderr.strip()[-200:]})", "npm ci in tests/js")
    return here


def run(script: str, *arguments: Any) -> str:
    """What the script prints; its arguments are process.argv from 2 on."""
    node, here = require("node"), modules()
    command = [str(node), str(FOLDER / script), *map(str, arguments)]
    environment = {**os.environ, "NODE_PATH": str(here)}
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, env=environment)
    assert done.returncode == 0, done.stderr
    return done.stdout
