"""Pages that stand alone, to be read, kept and printed: nothing runs in them, and they fetch nothing."""

from __future__ import annotations

import base64
import hashlib
import re

from fastapi import Response


def alone(page: bytes) -> Response:
    """The page, under a policy of its own."""
    return Response(page, 200, {"Content-Security-Policy": policy(page)}, "text/html; charset=utf-8")


def policy(page: bytes) -> str:
    """Nothing runs and nothing is fetched; of styles, those that the page was written with, by their hashes."""
    styles = dict.fromkeys(re.findall(rb"<style[^>]*>(.*?)</style>", page, re.DOTALL))
    told = " ".join(f"'sha256-{base64.b64encode(hashlib.sha256(style).digest()).decode()}'" for style in styles)
    closed = "frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
    return f"default-src 'none'; img-src data:; style-src {told}; {closed}"
