"""What the server refuses, with its reason and the fix."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vitruvian.core.errors import VitruvianError


class Refused(VitruvianError):
    """A problem answered by the server; `status` is that of HTTP, `body` the whole problem."""

    def __init__(self, status: int, body: Mapping[str, Any]) -> None:
        self.status, self.body = status, body
        what = f"{status}: {body.get('detail', 'the server gave no reason')}"
        super().__init__(what, where=str(body.get("where", "")), fix=str(body.get("fix", "")))
