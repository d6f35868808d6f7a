"""Adding a language is dropping a file: it is found, written, dated, recognised and kept in its sandbox."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from jinja2.exceptions import SecurityError, UndefinedError

from beforehand.churn import message_files, text_check
from beforehand.churn.facts_check import problems
from beforehand.churn.message_files import InvalidMessagesError
from beforehand.churn.model import Action
from beforehand.churn.templates import TemplateWriter
from beforehand.churn.themes import Theme
from tests.churn.people import COMPANY, brief, facts

THEME = """
[themes.{theme}]
subject = "మీకు మా కృతజ్ఞతలు"
opening = "{{% if last_order_on %}}మీ చివరి ఆర్డర్ {{{{ last_order_on }}}}.{{% endif %}} మేము మీకు సహాయం చేయాలి."
sms = "{{{{ company }}}}: మేము మీకు సహాయం చేయాలనుకుంటున్నాము."
"""
TELUGU = "\n".join(
    [
        'name = "Telugu"',
        'own_name = "తెలుగు"',
        'greeting = "నమస్కారం {{ name }},"',
        'greeting_nameless = "నమస్కారం,"',
        'closing = "ధన్యవాదాలు, {{ company }}"',
        *(THEME.format(theme=theme) for theme in Theme),
        "[actions]",
        *(f'{action} = "దయచేసి మాకు రాయండి."' for action in Action),
    ]
)


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """A folder with the messages that there are, to which a test adds others."""
    copied = tmp_path / "messages"
    shutil.copytree(message_files.MESSAGES, copied)
    monkeypatch.setattr(message_files, "MESSAGES", copied)
    forget()
    yield copied
    forget()


def forget() -> None:
    message_files.messages.cache_clear()
    text_check.samples.cache_clear()


@pytest.mark.parametrize("wanted", ["te", "te-IN", "te_IN", "TE", "Telugu", "తెలుగు"])
def test_a_dropped_file_is_a_language(folder: Path, wanted: str) -> None:
    assert TemplateWriter(COMPANY).write(brief(facts(language=wanted))).language == "en"
    (folder / "te.toml").write_text(TELUGU, encoding="utf-8")
    forget()
    given = brief(facts(language=wanted, name="ఆశ"))
    letter = TemplateWriter(COMPANY).write(given)
    assert (letter.language, letter.language_name) == ("te", "Telugu")
    assert letter.because == "in Telugu, as they prefer"
    assert letter.body.startswith("నమస్కారం ఆశ,")
    assert "15 ఆగస్టు, 2025" in letter.body, "Babel writes dates as Telugu does"
    assert problems(letter, given, COMPANY) == []
    assert text_check.samples()["te"].scripts == {"TELUGU"}


def test_a_language_that_nobody_knows_dates_as_the_company_does(folder: Path) -> None:
    (folder / "qaa.toml").write_text(TELUGU, encoding="utf-8")
    letter = TemplateWriter(COMPANY).write(brief(facts(language="qaa")))
    assert (letter.language, "August 15, 2025" in letter.body) == ("qaa", True)


def test_a_language_with_a_territory_is_found_by_it(folder: Path) -> None:
    (folder / "pt-BR.toml").write_text(TELUGU.replace("Telugu", "Brazilian Portuguese"), encoding="utf-8")
    letter = TemplateWriter(COMPANY).write(brief(facts(language="pt_BR")))
    assert (letter.language, "15 de agosto de 2025" in letter.body) == ("pt-BR", True)


@pytest.mark.parametrize(
    "text", ["{{ ().__class__.__mro__ }}", "{{ name.__class__ }}", "{{ company.__init__.__globals__ }}"]
)
def test_a_file_cannot_leave_its_sandbox(folder: Path, text: str) -> None:
    (folder / "te.toml").write_text(TELUGU.replace("నమస్కారం {{ name }}", text), encoding="utf-8")
    with pytest.raises((SecurityError, UndefinedError)):
        TemplateWriter(COMPANY).write(brief(facts(language="te")))


def test_a_fact_that_there_is_not_is_an_error(folder: Path) -> None:
    (folder / "te.toml").write_text(TELUGU.replace("{{ last_order_on }}", "{{ phone }}"), encoding="utf-8")
    with pytest.raises(UndefinedError, match="phone"):
        TemplateWriter(COMPANY).write(brief(facts(language="te")))


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("[themes.support]", "[themes.suport]", "te.toml: themes.suport"),
        ("greeting_nameless", "greeting_nobody", "te.toml: greeting_nameless: Field required"),
        ("engagement_campaign =", "other =", "te.toml: actions.other"),
        ('name = "Telugu"', 'name = "Telugu', "te.toml: "),
        ("sms =", "mms =", "te.toml: themes.absence.sms: Field required"),
    ],
)
def test_a_file_that_lacks_something_is_refused_by_name(folder: Path, old: str, new: str, problem: str) -> None:
    assert old in TELUGU
    (folder / "te.toml").write_text(TELUGU.replace(old, new), encoding="utf-8")
    with pytest.raises(InvalidMessagesError, match=problem):
        message_files.messages("te")


def test_a_theme_or_an_action_that_is_missing_is_named(folder: Path) -> None:
    lines = [line for line in TELUGU.splitlines() if not line.startswith("engagement_campaign")]
    (folder / "te.toml").write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(InvalidMessagesError, match="has nothing for engagement_campaign"):
        message_files.messages("te")
