"""cdk-nag: nothing is left unacknowledged, few things are acknowledged, and the check itself is awake."""

import ast
import json
import re
from pathlib import Path

import aws_cdk as cdk
import pytest
from aws_cdk import aws_sqs as sqs
from cdk_nag import AwsSolutionsChecks

from infra.packages import ROOT
from tests.infra.assembly import Assembly, Synthesize

MOST = 15
LEAST_CHARACTERS = 20


def findings(folder: Path) -> list[str]:
    report = json.loads((folder / "validation-report.json").read_text())
    return [v["ruleName"] for plugin in report["pluginReports"] for v in plugin["violations"]]


@pytest.mark.parametrize("stage", ["dev", "prod"])
def test_nothing_is_left_to_find(synthesize: Synthesize, stage: str) -> None:
    assert findings(synthesize(stage).folder) == []


def test_a_new_finding_would_be_seen(tmp_path: Path) -> None:
    app = cdk.App(outdir=str(tmp_path), context={"@aws-cdk/core:validateAgainstDefaultRules": True})
    cdk.Validations.of(app).add_plugins(AwsSolutionsChecks(app))
    sqs.Queue(cdk.Stack(app, "S"), "Q")
    try:
        app.synth()
    except Exception as refused:
        assert "AwsSolutions" in str(refused) or findings(tmp_path)
    assert findings(tmp_path)


def test_few_findings_are_excused() -> None:
    rules = [
        node.value
        for file in (ROOT / "infra").rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and is_rule(node.value)
    ]
    assert 0 < len(rules) <= MOST, rules


def test_each_excuse_says_why(assembly: Assembly) -> None:
    excuses = excused(assembly.folder)
    assert {rule for rule, _ in excuses} >= {"AwsSolutions-S1", "AwsSolutions-L1", "AwsSolutions-SQS3"}
    assert [(rule, reason) for rule, reason in excuses if not says_why(reason)] == []


@pytest.mark.parametrize(
    "reason",
    ["", " " * 30, "TODO.", "Not needed here", "AwsSolutions-IAM5 AwsSolutions-L1", "fine fine fine fine fine."],
)
def test_an_excuse_that_says_nothing_would_be_seen(reason: str) -> None:
    assert not says_why(reason)


def excused(folder: Path) -> list[tuple[str, str]]:
    """The rules that the synthesis was told to leave out of account, each with its reason."""
    noted = [
        note["data"]
        for file in folder.glob("*.metadata.json")
        for notes in json.loads(file.read_text()).values()
        for note in notes
        if note["type"] == "aws:cdk:acknowledged-rules"
    ]
    found = [(rule.split("::", 1)[1], reason) for data in noted for rule, reason in data.items()]
    return [(rule, reason) for rule, reason in found if is_rule(rule)]


def says_why(reason: str) -> bool:
    """A sentence of some length, whatever else may be said of it."""
    return len(reason.strip()) >= LEAST_CHARACTERS and bool(re.match(r"[A-Z].* .*\.$", reason))


def is_rule(text: str) -> bool:
    return text.startswith(("AwsSolutions-", "Serverless-"))
