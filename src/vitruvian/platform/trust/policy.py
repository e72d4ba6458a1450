"""What each role may do: one table. What is not in it is denied."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

PERMISSIONS: Mapping[str, str] = {
    "kinds:read": "see the kinds, their schemas and evidence",
    "twins:read": "see twins, readings, beliefs, forecasts and the live stream",
    "twins:write": "make twins and follow them",
    "records:write": "send readings and actions",
    "answers:ask": "ask for forecasts, comparisons, recommendations and explanations",
    "alerts:read": "see alerts and their rules",
    "alerts:act": "acknowledge, silence and resolve alerts",
    "rules:write": "set alert rules and where alerts are sent",
    "trials:read": "see trials, their plans and analyses",
    "trials:write": "plan and analyse trials",
    "jobs:read": "see jobs",
    "jobs:write": "start and cancel jobs",
    "fits:write": "take a new fit of a kind into use, go back to the one before",
    "fhir:read": "read over FHIR",
    "fhir:write": "write over FHIR",
    "metrics:read": "read the server's metrics",
    "users:admin": "make users and tokens, and take them back",
    "audit:read": "read the audit log",
}

_VIEWER = frozenset({"kinds:read", "twins:read", "alerts:read", "trials:read", "jobs:read", "fhir:read"})
_CLINICIAN = _VIEWER | {
    "twins:write", "records:write", "answers:ask", "alerts:act", "trials:write", "jobs:write", "fhir:write",
}  # fmt: skip
_ENGINEER = _CLINICIAN | {"rules:write", "fits:write", "metrics:read"}

ROLES: Mapping[str, frozenset[str]] = {
    "viewer": _VIEWER,
    "clinician": _CLINICIAN,
    "engineer": _ENGINEER,
    "admin": frozenset(PERMISSIONS),
}


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks. `scopes` narrow what the role may; none: all of it. `csrf`: what a browser's session must send."""

    tenant: str
    actor: str
    role: str
    scopes: frozenset[str] | None = None
    csrf: str | None = None

    def may(self, permission: str) -> bool:
        """Whether role and scopes both allow it."""
        allowed = permission in ROLES.get(self.role, frozenset())
        return allowed and (self.scopes is None or permission in self.scopes)

    @property
    def permissions(self) -> list[str]:
        """All that is allowed, sorted."""
        return sorted(p for p in PERMISSIONS if self.may(p))
