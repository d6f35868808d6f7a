"""Customers come in as files: an upload under `imports/` is read into the database."""

import aws_cdk as cdk
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from constructs import Construct

from beforehand.names import DatabaseRole, Prefix
from beforehand.settings.customers import CustomersImportSettings
from infra.capabilities.watched import Watched
from infra.constructs.dead_letters import DeadLetters
from infra.constructs.task_function import TaskFunction
from infra.constructs.task_runtime import TaskRuntime
from infra.foundation import Foundation


class Customers(Construct):
    """S3 tells the bus of a new object; the bus starts the import."""

    def __init__(self, scope: Construct, id: str, *, foundation: Foundation, runtime: TaskRuntime) -> None:
        super().__init__(scope, id)
        files = foundation.files
        dead_letters = DeadLetters(self, "DeadLetters", stage=runtime.stage, capability="customers")
        read_file = TaskFunction(
            self,
            "customers_import",
            runtime=runtime,
            dead_letters=dead_letters,
            settings=foundation.database.settings(
                CustomersImportSettings, DatabaseRole.APP_RW, files_bucket=files.name
            ),
            database=foundation.database,
            rights=[
                *files.read(Prefix.IMPORTS),
                *files.read(Prefix.IMPORT_MAPPINGS),
                *files.write(Prefix.IMPORT_RESULTS),
            ],
            layers=["imports"],
            timeout=cdk.Duration.minutes(15),
            memory=1024,
        )
        uploaded = events.Rule(
            self,
            "Uploaded",
            rule_name=runtime.stage.named("customers-uploaded"),
            description="A file to import has arrived",
            event_pattern=events.EventPattern(
                source=["aws.s3"],
                detail_type=["Object Created"],
                detail={
                    "bucket": {"name": [files.name]},
                    "object": {"key": [{"prefix": Prefix.IMPORTS.value}]},
                },
            ),
            targets=[
                targets.LambdaFunction(
                    read_file.function,
                    dead_letter_queue=dead_letters.queue,
                    retry_attempts=20,
                    max_event_age=cdk.Duration.hours(4),
                )
            ],
        )
        self.watched = Watched(
            functions=(read_file,), dead_letters=dead_letters, rules=(("CustomersUploaded", uploaded),)
        )
