"""What is deployed: the stacks of one stage, at the local endpoint or in the caller's AWS account."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

import boto3
from botocore.exceptions import ClientError

from beforehand.errors import BeforehandError
from beforehand.settings import Settings
from beforehand_cli import project
from beforehand_cli.local import aws
from beforehand_cli.waiting import LOOK_AT_AWS_EVERY_SECONDS, LOOK_EVERY_SECONDS

S = TypeVar("S", bound=Settings)
LOCAL = "local"
STACKS = ("Foundation", "Tasks", "Api")


class NotDeployedError(BeforehandError):
    """A stack of the stage is not there."""

    def __init__(self, stack: str, stage: str) -> None:
        how = "beforehand up" if stage == LOCAL else f"cdk deploy --all -c stage={stage}"
        super().__init__(f"The stack {stack} is not deployed; deploy it with: {how}")


@dataclass(frozen=True)
class Deployment:
    """The stacks of one stage; `local` is the one that `beforehand up` deploys on this machine."""

    stage: str

    @classmethod
    def of_stage(cls, stage: str | None) -> "Deployment":
        """The stage that was named, or BEFOREHAND_STAGE, or `local`."""
        return cls(stage=stage or os.environ.get("BEFOREHAND_STAGE", LOCAL))

    def client(self, service: str) -> Any:
        """A client of an AWS service where this stage is deployed."""
        if self.stage == LOCAL:
            return aws.client(project.root(), service)
        # boto3 itself knows AWS_DEFAULT_REGION only; Lambda, cdk and the other SDKs say AWS_REGION.
        region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
        return boto3.client(service, region_name=region)

    @property
    def look_every(self) -> float:
        """Seconds between two looks at something that runs there; in AWS each look costs a little."""
        return LOOK_EVERY_SECONDS if self.stage == LOCAL else LOOK_AT_AWS_EVERY_SECONDS

    @cached_property
    def outputs(self) -> Mapping[str, str]:
        """What the stacks say of themselves, by name. Raises NotDeployedError."""
        found: dict[str, str] = {}
        for name in STACKS:
            found.update(self._outputs_of(f"Beforehand-{self.stage}-{name}"))
        return found

    def _outputs_of(self, stack: str) -> dict[str, str]:
        try:
            described = self.client("cloudformation").describe_stacks(StackName=stack)["Stacks"][0]
        except ClientError as error:
            if "does not exist" not in error.response["Error"].get("Message", ""):
                raise
            raise NotDeployedError(stack, self.stage) from error
        return {output["OutputKey"]: output["OutputValue"] for output in described.get("Outputs", ())}

    @property
    def api(self) -> str:
        """Where the API is, without a slash at its end. Raises NotDeployedError."""
        if self.stage == LOCAL:
            # By path: the names of hosts that AWS makes mean nothing here.
            endpoint = self.client("cloudformation").meta.endpoint_url
            return f"{endpoint}/_aws/execute-api/{self.outputs['ApiId']}/$default"
        return self.outputs["ApiUrl"]

    def function(self, task: str) -> str:
        """The name of the function of a task, such as `churn_score`."""
        return f"beforehand-{self.stage}-{task.replace('_', '-')}"

    def settings(self, task: str, kind: type[S]) -> S:
        """The settings that a deployed function has."""
        described = self.client("lambda").get_function_configuration(FunctionName=self.function(task))
        return kind.from_env(described["Environment"]["Variables"])
