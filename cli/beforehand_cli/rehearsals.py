"""Starts rehearsals and follows them, by the execution and by the files that each leaves in the bucket."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from beforehand.clock import now
from beforehand.errors import BeforehandError
from beforehand.events.rehearsal import progress_file, report_file
from beforehand.ids import uuid7
from beforehand.outreach.rehearsal.report import Progress, Report
from beforehand_cli.deployment import Deployment
from beforehand_cli.uploads import read_if_there
from beforehand_cli.waiting import pause

END_WITHIN = timedelta(minutes=15)
ENDED_BADLY = frozenset({"FAILED", "TIMED_OUT", "ABORTED"})


class RehearsalFailedError(BeforehandError):
    """A rehearsal ended without a report."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """What is to be rehearsed; what is None is left to the function."""

    days: int
    from_at: datetime | None = None
    policy: Mapping[str, Any] | None = None
    prices: Mapping[str, Any] | None = None
    purposes: Sequence[str] = ()
    live: Sequence[str] = ()

    def event(self, rehearsal_id: UUID) -> str:
        """The input of the execution."""
        given = {
            "rehearsal_id": str(rehearsal_id),
            "days": self.days,
            "from_at": self.from_at and self.from_at.isoformat(),
            "policy": self.policy,
            "prices": self.prices,
            "purposes": list(self.purposes),
            "live": list(self.live),
        }
        return json.dumps({name: value for name, value in given.items() if value is not None}, default=str)


class Rehearsals:
    """The rehearsals of a deployment."""

    def __init__(self, deployment: Deployment) -> None:
        self._look_every = deployment.look_every
        self._s3 = deployment.client("s3")
        self._states = deployment.client("stepfunctions")
        self._bucket = deployment.outputs["FilesBucket"]
        self._machine = deployment.outputs["RehearsalStateMachine"]

    def run(self, wanted: Wanted, *, heard: Callable[[Progress], None]) -> Report:
        """Starts a rehearsal and returns its report. Raises RehearsalFailedError where it ends without one."""
        rehearsal_id, began = uuid7(now()), now()
        started = self._states.start_execution(
            stateMachineArn=self._machine, name=str(rehearsal_id), input=wanted.event(rehearsal_id)
        )
        last = b""
        while True:
            body = read_if_there(self._s3, self._bucket, report_file(rehearsal_id))
            if body is not None:
                return Report.model_validate_json(body)
            told = read_if_there(self._s3, self._bucket, progress_file(rehearsal_id))
            if told and told != last:
                last = told
                heard(Progress.model_validate_json(told))
            self._must_go_on(started["executionArn"], began)
            pause(self._look_every)

    def _must_go_on(self, execution: str, began: datetime) -> None:
        found = self._states.describe_execution(executionArn=execution)
        if found["status"] in ENDED_BADLY:
            raise RehearsalFailedError(_why(found))
        if now() > began + END_WITHIN:
            raise RehearsalFailedError(f"The rehearsal {found['name']} has not ended in {END_WITHIN}")


def _why(execution: Mapping[str, Any]) -> str:
    """What a failed rehearsal says of itself; the function's own sentence where it gave one."""
    ended = str(execution["status"]).lower().replace("_", " ")
    try:
        said = str(json.loads(execution.get("cause") or "{}").get("errorMessage", ""))
    except (ValueError, AttributeError):
        said = ""
    error = execution.get("error")
    told = said or f"with {error}" if said or error else "without a word"
    return f"The rehearsal {ended}: {told}. The log of rehearsal_run says more"
