"""The stack that does the work; it holds nothing that is missed when it is deployed again."""

from collections.abc import Sequence

import aws_cdk as cdk
from aws_cdk import aws_scheduler as scheduler
from constructs import Construct

from infra.capabilities.churn import Churn
from infra.capabilities.customers import Customers
from infra.capabilities.database import DatabaseSetup
from infra.capabilities.followups import FollowUps
from infra.capabilities.inbox import InboxApply
from infra.capabilities.outbox import Outbox
from infra.capabilities.outreach import Outreach
from infra.capabilities.rehearsal import Rehearsal
from infra.capabilities.watched import Watched
from infra.constructs.alarms import Alarms
from infra.constructs.task_function import camel
from infra.constructs.task_runtime import TaskRuntime
from infra.foundation import Foundation
from infra.packages import Packages
from infra.stage import Stage
from infra.watch import watch_tasks


class Tasks(cdk.Stack):
    """Functions, workflows, schedules and rules of every capability, and the alarms over them."""

    def __init__(
        self, scope: Construct, stage: Stage, *, foundation: Foundation, packages: Packages, authority: bytes
    ) -> None:
        super().__init__(scope, f"Beforehand-{stage.name}-Tasks", description="Beforehand: what does the work")
        foundation.files.acknowledge_prefixes(self)
        runtime = TaskRuntime(self, "Runtime", stage=stage, packages=packages, authority=authority)
        group = scheduler.CfnScheduleGroup(self, "Schedules", name=stage.named("schedules"))
        setup = DatabaseSetup(self, "DatabaseSetup", foundation=foundation, runtime=runtime)
        customers = Customers(self, "Customers", foundation=foundation, runtime=runtime)
        churn = Churn(self, "Churn", foundation=foundation, runtime=runtime, group=group)
        outbox = Outbox(self, "Outbox", foundation=foundation, runtime=runtime, group=group, scan=churn.scan)
        outreach = Outreach(self, "Outreach", foundation=foundation, runtime=runtime, group=group)
        inbox = InboxApply(self, "InboxApply", foundation=foundation, runtime=runtime, group=group)
        followups = FollowUps(self, "FollowUps", foundation=foundation, runtime=runtime, group=group)
        rehearsal = Rehearsal(self, "Rehearsal", foundation=foundation, runtime=runtime, channels=outreach.channels)
        capabilities = (customers, churn, outbox, outreach, inbox, followups, rehearsal)
        for capability in capabilities:
            capability.node.add_dependency(setup.ready)
        watched = [one.watched for one in (setup, *capabilities)]
        watch_tasks(Alarms(self, "Alarms", stage=stage, staff=foundation.staff), watched, group)

        cdk.CfnOutput(self, "ScanStateMachine", value=churn.scan.state_machine_arn)
        cdk.CfnOutput(self, "OutreachStateMachine", value=outreach.machine.state_machine_arn)
        cdk.CfnOutput(self, "RehearsalStateMachine", value=rehearsal.machine.state_machine_arn)
        cdk.CfnOutput(self, "ScanSchedule", value=churn.cadence.schedule_name)
        cdk.CfnOutput(self, "ScanEveryMinutes", value=str(stage.scan_every_minutes))
        cdk.CfnOutput(self, "ScheduleGroup", value=group.ref)
        self._name_functions(watched)

    def _name_functions(self, watched: Sequence[Watched]) -> None:
        for function in (function for w in watched for function in w.functions):
            name = f"{camel(function.name)}Function"
            cdk.CfnOutput(self, name, value=function.function.function_name)
