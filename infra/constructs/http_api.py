"""The HTTP API: each route of the table with its authorizer, and everything else behind one as well."""

import json
import re
from collections.abc import Iterable

import aws_cdk as cdk
from aws_cdk import aws_apigatewayv2 as apigateway
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra.constructs.log_groups import log_group
from infra.constructs.task_function import TaskFunction
from infra.constructs.users import Users
from infra.stage import Stage

EVERYTHING_ELSE = "$default"
"""So that an unknown path is answered by the function too, in the same form, and only to those who signed in."""

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
    """An API whose every route asks for an access token of our users; there is no CORS, so no page can call it."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        stage: Stage,
        users: Users,
        function: TaskFunction,
        routes: Iterable[str],
    ) -> None:
        super().__init__(scope, id)
        self.api = apigateway.CfnApi(
            self, "Api", name=stage.named("api"), protocol_type="HTTP", description="Beforehand"
        )
        authorizer = apigateway.CfnAuthorizer(
            self,
            "AccessToken",
            api_id=self.api.ref,
            name="access-token",
            authorizer_type="JWT",
            identity_source=["$request.header.Authorization"],
            jwt_configuration=apigateway.CfnAuthorizer.JWTConfigurationProperty(
                audience=[users.client_id], issuer=users.issuer
            ),
        )
        integration = apigateway.CfnIntegration(
            self,
            "Function",
            api_id=self.api.ref,
            integration_type="AWS_PROXY",
            integration_uri=function.arn,
            payload_format_version="2.0",
        )
        for key in (*routes, EVERYTHING_ELSE):
            apigateway.CfnRoute(
                self,
                _id_of(key),
                api_id=self.api.ref,
                route_key=key,
                authorization_type="JWT",
                authorizer_id=authorizer.ref,
                target=f"integrations/{integration.ref}",
            )
        self._stage(stage)
        lambda_.CfnPermission(
            self,
            "MayCall",
            action="lambda:InvokeFunction",
            function_name=function.arn,
            principal="apigateway.amazonaws.com",
            source_arn=cdk.Stack.of(self).format_arn(
                service="execute-api", resource=self.api.ref, resource_name="*"
            ),
        )

    @property
    def id(self) -> str:
        """The API's id."""
        return self.api.ref

    @property
    def url(self) -> str:
        """Where the API is in AWS."""
        return cdk.Fn.sub("https://${Id}.execute-api.${AWS::Region}.${AWS::URLSuffix}", {"Id": self.api.ref})

    def _stage(self, stage: Stage) -> None:
        calls = log_group(self, "Calls", stage=stage, name=f"/aws/apigateway/{stage.named('api')}")
        apigateway.CfnStage(
            self,
            "Stage",
            api_id=self.api.ref,
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
        )


def _id_of(key: str) -> str:
    """`GET /v1/customers/{customer_id}` as `GetV1CustomersCustomerId`."""
    return "".join(word.capitalize() for word in re.findall(r"[A-Za-z0-9]+", key))
