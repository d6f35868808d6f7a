"""Follow-ups: the bus tells of bookings and emotions, and every morning it is looked for who is inactive."""

import aws_cdk as cdk
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_scheduler as scheduler
from constructs import Construct

from beforehand.names import DatabaseRole, Schedule
from beforehand.settings.followups import (
    FollowupsFindInactiveSettings,
    FollowupsPlanSettings,
    FollowupsReadEmotionSettings,
)
from infra.capabilities.watched import Watched
from infra.clock_grid import daily
from infra.constructs.cadence import Cadence
from infra.constructs.dead_letters import DeadLetters
from infra.constructs.task_function import TaskFunction, camel
from infra.constructs.task_runtime import TaskRuntime
from infra.foundation import Foundation
from infra.stage import Stage

WRITTEN = "EmotionRecorded"
NEWS = ["BookingCompleted", "BookingMoved", "BookingCancelled", WRITTEN]
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
        read = TaskFunction(
            self,
            "followups_read_emotion",
            runtime=runtime,
            dead_letters=dead_letters,
            settings=FollowupsReadEmotionSettings(
                emotion_reader=stage.emotion_reader,
                company_language=stage.company_language,
                events_source=stage.events_source,
            ),
            rights=_reading(self, stage),
            retries=RETRIES,
        )
        rules = (
            ("FollowUpsTold", self._rule("followups-told", plan, dead_letters, NEWS, text=False)),
            ("EmotionsWritten", self._rule("emotions-written", read, dead_letters, [WRITTEN], text=True)),
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
        self.watched = Watched(functions=(plan, find, read), dead_letters=dead_letters, rules=rules)

    def _rule(
        self, name: str, starts: TaskFunction, dead_letters: DeadLetters, kinds: list[str], *, text: bool
    ) -> events.Rule:
        """What somebody wrote is read first; the database hears of the score alone."""
        target = targets.LambdaFunction(
            starts.function,
            dead_letter_queue=dead_letters.queue,
            retry_attempts=20,
            max_event_age=cdk.Duration.hours(24),
        )
        return events.Rule(
            self,
            camel(name.replace("-", "_")),
            rule_name=starts.stage.named(name),
            description="The company's own systems tell of a booking or an emotion",
            event_pattern=events.EventPattern(
                source=[starts.stage.events_source], detail_type=kinds, detail={"text": [{"exists": text}]}
            ),
            targets=[target],
        )


def _reading(scope: Construct, stage: Stage) -> list[iam.PolicyStatement]:
    """The right to tell what was read, under one source; to have texts read, where the stage wants that."""
    bus = cdk.Stack.of(scope).format_arn(service="events", resource="event-bus", resource_name="default")
    source = {"StringEquals": {"events:source": stage.events_source}}
    rights = [iam.PolicyStatement(actions=["events:PutEvents"], resources=[bus], conditions=source)]
    if stage.emotion_reader == "comprehend":
        rights.append(iam.PolicyStatement(actions=["comprehend:DetectSentiment"], resources=["*"]))
    return rights
