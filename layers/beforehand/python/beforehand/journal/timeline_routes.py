"""The route of the timeline: whatever happened to or with one customer, newest first."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field, TypeAdapter

from beforehand.api.pages import Page, PageAsked, after, page
from beforehand.api.problems import not_found
from beforehand.api.routes import Answer, Asked, Call, Routes
from beforehand.journal.timeline import Happened, Kind, tell
from beforehand.journal.timeline_store import PostgresTimeline

PLACE = TypeAdapter(tuple[datetime, str, str])
routes = Routes()


class TimelinePath(Asked):
    """Whose timeline."""

    customer_id: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]


class TimelineAsked(PageAsked):
    """Which entries; without a kind, all."""

    kind: Kind | None = None


class TimelineEntry(Answer):
    """One entry: what happened in a sentence, and why. Purchases and health have a day, as its midnight (UTC)."""

    at: datetime
    kind: Kind
    id: str
    title: str
    because: str
    who: str | None
    outreach_id: UUID | None
    facts: dict[str, Any]


@routes.add("GET /v1/customers/{customer_id}/timeline")
def list_timeline(call: Call, path: TimelinePath, query: TimelineAsked) -> Page[TimelineEntry]:
    """List what happened to or with a customer, newest first."""
    timeline = PostgresTimeline(call.transaction)
    if not timeline.knows(path.customer_id):
        raise not_found("customer")
    found = timeline.page(path.customer_id, kind=query.kind, after=after(query, PLACE), limit=query.limit + 1)
    return page(found, query, _shown, lambda one: (one.at, one.kind, one.id))


def _shown(entry: Happened) -> TimelineEntry:
    told = tell(entry)
    return TimelineEntry(
        at=entry.at,
        kind=entry.kind,
        id=entry.id,
        title=told.title,
        because=told.because,
        who=told.who,
        outreach_id=entry.outreach_id,
        facts=dict(entry.facts),
    )
