"""Infrastructure knows the settings and the names, and nothing else of ours."""

import ast
import re

from infra.packages import ROOT

OURS = ("beforehand", "beforehand_cli", "functions", "tests")
ALLOWED = re.compile(r"beforehand\.(names|settings(\.\w+)?|api\.access)$")


def test_infrastructure_imports_the_settings_the_names_and_the_table_of_routes_only() -> None:
    found = {
        module
        for file in (ROOT / "infra").rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text()))
        for module in imported(node)
        if module.split(".")[0] in OURS
    }
    assert found
    assert {module for module in found if not ALLOWED.match(module)} == set()


def imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [name.name for name in node.names]
    return [node.module or ""] if isinstance(node, ast.ImportFrom) else []
