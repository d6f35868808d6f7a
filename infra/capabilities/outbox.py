"""What the database wants done outside: copied after the commit, carried out by a function that reaches AWS."""

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_scheduler as scheduler
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from beforehand.names import DatabaseRole, Schedule
from beforehand.settings.outbox import OutboxRelaySettings, OutboxSweepSettings
from infra.capabilities.watched import Watched
from infra.clock_grid import every
from infra.constructs.cadence import Cadence
from infra.constructs.dead_letters import DeadLetters
from infra.constructs.task_function import TaskFunction
from infra.constructs.task_runtime import TaskRuntime
from infra.foundation import Foundation

EVERY_MINUTES = 1
"""A crash delays a command by no more than this; an idle round costs one query."""


RELAY_MAY_RUN = cdk.Duration.seconds(60)
"""As `beforehand/outbox/model.py` has it: shorter than the lease of a command."""


class Outbox(Construct):
    """The function that copies, the one that carries out, and the cadences that find what either missed."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        foundation: Foundation,
        runtime: TaskRuntime,
        group: scheduler.CfnScheduleGroup,
        scan: sfn.StateMachine,
    ) -> None:
        super().__init__(scope, id)
        commands = foundation.commands
        dead_letters = DeadLetters(self, "DeadLetters", stage=runtime.stage, capability="outbox")
        sweep = TaskFunction(
            self,
            "outbox_sweep",
            runtime=runtime,
            dead_letters=dead_letters,
            settings=foundation.database.settings(
                OutboxSweepSettings, DatabaseRole.APP_RW, commands_table=commands.name
            ),
            database=foundation.database,
            rights=commands.sweep(),
        )
        relay = TaskFunction(
            self,
            "outbox_relay",
            runtime=runtime,
            dead_letters=dead_letters,
            settings=OutboxRelaySettings(
                commands_table=commands.name,
                scan_machine=scan.state_machine_arn,
                dead_letters=dead_letters.queue.queue_url,
            ),
            rights=[
                *commands.relay(),
                iam.PolicyStatement(actions=["states:StartExecution"], resources=[scan.state_machine_arn]),
            ],
            timeout=RELAY_MAY_RUN,
        )
        commands.lead_to(self, "NewCommands", function=relay, dead_letters=dead_letters, batch_size=10)
        for schedule, function in ((Schedule.OUTBOX_SWEEP, sweep), (Schedule.OUTBOX_RELAY, relay)):
            Cadence(
                self,
                schedule.value,
                stage=runtime.stage,
                group=group,
                when=every(EVERY_MINUTES),
                starts=function,
                dead_letters=dead_letters,
            )
        self.watched = Watched(functions=(sweep, relay), dead_letters=dead_letters)
