"""Templates in PostgreSQL: own before shipped, the newest before the older, and none ever changed."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from pg8000.exceptions import DatabaseError

from beforehand.adapters.postgres import PostgresDatabase, Transaction
from beforehand.outreach.messages import editing
from beforehand.outreach.messages.checking import check
from beforehand.outreach.messages.documents import variables_of
from beforehand.outreach.messages.model import NoTemplateError, StaleTemplateError, Template, TemplateError
from beforehand.outreach.messages.store import PostgresTemplates
from beforehand.outreach.messages.template_files import shipped
from beforehand_cli.local.postgres import Postgres
from tests.conftest import connect, forget

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
NOTE = Template(
    name="welcome", language="en", version=0, subject="Hello", body="Hello from {{ city }}.",
    variables=variables_of({"city": "text", "at": "datetime?"}), note="first",
)  # fmt: skip


def save(
    transaction: Transaction, template: Template, *, expected: int = 0, minutes: int = 0
) -> tuple[Template, str]:
    return editing.save(
        template, expected=expected, by="u1", now=NOW + timedelta(minutes=minutes),
        templates=PostgresTemplates(transaction), check=check,
    )  # fmt: skip


def restore(
    transaction: Transaction, version: int, *, expected: int, name: str = "welcome"
) -> tuple[Template, str]:
    return editing.restore(
        name, "en", version, expected=expected, by="u1", now=NOW + timedelta(minutes=9),
        templates=PostgresTemplates(transaction), check=check,
    )  # fmt: skip


def test_what_was_saved_is_read_as_it_was(transaction: Transaction) -> None:
    saved, because = save(transaction, NOTE)
    assert saved == replace(NOTE, version=1, created_by="u1", created_at=NOW)
    assert because == "version 1 is used from now on"
    templates = PostgresTemplates(transaction)
    assert templates.catalogue(["welcome"]) == {"welcome": {"en": saved}}
    assert templates.version("welcome", "en", 1) == saved
    assert templates.catalogue()["appointment_reminder"] == shipped()["appointment_reminder"]


def test_the_newest_is_used_and_older_ones_stay(transaction: Transaction) -> None:
    save(transaction, NOTE)
    second, _ = save(transaction, replace(NOTE, body="Hi from {{ city }}."), expected=1, minutes=1)
    hindi, _ = save(transaction, replace(NOTE, language="hi", body="नमस्ते"), minutes=2)
    templates = PostgresTemplates(transaction)
    assert templates.catalogue(["welcome"]) == {"welcome": {"en": second, "hi": hindi}}
    assert [(t.language, t.version) for t in templates.versions("welcome", most=9)] == [
        ("hi", 1),
        ("en", 2),
        ("en", 1),
    ]
    assert len(templates.versions("welcome", most=2)) == 2


def test_the_company_s_own_comes_before_the_shipped(transaction: Transaction) -> None:
    own = replace(NOTE, name="manual_note", body="{{ note }}", subject="{{ subject }}",
                  variables=variables_of({"note": "text", "subject": "text"}))  # fmt: skip
    saved, _ = save(transaction, own)
    used = PostgresTemplates(transaction).catalogue(["manual_note"])["manual_note"]
    assert used == {"en": saved, "hi": shipped()["manual_note"]["hi"]}
    back, because = restore(transaction, 0, expected=1, name="manual_note")
    assert (back.version, back.restored_from, back.body) == (2, 0, shipped()["manual_note"]["en"].body)
    assert because == "version 2 says again what the shipped one said, and is used from now on"


def test_going_back_is_a_new_version(transaction: Transaction) -> None:
    save(transaction, NOTE)
    save(transaction, replace(NOTE, body="Worse."), expected=1, minutes=1)
    third, because = restore(transaction, 1, expected=2)
    assert (third.version, third.restored_from, third.body) == (3, 1, NOTE.body)
    assert because == "version 3 says again what version 1 said, and is used from now on"
    assert restore(transaction, 3, expected=3)[1] == "nothing is different, so no version was added"
    with pytest.raises(NoTemplateError, match="no version 7"):
        restore(transaction, 7, expected=3)


def test_who_saw_an_older_version_is_refused(transaction: Transaction) -> None:
    save(transaction, NOTE)
    with pytest.raises(StaleTemplateError, match="The newest version is 1, not 0"):
        save(transaction, replace(NOTE, body="Other."))


def test_a_template_that_would_go_wrong_is_not_saved(transaction: Transaction) -> None:
    with pytest.raises(TemplateError, match="nmae is not among"):
        save(transaction, replace(NOTE, body="{{ nmae }}"))
    with pytest.raises(TemplateError, match="starts_at is of the type datetime in hi"):
        save(transaction, replace(NOTE, name="appointment_reminder", variables=variables_of({"starts_at": "date"})))
    assert PostgresTemplates(transaction).catalogue(["welcome"]) == {}


@pytest.mark.parametrize(
    "statement", ["update outreach_templates set body = 'x'", "delete from outreach_templates"]
)
def test_a_version_is_never_changed(transaction: Transaction, statement: str) -> None:
    save(transaction, NOTE)
    with pytest.raises(DatabaseError, match="permission denied"):
        transaction.run(statement)


@pytest.fixture
def committed(postgres: Postgres) -> Iterator[Postgres]:
    yield postgres
    forget(postgres, "outreach_templates", "name = 'welcome'")


def test_of_many_who_save_at_once_one_does(committed: Postgres) -> None:
    together = threading.Barrier(4)

    def one(number: int) -> str:
        database = PostgresDatabase(lambda: connect(committed))
        together.wait()
        try:
            with database.transaction() as transaction:
                editing.save(
                    replace(NOTE, body=f"{number}"), expected=0, by="u1", now=NOW,
                    templates=PostgresTemplates(transaction), check=check,
                )  # fmt: skip
        except StaleTemplateError:
            return "stale"
        return "saved"

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(one, range(4))) == ["saved", "stale", "stale", "stale"]
