"""The house keeps its shape: rules that import-linter cannot say, said here."""

import ast
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import sqlglot
from sqlglot import exp

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "layers" / "beforehand" / "python" / "beforehand"
FUNCTIONS = sorted(path.name for path in (ROOT / "functions").iterdir() if (path / "handler.py").is_file())
CAPABILITIES = ("customers", "churn", "schedules", "outreach", "outbox", "journal", "api")
TECHNOLOGY = re.compile(r"^(pg8000|boto3|botocore|jinja2|babel|aws_lambda_powertools|yoyo|urllib)\b")
CLOCKS = re.compile(r"\b(datetime\.(now|utcnow|today)|date\.today|time\.time|time\.monotonic)\s*\(")

STATEMENT = re.compile(r"\s*(with|select|insert|update|delete|merge|truncate|create|alter|drop|lock|copy)\s")
TABLE = re.compile(
    r"\b(?:from|join|into|update|using|truncate|table|copy)\s+"
    r"(?!table\b)(?:if\s+exists\s+)?(?:only\s+)?(?:public\.)?([a-z_]+)"
)
ADDS = re.compile(
    r"(/\*.*?\*/\s*)*(create (function|trigger)|alter table \w+ alter column \w+ set storage) ", re.I | re.S
)
"""Commands that only add, or change how a value is stored and nothing that is read."""
FILLED = {exp.DefaultColumnConstraint, exp.GeneratedAsIdentityColumnConstraint, exp.ComputedColumnConstraint}
"""What gives a new column its value where the release before does not know it."""


STORED = {"fillfactor"}
"""Settings of a table that change how it is stored, and nothing that is read."""


def modules(*folders: Path) -> list[Path]:
    return sorted(path for folder in folders for path in folder.rglob("*.py"))


def test_imports_follow_the_rules() -> None:
    command = [Path(sys.executable).parent / "lint-imports", "--no-cache"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", ["rules", "model", "profile", "score", "agents", "columns", "rows"])
def test_rules_and_models_know_no_technology(name: str) -> None:
    for path in PACKAGE.rglob(f"{name}.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            imported = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            imported += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            assert not [name for name in imported if TECHNOLOGY.match(name)], path


def test_only_the_clock_reads_the_clock() -> None:
    readers = [p for p in modules(PACKAGE, ROOT / "functions") if CLOCKS.search(p.read_text())]
    assert readers == [PACKAGE / "clock.py"]


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_handler_is_one_sentence(function: str) -> None:
    source = (ROOT / "functions" / function / "handler.py").read_text()
    assert len(source.splitlines()) <= 12
    assert re.match(r'"""Runs ', source), "its docstring says when it runs"


@pytest.mark.parametrize("function", FUNCTIONS)
def test_every_function_has_a_sample_event(function: str) -> None:
    assert json.loads((ROOT / "events" / f"{function}.json").read_text()) is not None


def test_modules_stay_small() -> None:
    sizes = {path: len(path.read_text().splitlines()) for path in modules(PACKAGE, ROOT / "cli", ROOT / "infra")}
    assert {str(path.relative_to(ROOT)): size for path, size in sizes.items() if size > 400} == {}


def sql_in(path: Path) -> list[str]:
    """Every text in a module that is a statement."""
    if path.suffix == ".sql":
        return [path.read_text()]
    texts = [
        "".join(part.value if isinstance(part, ast.Constant) else "x" for part in node.values)
        if isinstance(node, ast.JoinedStr)
        else node.value
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))
    ]
    return [text for text in texts if STATEMENT.match(text)]


def tables_in(text: str) -> set[str]:
    """What a statement reads or changes."""
    return set(TABLE.findall(text))


def of_others(capability: str, text: str) -> set[str]:
    """The tables in a statement that belong to other capabilities; their views are for everyone."""
    others = "|".join(name for name in CAPABILITIES if name != capability)
    return {table for table in tables_in(text) if re.fullmatch(rf"({others})(_(?!v_).*)?", table)}


@pytest.mark.parametrize("capability", CAPABILITIES)
def test_others_read_only_views(capability: str) -> None:
    """A capability names its own tables, and of the others only their views `<capability>_v_*`."""
    for path in (PACKAGE / capability).rglob("*"):
        if path.suffix not in {".py", ".sql"}:
            continue
        for text in sql_in(path):
            assert not of_others(capability, text), f"{path}: {text[:80]}"


@pytest.mark.parametrize(
    "text",
    [
        "select 1 from customers where true",
        "select 1 from churn_v_scores s join public.customers c on true",
        "insert into customers (customer_id) values (1)",
        "update only customers set name = ''",
        "delete from outreach using customers where true",
        "merge into customers c using new on true when matched then delete",
        "merge into only customers c using new on true when matched then delete",
        "merge into outreach o using customers c on true when matched then delete",
        "truncate customers",
        "truncate table only customers",
        "alter table if exists customers add column a int",
        "lock table customers",
        "copy customers from stdin",
        "with new as (select 1) merge into customers using new on true when matched then delete",
    ],
)
def test_a_statement_that_names_a_table_of_others_would_be_seen(tmp_path: Path, text: str) -> None:
    module = tmp_path / "store.py"
    module.write_text(f'SQL = """\n    {text}\n"""')
    (found,) = sql_in(module)
    assert of_others("outreach", found) == {"customers"}
    assert of_others("outreach", found.replace("customers", "customers_v_profiles")) == set()
    assert of_others("customers", found) <= {"outreach"}


def test_migrations_expand_and_can_be_read() -> None:
    """Each migration parses, and none takes away what the release before still uses."""
    for path in sorted((ROOT / "functions" / "database_migrate" / "migrations").glob("*.sql")):
        assert not taken_away(path.read_text()), path


@pytest.mark.parametrize(
    "text",
    [
        "drop table customers",
        "drop view customers_v_profiles",
        "truncate customers",
        "truncate table customers, outreach",
        "alter table customers drop column name",
        "alter table customers drop name",
        "alter table if exists only customers drop column if exists name",
        "alter table customers add column nick text, drop column name",
        "alter table customers rename column name to nick",
        "alter table customers rename name to nick",
        "alter table customers rename to people",
        "alter view customers_v_profiles rename to customers_v_people",
        "alter table customers alter column name set not null",
        "alter table customers alter name set not null",
        "alter table customers alter column name type varchar(10)",
        "alter table customers alter column name set data type varchar(10)",
        "alter table customers alter column name drop default",
        "alter table customers add column nick text not null",
        "alter table customers add constraint customers_named check (name <> '')",
        "alter table customers set schema people",
        "alter table customers set (security_barrier = true)",
        "alter type kind rename value 'a' to 'b'",
        "do $$ begin drop table customers; end $$",
    ],
)
def test_a_migration_that_takes_something_away_would_be_seen(text: str) -> None:
    assert taken_away(f"create table people (name text);\n{text};")


@pytest.mark.parametrize(
    "text",
    [
        "alter table customers add column nick text",
        "alter table customers add column nick text not null default ''",
        "alter table customers add column number bigint not null generated always as identity",
        "alter table customers alter column name drop not null",
        "alter table customers alter column name set default ''",
        "alter table customers drop constraint customers_name_check",
        "create or replace view customers_v_profiles as select 1 as one",
        "create index customers_by_name on customers (name)",
        "drop index customers_by_name",
        "comment on table customers is 'people'",
        "alter table customers set (fillfactor = 45)",
        "update customers set name = ''",
    ],
)
def test_a_migration_that_only_adds_is_let_through(text: str) -> None:
    assert not taken_away(text)


def taken_away(migration: str) -> list[str]:
    """What of a migration the release before could trip over, and what cannot be read well enough to tell."""
    found: list[str] = []
    for statement in filter(None, sqlglot.parse(migration, dialect="postgres")):
        if isinstance(statement, exp.Drop) and statement.args["kind"] == "INDEX":
            continue  # the release before finds the same without it
        # A command is what sqlglot knows no better than by its first word.
        if isinstance(statement, exp.Drop | exp.TruncateTable | exp.Command) and not ADDS.match(statement.sql()):
            found.append(statement.sql())
        if isinstance(statement, exp.Alter):
            found += [action.sql() for action in statement.args["actions"] if not expands(action)]
    return found


def expands(action: exp.Expression) -> bool:
    """Whether the release before can go on reading and writing a table that was altered so."""
    if isinstance(action, exp.ColumnDef):
        kinds = {type(constraint.kind) for constraint in action.constraints}
        return exp.NotNullColumnConstraint not in kinds or bool(kinds & FILLED)
    if isinstance(action, exp.AlterSet):
        return all(str(setting.this) in STORED for setting in action.expressions)
    if isinstance(action, exp.Drop):
        return str(action.args["kind"]) == "CONSTRAINT"
    if isinstance(action, exp.AlterColumn):
        return bool(action.args.get("default") or action.args.get("allow_null"))
    return False
