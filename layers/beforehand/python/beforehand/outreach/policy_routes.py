"""The routes of the contact policy: what counts, what counted, what is to count, and what the gate would say."""

from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Annotated, Self
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, Field, TypeAdapter, model_validator

from beforehand.api.pages import Page, PageAsked, after, page
from beforehand.api.problems import not_found, refuse
from beforehand.api.routes import Answer, Asked, Call, Routes
from beforehand.errors import NotFoundError
from beforehand.outreach.gate.model import Contact, Facts, Person, Planned
from beforehand.outreach.gate_says import Said, facts_of, policy_at, would_say
from beforehand.outreach.model import Channel, Purpose
from beforehand.outreach.policies_store import PostgresPolicies
from beforehand.outreach.policy import ContactPolicy
from beforehand.outreach.policy_document import PolicyDocument
from beforehand.outreach.policy_versions import PolicyMovedError, PolicyVersion, change, restore

BY_NUMBER = TypeAdapter(tuple[int])
A_MONTH = timedelta(days=28)
NOTHING = UUID(int=0)
routes = Routes()


def _within_reach(moment: datetime) -> datetime:
    if not 2000 <= moment.year <= 2100:
        raise ValueError("must lie between the years 2000 and 2100")
    return moment


Moment = Annotated[AwareDatetime, AfterValidator(_within_reach)]
Version = Annotated[str, Field(pattern=r"^contact-v[1-9][0-9]{0,8}$", description="Such as contact-v2.")]
Because = Annotated[str, Field(min_length=1, max_length=500, description="Why; name nobody.")]


class PolicyAsked(Asked):
    """The policy of which moment; now, unless said otherwise."""

    at: Moment | None = None


class PoliciesAsked(PageAsked):
    """Which page of the versions."""


class ShownPolicy(Answer):
    """One version of the contact policy."""

    version: str
    policy: PolicyDocument
    because: str
    created_at: datetime
    created_by: str
    active_from: datetime


class NewPolicy(Asked):
    """The whole policy as it is to be, and which version it is made from."""

    expected_version: Version
    because: Because
    policy: PolicyDocument


class Restored(Asked):
    """Which version is to count again, and which is the newest."""

    version: Version
    expected_version: Version
    because: Because


class TriedPerson(Asked):
    """Somebody made up; what is left out is not known."""

    zone: str | None = None
    country: str | None = None
    region: str | None = None
    consent: bool | None = None
    preferred_channel: Channel | None = None
    reachable: tuple[Channel, ...] = tuple(Channel)
    suppressed: tuple[Channel, ...] = ()
    case_open: bool = False


class TriedContact(Asked):
    """A message that went to somebody made up."""

    purpose: Purpose
    channel: Channel
    at: Moment


class Tried(Asked):
    """A message to a customer, or to a person with a history; now, unless said otherwise."""

    purpose: Purpose
    channel: Channel
    customer_id: Annotated[str, Field(min_length=1, max_length=100)] | None = None
    person: TriedPerson | None = None
    history: Annotated[tuple[TriedContact, ...], Field(max_length=100)] = ()
    automated: bool = True
    at: Moment | None = None
    not_after: Moment | None = None

    @model_validator(mode="after")
    def _is_to_one(self) -> Self:
        if (self.customer_id is None) == (self.person is None):
            raise ValueError("name a customer_id or describe a person, one of the two")
        if self.customer_id is not None and self.history:
            raise ValueError("a customer has a history of their own; leave history out")
        return self


@routes.add("GET /v1/contact-policy", refuses=(HTTPStatus.NOT_FOUND,))
def show_policy(call: Call, query: PolicyAsked) -> ShownPolicy:
    """Show the contact policy in force."""
    try:
        return _shown(PostgresPolicies(call.transaction).version_in_force(_moment(query.at, call)))
    except NotFoundError:
        raise not_found("policy at that moment") from None


@routes.add("GET /v1/contact-policies")
def list_policies(call: Call, query: PoliciesAsked) -> Page[ShownPolicy]:
    """List the versions of the contact policy, newest first."""
    place = after(query, BY_NUMBER)
    found = PostgresPolicies(call.transaction).page(before=place and place[0], limit=query.limit + 1)
    return page(found, query, _shown, lambda version: (version.number,))


@routes.add("PUT /v1/contact-policy", refuses=(HTTPStatus.CONFLICT,))
def change_policy(call: Call, body: NewPolicy) -> ShownPolicy:
    """Make a new version of the contact policy, which counts from now on."""
    try:
        made = change(
            body.policy,
            expected=body.expected_version,
            because=body.because,
            by=call.caller.user,
            policies=PostgresPolicies(call.transaction),
            now=call.now,
        )
    except PolicyMovedError as error:
        raise refuse(HTTPStatus.CONFLICT, f"{error}.", {"expected_version": "is not the newest"}) from None
    return _made(call, "policy.set", body.expected_version, made)


@routes.add("POST /v1/contact-policy/restore", refuses=(HTTPStatus.CONFLICT, HTTPStatus.NOT_FOUND))
def restore_policy(call: Call, body: Restored) -> ShownPolicy:
    """Make a new version of what an old one said, which counts from now on."""
    try:
        made = restore(
            body.version,
            expected=body.expected_version,
            because=body.because,
            by=call.caller.user,
            policies=PostgresPolicies(call.transaction),
            now=call.now,
        )
    except PolicyMovedError as error:
        raise refuse(HTTPStatus.CONFLICT, f"{error}.", {"expected_version": "is not the newest"}) from None
    except NotFoundError:
        raise not_found("version") from None
    return _made(call, "policy.restore", body.expected_version, made)


@routes.add("POST /v1/contact-policy/try", refuses=(HTTPStatus.NOT_FOUND,))
def try_policy(call: Call, body: Tried) -> Said:
    """Say what the gate would say to a message, and why; nothing is sent or kept."""
    at = _moment(body.at, call)
    policy = policy_at(call, at)
    facts = _facts(call, body, policy, at)
    planned = Planned(
        outreach_id=NOTHING,
        purpose=body.purpose,
        channel=body.channel,
        due_at=at,
        not_after=body.not_after or at + A_MONTH,
        automated=body.automated,
    )
    return would_say(facts, planned, policy=policy, at=at)


def _made(call: Call, action: str, before: str, made: PolicyVersion) -> ShownPolicy:
    """A version that was made, which is audited with what it says otherwise than the one before."""
    was = PostgresPolicies(call.transaction).get(before)
    call.audit(
        action, made.version, because=made.because,
        before={"version": was.version, **was.document.model_dump(mode="json")},
        after={"version": made.version, **made.document.model_dump(mode="json")},
    )  # fmt: skip
    return _shown(made)


def _facts(call: Call, body: Tried, policy: ContactPolicy, at: datetime) -> Facts:
    if body.customer_id is not None:
        return facts_of(call, body.customer_id, policy=policy, at=at)
    described = body.person or TriedPerson()
    person = Person(
        customer_id="somebody",
        zone=described.zone,
        country=described.country,
        region=described.region,
        consent=described.consent,
        preferred_channel=described.preferred_channel,
        reachable=frozenset(described.reachable),
        suppressed=frozenset(described.suppressed),
        case_open=described.case_open,
    )
    history = (
        Contact(outreach_id=UUID(int=number), purpose=one.purpose, channel=one.channel, at=one.at)
        for number, one in enumerate(body.history, start=1)
    )
    return Facts(person=person, history=tuple(history))


def _moment(given: datetime | None, call: Call) -> datetime:
    return call.now if given is None else given.astimezone(UTC)


def _shown(version: PolicyVersion) -> ShownPolicy:
    return ShownPolicy(
        version=version.version,
        policy=version.document,
        because=version.because,
        created_at=version.created_at,
        created_by=version.created_by,
        active_from=version.active_from,
    )
