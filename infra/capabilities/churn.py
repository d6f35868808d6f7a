"""The churn scan: score the base, choose whom to approach, write to each, propose, tell staff."""

from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_scheduler as scheduler
from constructs import Construct

from beforehand.names import DatabaseRole, Prefix, Schedule
from beforehand.settings.churn import (
    ChurnBriefSettings,
    ChurnExportSettings,
    ChurnProposeSettings,
    ChurnScoreSettings,
    ChurnSelectSettings,
    ChurnWriteSettings,
)
from infra import bedrock
from infra.capabilities.watched import Watched
from infra.clock_grid import every
from infra.constructs.cadence import Cadence
from infra.constructs.dead_letters import DeadLetters
from infra.constructs.task_function import TaskFunction
from infra.constructs.task_runtime import TaskRuntime
from infra.constructs.workflow import DUE, EXECUTION, Workflow, ask
from infra.foundation import Foundation
from infra.stage import Stage


class Churn(Construct):
    """The functions of the scan, the workflow that joins them, its schedule, and the export of memory."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        foundation: Foundation,
        runtime: TaskRuntime,
        group: scheduler.CfnScheduleGroup,
    ) -> None:
        super().__init__(scope, id)
        stage = runtime.stage
        dead_letters = DeadLetters(self, "DeadLetters", stage=stage, capability="churn")
        functions = _Functions(self, foundation=foundation, runtime=runtime, dead_letters=dead_letters)
        workflow = Workflow(
            self,
            "churn_scan",
            stage=stage,
            staff=foundation.staff,
            heartbeats=foundation.heartbeats,
            time_limit=cdk.Duration.minutes(stage.scan_limit_minutes),
        )
        _scan(workflow, functions, stage)
        self.scan = workflow.build(start_at="ScoreBase")
        self.cadence = Cadence(
            self,
            Schedule.CHURN_SCAN.value,
            stage=stage,
            group=group,
            when=every(stage.scan_every_minutes),
            starts=self.scan,
            dead_letters=dead_letters,
        )
        self.watched = Watched(
            functions=functions.all, dead_letters=dead_letters, workflows=(("ChurnScan", self.scan),)
        )


class _Functions:
    """The functions of the scan, in the order of their work, and the export."""

    def __init__(
        self, scope: Construct, *, foundation: Foundation, runtime: TaskRuntime, dead_letters: DeadLetters
    ) -> None:
        stage, database, files = runtime.stage, foundation.database, foundation.files
        role = DatabaseRole.APP_RW
        write = files.write(Prefix.RUNS)
        read_and_write = [*files.read(Prefix.RUNS), *write]
        self.score = TaskFunction(
            scope,
            "churn_score",
            runtime=runtime,
            dead_letters=dead_letters,
            settings=database.settings(ChurnScoreSettings, role, churn_profile=stage.churn_profile),
            database=database,
            timeout=cdk.Duration.minutes(5),
        )
        self.select = TaskFunction(
            scope,
            "churn_select",
            runtime=runtime,
            dead_letters=dead_letters,
            settings=database.settings(
                ChurnSelectSettings,
                role,
                churn_health_threshold=stage.churn_health_threshold,
                churn_risk_threshold=stage.churn_risk_threshold,
                churn_max_interventions=stage.churn_max_interventions,
                churn_profile=stage.churn_profile,
                churn_min_lifetime_value=stage.churn_min_lifetime_value,
                churn_segments=stage.churn_segments,
            ),
            database=database,
            # The first choosing of all draws for everyone: a minute of work for a million customers.
            timeout=cdk.Duration.minutes(5),
        )
        self.brief = TaskFunction(
            scope,
            "churn_brief",
            runtime=runtime,
            dead_letters=dead_letters,
            settings=database.settings(
                ChurnBriefSettings,
                role,
                files_bucket=files.name,
                churn_profile=stage.churn_profile,
                **_allowance(stage),
            ),
            database=database,
            rights=write,
        )
        self.write = TaskFunction(
            scope,
            "churn_write",
            runtime=runtime,
            dead_letters=dead_letters,
            settings=ChurnWriteSettings(
                files_bucket=files.name,
                company_name=stage.company_name,
                **_model(stage),
            ),
            rights=[*read_and_write, *bedrock.rights(scope, stage)],
            # The longest that a model may be waited for, asked three times, and a little for the rest.
            timeout=cdk.Duration.seconds(90) if stage.bedrock_model else None,
        )
        self.propose = TaskFunction(
            scope,
            "churn_propose",
            runtime=runtime,
            dead_letters=dead_letters,
            settings=database.settings(
                ChurnProposeSettings,
                role,
                files_bucket=files.name,
                bedrock_price_input=stage.bedrock_price_input,
                bedrock_price_output=stage.bedrock_price_output,
            ),
            database=database,
            rights=read_and_write,
        )
        self.export = TaskFunction(
            scope,
            "churn_export",
            runtime=runtime,
            dead_letters=dead_letters,
            settings=database.settings(ChurnExportSettings, role, files_bucket=files.name),
            database=database,
            rights=files.write(Prefix.MEMORY),
            timeout=cdk.Duration.minutes(5),
        )
        self.all = (self.score, self.select, self.brief, self.write, self.propose, self.export)


def _model(stage: Stage) -> dict[str, Any]:
    """Who writes and within which bounds; without a model, nothing."""
    if stage.bedrock_model is None:
        return {}
    names = ("bedrock_model", "bedrock_region", "bedrock_guardrail", "bedrock_max_tokens")
    return {name: getattr(stage, name) for name in names}


def _allowance(stage: Stage) -> dict[str, int]:
    """How often the model may be asked; without one, never."""
    if stage.bedrock_model is None:
        return {}
    return {
        "bedrock_calls_per_run": stage.bedrock_calls_per_run,
        "bedrock_calls_per_letter": stage.bedrock_calls_per_letter,
    }


OPTIONS = "$sift($states.input, function($value, $name) { $name in ['risk_threshold', 'max_interventions'] })"


def _scan(flow: Workflow, functions: _Functions, stage: Stage) -> None:
    """The states of the scan. Only ids and figures travel here; what concerns a person lies in the files bucket."""
    run = {"run_id": ask("$run_id")}
    due = f"{{'due_at': {DUE}, 'schedule': '{Schedule.CHURN_SCAN}', 'execution': {EXECUTION}}}"

    score = flow.invoke(functions.score, {}, assign={"run_id": "run_id"})
    score["Arguments"]["Payload"] = ask(f"$merge([{due}, {OPTIONS}])")
    flow.state("ScoreBase", {**score, "Next": "WasItClaimed"}, caught=True)
    claimed = {"Condition": ask("$states.input.claimed"), "Next": "SelectAtRisk"}
    flow.state("WasItClaimed", {"Type": "Choice", "Choices": [claimed], "Default": "AnotherRunHasIt"})
    flow.state("AnotherRunHasIt", {"Type": "Succeed"})

    select = flow.invoke(functions.select, run)
    flow.state("SelectAtRisk", {**select, "Next": "IsAnyoneAtRisk"}, caught=True)
    anyone = {"Condition": ask("$count($states.input.customers) > 0"), "Next": "Brief"}
    flow.state("IsAnyoneAtRisk", {"Type": "Choice", "Choices": [anyone], "Default": "Propose"})
    brief = flow.invoke(functions.brief, run)
    flow.state("Brief", {**brief, "Next": "Write"}, caught=True)
    flow.state("Write", {**_write_each(flow, functions, stage), "Next": "Propose"}, caught=True)

    propose = flow.invoke(functions.propose, run)
    propose["Assign"] = {"finished": ask("$states.result.Payload")}
    flow.state("Propose", {**propose, "Next": "Heartbeat"}, caught=True)
    beat = flow.beat(Schedule.CHURN_SCAN, run_id=ask("$run_id"), then="IsThereSomethingToTell")
    flow.state("Heartbeat", beat)
    something = {"Condition": ask("$finished.tell"), "Next": "Tell"}
    flow.state("IsThereSomethingToTell", {"Type": "Choice", "Choices": [something], "Default": "Done"})
    tell = flow.tell(ask("$finished.subject"), ask("$finished.message"), run_id=ask("$run_id"))
    flow.state("Tell", {**tell, "Next": "Done"}, caught=True)
    figures = {name: ask(f"$finished.{name}") for name in ("proposed", "skipped", "failed")}
    flow.state("Done", {"Type": "Succeed", "Output": {**run, **figures, "told": ask("$finished.tell")}})


def _write_each(flow: Workflow, functions: _Functions, stage: Stage) -> dict[str, object]:
    """One message for each customer; one that cannot be written is named, and the others go on.

    Nothing is handed on: the answers for a thousand customers are more than a state may hold, and `Propose` reads
    from the files bucket what was written.
    """
    customer = {"customer_id": ask("$states.input.customer_id")}
    write = flow.invoke(functions.write, {"run_id": ask("$states.input.run_id"), **customer})
    failed = {
        "ErrorEquals": ["States.ALL"],
        "Output": {**customer, "failed": ask("$states.errorOutput.Error")},
        "Next": "NotWritten",
    }
    return {
        "Type": "Map",
        "Items": ask("[$states.input.customers]"),
        "ItemSelector": {"run_id": ask("$run_id"), "customer_id": ask("$states.context.Map.Item.Value")},
        "MaxConcurrency": stage.write_concurrency,
        "ItemProcessor": {
            "ProcessorConfig": {"Mode": "INLINE"},
            "StartAt": "WriteToOne",
            "States": {
                "WriteToOne": {**write, "Output": {}, "Catch": [failed], "End": True},
                "NotWritten": {"Type": "Pass", "Output": {}, "End": True},
            },
        },
        "Output": {},
    }
