"""Starts scans and follows them, whoever started them: by the files that each leaves in the bucket."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

from botocore.exceptions import ClientError
from pydantic import BaseModel

from beforehand.churn.documents import Briefs, Draft, ScanResult, briefs_file, draft_file, result_file
from beforehand.clock import now
from beforehand.errors import BeforehandError
from beforehand.names import Schedule
from beforehand.schedules.model import run_id_of
from beforehand.settings.churn import ChurnSelectSettings
from beforehand_cli.deployment import Deployment
from beforehand_cli.uploads import read_if_there
from beforehand_cli.waiting import pause

M = TypeVar("M", bound=BaseModel)

START_WITHIN = timedelta(minutes=2)
END_WITHIN = timedelta(minutes=20)
ENDED_BADLY = frozenset({"FAILED", "TIMED_OUT", "ABORTED"})


class ScanFailedError(BeforehandError):
    """A scan ended without a result."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Options:
    """What a scan is started with; None leaves it to the deployed settings. The threshold is a share, 0–1."""

    risk_threshold: float | None = None
    max_interventions: int | None = None

    def __bool__(self) -> bool:
        return self.risk_threshold is not None or self.max_interventions is not None


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

    def settings(self) -> ChurnSelectSettings:
        """The thresholds and the limit that scheduled scans use."""
        return self._deployment.settings("churn_select", ChurnSelectSettings)

    def cadence(self) -> Cadence:
        """How often the deployed schedule scans."""
        return Cadence(minutes=int(self._deployment.outputs["ScanEveryMinutes"]))

    def start(self, due_at: datetime, options: Options) -> None:
        """Starts the scan of a due time; if it is started already, that one goes on and this does nothing."""
        given = {
            "due_at": due_at.astimezone(UTC).isoformat(),
            "risk_threshold": options.risk_threshold,
            "max_interventions": options.max_interventions,
        }
        try:
            self._states.start_execution(
                stateMachineArn=self._machine,
                name=f"asked-for-{run_id_of(Schedule.CHURN_SCAN, due_at)}",
                input=json.dumps({name: value for name, value in given.items() if value is not None}),
            )
        except self._states.exceptions.ExecutionAlreadyExists:
            return

    def follow(self, due_at: datetime) -> Iterator[Briefs | Draft | ScanResult]:
        """What the scan of a due time does, as it does it: who was chosen, each message, the result.

        Raises ScanFailedError when it ended badly, did not start in time, or did not end in time.
        """
        run_id = run_id_of(Schedule.CHURN_SCAN, due_at)
        briefs: Briefs | None = None
        written = 0
        began = now()
        while True:
            result = self._read(result_file(run_id), ScanResult)
            briefs_now = briefs or self._read(briefs_file(run_id), Briefs)
            if briefs_now and not briefs:
                yield (briefs := briefs_now)
            if briefs:
                for draft in self._drafts(run_id, briefs, written):
                    written += 1
                    yield draft
            if result:
                yield result
                return
            self._must_go_on(due_at, began)
            pause()

    def _drafts(self, run_id: UUID, briefs: Briefs, written: int) -> Iterator[Draft]:
        """The drafts that are there now, in the order of the briefs, up to the first that is not."""
        for line in briefs.customers[written:]:
            draft = self._read(draft_file(run_id, line.customer_id), Draft)
            if draft is None:
                return
            yield draft

    def _must_go_on(self, due_at: datetime, began: datetime) -> None:
        """Raises when nothing more can be expected of the scan."""
        execution = self._execution_of(due_at)
        if execution is None:
            if now() > max(due_at, began) + START_WITHIN:
                raise ScanFailedError(f"No scan was started for {due_at.isoformat()}; is the schedule enabled?")
            return
        if execution["status"] in ENDED_BADLY:
            cause = execution.get("cause") or execution.get("error") or "it gives no cause"
            raise ScanFailedError(f"The scan {execution['name']} ended as {execution['status']}: {cause}")
        if now() > began + END_WITHIN:
            raise ScanFailedError(f"The scan {execution['name']} has not ended in {END_WITHIN}")

    def _execution_of(self, due_at: datetime) -> dict[str, Any] | None:
        """The execution that has this due time: the one that was asked for, or the schedule's."""
        asked_for = f"asked-for-{run_id_of(Schedule.CHURN_SCAN, due_at)}"
        found = None
        for listed in self._states.list_executions(stateMachineArn=self._machine, maxResults=20)["executions"]:
            execution = dict(self._states.describe_execution(executionArn=listed["executionArn"]))
            if _due_at(execution) != due_at:
                continue
            if execution["status"] == "SUCCEEDED" and not json.loads(execution["output"]).get("claimed", True):
                continue
            found = execution
            if execution["name"] == asked_for:
                break
        return found

    def _read(self, key: str, kind: type[M]) -> M | None:
        try:
            body = read_if_there(self._s3, self._bucket, key)
        except ClientError as error:
            raise ScanFailedError(f"The files bucket cannot be read: {error}") from error
        return None if body is None else kind.model_validate_json(body)


def _due_at(execution: dict[str, Any]) -> datetime | None:
    """The due time that an execution was started with; None where a person started it with something else."""
    try:
        return datetime.fromisoformat(json.loads(execution["input"])["due_at"])
    except (KeyError, TypeError, ValueError):
        return None
