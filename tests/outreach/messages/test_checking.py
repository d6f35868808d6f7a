"""What could go wrong with a template is found when it is saved, and is told with its line and its remedy."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beforehand.outreach.messages.checking import check
from beforehand.outreach.messages.documents import variables_of
from beforehand.outreach.messages.model import Template, TemplateError


def template(body: str, subject: str = "Hello", language: str = "en", **variables: str) -> Template:
    return Template(
        name="note", language=language, version=1, subject=subject, body=body, variables=variables_of(variables)
    )


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ("Hello\n{{ nmae }}", "line 2: nmae is not among its variables; declare it with its type"),
        ("{{ word", "line 1: it cannot be read as a template"),
        ("a\nb\n{% if word %}", "line 3: it cannot be read as a template"),
        ("{{ word|money }}", "word is of the type text, and the filter money takes money"),
        ("{% if count %}{% else %}{{ count|date }}{% endif %}", "the filter date takes date, datetime"),
        ("{{ word|nothing }}", "there is no filter nothing; there are date, datetime"),
        ("{{ word|attr('__class__') }}", "there is no filter attr"),
        ("{{ word|format('%s') }}", "there is no filter format"),
        ("{{ place }}", "it writes a variable that may be missing; write {% if variable %}"),
        ("{{ place|upper }}", "it writes a variable that may be missing"),
        ("{{ name }}", "it writes a variable that may be missing"),
        ("x{% if place %}{{ name }}{% endif %}", "it writes a variable that may be missing"),
        ("{% for a in word %}{{ a }}{% endfor %}", "a template cannot do this (For)"),
        ("{% for a in range(10**9) %}x{% endfor %}", "a template cannot do this (For)"),
        ("{{ 'x' * 1000000000 }}", "a template cannot do this (Mul)"),
        ("{{ 9 ** 999999999 }}", "a template cannot do this (Pow)"),
        ("{{ word ~ word }}", "a template cannot do this (Concat)"),
        ("{{ word.__class__.__mro__ }}", "a template cannot do this (Getattr)"),
        ("{{ word['__class__'] }}", "a template cannot do this (Getitem)"),
        ("{{ range(10) }}", "a template cannot do this (Call)"),
        ("{{ cycler }}", "cycler is not among its variables"),
        ("{{ self }}", "self is not among its variables"),
        ("{% set word = 1 %}", "a template cannot do this (Assign)"),
        ("{% macro a() %}{{ a() }}{% endmacro %}", "a template cannot do this (Macro)"),
        ("{% include 'secrets' %}", "a template cannot do this (Include)"),
        ("{% import 'os' as os %}", "a template cannot do this (Import)"),
        ("{% extends 'x' %}", "a template cannot do this (Extends)"),
        ("{% block a %}{% endblock %}", "a template cannot do this (Block)"),
        ("{{ [1, 2] }}", "a template cannot do this (List)"),
        ("{% if word is defined %}{% endif %}", "a template cannot do this (Test)"),
        ("{% if word in 'abc' %}x{% endif %}", "values are compared with"),
        ("{% if word > 3 %}x{% endif %}", "it compares or filters values of different types"),
        ("{{ count|date }}", "count is of the type number"),
        ("{{ day|date('sideways') }}", "there is no such form; write one of short, medium, long, full"),
        ("{{ True }}", "it compares or filters values of different types"),
        ("{% filter upper %}{{ word }}{% endfilter %}", "a template cannot do this (FilterBlock)"),
        ("{% if count == 3 %}x{% endif %}", "it comes out empty; give it a text"),
        ("{{ " + "(" * 3_000 + "word" + ")" * 3_000 + " }}", "nested too deeply"),
        ("{% if word %}" * 200 + "x" + "{% endif %}" * 200, "nested too deeply"),
        ("{{ " + "9" * 5_000 + " }}", "too large a number"),
        ("x" * 8_001, "it has 8001 characters; at most 8000 are taken"),
    ],
)
def test_is_refused_with_its_place_and_its_remedy(body: str, problem: str) -> None:
    given = template(body, word="text", count="number", place="text?", day="date")
    with pytest.raises(TemplateError) as refused:
        check(given, {})
    assert str(refused.value).startswith("Template note (en), body")
    assert problem in str(refused.value)


def test_a_subject_is_looked_at_as_well() -> None:
    with pytest.raises(TemplateError, match=r"Template note \(hi\), subject, line 1: nmae is not among"):
        check(template("x", subject="{{ nmae }}", language="hi"), {})
    with pytest.raises(TemplateError, match="subject: The subject has 1000 characters"):
        check(template("x", subject="x" * 1_000), {})


def test_a_variable_holds_the_same_in_every_language() -> None:
    english = template("{{ at }}", at="date")
    with pytest.raises(TemplateError, match="at is of the type date in en; give it that type, or another name"):
        check(template("{{ at }}", language="hi", at="datetime"), {"en": english})
    check(template("{{ at }}", at="datetime"), {"en": english})


@pytest.mark.parametrize(
    "body",
    [
        "Hello{% if name %} {{ name|name }}{% endif %}, {{ company }}",
        "{# no #}{{ price|money }} {% if count|plural == 'one' %}a{% elif count >= 2 %}b{% else %}c{% endif %}",
        "{{ 'yes' if place and not count == 3 else 'no' }}",
        "{% if place or name %}x{% endif %}y",
        "{{ day|date(form='full') }}",
    ],
)
def test_what_a_message_needs_is_taken(body: str) -> None:
    check(template(body, price="money", count="number", place="text?", day="date"), {})


PIECES = st.sampled_from(
    [
        "{{",
        "}}",
        "{%",
        "%}",
        "{#",
        "#}",
        "word",
        "name",
        "count",
        "|",
        "date",
        "money",
        "(",
        ")",
        "'",
        "if",
        "else",
        "endif",
        "for",
        "in",
        "endfor",
        "not",
        "and",
        "==",
        ".",
        "[",
        "]",
        "9",
        "**",
        "~",
        ",",
        ":",
        "set",
        "macro",
        "range",
        "self",
        "__class__",
        "raw",
        "endraw",
        "-",
        "+",
        "\n",
    ]
)


@given(st.lists(PIECES, max_size=25).map(" ".join) | st.text(st.characters(codec=None), max_size=60))
def test_any_text_is_a_template_or_is_refused(body: str) -> None:
    try:
        check(template(body, word="text", count="number"), {})
    except TemplateError as error:
        assert str(error).startswith("Template note (en), body")
