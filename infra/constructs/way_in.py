"""The API's place: its address stands in every message that went out, so it outlives the stack of its routes."""

import aws_cdk as cdk
from aws_cdk import aws_apigatewayv2 as apigateway
from constructs import Construct

from infra.stage import Stage


class WayIn(Construct):
    """An HTTP API without a route; the stack Api gives it its routes. There is no CORS, so no page can call it."""

    def __init__(self, scope: Construct, id: str, *, stage: Stage) -> None:
        super().__init__(scope, id)
        self._named = stage.public_url
        self.api = apigateway.CfnApi(
            self, "Api", name=stage.named("api"), protocol_type="HTTP", description="Beforehand"
        )

    @property
    def id(self) -> str:
        """The API's id."""
        return self.api.ref

    @property
    def url(self) -> str:
        """Where the API is in AWS."""
        return cdk.Fn.sub("https://${Id}.execute-api.${AWS::Region}.${AWS::URLSuffix}", {"Id": self.api.ref})

    @property
    def public_url(self) -> str:
        """Where customers reach it: under the stage's own name for it, or at its own address."""
        if self._named is None:
            return self.url
        return cdk.Fn.sub(self._named.replace("{api}", "${Id}"), {"Id": self.api.ref})
