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
CAPABILITIES = ("customers", "churn", "schedules", "outreach", "journal")
TECHNOLOGY = re.compile(r"^(pg8000|boto3|botocore|jinja2|babel|aws_lambda_powertools|yoyo|urllib)\b")
CLOCKS = re.compile(r"\b(datetime\.(now|utcnow|today)|date\.today|time\.time|time\.monotonic)\s*\(")


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
    return [text for text in texts if re.match(r"\s*(with|select|insert|update|delete|create|copy)\s", text)]


@pytest.mark.parametrize("capability", CAPABILITIES)
def test_others_read_only_views(capability: str) -> None:
    """A capability names its own tables, and of the others only their views `<capability>_v_*`."""
    others = [name for name in CAPABILITIES if name != capability]
    foreign = re.compile(rf"^({'|'.join(others)})(_(?!v_).*)?$")
    for path in (PACKAGE / capability).rglob("*"):
        if path.suffix not in {".py", ".sql"}:
            continue
        for text in sql_in(path):
            used = set(re.findall(r"\b(?:from|join|into|update|using)\s+([a-z_]+)", text))
            assert not [name for name in used if foreign.match(name)], f"{path}: {text[:80]}"


def test_migrations_expand_and_can_be_read() -> None:
    """Each migration parses, and none takes away what the release before still uses."""
    for path in sorted((ROOT / "functions" / "database_migrate" / "migrations").glob("*.sql")):
        for statement in sqlglot.parse(path.read_text(), dialect="postgres"):
            assert not isinstance(statement, exp.Drop), path
