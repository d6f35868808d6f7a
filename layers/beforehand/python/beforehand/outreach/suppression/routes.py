"""The routes of suppressions: who must not be contacted, and how that is said, found and lifted."""

from dataclasses import asdict
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field, TypeAdapter, model_validator

from beforehand.api.pages import Page, PageAsked, after, page
from beforehand.api.problems import not_found, refuse
from beforehand.api.routes import Answer, Asked, Call, Routes
from beforehand.errors import NotFoundError
from beforehand.outreach.model import Channel
from beforehand.outreach.suppression.contacts import UnreadableAddressError, contact_hash
from beforehand.outreach.suppression.marks import DynamoMarks
from beforehand.outreach.suppression.model import (
    ConsentNeededError,
    Kept,
    Lift,
    MarksUnreachableError,
    Reason,
    Suppression,
)
from beforehand.outreach.suppression.pepper import pepper
from beforehand.outreach.suppression.store import PostgresSuppressions
from beforehand.outreach.suppression.suppressing import lift, suppress

BY_AGE = TypeAdapter(tuple[datetime, UUID])
Address = Annotated[str, Field(min_length=3, max_length=254)]
Because = Annotated[str, Field(min_length=3, max_length=500)]
routes = Routes()


class SuppressionPath(Asked):
    """Which suppression."""

    suppression_id: UUID


class SuppressionsAsked(PageAsked):
    """Which suppressions; without a hash those of every address."""

    contact_hash: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None = None
    lifted: bool = Field(default=False, description="Whether to list those too that were lifted.")


class AddressAsked(Asked):
    """An address of one kind; it is hashed, and neither kept nor logged."""

    email: Address | None = None
    phone: Address | None = Field(default=None, description="International: +919876543210.")

    @model_validator(mode="after")
    def _names_one(self) -> Self:
        if (self.email is None) == (self.phone is None):
            raise ValueError("name an email or a phone, and not both")
        return self

    def hashed(self, key: bytes) -> tuple[Channel, str]:
        """The channel and the hash. Raises UnreadableAddressError."""
        channel = Channel.SMS if self.email is None else Channel.EMAIL
        return channel, contact_hash(channel, self.email or self.phone or "", key)


class NewSuppression(AddressAsked):
    """An address that must not be contacted any more."""

    reason: Annotated[Reason, Field(strict=False)] = Reason.MANUAL
    because: Because

    @model_validator(mode="after")
    def _a_person_may_say_so(self) -> Self:
        if self.reason not in (Reason.MANUAL, Reason.OPTED_OUT):
            raise ValueError("reason: a person may say manual or opted_out; the others are found by themselves")
        return self


class SuppressionLift(Asked):
    """Why an address may be contacted again."""

    because: Because
    consent: Because | None = Field(
        default=None, description="How and when the person agreed again, if they had asked for no messages."
    )


class ShownSuppression(Answer):
    """One suppression as it stands."""

    suppression_id: UUID
    contact_hash: str
    channel: Channel
    reason: Reason
    source: str
    because: str
    since: datetime
    outreach_id: UUID | None
    added_by: str | None
    lifted_at: datetime | None
    lifted_by: str | None
    lift_because: str | None
    consent: str | None


class FoundAddress(Answer):
    """Whether an address must not be contacted, and why."""

    contact_hash: str
    suppressed: bool
    suppressions: tuple[ShownSuppression, ...]


class LiftedSuppression(Answer):
    """A suppression after a lift, and what came of it."""

    suppression: ShownSuppression
    because: str


@routes.add("GET /v1/suppressions")
def list_suppressions(call: Call, query: SuppressionsAsked) -> Page[ShownSuppression]:
    """List suppressed addresses by their hash, the newest first."""
    found = PostgresSuppressions(call.transaction).page(
        contact_hash=query.contact_hash,
        open_only=not query.lifted,
        after=after(query, BY_AGE),
        limit=query.limit + 1,
    )
    return page(found, query, _shown, lambda kept: (kept.since, kept.suppression_id))


@routes.add("POST /v1/suppressions/find")
def find_suppressions(call: Call, body: AddressAsked) -> FoundAddress:
    """Say whether an address must not be contacted, and why; the address is hashed and let go of."""
    _, contact = _hashed(call, body)
    found = PostgresSuppressions(call.transaction).open_of(contact)
    return FoundAddress(
        contact_hash=contact, suppressed=bool(found), suppressions=tuple(_shown(kept) for kept in found)
    )


@routes.add("POST /v1/suppressions", refuses=(HTTPStatus.SERVICE_UNAVAILABLE,))
def add_suppression(call: Call, body: NewSuppression) -> ShownSuppression:
    """Suppress an address: senders know before the answer is given."""
    channel, contact = _hashed(call, body)
    asked = Suppression(
        contact_hash=contact, channel=channel, reason=body.reason, source="api", because=body.because,
        since=call.now, added_by=call.caller.user,
    )  # fmt: skip
    try:
        kept = suppress(
            asked,
            ledger=PostgresSuppressions(call.transaction),
            marks=DynamoMarks(call.settings.gates_table),
            now=call.now,
        )
    except MarksUnreachableError as error:
        why = f"Senders could not be told ({error}), so nothing was written down; try again."
        raise refuse(HTTPStatus.SERVICE_UNAVAILABLE, why) from None
    _enter(call, kept, "add", f"a person suppressed an address ({kept.reason})")
    return _shown(kept)


@routes.add("POST /v1/suppressions/{suppression_id}/lift", refuses=(HTTPStatus.CONFLICT,))
def lift_suppression(call: Call, path: SuppressionPath, body: SuppressionLift) -> LiftedSuppression:
    """Lift a suppression; senders know within a minute or two."""
    ledger = PostgresSuppressions(call.transaction)
    lifting = Lift(by=call.caller.user, because=body.because, at=call.now, consent=body.consent)
    try:
        done = lift(path.suppression_id, lifting, ledger=ledger)
    except NotFoundError:
        raise not_found("suppression") from None
    except ConsentNeededError as error:
        raise refuse(HTTPStatus.CONFLICT, f"{error}.") from None
    kept = ledger.get(path.suppression_id)
    _enter(call, kept, "lift", f"a person lifted a suppression ({kept.reason})")
    return LiftedSuppression(suppression=_shown(kept), because=done.because)


def _hashed(call: Call, body: AddressAsked) -> tuple[Channel, str]:
    try:
        return body.hashed(pepper(call.settings.files_bucket))
    except UnreadableAddressError as error:
        raise refuse(HTTPStatus.UNPROCESSABLE_ENTITY, f"{error}.") from None


def _enter(call: Call, kept: Kept, action: str, because: str) -> None:
    known = {"reason": kept.reason, "channel": kept.channel, "lifted": kept.lifted_at is not None}
    call.audit(f"suppression.{action}", kept.suppression_id, after=known, because=because)


def _shown(kept: Kept) -> ShownSuppression:
    return ShownSuppression(**asdict(kept))
