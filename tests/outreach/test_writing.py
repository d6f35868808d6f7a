"""The message of what is to be said: its template and language are told, as delivery and `why` need them."""

from dataclasses import replace

import pytest

from beforehand.outreach.delivery.speaking import from_templates
from beforehand.outreach.delivery.writing import MessageWriter
from beforehand.outreach.messages.model import Company
from beforehand.outreach.model import Channel
from tests.outreach.messages.test_speaking import ASHA, DUE, REMINDER, Shelf

COMPANY = Company(name="Lotus")
WRITER = MessageWriter(
    company=COMPANY, pepper=b"p" * 32, public_url="https://go.example.com", speak=from_templates(Shelf(), COMPANY)
)
PERSON = replace(ASHA, email="asha@example.com", phone="+919876543210")


@pytest.mark.parametrize(
    ("language", "because"),
    [
        ("hi", "in Hindi, as they prefer; with the footer in Hindi, as the message is"),
        ("hi-IN", "in Hindi, since there is none in hi-IN; with the footer in Hindi, as the message is"),
        ("ta", "in English, the company's language, since there is none in ta; "
               "with the footer in English, as the message is"),
    ],
)  # fmt: skip
def test_a_message_of_a_template_says_which_one_and_why_in_its_language(language: str, because: str) -> None:
    message = WRITER.write(REMINDER, replace(PERSON, language=language), attempt=1, within=None)
    assert (message.template, message.template_version, message.because) == ("appointment_reminder", 0, because)


def test_a_text_that_was_written_says_what_its_frame_is_in() -> None:
    message = WRITER.write(replace(DUE, channel=Channel.SMS, language="xx"), PERSON, attempt=1, within=None)
    assert (message.template, message.because) == (None, "with the footer in English, since there is none in xx")
    to_a_system = WRITER.write(replace(DUE, channel=Channel.WEBHOOK), PERSON, attempt=1, within=None)
    assert to_a_system.because == "as it was written, since a system reads it"
