"""A message is written from a template in the nearest language, and what fills it is never more than text."""

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beforehand.outreach.messages.checking import check, check_proposal
from beforehand.outreach.messages.compose import compose
from beforehand.outreach.messages.documents import variables_of
from beforehand.outreach.messages.model import (
    Catalogue,
    Company,
    MessageError,
    NoTemplateError,
    Template,
    TemplateError,
    Words,
)
from beforehand.outreach.messages.render import render
from beforehand.outreach.messages.template_files import shipped
from beforehand.outreach.messages.values import examples
from beforehand.outreach.model import Channel
from tests.outreach.messages.pages import Page

LOTUS = Company(name="Lotus")
FOLLOW_UPS = (
    "emotion_check_in",
    "post_event_high_emotion",
    "post_event_low_emotion",
    "post_event_neutral_emotion",
    "reengagement_general",
    "reengagement_past_customer",
)
APPOINTMENT = {"starts_at": "2026-03-09T10:00:00+05:30"}


def template(body: str, language: str = "en", subject: str = "Hello", **variables: str) -> Template:
    return Template(
        name="note", language=language, version=3, subject=subject, body=body, variables=variables_of(variables)
    )


def catalogue(*templates: Template) -> Catalogue:
    return {"note": {one.language: one for one in templates}}


def written(
    templates: Catalogue,
    language: str | None = "en",
    name: str = "note",
    company: Company = LOTUS,
    person: str | None = "Asha Rao",
    zone: str | None = "Asia/Kolkata",
    **variables: Any,
) -> Words:
    return render(templates, name, language, variables, person_name=person, person_zone=zone, company=company)


def body(text: str, variables: Mapping[str, str], language: str = "en", **values: Any) -> str:
    return written(catalogue(template(text, language, **variables)), language, **values).body


def test_a_reminder_reads_as_its_person_writes() -> None:
    found = written(shipped(), "en-IN", "appointment_reminder", place="Room 2", **APPOINTMENT)
    assert found.subject == "Your appointment on 9 March 2026"
    assert found.body == (
        "Hello Asha Rao,\n\n"
        "This is a reminder of your appointment on Monday, 9 March 2026 at 10:00\u00a0am.\n"
        "Place: Room 2\n\n"
        "To change or cancel it, reply to this message.\n\n"
        "Kind regards,\nLotus"
    )
    assert (found.language, found.template_version) == ("en", 0)
    assert found.because == "in English, since there is none in en-IN"


def test_a_reminder_in_hindi() -> None:
    found = written(shipped(), "hi", "appointment_reminder", **APPOINTMENT)
    assert found.subject == "9 मार्च 2026 को आपका अपॉइंटमेंट"
    assert found.body.startswith("नमस्ते Asha Rao जी,\n\nहम आपको याद दिलाना चाहते हैं")
    assert "सोमवार, 9 मार्च 2026 को है। समय: 10:00 am" in found.body
    assert found.because == "in Hindi, as they prefer"


@pytest.mark.parametrize("name", shipped())
@pytest.mark.parametrize("language", ["en", "hi"])
def test_what_is_shipped_goes_wrong_with_nothing_and_is_sent_on_every_channel(name: str, language: str) -> None:
    one = shipped()[name][language]
    check(one, shipped()[name])
    found = written(shipped(), language, name, **examples(one.variables))
    for channel in (Channel.EMAIL, Channel.SMS, Channel.WEBHOOK):
        composed = compose(
            channel=channel, subject=found.subject, body=found.body, language=found.language, company=LOTUS,
            unsubscribe_url=None,
        )  # fmt: skip
        assert "Lotus" in composed.text


def test_both_languages_of_what_is_shipped_take_the_same_variables() -> None:
    assert shipped().keys() == {"appointment_reminder", "manual_note", "post_event_thanks"} | set(FOLLOW_UPS)
    for languages in shipped().values():
        assert languages["en"].variables == languages["hi"].variables


@pytest.mark.parametrize(
    ("wanted", "company", "there", "language", "because"),
    [
        ("hi", "en", "en hi", "hi", "in Hindi, as they prefer"),
        ("HI", "en", "en hi", "hi", "in Hindi, as they prefer"),
        ("hi_IN", "en", "en hi", "hi", "in Hindi, since there is none in hi-IN"),
        ("hi-IN", "en", "en hi hi-IN", "hi-IN", "in Hindi, as they prefer"),
        ("hi-Latn-IN", "en", "en hi hi-Latn", "hi-Latn", "in Hindi (Latin), since there is none in hi-Latn-IN"),
        ("te", "de", "en de", "de", "in German, the company's language, since there is none in te"),
        ("te", "de-AT", "en de", "de", "in German, the company's language, since there is none in te"),
        (None, "de", "en de", "de", "in German, the company's language, since no language is known of them"),
        ("te", "de", "en hi", "en", "in English, since there is none in te and none in the company's language"),
        (" ", "en", "en", "en", "in English, the company's language, since no language is known of them"),
        ("a\nb", "en", "en", "en", "in English, the company's language, since there is none in what they prefer"),
    ],
)
def test_the_nearest_language_is_used_and_the_answer_says_why(
    wanted: str | None, company: str, there: str, language: str, because: str
) -> None:
    templates = catalogue(*(template(f"In {tag}.", tag) for tag in there.split()))
    found = written(templates, wanted, company=Company(name="Lotus", language=company))
    assert (found.language, found.body) == (language, f"In {language}.")
    assert found.because == because


def test_a_template_in_none_of_these_languages_says_where_it_is() -> None:
    with pytest.raises(NoTemplateError, match=r"none in te, .* only in ta; save it in en"):
        written(catalogue(template("x", "ta")), "te")
    with pytest.raises(NoTemplateError, match="no template of that name; there are: note"):
        written(catalogue(template("x")), name="other")


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("en", "{{ day }} {{ day|date('short') }}", "March 9, 2026 3/9/26"),
        ("de", "{{ day }} {{ day|date('full') }}", "9. März 2026 Montag, 9. März 2026"),
        ("en", "{{ at }}", "March 10, 2026, 3:30\u00a0AM"),
        ("de", "{{ at|date }} {{ at|time }} {{ at|datetime('short') }}", "10. März 2026 03:30 10.03.26, 03:30"),
        ("en", "{{ price }} {{ price|money }}", "₹1,250.50 ₹1,250.50"),
        ("de", "{{ price }}", "1.250,50\u00a0₹"),
        ("hi", "{{ count }} {{ count|number }}", "12,34,567.5 12,34,567.5"),
        ("en", "{% if count > 1 %}many{% else %}one{% endif %} {{ few|plural }}", "many one"),
        ("en", "{{ name|name }} {{ name|name('full') }} {{ name }}", "Asha Asha Rao Asha Rao"),
        ("ja", "{{ name|name }}", "Asha Rao"),
        ("xx", "{{ at }} {{ price }} {{ count }}", "2026-03-10 03:30 INR 1250.50 1234567.5"),
        ("en", "{{ word|upper }}{{ 'a' if word == 'b' else 'c' }}", "A WORDc"),
    ],
)
def test_values_are_written_as_the_language_does(language: str, text: str, expected: str) -> None:
    kinds = {"day": "date", "at": "datetime", "price": "money", "count": "number", "few": "number", "word": "text"}
    values = {
        "day": "2026-03-09", "at": "2026-03-09T22:00:00+00:00", "price": {"amount": "1250.50", "currency": "INR"},
        "count": 1234567.5, "few": 1, "word": "a word",
    }  # fmt: skip
    assert body(text, kinds, language, **values) == expected


def test_a_time_in_a_zone_that_is_not_theirs_names_it() -> None:
    found = written(catalogue(template("At {{ at|time }}.", at="datetime")), zone=None, at="2026-03-09T22:00:00Z",
                    company=Company(name="Lotus", zone="Europe/Berlin"))  # fmt: skip
    assert found.body == "At 11:00\u00a0PM (Europe/Berlin)."
    assert found.because.endswith("; times are told in Europe/Berlin, since their zone is not known")
    for zone in ("Nowhere/Nowhere", "../../etc/passwd", "Asia", ""):
        assert "(UTC)" in body("{{ at|time }}", {"at": "datetime"}, zone=zone, at="2026-03-09T22:00:00Z")


@pytest.mark.parametrize(
    "name",
    [
        "<b>Asha</b>",
        "https://evil.example",
        "www.evil.example",
        "evil.example",
        "{{ 7 * 7 }}",
        "{% for a in b %}",
        "Asha\u202eohsa",
        "Asha; call 0900",
        "a" * 81,
        "\x00",
        "",
        None,
    ],
)
def test_a_name_that_could_be_more_than_a_name_is_no_name(name: str | None) -> None:
    found = written(shipped(), "en", "appointment_reminder", person=name, **APPOINTMENT)
    assert found.body.startswith("Hello,\n")


def test_a_name_with_a_line_end_stays_on_one_line() -> None:
    assert written(shipped(), "en", "manual_note", person="Asha\r\nRao", note="Hi.", subject="s").body.startswith(
        "Hello Asha Rao,\n"
    )


@pytest.mark.parametrize("text", ["{{ 7 * 7 }}", "{% raw %}", "<script>alert(1)</script>", "{{ company }}"])
def test_a_text_is_never_read_as_a_template(text: str) -> None:
    found = written(shipped(), "en", "manual_note", note=text, subject=text)
    assert text in found.body and found.subject == text
    composed = compose(channel=Channel.EMAIL, subject=found.subject, body=found.body, language="en", company=LOTUS,
                       unsubscribe_url=None)  # fmt: skip
    page = Page(composed.html)
    assert text in page.text and "script" not in page.tags


def test_a_text_begins_no_header() -> None:
    assert written(shipped(), "en", "manual_note", note="Hi.", subject="a\r\nBcc: b").subject == "a Bcc: b"


@pytest.mark.parametrize(
    ("kind", "value", "problem"),
    [
        ("text", None, "value is missing: give it as a text"),
        ("text", "see https://evil.example", "without a link"),
        ("text", "www.evil.example", "without a link"),
        ("text", "javascript:alert(1)", "without a link"),
        ("text", " ", "must be a text"),
        ("text", 3, "must be a text"),
        ("text", "a" * 4_001, "must be a text"),
        ("date", "9.3.2026", "must be a date such as 2026-03-09"),
        ("datetime", "2026-03-09T10:00:00", "must be a moment with its offset"),
        ("datetime", "0001-01-01T00:00:00+00:00", "must be a moment"),
        ("money", "12.50", 'such as {"amount": "12.50", "currency": "INR"}'),
        ("money", {"amount": "NaN", "currency": "INR"}, "must be an amount"),
        ("money", {"amount": "1", "currency": "Rs"}, "must be an amount"),
        ("money", {"amount": "1", "currency": "INR", "x": 1}, "must be an amount"),
        ("number", True, "must be a number"),
        ("number", "2", "must be a number"),
        ("number", 10**400, "must be a number"),
        ("number", float("inf"), "must be a number"),
        ("url", "http://lotus.example", "begins with https://"),
        ("url", "javascript:alert(1)", "begins with https://"),
        ("url", "https://a.example/\nBcc: x", "begins with https://"),
    ],
)
def test_a_value_of_another_type_is_refused_by_name_and_not_told(kind: str, value: Any, problem: str) -> None:
    with pytest.raises(TemplateError) as refused:
        body("{{ value }}", {"value": kind}, value=value)
    told = str(refused.value)
    assert told.startswith("Template note (en), variables: value ") and problem in told
    assert "evil" not in told


def test_a_variable_that_no_language_declares_is_refused() -> None:
    templates = catalogue(template("{{ a }}", a="text"), template("{{ b }}", "hi", b="text?"))
    assert written(templates, "en", a="x", b="y").body == "x"
    with pytest.raises(TemplateError, match="c is not declared; declared are: a, b"):
        written(templates, "en", a="x", c="y")


def test_a_proposal_has_to_fit_in_every_language() -> None:
    templates = catalogue(template("{{ a }}", a="text"), template("{{ b }}", "hi", b="text"))
    check_proposal(templates, "note", {"a": "x", "b": "y"})
    with pytest.raises(TemplateError, match=r"note \(hi\), variables: b is missing"):
        check_proposal(templates, "note", {"a": "x"})
    with pytest.raises(NoTemplateError):
        check_proposal(templates, "other", {})


ANY = st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None)) | st.datetimes()
VALUES = st.recursive(
    ANY, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3)
)


@given(name=st.sampled_from(sorted(shipped())), language=st.none() | st.text(max_size=12) | st.just("hi"),
       person=st.none() | st.text(st.characters(codec=None)), zone=st.none() | st.text(max_size=12),
       values=st.dictionaries(
           st.text() | st.sampled_from(["starts_at", "place", "price", "link", "note", "event", "held_on"]),
           VALUES | st.sampled_from(["2026-03-09", "2026-03-09T10:00:00Z", "https://a.example", "a"])))  # fmt: skip
def test_whatever_fills_a_template_it_is_written_or_refused(
    name: str, language: str | None, person: str | None, zone: str | None, values: dict[str, Any]
) -> None:
    try:
        found = render(shipped(), name, language, values, person_name=person, person_zone=zone, company=LOTUS)
    except MessageError as error:
        str(error).encode()
        return
    assert found.body.endswith("\nLotus")
    assert not set(found.subject) & set("\r\n\x00")
