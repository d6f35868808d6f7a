"""The contact policy in the database: what it is shipped with, versions that are only added to, and going back."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from pg8000.exceptions import DatabaseError

from beforehand.adapters.postgres import Transaction
from beforehand.errors import NotFoundError
from beforehand.outreach.policies_store import PostgresPolicies
from beforehand.outreach.policy import ContactPolicy
from beforehand.outreach.policy_document import PolicyDocument
from beforehand.outreach.policy_versions import PolicyMovedError, PolicyVersion, change, restore

NOW = datetime(2026, 1, 15, 9, tzinfo=UTC)
DAY = timedelta(days=1)
STRICT = PolicyDocument.of(replace(ContactPolicy(), budget=1))


def changed(transaction: Transaction, document: PolicyDocument, expected: str, now: datetime) -> PolicyVersion:
    return change(
        document, expected=expected, because="we write too often", by="asha@example.com",
        policies=PostgresPolicies(transaction), now=now,
    )  # fmt: skip


def test_what_is_shipped_is_what_the_code_says(transaction: Transaction) -> None:
    assert PostgresPolicies(transaction).in_force(NOW) == ContactPolicy()
    assert PostgresPolicies(transaction).newest().version == "contact-v1"


def test_a_change_counts_from_its_moment_and_the_past_keeps_its_own(transaction: Transaction) -> None:
    policies = PostgresPolicies(transaction)
    made = changed(transaction, STRICT, "contact-v1", NOW)
    assert made.version == "contact-v2"
    assert policies.in_force(NOW - timedelta(microseconds=1)).version == "contact-v1"
    assert policies.in_force(NOW) == replace(ContactPolicy(), version="contact-v2", budget=1)
    assert policies.get("contact-v2") == made
    assert [one.version for one in policies.page(before=None, limit=10)] == ["contact-v2", "contact-v1"]
    assert [one.version for one in policies.page(before=2, limit=10)] == ["contact-v1"]


def test_a_change_of_what_somebody_else_changed_meanwhile_is_refused(transaction: Transaction) -> None:
    changed(transaction, STRICT, "contact-v1", NOW)
    with pytest.raises(PolicyMovedError, match="is contact-v2 by now, not contact-v1"):
        changed(transaction, STRICT, "contact-v1", NOW)
    made = changed(transaction, STRICT, "contact-v2", NOW)
    assert not PostgresPolicies(transaction).add(made)


def test_going_back_makes_a_new_version_of_the_old_one(transaction: Transaction) -> None:
    policies = PostgresPolicies(transaction)
    changed(transaction, STRICT, "contact-v1", NOW)
    again = restore(
        "contact-v1", expected="contact-v2", because="too strict", by="ravi@example.com",
        policies=policies, now=NOW + DAY,
    )  # fmt: skip
    assert (again.version, again.because) == ("contact-v3", "as contact-v1 was: too strict")
    assert policies.in_force(NOW + DAY) == replace(ContactPolicy(), version="contact-v3")
    with pytest.raises(NotFoundError, match="no contact policy contact-v9"):
        restore("contact-v9", expected="contact-v3", because="x", by="x", policies=policies, now=NOW)


@pytest.mark.parametrize(
    "statement", ["update outreach_policies set because = 'x'", "delete from outreach_policies"]
)
def test_versions_are_only_added_to(transaction: Transaction, statement: str) -> None:
    with pytest.raises(DatabaseError, match="permission denied"):
        transaction.run(statement)
