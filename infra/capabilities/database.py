"""The database's roles and tables: brought to this release by each deployment, before anything that needs them."""

import hashlib

import aws_cdk as cdk
from constructs import Construct

from beforehand.names import DatabaseRole, Prefix
from beforehand.settings.database import DatabaseMigrateSettings, DatabaseSetupSettings
from infra.capabilities.watched import Watched
from infra.constructs.dead_letters import DeadLetters
from infra.constructs.task_function import TaskFunction
from infra.constructs.task_runtime import TaskRuntime
from infra.foundation import Foundation
from infra.packages import ROOT

MIGRATIONS = ROOT / "functions" / "database_migrate" / "migrations"
ROLES = ROOT / "layers" / "beforehand" / "python" / "beforehand" / "database" / "roles.py"


class DatabaseSetup(Construct):
    """A custom resource of our own; whatever needs the schema depends on `ready`.

    `database_migrate` sits by the database and cannot read the master's secret; `database_setup` can, and hands it
    over while the roles are missing.
    """

    def __init__(self, scope: Construct, id: str, *, foundation: Foundation, runtime: TaskRuntime) -> None:
        super().__init__(scope, id)
        database = foundation.database
        dead_letters = DeadLetters(self, "DeadLetters", stage=runtime.stage, capability="database")
        migrate = TaskFunction(
            self,
            "database_migrate",
            runtime=runtime,
            dead_letters=dead_letters,
            settings=database.settings(
                DatabaseMigrateSettings, DatabaseRole.MIGRATOR, files_bucket=foundation.files.name
            ),
            # The pepper of the hashes of addresses is made with the first deployment.
            rights=[*foundation.files.read(Prefix.SECRETS), *foundation.files.write(Prefix.SECRETS)],
            database=database,
            layers=["migrations"],
            timeout=cdk.Duration.minutes(10),
        )
        setup = TaskFunction(
            self,
            "database_setup",
            runtime=runtime,
            dead_letters=dead_letters,
            settings=DatabaseSetupSettings(
                migrate_function=migrate.function.function_name, master_secret=database.master_secret
            ),
            rights=[migrate.invoke(), *database.read_master_secret()],
            timeout=cdk.Duration.minutes(15),
            memory=256,
        )
        self.ready = cdk.CustomResource(
            self,
            "Ready",
            resource_type="Custom::DatabaseSetup",
            service_token=setup.arn,
            service_timeout=cdk.Duration.minutes(16),
            properties={"Release": release()},
        )
        self.watched = Watched(functions=(migrate, setup), dead_letters=dead_letters)


def release() -> str:
    """Changes with any migration and with what the roles may do, so that CloudFormation runs the set-up again."""
    digest = hashlib.sha256()
    for file in [*sorted(MIGRATIONS.glob("*.sql")), ROLES]:
        digest.update(file.name.encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()[:16]
