"""The routes of the ledger: which outreach there is, how each stands, and the two moves that a person makes."""

from collections.abc import Callable
from datetime import datetime
from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from pydantic import Field, TypeAdapter

from beforehand.adapters.postgres import Row
from beforehand.api.moments import Moment
from beforehand.api.pages import Page, PageAsked, after, page
from beforehand.api.problems import not_found, refuse
from beforehand.api.routes import Answer, Asked, Call, Routes
from beforehand.outreach import recalling
from beforehand.outreach.ledger_store import PostgresLedger
from beforehand.outreach.model import Channel, Hold, Purpose, State
from beforehand.outreach.recalling import Entry, Recall
from beforehand.results import Status

BY_DUE = TypeAdapter(tuple[datetime, UUID])
routes = Routes()


class OutreachPath(Asked):
    """Which outreach."""

    outreach_id: UUID


class OutreachAsked(PageAsked):
    """Which outreach; filters are all to hold."""

    state: State | None = None
    hold: Hold | None = Field(default=None, description="What it waits for.")
    purpose: Purpose | None = None
    channel: Channel | None = None
    customer: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")] | None = None
    due_from: Moment | None = Field(default=None, description="Due at this moment or after it.")
    due_before: Moment | None = Field(default=None, description="Due before this moment.")


class ShownOutreach(Answer):
    """One outreach as it stands.

    `next_at` is when the desk looks at it next, null where it waits for a person or is over.
    `because` is why it was planned, `state_because` why it is where it is. The message is not in it.
    """

    outreach_id: UUID
    customer_id: str
    purpose: Purpose
    cycle: str
    step: int
    channel: Channel
    state: State
    hold: Hold | None
    priority: int
    due_at: datetime
    not_after: datetime
    next_at: datetime | None
    attempt: int
    lease_until: datetime | None
    follows_id: UUID | None
    automated: bool
    language: str
    template: str | None
    template_version: int | None
    policy_version: str | None
    because: str
    state_because: str | None
    state_at: datetime | None
    run_id: UUID | None
    proposed_at: datetime


class ShownAttempt(Answer):
    """One call to a provider; `outcome` is null while it is under way."""

    attempt: int
    channel: Channel
    policy_version: str
    claimed_at: datetime
    lease_until: datetime
    ended_at: datetime | None
    outcome: str | None
    provider_id: str | None
    because: str | None


class OutreachInFull(ShownOutreach):
    """One outreach with its attempts, first to last."""

    attempts: tuple[ShownAttempt, ...]


class MovedOutreach(Answer):
    """An outreach after a move, and what came of the move."""

    outreach: ShownOutreach
    because: str


@routes.add("GET /v1/outreach")
def list_outreach(call: Call, query: OutreachAsked) -> Page[ShownOutreach]:
    """List outreach by due time, latest first."""
    found = PostgresLedger(call.transaction).page(
        {
            "state": query.state,
            "hold": query.hold,
            "purpose": query.purpose,
            "channel": query.channel,
            "customer_id": query.customer,
        },
        due_from=query.due_from,
        due_before=query.due_before,
        after=after(query, BY_DUE),
        limit=query.limit + 1,
    )
    return page(found, query, lambda row: ShownOutreach(**row), lambda row: (row["due_at"], row["outreach_id"]))


@routes.add("GET /v1/outreach/{outreach_id}")
def show_outreach(call: Call, path: OutreachPath) -> OutreachInFull:
    """Show one outreach with its attempts; `GET /v1/why/{subject}` says why it is as it is."""
    ledger = PostgresLedger(call.transaction)
    found = _known(ledger.find(path.outreach_id))
    attempts = tuple(ShownAttempt(**one) for one in ledger.attempts(path.outreach_id))
    return OutreachInFull(**found, attempts=attempts)


@routes.add("POST /v1/outreach/{outreach_id}/cancel", refuses=(HTTPStatus.CONFLICT,))
def cancel_outreach(call: Call, path: OutreachPath) -> MovedOutreach:
    """Call a message back that has not gone; says so where it is too late."""
    ledger = PostgresLedger(call.transaction)
    return _move(call, path, "outreach.cancel", recalling.cancel, ledger.cancel)


@routes.add("POST /v1/outreach/{outreach_id}/release", refuses=(HTTPStatus.CONFLICT,))
def release_outreach(call: Call, path: OutreachPath) -> MovedOutreach:
    """Let a message go that waits for a person; the gate looks at it then, as at any other."""
    ledger = PostgresLedger(call.transaction)
    return _move(
        call, path, "outreach.release", lambda entry: recalling.release(entry, at=call.now), ledger.release
    )


def _move(
    call: Call, path: OutreachPath, action: str, decide: Callable[[Entry], Recall], carry_out: Callable[..., None]
) -> MovedOutreach:
    """Holds the row, asks the rule, does that, enters who did it. Raises the refusal of what is too late."""
    ledger = PostgresLedger(call.transaction)
    entry = ledger.hold(path.outreach_id)
    if entry is None:
        raise not_found("outreach")
    move = decide(entry)
    if move.status is Status.FAILED:
        raise refuse(HTTPStatus.CONFLICT, f"The outreach stays as it is: {move.because}.")
    if move.status is Status.DONE:
        carry_out(path.outreach_id, because=move.because, now=call.now)
    found = _known(ledger.find(path.outreach_id))
    if move.status is Status.DONE:
        call.audit(
            action, path.outreach_id, customer_id=entry.customer_id, because=move.because,
            before={"state": entry.state, "hold": entry.hold},
            after={"state": found["state"], "hold": found["hold"]},
        )  # fmt: skip
    return MovedOutreach(outreach=ShownOutreach(**found), because=move.because)


def _known(row: Row | None) -> Row:
    if row is None:
        raise not_found("outreach")
    return row
