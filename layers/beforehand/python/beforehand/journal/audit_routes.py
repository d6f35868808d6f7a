"""The route of the audit trail: who changed what, from what to what, and why."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field, TypeAdapter

from beforehand.api.access import Role
from beforehand.api.moments import Moment
from beforehand.api.pages import Page, PageAsked, after, page
from beforehand.api.routes import Answer, Call, Routes
from beforehand.journal.audit_store import PostgresAudit

BY_TIME = TypeAdapter(tuple[datetime, UUID])
Word = Annotated[str, Field(min_length=1, max_length=128)]
routes = Routes()


class AuditAsked(PageAsked):
    """Which entries; filters are all to hold."""

    who: Word | None = Field(default=None, description="The id of a user, or the name of a task.")
    action: Annotated[str, Field(pattern=r"^[a-z_]+\.[a-z_]+$", max_length=64)] | None = Field(
        default=None, description="Such as case.take."
    )
    kind: Annotated[str, Field(pattern=r"^[a-z_]+$", max_length=32)] | None = Field(
        default=None, description="What was changed, such as case, channel or policy."
    )
    subject: Word | None = Field(default=None, description="The id of what was changed.")
    customer: Word | None = Field(default=None, description="Whom it was about.")
    since: Moment | None = Field(default=None, description="At this moment or after it.")
    until: Moment | None = Field(default=None, description="Before this moment.")


class AuditEntry(Answer):
    """One change. `before` and `after` hold the fields that differ; what is personal is withheld in both."""

    audit_id: UUID
    at: datetime
    who: str
    role: Role | None
    action: str
    subject_kind: str
    subject_id: str
    customer_id: str | None
    before: dict[str, Any]
    after: dict[str, Any]
    because: str
    request_id: str | None


@routes.add("GET /v1/audit")
def list_audit(call: Call, query: AuditAsked) -> Page[AuditEntry]:
    """List who changed what, newest first."""
    found = PostgresAudit(call.transaction).page(
        {
            "who": query.who,
            "action": query.action,
            "subject_kind": query.kind,
            "subject_id": query.subject,
            "customer_id": query.customer,
        },
        since=query.since,
        until=query.until,
        after=after(query, BY_TIME),
        limit=query.limit + 1,
    )
    return page(found, query, lambda row: AuditEntry(**row), lambda row: (row["at"], row["audit_id"]))
