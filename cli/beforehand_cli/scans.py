"""Starts scans and follows them, whoever started them: by the files that each leaves in the bucket."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from botocore.exceptions import ClientError
from pydantic import BaseModel

from beforehand.churn.documents import (
    BriefLine,
    Briefs,
    Draft,
    ScanResult,
    briefs_file,
    draft_file,
    result_file,
)
from beforehand.clock import now
from beforehand.errors import BeforehandError
from beforehand.events.outbox import StartScan
from beforehand.names import Schedule
from beforehand.outbox.scans import execution_of
from beforehand.schedules.model import run_id_of
from beforehand.settings.churn import ChurnSelectSettings
from beforehand_cli.deployment import LOCAL, Deployment
from beforehand_cli.uploads import read_if_there
from beforehand_cli.waiting import pause

M = TypeVar("M", bound=BaseModel)

START_WITHIN = timedelta(minutes=2)
END_WITHIN = timedelta(minutes=20)
ENDED_BADLY = frozenset({"FAILED", "TIMED_OUT", "ABORTED"})


class ScanFailedError(BeforehandError):
    """A scan ended without a result."""


class ScannedOtherwiseError(BeforehandError):
    """A moment that was scanned already is asked for with other options."""

    def __init__(self, result: ScanResult) -> None:
        super().__init__(
            f"The moment {result.due_at.isoformat()} was scanned already, with a risk threshold of "
            f"{result.risk_threshold:.0%} and at most {result.max_interventions} interventions. No moment is "
            "scanned twice; name another with --as-of."
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Options:
    """What a scan is started with; None leaves it to the deployed settings. The threshold is a share, 0–1."""

    risk_threshold: float | None = None
    max_interventions: int | None = None

    def __bool__(self) -> bool:
        return self.risk_threshold is not None or self.max_interventions is not None

    def made(self, result: ScanResult) -> bool:
        """Whether the result is one of a scan with these options, as far as they are given."""
        if self.risk_threshold is not None and (
            result.health_threshold is not None or result.risk_threshold != self.risk_threshold
        ):
            return False
        return self.max_interventions in (None, result.max_interventions)


@dataclass(frozen=True, kw_only=True, slots=True)
class Cadence:
    """How often the deployed schedule scans, on the clock of UTC."""

    minutes: int

    def after(self, moment: datetime) -> datetime:
        """The first due time after a moment."""
        midnight = moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        rounds = (moment - midnight) // timedelta(minutes=self.minutes) + 1
        return midnight + rounds * timedelta(minutes=self.minutes)


class Scans:
    """The scans of a deployment."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        self._s3 = deployment.client("s3")
        self._states = deployment.client("stepfunctions")
        self._bucket = deployment.outputs["FilesBucket"]
        self._machine = deployment.outputs["ScanStateMachine"]
        self._due: dict[str, datetime | None] = {}

    def settings(self) -> ChurnSelectSettings:
        """The thresholds and the limit that scheduled scans use."""
        return self._deployment.settings("churn_select", ChurnSelectSettings)

    def cadence(self) -> Cadence:
        """How often the deployed schedule scans."""
        return Cadence(minutes=int(self._deployment.outputs["ScanEveryMinutes"]))

    def finished(self, due_at: datetime, options: Options) -> ScanResult | None:
        """The result of a due time that was scanned before; None when it was not.

        Raises ScannedOtherwiseError when it was scanned with other options than these.
        """
        result = self._read(result_file(run_id_of(Schedule.CHURN_SCAN, due_at)), ScanResult)
        if result and not options.made(result):
            raise ScannedOtherwiseError(result)
        return result

    def start(self, due_at: datetime, options: Options) -> None:
        """Starts the scan of a due time; if it is started already, that one goes on and this does nothing."""
        execution = execution_of(
            StartScan(
                due_at=due_at,
                risk_threshold=options.risk_threshold,
                max_interventions=options.max_interventions,
            )
        )
        try:
            self._states.start_execution(stateMachineArn=self._machine, name=execution.name, input=execution.input)
        except self._states.exceptions.ExecutionAlreadyExists:
            return

    def follow(self, due_at: datetime) -> Iterator[Briefs | Draft | ScanResult]:
        """What the scan of a due time does, as it does it: who was chosen, each message, the result.

        Raises ScanFailedError when it ended badly, did not start in time, or did not end in time.
        """
        run_id = run_id_of(Schedule.CHURN_SCAN, due_at)
        briefs: Briefs | None = None
        written = 0
        execution: str | None = None
        began = now()
        while True:
            result = self._read(result_file(run_id), ScanResult)
            if briefs is None and (briefs := self._read(briefs_file(run_id), Briefs)):
                yield briefs
            if briefs:
                for draft in self._drafts(briefs, briefs.customers[written:], ended=result is not None):
                    written += 1
                    yield draft
            if result:
                yield result
                return
            execution = self._must_go_on(due_at, began, execution)
            pause(self._deployment.look_every)

    def _drafts(self, briefs: Briefs, lines: Iterable[BriefLine], *, ended: bool) -> Iterator[Draft]:
        """The drafts that are there, in the order of the briefs.

        While the scan runs they go up to the first that is not there yet; afterwards that one never comes.
        """
        for line in lines:
            draft = self._read(draft_file(briefs.run_id, line.customer_id), Draft)
            if draft:
                yield draft
            elif not ended:
                return

    def _must_go_on(self, due_at: datetime, began: datetime, known: str | None) -> str | None:
        """The ARN of the scan's execution, as soon as there is one; raises when no more can be expected of it."""
        execution = self._describe(known) if known else None
        if execution is None or not _has_the_run(execution):
            execution = self._execution_of(due_at)
        if execution is None:
            if now() > max(due_at, began) + START_WITHIN:
                raise ScanFailedError(f"No scan was started for {due_at.isoformat()}; is the schedule enabled?")
            return None
        if execution["status"] in ENDED_BADLY:
            raise ScanFailedError(self._why(execution, due_at))
        if now() > began + END_WITHIN:
            raise ScanFailedError(f"The scan {execution['name']} has not ended in {END_WITHIN}")
        return str(execution["executionArn"])

    def _why(self, execution: dict[str, Any], due_at: datetime) -> str:
        """What a failed scan says of itself: its last state gives the step as cause and the error's name."""
        ended = str(execution["status"]).lower().replace("_", " ")
        step = f" at the step {execution['cause']}" if execution.get("cause") else ""
        error = f" with {execution['error']}" if execution.get("error") else ""
        told = "see `beforehand mail 1`" if self._deployment.stage == LOCAL else "staff were told by mail"
        return f"The scan that was due at {due_at.isoformat()} {ended}{step}{error}; {told}"

    def _execution_of(self, due_at: datetime) -> dict[str, Any] | None:
        """The execution that has this due time: the one that was asked for, or the schedule's."""
        asked_for = f"asked-for-{run_id_of(Schedule.CHURN_SCAN, due_at)}"
        found = None
        for listed in self._states.list_executions(stateMachineArn=self._machine, maxResults=20)["executions"]:
            arn = listed["executionArn"]
            if self._due.get(arn, due_at) != due_at:
                continue
            execution = self._describe(arn)
            self._due[arn] = _due_at(execution)
            if self._due[arn] != due_at or not _has_the_run(execution):
                continue
            found = execution
            if execution["name"] == asked_for:
                break
        return found

    def _describe(self, arn: str) -> dict[str, Any]:
        return dict(self._states.describe_execution(executionArn=arn))

    def _read(self, key: str, kind: type[M]) -> M | None:
        try:
            body = read_if_there(self._s3, self._bucket, key)
        except ClientError as error:
            raise ScanFailedError(f"The files bucket cannot be read: {error}") from error
        return None if body is None else kind.model_validate_json(body)


def _has_the_run(execution: dict[str, Any]) -> bool:
    """False where another execution turned out to have the due time."""
    return execution["status"] != "SUCCEEDED" or bool(json.loads(execution["output"]).get("claimed", True))


def _due_at(execution: dict[str, Any]) -> datetime | None:
    """The due time that an execution was started with; None where a person started it with something else."""
    try:
        return datetime.fromisoformat(json.loads(execution["input"])["due_at"])
    except (KeyError, TypeError, ValueError):
        return None
