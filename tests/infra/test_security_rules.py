"""cdk-nag: nothing is left unacknowledged, few things are acknowledged, and the check itself is awake."""

import ast
import json
from pathlib import Path

import aws_cdk as cdk
import pytest
from aws_cdk import aws_sqs as sqs
from cdk_nag import AwsSolutionsChecks

from infra.packages import ROOT
from tests.infra.assembly import Assembly, Synthesize

MOST = 15


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


def test_few_findings_are_excused_and_each_says_why(dev: Assembly) -> None:
    reasons = []
    for file in (ROOT / "infra").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and is_rule(node.value):
                reasons.append(node.value)
    assert 0 < len(reasons) <= MOST, reasons


def is_rule(text: str) -> bool:
    return text.startswith(("AwsSolutions-", "Serverless-"))
