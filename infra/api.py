"""The stack through which people and programs come in: the HTTP API and the one function behind it."""

import aws_cdk as cdk
from constructs import Construct

from beforehand.api.access import LEAST_ROLE, PUBLIC_ROUTES
from beforehand.names import DatabaseRole, Prefix
from beforehand.settings.api import ApiServeSettings
from infra.capabilities.inbox import WebhooksReceive
from infra.capabilities.watched import Watched
from infra.constructs.alarms import Alarms
from infra.constructs.dead_letters import DeadLetters
from infra.constructs.http_api import HttpApi
from infra.constructs.task_function import TaskFunction, camel
from infra.constructs.task_runtime import TaskRuntime
from infra.foundation import Foundation
from infra.packages import Packages
from infra.stage import Stage
from infra.watch import watch_api


class Api(cdk.Stack):
    """Layers are made here again: taken from the other stack, they could not change while this one uses them."""

    def __init__(
        self, scope: Construct, stage: Stage, *, foundation: Foundation, packages: Packages, authority: bytes
    ) -> None:
        super().__init__(scope, f"Beforehand-{stage.name}-Api", description="Beforehand: the way in")
        foundation.files.acknowledge_prefixes(self)
        runtime = TaskRuntime(self, "Runtime", stage=stage, packages=packages, authority=authority)
        dead_letters = DeadLetters(self, "DeadLetters", stage=stage, capability="api")
        serve = TaskFunction(
            self,
            "api_serve",
            runtime=runtime,
            dead_letters=dead_letters,
            settings=foundation.database.settings(
                ApiServeSettings,
                DatabaseRole.APP_RW,
                files_bucket=foundation.files.name,
                commands_table=foundation.commands.name,
                gates_table=foundation.gates.name,
                user_client_id=foundation.users.client_id,
                scan_every_minutes=stage.scan_every_minutes,
                channels=",".join(stage.channels) or "none",
                **{**stage.company, **stage.followups},
            ),
            database=foundation.database,
            rights=[
                *foundation.files.write(Prefix.IMPORTS),
                *foundation.files.write(Prefix.IMPORT_MAPPINGS),
                *foundation.files.read(Prefix.SECRETS),
                *foundation.commands.copy(),
                *foundation.gates.suppress(),
            ],
            # Phone numbers are read as imports read them.
            layers=["imports"],
            # The gateway itself waits for 30 seconds.
            timeout=cdk.Duration.seconds(29),
            memory=1024,
        )
        receive = WebhooksReceive(self, "WebhooksReceive", foundation=foundation, runtime=runtime)
        http = HttpApi(
            self,
            "Http",
            stage=stage,
            way_in=foundation.way_in,
            users=foundation.users,
            function=serve,
            routes=sorted(LEAST_ROLE),
            open_function=receive.function,
            open_routes=PUBLIC_ROUTES,
        )
        watched = [Watched(functions=(serve,), dead_letters=dead_letters), receive.watched]
        watch_api(Alarms(self, "Alarms", stage=stage, staff=foundation.staff), watched, http)
        for function in (serve, receive.function):
            cdk.CfnOutput(self, f"{camel(function.name)}Function", value=function.function.function_name)
