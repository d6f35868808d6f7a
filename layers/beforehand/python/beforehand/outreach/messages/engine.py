"""Runs templates with Jinja2, in a sandbox, and only what a message needs of it: to write, to ask and to choose.

There are no loops, calls, attributes, assignments or arithmetic, so no template can run for long or grow large, and
whatever fills one is never read as part of it.
"""

from collections.abc import Callable, Mapping
from datetime import date, datetime, tzinfo
from decimal import Decimal
from functools import lru_cache
from typing import Any

from jinja2 import StrictUndefined, TemplateSyntaxError, nodes
from jinja2 import Template as Compiled
from jinja2.exceptions import UndefinedError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from beforehand.outreach.messages.local_forms import LocalForms, UnknownFormError
from beforehand.outreach.messages.model import Kind, Money, Part, Template, TemplateError

MOST_SOURCE = 8_000
ALLOWED = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Const, nodes.Filter, nodes.If,
    nodes.CondExpr, nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not, nodes.Keyword,
)  # fmt: skip
COMPARISONS = frozenset(("eq", "ne", "gt", "gteq", "lt", "lteq"))
NUMBERS = frozenset((Kind.NUMBER,))
WORDS = frozenset((Kind.TEXT, Kind.NAME))
FILTERS: Mapping[str, frozenset[Kind]] = {
    "date": frozenset((Kind.DATE, Kind.DATETIME)),
    "datetime": frozenset((Kind.DATETIME,)),
    "time": frozenset((Kind.DATETIME,)),
    "money": frozenset((Kind.MONEY,)),
    "number": NUMBERS,
    "plural": NUMBERS,
    "name": frozenset((Kind.NAME,)),
    "upper": WORDS,
    "lower": WORDS,
    "capitalize": WORDS,
    "trim": WORDS,
}
"""The filters that there are, and what each is for."""
REMEDY = "write {{ variable }}, {{ variable | filter }} or {% if variable %} … {% else %} … {% endif %}"


class MissingValueError(ValueError):
    """A template writes something that is missing."""


def parse(template: Template, part: Part) -> None:
    """Looks a part of a template through. Raises TemplateError for what is no template, or more than one may do."""
    source = _source(template, part)

    def refuse(problem: str, line: int | None) -> TemplateError:
        return TemplateError(template.name, template.language, part, problem, line=line)

    if len(source) > MOST_SOURCE:
        raise refuse(f"it has {len(source)} characters; at most {MOST_SOURCE} are taken", None)
    try:
        tree = _bare().parse(source)
        # First: whoever compiles a template works out its constants, and 9 ** 999999999 is one.
        _look_through(tree, template, refuse)
        # Jinja2 compiles to Python, which has limits of its own.
        _bare().compile(tree)
    except TemplateSyntaxError as error:
        raise refuse(f"it cannot be read as a template; {REMEDY}", error.lineno) from None
    except (RecursionError, SyntaxError, ValueError, MemoryError, OverflowError):
        raise refuse("it is nested too deeply or holds too large a number; make it simpler", None) from None


def _look_through(
    tree: nodes.Template, template: Template, refuse: Callable[[str, int | None], TemplateError]
) -> None:
    waiting: list[nodes.Node] = [tree]
    while waiting:
        node = waiting.pop()
        problem = _problem(node, template)
        if problem:
            raise refuse(problem, node.lineno)
        waiting.extend(node.iter_child_nodes())


def _problem(node: nodes.Node, template: Template) -> str | None:
    if not isinstance(node, ALLOWED):
        return f"a template cannot do this ({type(node).__name__}); {REMEDY}"
    if isinstance(node, nodes.Operand) and node.op not in COMPARISONS:
        return "values are compared with ==, !=, <, <=, > and >= only"
    if isinstance(node, nodes.Name) and node.name not in template.known:
        return f"{_shown(node.name)} is not among its variables; declare it with its type, or correct its name"
    if isinstance(node, nodes.Filter):
        return _filter_problem(node, template)
    return None


def _filter_problem(node: nodes.Filter, template: Template) -> str | None:
    if node.name not in FILTERS:
        return f"there is no filter {_shown(node.name)}; there are {', '.join(FILTERS)}"
    if node.node is None:
        return "a filter is written after a variable: {{ variable | filter }}"
    inner = node.node
    if isinstance(inner, nodes.Name) and inner.name in template.known:
        kind = template.known[inner.name].kind
        if kind not in FILTERS[node.name]:
            fitting = ", ".join(sorted(FILTERS[node.name]))
            return f"{inner.name} is of the type {kind}, and the filter {node.name} takes {fitting}"
    return None


def fill(template: Template, part: Part, values: Mapping[str, Any], *, language: str, zone: tzinfo,
         names_zone: bool) -> str:  # fmt: skip
    """A part of a template, filled in. Raises TemplateError for what cannot be written."""
    try:
        return _compiled(_source(template, part), language, zone, names_zone).render(values)
    except UndefinedError:
        problem = "it names a variable that is not there; declare it"
    except MissingValueError:
        problem = "it writes a variable that may be missing; write {% if variable %} … {% endif %} around it"
    except UnknownFormError as error:
        problem = str(error)
    except TypeError:
        problem = "it compares or filters values of different types"
    except (ValueError, ArithmeticError, AttributeError, RecursionError):
        problem = "what it writes cannot be written in this language; use another filter"
    except TemplateSyntaxError:
        problem = f"it cannot be read as a template; {REMEDY}"
    raise TemplateError(template.name, template.language, part, problem)


def _source(template: Template, part: Part) -> str:
    return template.subject if part is Part.SUBJECT else template.body


def _shown(name: str) -> str:
    return name if name.isascii() and len(name) <= 40 else "what it names"


@lru_cache(maxsize=256)
def _compiled(source: str, language: str, zone: tzinfo, names_zone: bool) -> Compiled:
    return _environment(language, zone, names_zone).from_string(source)


@lru_cache(maxsize=1)
def _bare() -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(undefined=StrictUndefined, optimized=False)
    environment.filters = dict.fromkeys(FILTERS, str)
    return environment


@lru_cache(maxsize=64)
def _environment(language: str, zone: tzinfo, names_zone: bool) -> ImmutableSandboxedEnvironment:
    forms = LocalForms(language, zone, names_zone=names_zone)
    environment = ImmutableSandboxedEnvironment(
        autoescape=False, undefined=StrictUndefined, finalize=lambda value: _as_text(value, forms),
        optimized=False,
    )  # fmt: skip
    words = {name: environment.filters[name] for name in FILTERS if FILTERS[name] == WORDS}
    ours = {name: getattr(forms, name) for name in FILTERS if name not in words}
    environment.filters = {name: _of_a_value(made) for name, made in {**words, **ours}.items()}
    environment.globals = {}
    return environment


def _of_a_value(made: Callable[..., Any]) -> Callable[..., Any]:
    def filtered(value: Any, *arguments: Any, **named: Any) -> Any:
        if value is None:
            raise MissingValueError
        return made(value, *arguments, **named)

    return filtered


def _as_text(value: Any, forms: LocalForms) -> str:
    """What stands in the message for a value that no filter was asked for."""
    if value is None:
        raise MissingValueError
    if isinstance(value, datetime):
        return forms.datetime(value)
    if isinstance(value, date):
        return forms.date(value)
    if isinstance(value, Money):
        return forms.money(value)
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return forms.number(value)
    if isinstance(value, str):
        return value
    raise TypeError(type(value).__name__)
