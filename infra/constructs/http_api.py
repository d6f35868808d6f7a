"""The HTTP API: each route of the table with its authorizer, and everything else behind one as well."""

import json
import re
from collections.abc import Iterable

import aws_cdk as cdk
from aws_cdk import aws_apigatewayv2 as apigateway
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra.constructs.acknowledgements import acknowledge
from infra.constructs.log_groups import log_group
from infra.constructs.task_function import TaskFunction
from infra.constructs.users import Users
from infra.constructs.way_in import WayIn
from infra.stage import Stage

EVERYTHING_ELSE = "$default"
"""So that an unknown path is answered by the function too, in the same form, and only to those who signed in."""

OPEN_CALLS_PER_SECOND, OPEN_CALLS_AT_ONCE = 10, 20
"""How often everyone together may look at one open route."""

TOLD_PER_SECOND, TOLD_AT_ONCE = 200, 400
"""How often everyone together may tell something by one open route. What is refused here is lost: mail programs ask
once, and a wish to be left alone is not said twice. Far above what a night of sending brings back."""

LOGGED = {
    "request": "$context.requestId",
    "route": "$context.routeKey",
    "status": "$context.status",
    "milliseconds": "$context.responseLatency",
    "bytes": "$context.responseLength",
    "refused": "$context.authorizer.error",
    "broken": "$context.integrationErrorMessage",
}
"""No address, no path, no user: the function's log has the same request by its id."""


class HttpApi(Construct):
    """The API's routes. They ask for an access token of our users, but for a few that are named."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        stage: Stage,
        way_in: WayIn,
        users: Users,
        function: TaskFunction,
        routes: Iterable[str],
        open_function: TaskFunction,
        open_routes: Iterable[str],
    ) -> None:
        super().__init__(scope, id)
        self.id = way_in.id
        authorizer = apigateway.CfnAuthorizer(
            self,
            "AccessToken",
            api_id=self.id,
            name="access-token",
            authorizer_type="JWT",
            identity_source=["$request.header.Authorization"],
            jwt_configuration=apigateway.CfnAuthorizer.JWTConfigurationProperty(
                audience=[users.client_id], issuer=users.issuer
            ),
        )
        integration = self._reach("Function", function)
        for key in (*routes, EVERYTHING_ELSE):
            apigateway.CfnRoute(
                self,
                _id_of(key),
                api_id=self.id,
                route_key=key,
                authorization_type="JWT",
                authorizer_id=authorizer.ref,
                target=f"integrations/{integration.ref}",
            )
        opened = self._open(open_function, open_routes)
        self._stage(stage, opened)
        self._permit("MayCall", function)
        self._permit("MayCallOpen", open_function)

    def _open(self, function: TaskFunction, keys: Iterable[str]) -> dict[str, apigateway.CfnRoute]:
        """Routes that ask for no token: what they take proves itself by a signature of ours or of the sender's."""
        integration = self._reach("OpenFunction", function)
        routes = {}
        for key in keys:
            route = apigateway.CfnRoute(
                self,
                _id_of(key),
                api_id=self.id,
                route_key=key,
                authorization_type="NONE",
                target=f"integrations/{integration.ref}",
            )
            acknowledge(route, "AwsSolutions-APIG4", "Its function proves each request by a signature in it.")
            routes[key] = route
        return routes

    def _reach(self, id: str, function: TaskFunction) -> apigateway.CfnIntegration:
        return apigateway.CfnIntegration(
            self,
            id,
            api_id=self.id,
            integration_type="AWS_PROXY",
            integration_uri=function.arn,
            payload_format_version="2.0",
        )

    def _permit(self, id: str, function: TaskFunction) -> None:
        lambda_.CfnPermission(
            self,
            id,
            action="lambda:InvokeFunction",
            function_name=function.arn,
            principal="apigateway.amazonaws.com",
            source_arn=cdk.Stack.of(self).format_arn(service="execute-api", resource=self.id, resource_name="*"),
        )

    def _stage(self, stage: Stage, opened: dict[str, apigateway.CfnRoute]) -> None:
        calls = log_group(self, "Calls", stage=stage, name=f"/aws/apigateway/{stage.named('api')}")
        made = apigateway.CfnStage(
            self,
            "Stage",
            api_id=self.id,
            stage_name="$default",
            auto_deploy=True,
            access_log_settings=apigateway.CfnStage.AccessLogSettingsProperty(
                destination_arn=calls.log_group_arn, format=json.dumps(LOGGED)
            ),
            default_route_settings=apigateway.CfnStage.RouteSettingsProperty(
                throttling_rate_limit=stage.api_calls_per_second,
                throttling_burst_limit=stage.api_calls_at_once,
                detailed_metrics_enabled=False,
            ),
            # Each has a limit of its own: strangers must not use up what those who signed in may ask.
            route_settings={key: _limits(key) for key in opened},
        )
        for route in opened.values():
            made.add_resource_dependency(route)


def _limits(key: str) -> dict[str, int]:
    """What an open route takes: a page may be asked for again, what somebody tells must be heard."""
    if key.startswith("GET "):
        return {"ThrottlingRateLimit": OPEN_CALLS_PER_SECOND, "ThrottlingBurstLimit": OPEN_CALLS_AT_ONCE}
    return {"ThrottlingRateLimit": TOLD_PER_SECOND, "ThrottlingBurstLimit": TOLD_AT_ONCE}


def _id_of(key: str) -> str:
    """`GET /v1/customers/{customer_id}` as `GetV1CustomersCustomerId`."""
    return "".join(word.capitalize() for word in re.findall(r"[A-Za-z0-9]+", key))
