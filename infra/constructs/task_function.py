"""One function of a capability: its code, its settings, its own role with nothing but its rights, its own log."""

from collections.abc import Iterable

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from beforehand.settings import DatabaseSettings, Settings
from infra.constructs.acknowledgements import EVERY_RESOURCE, acknowledge
from infra.constructs.dead_letters import DeadLetters
from infra.constructs.log_groups import log_group
from infra.constructs.postgres import Postgres
from infra.constructs.task_runtime import PYTHON, TaskRuntime
from infra.packages import STARTED_WITH

WITHOUT_INTERNET = ("s3:", "dynamodb:", "kms:")
"""What a database function can reach besides the database: the gateways' services, and the key through them."""

ACKNOWLEDGED = {
    EVERY_RESOURCE: "X-Ray segments and network interfaces have no resource to name.",
    "Serverless-LambdaStarPermissions": "X-Ray segments and network interfaces have no resource to name.",
    "AwsSolutions-L1": "Wheels are locked and byte code is made for Python 3.13, which has support until 2029.",
    "Serverless-LambdaLatestVersion": "Wheels are locked and byte code is made for Python 3.13.",
    "Serverless-LambdaDLQ": "The destination for failures tells the same with its cause; both would tell it twice.",
}


class OneDoorError(Exception):
    """{name} {problem}; a function has the database or the internet, never both (docs/architecture.md)"""

    def __init__(self, name: str, problem: str) -> None:
        super().__init__((self.__doc__ or "").format(name=name, problem=problem))


class TaskFunction(Construct):
    """A database function, if it is given the `database`; an egress function otherwise.

    `name` is its folder in functions/. `rights` is all that its role may do besides logging, tracing and, with the
    database, signing in as the one role that its settings name. `retries` is how often an asynchronous call that
    failed is made again (0–2): more than none only for what does the same when it is done twice.
    Raises OneDoorError for a function that would have both the database and the internet.
    """

    def __init__(
        self,
        scope: Construct,
        name: str,
        *,
        runtime: TaskRuntime,
        dead_letters: DeadLetters,
        settings: Settings,
        database: Postgres | None = None,
        rights: Iterable[iam.PolicyStatement] = (),
        layers: Iterable[str] = (),
        timeout: cdk.Duration | None = None,
        memory: int = 512,
        retries: int = 0,
    ) -> None:
        super().__init__(scope, camel(name))
        rights = list(rights)
        _guard(name, settings, database, rights)
        stage = runtime.stage
        self.name = name
        self.stage = stage
        self.log = log_group(self, "Log", stage=stage, name=f"/aws/lambda/{stage.named(name)}")
        self.role = self._role([dead_letters.send(), *rights], settings, database)
        self.function = lambda_.Function(
            self,
            "Function",
            function_name=stage.named(name),
            description=f"functions/{name}",
            runtime=PYTHON,
            architecture=runtime.architecture,
            code=runtime.code(name),
            handler="handler.handler",
            layers=runtime.layers(*layers),
            role=self.role.without_policy_updates(),
            log_group=self.log,
            timeout=timeout or cdk.Duration.seconds(60),
            memory_size=memory,
            environment=self._environment(settings),
            reserved_concurrent_executions=stage.reserved_concurrency,
            vpc=database.network.vpc if database else None,
            vpc_subnets=database.network.isolated if database else None,
            security_groups=[database.network.functions] if database else None,
        )
        self._trace()
        for rule, reason in ACKNOWLEDGED.items():
            acknowledge(self, rule, reason)
        lambda_.CfnEventInvokeConfig(
            self,
            "WhenInvokedAsynchronously",
            function_name=self.function.function_name,
            qualifier="$LATEST",
            maximum_retry_attempts=retries,
            destination_config=lambda_.CfnEventInvokeConfig.DestinationConfigProperty(
                on_failure=lambda_.CfnEventInvokeConfig.OnFailureProperty(destination=dead_letters.arn)
            ),
        )

    @property
    def arn(self) -> str:
        """The function's ARN."""
        return self.function.function_arn

    def invoke(self) -> iam.PolicyStatement:
        """The right to invoke this function."""
        return iam.PolicyStatement(actions=["lambda:InvokeFunction"], resources=[self.arn])

    def _environment(self, settings: Settings) -> dict[str, str]:
        return {
            **settings.to_env(),
            "POWERTOOLS_SERVICE_NAME": self.name,
            # The account's own endpoint has a name that the gateway's route does not cover.
            "AWS_ACCOUNT_ID_ENDPOINT_MODE": "disabled",
            **STARTED_WITH,
        }

    def _role(self, rights: list[iam.PolicyStatement], settings: Settings, database: Postgres | None) -> iam.Role:
        own = [_write_log(self.log.log_group_arn), _trace_rights()]
        if database is not None and isinstance(settings, DatabaseSettings):
            own += [_enter_network(), database.sign_in(settings.database_user)]
        return iam.Role(
            self,
            "Role",
            description=f"What {self.name} may do",
            assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"),
            inline_policies={"Rights": iam.PolicyDocument(statements=[*own, *rights])},
        )

    def _trace(self) -> None:
        """Lambda's own tracing; by the property, as CDK's option would write to the role."""
        function = self.function.node.default_child
        assert isinstance(function, lambda_.CfnFunction)
        function.tracing_config = lambda_.CfnFunction.TracingConfigProperty(mode="Active")
        # A plain name, so that `sam local invoke ChurnScore` finds it.
        function.override_logical_id(camel(self.name))


def camel(name: str) -> str:
    """`churn_score` as `ChurnScore`."""
    return "".join(part.capitalize() for part in name.split("_"))


def _guard(name: str, settings: Settings, database: Postgres | None, rights: list[iam.PolicyStatement]) -> None:
    if database is None:
        if isinstance(settings, DatabaseSettings):
            raise OneDoorError(name, "has the settings of a database function, but no database")
        if any(action.startswith("rds-db:") for right in rights for action in right.actions):
            raise OneDoorError(name, "is no database function, but may sign in to the database")
        return
    if not isinstance(settings, DatabaseSettings):
        raise OneDoorError(name, "is given the database, but its settings have none")
    beyond = [a for right in rights for a in right.actions if not a.startswith(WITHOUT_INTERNET)]
    if beyond:
        raise OneDoorError(name, f"is a database function and cannot reach {', '.join(beyond)}")


def _write_log(log_group_arn: str) -> iam.PolicyStatement:
    return iam.PolicyStatement(actions=["logs:CreateLogStream", "logs:PutLogEvents"], resources=[log_group_arn])


def _trace_rights() -> iam.PolicyStatement:
    return iam.PolicyStatement(actions=["xray:PutTraceSegments", "xray:PutTelemetryRecords"], resources=["*"])


def _enter_network() -> iam.PolicyStatement:
    """What Lambda needs to place the function in the network."""
    return iam.PolicyStatement(
        actions=[
            "ec2:CreateNetworkInterface",
            "ec2:DescribeNetworkInterfaces",
            "ec2:DescribeSubnets",
            "ec2:DeleteNetworkInterface",
            "ec2:AssignPrivateIpAddresses",
            "ec2:UnassignPrivateIpAddresses",
        ],
        resources=["*"],
    )
