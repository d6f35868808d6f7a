"""Node and its packages, on a machine without Node."""

import subprocess

from beforehand_cli.local.node import Tools, ensure_tools, node_environment
from beforehand_cli.local.state import StateDirectory
from tests.local.conftest import ROOT


def test_the_cdk_command_is_the_pinned_one(tools: Tools) -> None:
    said = subprocess.run([*tools.cdk(), "--version"], capture_output=True, text=True, check=True, env={"PATH": ""})
    assert said.stdout.startswith("2.1148.1 ")


def test_postgresql_is_the_pinned_one(tools: Tools) -> None:
    said = subprocess.run(
        [str(tools.postgres_bin() / "postgres"), "--version"], capture_output=True, text=True, check=True
    )
    assert said.stdout.strip() == "postgres (PostgreSQL) 18.4"


def test_node_is_found_on_the_path_that_jsii_searches() -> None:
    said = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True, env=node_environment())
    assert said.stdout.startswith("v24.")


def test_what_is_installed_is_not_installed_again(tools: Tools) -> None:
    stamp = (tools.directory / "installed").stat().st_mtime_ns
    ensure_tools(StateDirectory.of(ROOT))
    assert (tools.directory / "installed").stat().st_mtime_ns == stamp


def test_the_lock_names_no_registry() -> None:
    lock = ROOT / "cli" / "beforehand_cli" / "local" / "tools" / "package-lock.json"
    assert "://" not in lock.read_text(encoding="utf-8")
