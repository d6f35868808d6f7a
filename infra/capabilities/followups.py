"""Follow-ups: the bus tells of bookings and emotions, and every morning it is looked for who is inactive."""

import aws_cdk as cdk
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_scheduler as scheduler
from constructs import Construct

from beforehand.names import DatabaseRole, Schedule
from beforehand.settings.followups import FollowupsFindInactiveSettings, FollowupsPlanSettings
from infra.capabilities.watched import Watched
from infra.clock_grid import daily
from infra.constructs.cadence import Cadence
from infra.constructs.dead_letters import DeadLetters
from infra.constructs.task_function import TaskFunction
from infra.constructs.task_runtime import TaskRuntime
from infra.foundation import Foundation

NEWS = ["BookingCompleted", "BookingMoved", "BookingCancelled", "EmotionRecorded"]
RETRIES = 2
"""How often news that could not be read are read again: told twice, they are done once."""


class FollowUps(Construct):
    """What the company's own systems put on the bus becomes follow-ups; its source is the stage's to name."""

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
        stage, database = runtime.stage, foundation.database
        dead_letters = DeadLetters(self, "DeadLetters", stage=stage, capability="followups")
        plan = TaskFunction(
            self,
            "followups_plan",
            runtime=runtime,
            dead_letters=dead_letters,
            settings=database.settings(FollowupsPlanSettings, DatabaseRole.APP_RW, **stage.followups),
            database=database,
            retries=RETRIES,
        )
        find = TaskFunction(
            self,
            "followups_find_inactive",
            runtime=runtime,
            dead_letters=dead_letters,
            settings=database.settings(
                FollowupsFindInactiveSettings,
                DatabaseRole.APP_RW,
                company_zone=stage.company_zone,
                **stage.followups,
            ),
            database=database,
            timeout=cdk.Duration.minutes(5),
        )
        told = events.Rule(
            self,
            "Told",
            rule_name=stage.named("followups-told"),
            description="The company's own systems tell of a booking or an emotion",
            event_pattern=events.EventPattern(source=[stage.events_source], detail_type=NEWS),
            targets=[
                targets.LambdaFunction(
                    plan.function,
                    dead_letter_queue=dead_letters.queue,
                    retry_attempts=20,
                    max_event_age=cdk.Duration.hours(24),
                )
            ],
        )
        if stage.scheduler_enabled:
            Cadence(
                self,
                Schedule.FOLLOWUPS_INACTIVE.value,
                stage=stage,
                group=group,
                when=daily(stage.scheduler_hour, stage.scheduler_timezone or stage.company_zone),
                starts=find,
                dead_letters=dead_letters,
            )
        self.watched = Watched(functions=(plan, find), dead_letters=dead_letters, rules=(("FollowUpsTold", told),))
