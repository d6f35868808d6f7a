"""What comes back: providers' events and the company's own reports are taken in, then applied in the database."""

from collections.abc import Mapping

import aws_cdk as cdk
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_scheduler as scheduler
from constructs import Construct

from beforehand.names import DatabaseRole, Prefix, Schedule
from beforehand.settings.inbox import InboxApplySettings, WebhooksReceiveSettings
from infra.capabilities.watched import Watched
from infra.clock_grid import every
from infra.constructs.cadence import Cadence
from infra.constructs.dead_letters import DeadLetters
from infra.constructs.email import configuration_set
from infra.constructs.task_function import TaskFunction
from infra.constructs.task_runtime import TaskRuntime
from infra.foundation import Foundation

EVERY_MINUTES = 1
"""How late a report may be applied that the stream did not tell of; a lift reaches senders in this time, too."""

RETRIES = 2
"""How often an event that could not be taken in is tried again: taken in twice, it is there once."""

SES_EVENTS = [
    "Email Sent", "Email Delivered", "Email Bounced", "Email Complaint Received", "Email Rejected",
    "Email Delivery Delayed", "Email Rendering Failed", "Email Opened", "Email Clicked",
]  # fmt: skip
SMS_EVENTS = ["Text Message Delivery Status Updated"]


class InboxApply(Construct):
    """The database function that applies reports: when one is new, and every minute for those that were missed."""

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
        inbox = foundation.inbox
        dead_letters = DeadLetters(self, "DeadLetters", stage=runtime.stage, capability="inbox")
        apply = TaskFunction(
            self,
            "inbox_apply",
            runtime=runtime,
            dead_letters=dead_letters,
            settings=foundation.database.settings(
                InboxApplySettings,
                DatabaseRole.APP_RW,
                files_bucket=foundation.files.name,
                gates_table=foundation.gates.name,
                inbox_table=inbox.name,
            ),
            database=foundation.database,
            rights=[*inbox.apply(), *foundation.gates.keep_marks_true(), *foundation.files.read(Prefix.SECRETS)],
        )
        inbox.lead_to(self, "NewReports", function=apply, dead_letters=dead_letters, batch_size=25)
        Cadence(
            self,
            Schedule.INBOX_APPLY.value,
            stage=runtime.stage,
            group=group,
            when=every(EVERY_MINUTES),
            starts=apply,
            dead_letters=dead_letters,
        )
        self.watched = Watched(functions=(apply,), dead_letters=dead_letters)


class WebhooksReceive(Construct):
    """The egress function that takes reports in: behind the open routes of the API, and for the events of AWS."""

    def __init__(self, scope: Construct, id: str, *, foundation: Foundation, runtime: TaskRuntime) -> None:
        super().__init__(scope, id)
        stage = runtime.stage
        dead_letters = DeadLetters(self, "DeadLetters", stage=stage, capability="webhooks")
        secret = stage.hooks_secret
        self.function = TaskFunction(
            self,
            "webhooks_receive",
            runtime=runtime,
            dead_letters=dead_letters,
            settings=WebhooksReceiveSettings(
                files_bucket=foundation.files.name,
                gates_table=foundation.gates.name,
                inbox_table=foundation.inbox.name,
                hooks_secret=secret,
                stage_name=stage.name,
            ),
            rights=[
                *foundation.inbox.take_in(),
                *foundation.gates.mark(),
                *foundation.files.read(Prefix.SECRETS),
                *([iam.PolicyStatement(actions=["secretsmanager:GetSecretValue"], resources=[secret])]
                  if secret else []),
            ],
            timeout=cdk.Duration.seconds(29),
            retries=RETRIES,
        )  # fmt: skip
        # The bus is the account's: other stages' messages are told of there, too.
        ours = {"mail": {"tags": {"ses:configuration-set": [configuration_set(stage)]}}}
        rules = (
            ("MailReported", self._rule("mail-reported", "aws.ses", SES_EVENTS, dead_letters, detail=ours)),
            # A text message names its stage in its context, which the function reads.
            ("SmsReported", self._rule("sms-reported", "aws.sms-voice", SMS_EVENTS, dead_letters)),
        )
        self.watched = Watched(functions=(self.function,), dead_letters=dead_letters, rules=rules)

    def _rule(
        self,
        name: str,
        source: str,
        kinds: list[str],
        dead_letters: DeadLetters,
        *,
        detail: Mapping[str, object] | None = None,
    ) -> events.Rule:
        target = targets.LambdaFunction(
            self.function.function,
            dead_letter_queue=dead_letters.queue,
            retry_attempts=20,
            max_event_age=cdk.Duration.hours(4),
        )
        return events.Rule(
            self,
            name,
            rule_name=self.function.stage.named(name),
            description="A provider tells what became of a message",
            event_pattern=events.EventPattern(source=[source], detail_type=kinds, detail=detail),
            targets=[target],
        )
