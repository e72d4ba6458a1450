"""A request as an entry of the audit log."""

from __future__ import annotations

from fastapi import Request

from vitruvian.api.gate import address_of
from vitruvian.api.site import Site
from vitruvian.platform.trust.audit import Access


def access_of(site: Site, request: Request, status: int) -> Access:
    """The entry of the audit log for a request."""
    who, permission = request.scope["vitruvian.access"]
    return Access(
        at_us=site.now_us,
        tenant=who.tenant,
        actor=who.actor,
        permission=permission,
        method=request.method,
        path=request.url.path[:500],
        status=status,
        request_id=request.scope["vitruvian.request_id"],
        address=address_of(request),
    )
