"""What an audit entry holds, and what it never holds."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beforehand.journal.audit import PERSONAL, WITHHELD, audited, changed, told

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


def test_only_what_differs_is_kept() -> None:
    before = {"mode": "dry_run", "per_minute": 60, "gone": 1}
    assert changed(before, {"mode": "live", "per_minute": 60, "new": True}) == (
        {"mode": "dry_run", "gone": 1},
        {"mode": "live", "new": True},
    )


@pytest.mark.parametrize("name", sorted(PERSONAL))
def test_what_is_personal_is_said_to_have_changed_and_not_to_what(name: str) -> None:
    assert changed({name: "asha@example.com"}, {name: "Ravi"}) == ({name: WITHHELD}, {name: WITHHELD})
    assert changed({name: None}, {name: "Ravi"}) == ({name: None}, {name: WITHHELD})
    assert changed({"deep": [{name: "Ravi"}]}, {}) == ({"deep": [{name: WITHHELD}]}, {})


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("asked by asha.rao@example.co.in on the phone", "asked by withheld on the phone"),
        ("called +91 98765 43210", "called withheld"),
        ("called (020) 7946-0958", "called (withheld"),
        ("it had to go before 2026-03-09 09:30 UTC", "it had to go before 2026-03-09 09:30 UTC"),
        (
            "case 9beea417-dfd5-5ea3-bad5-8a3f386414b5 of C100088",
            "case 9beea417-dfd5-5ea3-bad5-8a3f386414b5 of C100088",
        ),
        ("health 30.0%, churn risk 88.0%, value 12,500", "health 30.0%, churn risk 88.0%, value 12,500"),
    ],
)
def test_addresses_and_numbers_are_withheld_from_sentences_and_dates_and_ids_are_not(text: str, kept: str) -> None:
    assert told(text) == kept


@given(
    before=st.dictionaries(st.sampled_from(["state", "email", "n"]), st.none() | st.booleans() | st.integers()),
    after=st.dictionaries(st.sampled_from(["state", "email", "n"]), st.none() | st.floats(allow_nan=False)),
)
def test_whatever_is_given_can_be_written_down_and_equal_fields_are_not(
    before: dict[str, Any], after: dict[str, Any]
) -> None:
    was, became = changed(before, after)
    json.dumps([was, became])
    assert was.keys() | became.keys() == {
        name for name in before.keys() | after.keys()
        if (name in before) != (name in after) or before[name] != after[name]
    }  # fmt: skip


def test_moments_money_ids_and_sets_are_kept_in_words() -> None:
    given = {"at": NOW, "on": date(2026, 3, 2), "amount": Decimal("1.50"), "id": UUID(int=1), "of": {"b", "a"}}
    _, became = changed({}, given)
    assert became == {
        "at": "2026-03-02T09:30:00+00:00", "on": "2026-03-02", "amount": "1.50", "id": str(UUID(int=1)),
        "of": ["a", "b"],
    }  # fmt: skip


def entry(action: str, **others: Any) -> Any:
    return audited(
        at=NOW, who="u", role="admin", action=action, subject="C1", before=None, after=None, because="b", **others
    )


def test_a_change_of_a_customer_is_about_them_and_any_other_says_whom_it_is_about() -> None:
    assert (entry("customer.change").subject_kind, entry("customer.change").customer_id) == ("customer", "C1")
    assert entry("case.take").customer_id is None
    assert entry("case.take", customer_id="C7").customer_id == "C7"


@pytest.mark.parametrize("action", ["take", "Case.take", "case.take.now", "case.", ""])
def test_an_action_names_its_subject_and_a_verb(action: str) -> None:
    with pytest.raises(ValueError, match="write it as"):
        entry(action)
