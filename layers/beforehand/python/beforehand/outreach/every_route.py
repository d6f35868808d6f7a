"""Every route of the desk: cases, channels, the ledger, templates."""

from collections.abc import Iterator

from beforehand.api.routes import Route
from beforehand.outreach import channel_routes, ledger_routes
from beforehand.outreach import routes as case_routes
from beforehand.outreach.messages import routes as template_routes


def routes() -> Iterator[Route]:
    """All of them."""
    for group in (case_routes, channel_routes, ledger_routes, template_routes):
        yield from group.routes
