"""A schedule that engineers set: it starts what it is for on the clock, in UTC, with the moment it was due."""

import json

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_scheduler as scheduler
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from infra.clock_grid import OnTheClock
from infra.constructs.dead_letters import DeadLetters
from infra.constructs.task_function import TaskFunction, camel
from infra.stage import Stage

DUE_AT = "<aws.scheduler.scheduled-time>"


class Cadence(Construct):
    """A schedule in the stage's group that may start one workflow or function and leave a dead letter, no more.

    A start that fails is tried for as long as the next one is not due; after that the next one does the work.
    """

    def __init__(
        self,
        scope: Construct,
        name: str,
        *,
        stage: Stage,
        group: scheduler.CfnScheduleGroup,
        when: OnTheClock,
        starts: sfn.StateMachine | TaskFunction,
        dead_letters: DeadLetters,
    ) -> None:
        super().__init__(scope, f"{camel(name)}Cadence")
        self.schedule_name = stage.named(name)
        role = iam.Role(
            self,
            "Role",
            description=f"What the schedule {name} may do",
            assumed_by=iam.ServicePrincipal(
                "scheduler.amazonaws.com",
                conditions={"StringEquals": {"aws:SourceAccount": cdk.Aws.ACCOUNT_ID}},
            ),
            inline_policies={"Rights": iam.PolicyDocument(statements=[_start(starts), dead_letters.send()])},
        )
        self.schedule = scheduler.CfnSchedule(
            self,
            "Schedule",
            name=self.schedule_name,
            group_name=group.ref,
            description=when.says,
            schedule_expression=when.cron,
            schedule_expression_timezone=when.zone,
            flexible_time_window=scheduler.CfnSchedule.FlexibleTimeWindowProperty(mode="OFF"),
            target=scheduler.CfnSchedule.TargetProperty(
                arn=starts.arn if isinstance(starts, TaskFunction) else starts.state_machine_arn,
                role_arn=role.role_arn,
                input=json.dumps({"due_at": DUE_AT}),
                dead_letter_config=scheduler.CfnSchedule.DeadLetterConfigProperty(arn=dead_letters.arn),
                retry_policy=scheduler.CfnSchedule.RetryPolicyProperty(
                    maximum_event_age_in_seconds=max(60, when.minutes * 60),
                    maximum_retry_attempts=5,
                ),
            ),
        )


def _start(starts: sfn.StateMachine | TaskFunction) -> iam.PolicyStatement:
    if isinstance(starts, TaskFunction):
        return starts.invoke()
    return iam.PolicyStatement(actions=["states:StartExecution"], resources=[starts.state_machine_arn])
