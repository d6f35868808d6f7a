"""The routes of the journal: audit trail, timelines and `why`."""

from collections.abc import Iterator

from beforehand.api.routes import Route
from beforehand.journal import audit_routes, timeline_routes, why_routes


def routes() -> Iterator[Route]:
    """All of them."""
    for group in (audit_routes, timeline_routes, why_routes):
        yield from group.routes
