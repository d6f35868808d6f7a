"""The routes of customers: who they are, what they bought, and what a person may put right."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from http import HTTPStatus
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, TypeAdapter, model_validator

from beforehand.adapters.postgres import Row
from beforehand.api.pages import Page, PageAsked, after, page
from beforehand.api.problems import not_found, refuse
from beforehand.api.routes import Answer, Asked, Call, Routes
from beforehand.customers import contacts, places
from beforehand.customers.profiles_store import PostgresProfiles
from beforehand.outreach.model import Channel
from beforehand.outreach.suppression import consent
from beforehand.outreach.suppression.marks import DynamoMarks
from beforehand.outreach.suppression.model import MarksUnreachableError
from beforehand.outreach.suppression.pepper import pepper
from beforehand.outreach.suppression.store import PostgresSuppressions

CUSTOMER_ID = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"
CONSENT_SOURCE = "api"

CustomerId = Annotated[str, Field(pattern=CUSTOMER_ID)]
Segment = Literal["VIP", "Loyal", "Regular", "Occasional"]
Tier = Literal["Platinum", "Gold", "Silver", "Bronze"]
BY_ID = TypeAdapter(tuple[str])
BY_DAY = TypeAdapter(tuple[date, str])
routes = Routes()


def _read(reader: Callable[[str], str]) -> AfterValidator:
    """Reads a text as an import would: in one form, or not at all."""
    return AfterValidator(lambda text: None if text is None else reader(text))


Text = Annotated[str, Field(min_length=1, max_length=254)] | None
Email = Annotated[Text, _read(contacts.email)]
Phone = Annotated[Text, _read(lambda text: contacts.phone(text, ""))]
Language = Annotated[Text, _read(places.language)]
Zone = Annotated[Text, _read(places.zone)]


class CustomerPath(Asked):
    """Which customer."""

    customer_id: CustomerId


class CustomersAsked(PageAsked):
    """Which customers; filters are all to hold."""

    segment: Segment | None = None
    tier: Tier | None = None
    language: Annotated[str, Field(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$", max_length=35)] | None = None
    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$")] | None = None
    prefix: CustomerId | None = Field(default=None, description="What their id begins with.")


class Customer(Answer):
    """One customer; what is null is not known."""

    customer_id: str
    name: str | None
    email: str | None
    phone: str | None
    language: str | None
    zone: str | None
    country: str | None
    segment: str | None
    loyalty_tier: str | None
    lifetime_value: Decimal | None
    marketing_consent: bool | None
    consented_on: date | None
    consent_source: str | None
    preferred_channel: str | None
    signed_up_on: date | None
    last_active_on: date | None
    updated_at: datetime


class CustomerChange(Asked):
    """What is to be different; what is not named stays, what is null is not known any more."""

    marketing_consent: bool | None = None
    language: Language = None
    zone: Zone = None
    email: Email = None
    phone: Phone = None
    preferred_channel: Literal["email", "sms"] | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.model_fields_set:
            raise ValueError(f"name at least one of {', '.join(type(self).model_fields)}")
        return self


class Purchase(Answer):
    """One purchase; the amount is in the company's currency."""

    purchase_id: str
    purchased_on: date
    quantity: int
    amount: Decimal


class PurchasesAsked(PageAsked):
    """Which page of somebody's purchases."""


@routes.add("GET /v1/customers")
def list_customers(call: Call, query: CustomersAsked) -> Page[Customer]:
    """List customers by their id."""
    begin = after(query, BY_ID)
    found = PostgresProfiles(call.transaction).page(
        {
            "segment": query.segment,
            "loyalty_tier": query.tier,
            "language": query.language,
            "country": query.country,
        },
        prefix=query.prefix,
        after=begin[0] if begin else None,
        limit=query.limit + 1,
    )
    return page(found, query, _customer, lambda row: (row["customer_id"],))


@routes.add("GET /v1/customers/{customer_id}")
def show_customer(call: Call, path: CustomerPath) -> Customer:
    """Show one customer."""
    return _customer(_known(PostgresProfiles(call.transaction).find(path.customer_id)))


@routes.add("PATCH /v1/customers/{customer_id}", refuses=(HTTPStatus.SERVICE_UNAVAILABLE,))
def change_customer(call: Call, path: CustomerPath, body: CustomerChange) -> Customer:
    """Put right a customer's consent, language, zone, contact points or preferred channel; the audit trail keeps no
    address."""
    profiles = PostgresProfiles(call.transaction)
    before = _known(profiles.hold(path.customer_id))
    asked = body.model_dump(include=body.model_fields_set)
    changed = {name: value for name, value in asked.items() if before[name] != value}
    if not changed:
        return _customer(before)
    stamped = {}
    if "marketing_consent" in changed:
        stamped = {"consented_on": call.now.astimezone(UTC).date(), "consent_source": CONSENT_SOURCE}
    profiles.change(path.customer_id, {**changed, **stamped}, now=call.now)
    _heed_consent(call, before, {**before, **changed})
    became = _known(profiles.find(path.customer_id))
    because = f"a person changed {', '.join(sorted(changed))}"
    call.audit("customer.change", path.customer_id, before=_of(before), after=_of(became), because=because)
    return _customer(became)


@routes.add("GET /v1/customers/{customer_id}/purchases")
def list_purchases(call: Call, path: CustomerPath, query: PurchasesAsked) -> Page[Purchase]:
    """List what a customer bought, newest first."""
    profiles = PostgresProfiles(call.transaction)
    _known(profiles.find(path.customer_id))
    found = profiles.purchases(path.customer_id, after=after(query, BY_DAY), limit=query.limit + 1)
    return page(found, query, lambda row: Purchase(**row), lambda row: (row["purchased_on"], row["purchase_id"]))


def _heed_consent(call: Call, before: Row, after: Row) -> None:
    """Stops what is on its way to somebody who consents no more; lets go of that when they consent again."""
    if before["marketing_consent"] == after["marketing_consent"] and after["marketing_consent"] is not False:
        return
    addresses = [
        (channel, row[name])
        for row in (before, after)
        for channel, name in ((Channel.EMAIL, "email"), (Channel.SMS, "phone"), (Channel.WEBHOOK, "customer_id"))
    ]
    contacts = consent.contacts_of(addresses, pepper=pepper(call.settings.files_bucket))
    ledger = PostgresSuppressions(call.transaction)
    if after["marketing_consent"] is True:
        consent.given(contacts, ledger=ledger, by=call.caller.user, now=call.now)
    elif after["marketing_consent"] is False:
        marks = DynamoMarks(call.settings.gates_table)
        try:
            consent.withdrawn(contacts, ledger=ledger, marks=marks, by=call.caller.user, now=call.now)
        except MarksUnreachableError as error:
            why = f"Senders could not be told ({error}), so nothing was changed; try again."
            raise refuse(HTTPStatus.SERVICE_UNAVAILABLE, why) from None


def _known(row: Row | None) -> Row:
    if row is None:
        raise not_found("customer")
    return row


def _customer(row: Row) -> Customer:
    return Customer(**row)


def _of(row: Row) -> Row:
    """What a person may change, and what follows from it."""
    return {name: row[name] for name in (*CustomerChange.model_fields, "consented_on", "consent_source")}
