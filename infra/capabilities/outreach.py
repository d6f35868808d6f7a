"""Delivery: every minute what is due is claimed, sent once, written down; what nobody told of is asked about."""

import aws_cdk as cdk
from aws_cdk import aws_scheduler as scheduler
from constructs import Construct

from beforehand.names import DatabaseRole, Prefix, Schedule
from beforehand.settings.outreach import (
    OutreachClaimSettings,
    OutreachReconcileSettings,
    OutreachRecordSettings,
    OutreachSendSettings,
)
from infra.capabilities.watched import Watched
from infra.clock_grid import every
from infra.constructs.cadence import Cadence
from infra.constructs.channels import Channels
from infra.constructs.dead_letters import DeadLetters
from infra.constructs.task_function import TaskFunction
from infra.constructs.task_runtime import TaskRuntime
from infra.constructs.workflow import Workflow, ask
from infra.foundation import Foundation

EVERY_MINUTES = 1
SENDERS = 5
"""How many chunks are sent at a time; new accounts run ten functions at a time in all."""


class Outreach(Construct):
    """The four functions of delivery, the express workflow that joins them, and its cadence."""

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
        dead_letters = DeadLetters(self, "DeadLetters", stage=stage, capability="outreach")
        functions = _Functions(self, foundation=foundation, runtime=runtime, dead_letters=dead_letters)
        self.channels = functions.channels
        workflow = Workflow(
            self,
            "outreach",
            stage=stage,
            staff=None,
            heartbeats=foundation.heartbeats,
            time_limit=cdk.Duration.minutes(5),
            express=True,
        )
        _deliver(workflow, functions)
        self.machine = workflow.build(start_at="Claim")
        Cadence(
            self,
            Schedule.OUTREACH.value,
            stage=stage,
            group=group,
            when=every(EVERY_MINUTES),
            starts=self.machine,
            dead_letters=dead_letters,
        )
        self.watched = Watched(
            functions=functions.all,
            dead_letters=dead_letters,
            workflows=(("Outreach", self.machine),),
            always=(("Outreach", self.machine),),
        )


class _Functions:
    """The functions of delivery, in the order of their work."""

    def __init__(
        self, scope: Construct, *, foundation: Foundation, runtime: TaskRuntime, dead_letters: DeadLetters
    ) -> None:
        stage, database, files, gates = runtime.stage, foundation.database, foundation.files, foundation.gates
        role = DatabaseRole.APP_RW
        self.channels = channels = Channels(scope, "Channels", stage=stage, webhook=foundation.webhook_secret)
        where = {"files_bucket": files.name, "gates_table": gates.name}
        self.claim = TaskFunction(
            scope,
            "outreach_claim",
            runtime=runtime,
            dead_letters=dead_letters,
            settings=database.settings(
                OutreachClaimSettings,
                role,
                **where,
                **{**channels.settings, **stage.company},
                public_url=foundation.way_in.public_url,
            ),
            database=database,
            rights=[*files.write(Prefix.CHUNKS), *files.read(Prefix.SECRETS), *gates.read()],
        )
        self.send = TaskFunction(
            scope,
            "outreach_send",
            runtime=runtime,
            dead_letters=dead_letters,
            settings=OutreachSendSettings(**where, **{**channels.settings, **stage.company}),
            rights=[*files.read(Prefix.CHUNKS), *gates.begin(), *channels.rights],
            timeout=cdk.Duration.seconds(120),
        )
        self.record = TaskFunction(
            scope,
            "outreach_record",
            runtime=runtime,
            dead_letters=dead_letters,
            settings=database.settings(OutreachRecordSettings, role, **where),
            database=database,
            rights=[*files.read(Prefix.CHUNKS), *gates.read(), *gates.mark()],
        )
        self.reconcile = TaskFunction(
            scope,
            "outreach_reconcile",
            runtime=runtime,
            dead_letters=dead_letters,
            settings=OutreachReconcileSettings(**where),
            rights=[*files.read(Prefix.CHUNKS), *gates.ask()],
        )
        self.all = (self.claim, self.send, self.record, self.reconcile)


def _deliver(flow: Workflow, functions: _Functions) -> None:
    """The states of a tick. Only the names of chunks travel here.

    Nothing repeats a send. Whatever a sender left without an end, its lease brings to light.
    """
    claim = flow.invoke(functions.claim, {"due_at": ask("$states.context.Execution.Input.due_at")})
    claim["Assign"] = {"tick": ask("$states.result.Payload")}
    flow.state("Claim", {**claim, "Next": "IsAnythingUnknown"})
    # Asked first: sending takes most of the run's time, and what is unknown must not wait for that.
    named = {"unknowns": ask("$tick.unknowns")}
    unknown = {"Condition": ask("$exists($tick.unknowns) and $tick.unknowns != null"), "Next": "AskAboutUnknown"}
    flow.state("IsAnythingUnknown", {"Type": "Choice", "Choices": [unknown], "Default": "Deliver"})
    on = {"Catch": [{"ErrorEquals": ["States.ALL"], "Output": {}, "Next": "Deliver"}]}
    flow.state("AskAboutUnknown", {**flow.invoke(functions.reconcile, named), **on, "Next": "RecordAnswers"})
    flow.state("RecordAnswers", {**flow.invoke(functions.record, named), **on, "Next": "Deliver"})

    flow.state("Deliver", {**_each_chunk(flow, functions), "Next": "Heartbeat"})
    answer = {"claimed": ask("$tick.claimed")}
    beat = flow.beat(Schedule.OUTREACH, run_id=ask("$states.context.Execution.Name"), then="Done")
    del beat["Next"]
    flow.state("Heartbeat", {**beat, "Output": answer, "End": True})
    # Only where the heartbeat was not written.
    flow.state("Done", {"Type": "Succeed", "Output": answer})


def _each_chunk(flow: Workflow, functions: _Functions) -> dict[str, object]:
    """Each chunk is sent and recorded; one that fails is recorded as far as it came, and the others go on.

    No state only hands on what the next one needs: each is a transition, for every chunk of every minute.
    """
    chunk = {"chunk": ask("$states.input.chunk")}
    send = flow.invoke(functions.send, chunk, repeat=False)
    record = flow.invoke(functions.record, chunk)
    kept, on = {"Output": ask("$states.input")}, {"ErrorEquals": ["States.ALL"]}
    return {
        "Type": "Map",
        "Items": ask("[$tick.chunks]"),
        "ItemSelector": {"chunk": ask("$states.context.Map.Item.Value")},
        "MaxConcurrency": SENDERS,
        "ItemProcessor": {
            "ProcessorConfig": {"Mode": "INLINE"},
            "StartAt": "Send",
            "States": {
                "Send": {**send, **kept, "Catch": [{**on, **kept, "Next": "Record"}], "Next": "Record"},
                "Record": {**record, "Output": {}, "Catch": [{**on, "Output": {}, "Next": "Left"}], "End": True},
                "Left": {"Type": "Pass", "Output": {}, "End": True},
            },
        },
        "Output": {},
    }
