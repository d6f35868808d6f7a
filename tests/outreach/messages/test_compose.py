"""A message is laid out for its channel, and whatever stands in it stays text."""

import json
from dataclasses import asdict, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beforehand.outreach.messages.compose import compose
from beforehand.outreach.messages.fitting import MOST_SEGMENTS
from beforehand.outreach.messages.frames import direction, footer, languages
from beforehand.outreach.messages.model import Company, Composed, UncomposableError
from beforehand.outreach.messages.sms import segments
from beforehand.outreach.model import Channel
from tests.outreach.messages.pages import Page

LOTUS = Company(
    name="Lotus & Sons", postal_address="1 Mill Road\nPune 411001", support_url="https://lotus.example/help"
)
LEAVE = "https://lotus.example/u/3?k=a&t=b"
BODY = "Hello Asha,\n\nYour appointment is on 3 March at ten.\nBring the letter: https://lotus.example/l?a=1&b=2.\n\nLotus"


def email(subject: str = "Your appointment", body: str = BODY, language: str = "en", **more: object) -> Composed:
    return laid_out(channel=Channel.EMAIL, subject=subject, body=body, language=language, **more)


def sms(body: str = "See you on 3 March.", language: str = "en", **more: object) -> Composed:
    return laid_out(channel=Channel.SMS, subject="Lotus", body=body, language=language, **more)


def laid_out(**given: object) -> Composed:
    return compose(**{"company": LOTUS, "unsubscribe_url": LEAVE, **given})


def test_an_email_has_a_text_and_a_page_that_say_the_same() -> None:
    found = email()
    assert found.text == (
        f"{BODY}\n\n-- \n"
        "You receive this message because you are a customer of Lotus & Sons.\n"
        "Help and contact: https://lotus.example/help\n"
        f"Unsubscribe: {LEAVE}\n"
        "Lotus & Sons\n"
        "1 Mill Road, Pune 411001"
    )
    page = Page(found.html)
    for line in [*BODY.split("\n"), "You receive this message because you are a customer of Lotus & Sons."]:
        assert line in page.text
    assert page.links == ["https://lotus.example/l?a=1&b=2", "https://lotus.example/help", LEAVE]
    assert page.root == {"lang": "en", "dir": "ltr"}


def test_nothing_is_loaded_from_elsewhere() -> None:
    page = Page(email().html)
    assert page.tags & {"img", "link", "script", "iframe", "object", "form", "svg"} == set()
    assert {name for name, _ in page.attributes} & {"src", "background", "srcset", "onclick"} == set()
    assert "url(" not in email().html and "@import" not in email().html


def test_what_is_shown_beside_the_subject_is_what_the_message_says() -> None:
    assert 'aria-hidden="true">Your appointment is on 3 March at ten. Bring the letter:' in email().html


def test_each_language_has_its_footer() -> None:
    assert languages() == ("de", "en", "es", "fr", "hi", "ta")
    texts = {language: email(language=language).text for language in languages()}
    assert all(footer(language).leave in text for language, text in texts.items())
    assert len(set(texts.values())) == 6


@pytest.mark.parametrize(
    ("language", "because"),
    [
        ("hi", "with the footer in Hindi, as the message is"),
        ("hi_IN", "with the footer in Hindi, as the message is"),
        ("de-AT", "with the footer in German, as the message is"),
        ("te", "with the footer in English, since there is none in te"),
        ("not a tag", "with the footer in English, since there is none in the message's language"),
    ],
)
def test_a_footer_falls_back_to_english_and_says_so(language: str, because: str) -> None:
    assert email(language=language).because == because
    assert sms(language=language).because == because


def test_a_language_from_right_to_left_is_laid_out_so_and_its_english_footer_is_not() -> None:
    found = email(language="ur-PK").html
    assert Page(found).root == {"lang": "ur-PK", "dir": "rtl"}
    assert 'class="small" lang="en" dir="ltr"' in found


@pytest.mark.parametrize(
    ("language", "expected"),
    [("ar", "rtl"), ("he-IL", "rtl"), ("ur-Latn", "ltr"), ("pa-Arab-PK", "rtl"), ("hi", "ltr"), ("az", "ltr")],
)
def test_the_direction_follows_from_script_and_language(language: str, expected: str) -> None:
    assert direction(language) == expected


@pytest.mark.parametrize("end", ["\r\n", "\n", "\r", "\x00", "\u2028", "\u2029", "\x85", "\x0b", "\t"])
@pytest.mark.parametrize("channel", [Channel.EMAIL, Channel.SMS, Channel.WEBHOOK])
def test_no_subject_begins_another_header(channel: Channel, end: str) -> None:
    found = laid_out(channel=channel, subject=f"Hello{end}Bcc: all@lotus.example", body="Hi.", language="en")
    assert found.subject == "Hello Bcc: all@lotus.example"


def test_a_company_s_name_begins_no_other_line() -> None:
    text = email(company=replace(LOTUS, name="Lotus\r\nBcc: all@lotus.example")).text
    assert "\nBcc" not in text


def test_a_subject_of_two_directions_cannot_pass_for_another() -> None:
    assert email(subject="in\u202egpj\u2066.exe").subject == "ingpj.exe"


def test_a_subject_that_no_header_takes_is_refused() -> None:
    assert email(subject="a" * 998).subject == "a" * 998
    with pytest.raises(UncomposableError, match="999 characters; a header takes at most 998: shorten it"):
        email(subject="a" * 999)


@pytest.mark.parametrize("body", ["", " \n\n\t ", "\x00"])
@pytest.mark.parametrize("channel", [Channel.EMAIL, Channel.SMS, Channel.WEBHOOK])
def test_an_empty_message_is_refused(channel: Channel, body: str) -> None:
    with pytest.raises(UncomposableError, match="is empty: give it a text"):
        laid_out(channel=channel, subject="Hello", body=body, language="en")


def test_an_email_without_a_subject_is_refused() -> None:
    with pytest.raises(UncomposableError, match="no subject"):
        email(subject=" \n ")


def test_a_call_is_not_composed() -> None:
    with pytest.raises(UncomposableError, match="propose it on the channel"):
        laid_out(channel=Channel.VOICE, subject="Hello", body="Hi.", language="en")


@pytest.mark.parametrize(
    "url",
    [
        "http://lotus.example/u",
        "javascript:alert(1)",
        "https://lotus.example/u\r\nBcc: x",
        "https://lotus.example@evil.example/",
        "https://",
        "https://[",
        "https://lotus.example:port/",
        "https://lötus.example/",
        "//lotus.example",
        "http://127.0.0.1.evil.example/",
        "https://lotus.example/" + "a" * 2_000,
        "",
    ],
)
def test_only_safe_addresses_are_carried(url: str) -> None:
    for write in (email, sms):
        with pytest.raises(UncomposableError, match="begins with https://"):
            write(unsubscribe_url=url)
    with pytest.raises(UncomposableError, match="support address"):
        email(company=replace(LOTUS, support_url=url or "?"))


@pytest.mark.parametrize("url", ["http://127.0.0.1:4566/u", "http://localhost/u", "http://api.localhost:1/u"])
def test_this_machine_needs_no_certificate(url: str) -> None:
    assert url in Page(email(unsubscribe_url=url).html).links


@pytest.mark.parametrize(
    "text",
    [
        "javascript:alert(1)",
        "http://evil.example",
        "https://bank.example@evil.example/",
        "https://[",
        "<a href='https://evil.example'",
        '"><script>alert(1)</script>',
        "{{ 7 * 7 }} {% for a in b %}",
        "]]></style><img src=x onerror=alert(1)>",
    ],
)
def test_a_hostile_text_is_text(text: str) -> None:
    found = email(body=f"Hello,\n\n{text}", subject=text)
    page = Page(found.html)
    assert [link for link in page.links if link not in {LOTUS.support_url, LEAVE}] in ([], ["https://evil.example"])
    assert page.tags <= Page(email().html).tags
    assert text in found.text and text in page.text


def test_an_email_without_an_address_to_unsubscribe_says_how_else() -> None:
    found = email(unsubscribe_url=None, language="es")
    assert footer("es").leave_by_reply in found.text and footer("es").leave_by_reply in Page(found.html).text
    assert "https://lotus.example/u" not in found.text


def test_a_text_message_ends_with_the_way_out() -> None:
    assert sms(unsubscribe_url=None).text == "See you on 3 March.\nReply STOP to opt out."
    assert sms(unsubscribe_url="https://l.example/u").text == "See you on 3 March.\nOpt out: https://l.example/u"
    assert sms(unsubscribe_url=None, language="hi").text.endswith("STOP लिखकर भेजें।")
    assert sms().html is None


def test_a_text_message_of_many_segments_is_refused() -> None:
    way_out = len("\nReply STOP to opt out.")
    longest = "a" * (MOST_SEGMENTS * 153 - way_out)
    assert segments(sms(longest, unsubscribe_url=None).text).count == MOST_SEGMENTS
    with pytest.raises(
        UncomposableError, match="11 segments of GSM-7, and at most 10 are sent: shorten it by about 10"
    ):
        sms(longest + "a", unsubscribe_url=None)


def test_a_webhook_gets_the_text_that_was_written() -> None:
    found = laid_out(channel=Channel.WEBHOOK, subject="Hello", body="One.\r\n\r\nTwo.\x1b[31m\ud800", language="en")
    assert found.text == "One.\n\nTwo.[31m\ufffd" and found.html is None
    assert json.loads(json.dumps(asdict(found)))["text"] == found.text


ANY_TEXT = st.text(st.characters(codec=None), max_size=300) | st.lists(
    st.sampled_from(
        ["https://a.example/x", "<b>", "&amp;", "\n\n", "{{ a }}", "\x00", "\ud800", "'\"", "؟", "नमस्ते", " "]
    )
).map("".join)


@given(subject=ANY_TEXT, body=ANY_TEXT, language=ANY_TEXT | st.sampled_from(["hi", "ur-PK", "de"]), name=ANY_TEXT,
       channel=st.sampled_from(Channel), leave=st.none() | st.just(LEAVE) | ANY_TEXT)  # fmt: skip
def test_any_text_is_laid_out_or_refused(
    subject: str, body: str, language: str, name: str, channel: Channel, leave: str | None
) -> None:
    try:
        found = compose(
            channel=channel, subject=subject, body=body, language=language,
            company=replace(LOTUS, name=name), unsubscribe_url=leave,
        )  # fmt: skip
    except UncomposableError:
        return
    found.text.encode()
    assert not set(found.subject) & set("\r\n\x00")
    assert "\x00" not in found.text and "\r" not in found.text
    assert (found.html is None) == (channel is not Channel.EMAIL)
    if found.html is None:
        return
    page = Page(found.html)
    assert page.tags <= {
        "html",
        "head",
        "meta",
        "title",
        "style",
        "body",
        "div",
        "table",
        "tr",
        "td",
        "p",
        "br",
        "a",
    }
    assert all(link.startswith("https://") for link in page.links)
    lines = [line for line in found.text.split("\n-- \n")[0].split("\n") if line.strip()]
    assert all(line in page.text for line in lines)
