"""A real `cdk deploy` of the project's own stacks to the local AWS endpoint."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from beforehand_cli.local.aws import aws_environment, client_at, endpoint, without_aws
from beforehand_cli.local.errors import LocalError
from beforehand_cli.local.fingerprint import fingerprint
from beforehand_cli.local.node import Tools, node_environment
from beforehand_cli.local.progress import Report
from beforehand_cli.local.settings import ACCOUNT
from beforehand_cli.local.state import State, StateDirectory

# Kept in the endpoint itself: whatever it forgets in a crash, it forgets this with it.
FINGERPRINT_PARAMETER = "/beforehand/local/deployed"
_TOOLKIT = "CDKToolkit"
_DEPLOYING = re.compile(r"^(\S+): deploying\.\.\. \[(\d+)/(\d+)\]")
_DEPLOYED = re.compile(r"^\s*✅  (\S+?)( \(no changes\))?$")


class DeployFailedError(LocalError):
    """The deploy failed; nothing more was deployed after that.
    {reasons}
    All that cdk said is in {log}."""


class Deployment:
    """One project's deploy to one endpoint."""

    def __init__(
        self,
        project_root: Path,
        directory: StateDirectory,
        state: State,
        tools: Tools,
        context: Mapping[str, str],
    ) -> None:
        self._project_root = project_root
        self._directory = directory
        self._state = state
        self._tools = tools
        self._context = context
        self._endpoint = endpoint(state)
        self._fingerprint = fingerprint(project_root, context)

    @property
    def log(self) -> Path:
        """Everything cdk said in the last deploy."""
        return self._directory.logs / "deploy.log"

    def is_current(self) -> bool:
        """Whether the endpoint holds just what this deploy would carry."""
        try:
            found = self._client("ssm").get_parameter(Name=FINGERPRINT_PARAMETER)
        except ClientError as error:
            if error.response["Error"]["Code"] == "ParameterNotFound":
                return False
            raise
        return bool(found["Parameter"]["Value"] == self._fingerprint) and self._directory.outputs.exists()

    def bootstrap(self) -> None:
        """Prepare the endpoint for cdk, once. Runs outside the project, which it would synthesize in vain.

        Raises:
            DeployFailedError: it failed.
        """
        if self._stack_status(_TOOLKIT) == "CREATE_COMPLETE":
            return
        target = f"aws://{ACCOUNT}/{self._state.region}"
        for _ in self._cdk("bootstrap", target, directory=self._directory.root):
            pass

    def deploy(self, report: Report) -> None:
        """Deploy every stack, reporting each, and remember that it is done.

        Raises:
            DeployFailedError: with the reasons that CloudFormation gave.
        """
        self._forget()
        context = [word for key, value in self._context.items() for word in ("-c", f"{key}={value}")]
        options = ["--all", "--require-approval", "never", "--method", "direct", "--progress", "events"]
        places = ["--outputs-file", str(self._directory.outputs), "--output", str(self._directory.assembly)]
        started = time.monotonic()
        for line in self._cdk("deploy", *options, *places, *context, directory=self._project_root):
            if found := _DEPLOYING.match(line):
                started = time.monotonic()
            elif found := _DEPLOYED.match(line):
                unchanged = " without changes" if found[2] else ""
                report(f"Stack {found[1]} deployed{unchanged} ({time.monotonic() - started:.1f} s)")
        self._client("ssm").put_parameter(
            Name=FINGERPRINT_PARAMETER, Value=self._fingerprint, Type="String", Overwrite=True
        )

    def environment(self) -> dict[str, str]:
        """What cdk and the app it starts see: this Python and that Node first, no AWS settings of the user's."""
        base = without_aws(node_environment())
        return {
            **base,
            **aws_environment(self._directory, self._state),
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), base["PATH"]]),
            "CDK_HOME": str(self._directory.root / "cdk"),
        }

    def _cdk(self, *arguments: str, directory: Path) -> Iterator[str]:
        """Run cdk, yield what it says line by line, raise when it fails."""
        command = [*self._tools.cdk(), *arguments, "--no-notices", "--no-color", "--ci"]
        with (
            self.log.open("w", encoding="utf-8") as log,
            subprocess.Popen(
                command,
                cwd=directory,
                env=self.environment(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                encoding="utf-8",
                errors="replace",
            ) as process,
        ):
            for line in process.stdout or ():
                log.write(line)
                log.flush()
                yield line.rstrip("\n")
        if process.returncode != 0:
            raise DeployFailedError(reasons="\n    ".join(self._reasons()), log=self.log)

    def _reasons(self) -> list[str]:
        """Why, in CloudFormation's words where it got that far, else the end of what cdk said."""
        reasons = []
        for stack in self._client("cloudformation").describe_stacks()["Stacks"]:
            if stack["StackStatus"].endswith(("FAILED", "ROLLBACK_COMPLETE")):
                events = self._client("cloudformation").describe_stack_events(StackName=stack["StackId"])
                reasons += [
                    f"{stack['StackName']} {event['LogicalResourceId']}: {event['ResourceStatusReason']}"
                    for event in reversed(events["StackEvents"])
                    if event["ResourceStatus"].endswith("_FAILED") and event.get("ResourceStatusReason")
                ]
        said = [line for line in self.log.read_text(encoding="utf-8").splitlines() if line.strip()]
        return reasons or said[-15:]

    def _stack_status(self, name: str) -> str | None:
        try:
            stacks = self._client("cloudformation").describe_stacks(StackName=name)["Stacks"]
        except ClientError as error:
            if error.response["Error"]["Code"] == "ValidationError":
                return None
            raise
        return str(stacks[0]["StackStatus"])

    def _forget(self) -> None:
        """From here until the end, nothing whole is deployed."""
        self._client("ssm").delete_parameters(Names=[FINGERPRINT_PARAMETER])

    def _client(self, service: str) -> Any:
        return client_at(self._endpoint, service, self._state.region)
