"""A message whose proposal names a template is written when it goes, for whom it is then."""

from collections.abc import Collection
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from beforehand.outreach.delivery.model import Due
from beforehand.outreach.delivery.speaking import from_templates
from beforehand.outreach.gate.model import Facts, Person
from beforehand.outreach.messages.model import Catalogue, Company, NoTemplateError, TemplateError, Words
from beforehand.outreach.messages.template_files import shipped
from beforehand.outreach.model import Channel, Purpose, State

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
DUE = Due(
    outreach_id=uuid4(), customer_id="C1", purpose=Purpose.MANUAL, channel=Channel.EMAIL, state=State.SCHEDULED,
    attempt=0, due_at=NOW, not_after=NOW + timedelta(days=1), automated=False, language="en", subject="s", body="b",
    template=None, variables=None, state_because=None,
)  # fmt: skip
REMINDER = replace(DUE, template="appointment_reminder", variables={"starts_at": "2026-03-09T04:30:00Z"})
PERSON = Person(
    customer_id="C1", zone="Asia/Kolkata", country="IN", consent=True, reachable=frozenset({Channel.EMAIL})
)
ASHA = Facts(person=PERSON, history=(), name="Asha Rao", language="hi-IN")


class Shelf:
    """What is shipped, and how often somebody asked for it."""

    def __init__(self) -> None:
        self.asked = 0

    def catalogue(self, names: Collection[str] | None = None) -> Catalogue:
        self.asked += 1
        return {name: of for name, of in shipped().items() if names is None or name in names}


def test_a_text_that_is_written_is_said_as_it_is() -> None:
    shelf = Shelf()
    assert from_templates(shelf, Company(name="Lotus"))(DUE, ASHA) == Words(subject="s", body="b", language="en")
    assert shelf.asked == 0


def test_a_template_is_filled_with_the_person_s_name_in_their_language_and_zone() -> None:
    shelf = Shelf()
    speak = from_templates(shelf, Company(name="Lotus"))
    said = speak(REMINDER, ASHA)
    assert (said.language, said.template_version) == ("hi", 0)
    assert said.body.startswith("नमस्ते Asha Rao जी,") and "समय: 10:00" in said.body
    assert speak(REMINDER, replace(ASHA, language=None, name=None)).body.startswith("Hello,\n")
    assert shelf.asked == 1, "a name is read once for all messages of a claim"


def test_a_template_that_is_not_there_or_cannot_be_filled_is_told() -> None:
    speak = from_templates(Shelf(), Company(name="Lotus"))
    with pytest.raises(NoTemplateError):
        speak(replace(REMINDER, template="gone"), ASHA)
    with pytest.raises(TemplateError, match="starts_at is missing"):
        speak(replace(REMINDER, variables=None), ASHA)
