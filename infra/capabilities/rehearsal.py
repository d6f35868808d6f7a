"""Rehearsal: a person starts it, one function plays the coming days, and its report lies in the files bucket."""

import aws_cdk as cdk
from constructs import Construct

from beforehand.names import DatabaseRole, Prefix
from beforehand.settings.rehearsal import RehearsalRunSettings
from infra.capabilities.watched import Watched
from infra.constructs.channels import Channels
from infra.constructs.dead_letters import DeadLetters
from infra.constructs.task_function import TaskFunction
from infra.constructs.task_runtime import TaskRuntime
from infra.constructs.workflow import Workflow, ask
from infra.foundation import Foundation

MINUTES = 10
"""The longest that a rehearsal may take; one of 100,000 customers and seven days takes less than one."""
MEGABYTES = 3008


class Rehearsal(Construct):
    """The function, which may read what the desk reads and write nothing but its report; the workflow to start it.

    A standard workflow: whoever started it can ask how it ended, which nobody can of an express one.
    """

    def __init__(
        self, scope: Construct, id: str, *, foundation: Foundation, runtime: TaskRuntime, channels: Channels
    ) -> None:
        super().__init__(scope, id)
        stage, files, gates = runtime.stage, foundation.files, foundation.gates
        dead_letters = DeadLetters(self, "DeadLetters", stage=stage, capability="rehearsal")
        self.run = TaskFunction(
            self,
            "rehearsal_run",
            runtime=runtime,
            dead_letters=dead_letters,
            settings=foundation.database.settings(
                RehearsalRunSettings,
                DatabaseRole.APP_RW,
                files_bucket=files.name,
                gates_table=gates.name,
                scan_every_minutes=stage.scan_every_minutes,
                churn_health_threshold=stage.churn_health_threshold,
                churn_risk_threshold=stage.churn_risk_threshold,
                churn_max_interventions=stage.churn_max_interventions,
                churn_profile=stage.churn_profile,
                churn_min_lifetime_value=stage.churn_min_lifetime_value,
                churn_segments=stage.churn_segments,
                scheduler_enabled=stage.scheduler_enabled,
                scheduler_timezone=stage.scheduler_timezone,
                scheduler_hour=stage.scheduler_hour,
                **{**channels.settings, **stage.company, **stage.followups},
                public_url=foundation.way_in.public_url,
            ),
            database=foundation.database,
            rights=[*files.write(Prefix.REHEARSALS), *files.read(Prefix.SECRETS), *gates.read()],
            timeout=cdk.Duration.minutes(MINUTES),
            memory=MEGABYTES,
        )
        workflow = Workflow(
            self,
            "rehearsal",
            stage=stage,
            staff=None,
            heartbeats=foundation.heartbeats,
            time_limit=cdk.Duration.minutes(MINUTES + 2),
        )
        rehearse = workflow.invoke(self.run, {})
        rehearse["Arguments"]["Payload"] = ask("$states.input")
        workflow.state("Rehearse", {**rehearse, "End": True})
        self.machine = workflow.build(start_at="Rehearse")
        self.watched = Watched(
            functions=(self.run,), dead_letters=dead_letters, workflows=(("Rehearsal", self.machine),)
        )
