"""Follow-ups from Python: plans, lists and cancels them through the API, off the event loop."""

import logging
import warnings
from asyncio import to_thread
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Protocol
from urllib.parse import quote
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from beforehand_cli.api import Api, ApiRefusedError, Document
from beforehand_cli.client.followup_jobs import FollowUpJob, FollowUpStatus, FollowUpTriggerType
from beforehand_cli.deployment import Deployment

__all__ = ["FollowUpJob", "FollowUpScheduler", "FollowUpStatus", "FollowUpTriggerType"]

NOT_FOUND = 404
DAY = timedelta(days=1)
logger = logging.getLogger(__name__)


class Calls(Protocol):
    """What is asked of the API; `beforehand_cli.api.Api` does it as whoever is signed in."""

    def get(self, path: str, **query: object) -> Document:
        """One answer."""

    def write(self, method: str, path: str, body: Document | None = None) -> Document:
        """One write."""

    def items(self, path: str, *, most: int, **query: object) -> Iterator[Document]:
        """What a list holds, at most so many."""


class FollowUpScheduler:
    """The follow-ups of one stage. Nothing is scheduled in this process: what is planned goes without it.

    Users are Beforehand's customers, by their ids. A moment without a zone is read in `timezone`. Every method may
    raise ApiRefusedError (no such customer, say, or a role that is too low), NotSignedInError and ApiSilentError.
    """

    def __init__(
        self,
        memory: object = None,
        emotion_service: object = None,
        timezone: str = "UTC",
        *,
        api: Calls | None = None,
        stage: str | None = None,
    ) -> None:
        """`api` does the calls; without it, the stage's (else BEFOREHAND_STAGE's, else the local one's) as whoever
        signed in with `beforehand login`. `timezone` is a zone of the IANA database.

        `memory` and `emotion_service` are taken so that programs written for a scheduler inside their own process
        need no other call, and are never asked: the stage keeps follow-ups and emotions itself. A warning says so.
        Raises ValueError for a zone that is none.
        """
        for name, given in (("memory", memory), ("emotion_service", emotion_service)):
            if given is not None:
                told = f"{name} is never asked: the stage keeps follow-ups and emotions itself; leave it out"
                warnings.warn(told, stacklevel=2)
        try:
            self._zone = ZoneInfo(timezone)
        except (ZoneInfoNotFoundError, ValueError):
            raise ValueError(f"there is no zone {timezone!r}; name one as Asia/Kolkata is named") from None
        self._api: Calls = api or Api(Deployment.of_stage(stage))

    async def start(self) -> None:
        """Asks the API who is signed in, so that what is wrong shows now and not with the first follow-up."""
        me = await to_thread(self._api.get, "/v1/me")
        logger.info("follow-ups are planned as a user with the role %s", me["role"])

    async def stop(self) -> None:
        """Ends nothing: what is planned goes all the same, and other programs plan on. `cancel_followup` calls one
        back."""
        logger.info("no more follow-ups are planned from here; those that are planned go when they are due")

    async def schedule_post_event_followup(
        self,
        conversation_id: str,
        user_id: str,
        event_date: datetime,
        booking_id: str | None = None,
        followup_delay: timedelta = timedelta(hours=24),
    ) -> str | None:
        """Plans a message so long after the end of an event.

        None where an event of theirs that close is followed up already, or nothing reaches them; the log says so.
        """
        return await self._plan(
            "post-event",
            user_id,
            conversation_id=conversation_id,
            event_at=self._written(event_date),
            booking_id=booking_id,
            delay_hours=followup_delay.total_seconds() / 3600,
        )

    async def schedule_reengagement(
        self, user_id: str, last_activity: datetime, inactive_threshold: timedelta = timedelta(days=30)
    ) -> str | None:
        """Plans to ask somebody back who did nothing for so many whole days; at once where those are over.

        None where that is planned already, or nothing reaches them. Raises ValueError for parts of a day.
        """
        if inactive_threshold < DAY or inactive_threshold % DAY:
            raise ValueError("inactive_threshold must be whole days, one at least")
        return await self._plan(
            "re-engagement",
            user_id,
            last_activity=self._written(last_activity),
            inactive_days=inactive_threshold // DAY,
        )

    async def schedule_emotion_check_in(
        self, user_id: str, conversation_id: str | None = None, scheduled_at: datetime | None = None
    ) -> str | None:
        """Plans to ask how somebody is, at a moment or after the hours that a person has to see to it. None where
        that is planned for about then already, or nothing reaches them."""
        due_at = None if scheduled_at is None else self._written(scheduled_at)
        return await self._plan("check-in", user_id, conversation_id=conversation_id, due_at=due_at)

    async def schedule_custom(
        self,
        user_id: str,
        scheduled_at: datetime,
        message: str | None = None,
        *,
        subject: str | None = None,
        template_id: str | None = None,
        variables: Mapping[str, Any] | None = None,
        conversation_id: str | None = None,
        channel: str | None = None,
        key: str | None = None,
    ) -> str | None:
        """Plans a message of one's own: a text (an e-mail has a subject too), or a template with what fills it.

        None where `key` has its message already, or nothing reaches them.
        """
        return await self._plan(
            "custom",
            user_id,
            due_at=self._written(scheduled_at),
            body=message,
            subject=subject,
            template=template_id,
            variables=None if variables is None else dict(variables),
            conversation_id=conversation_id,
            channel=channel,
            key=key,
        )

    async def get_scheduled_followups(
        self, user_id: str | None = None, status: FollowUpStatus | None = None, limit: int = 50
    ) -> list[FollowUpJob]:
        """Follow-ups of one status, of all users or one, latest first. Without a status: those that are pending."""
        wanted = FollowUpStatus.PENDING if status is None else FollowUpStatus(status)

        def ask() -> list[FollowUpJob]:
            found = self._api.items("/v1/followups", most=limit, customer=user_id, status=wanted.value)
            return [FollowUpJob.of(one) for one in found]

        return await to_thread(ask)

    async def get_followup(self, job_id: str) -> FollowUpJob | None:
        """One follow-up, whatever its status; None where there is none."""
        shown = await self._unless_missing(self._api.get, f"/v1/followups/{quote(job_id, safe='')}")
        return None if shown is None else FollowUpJob.of(shown)

    async def cancel_followup(self, job_id: str) -> bool:
        """Calls one back that has not gone. False where there is none, it has gone, or was called back before."""
        path = f"/v1/followups/{quote(job_id, safe='')}/cancel"
        told = await self._unless_missing(self._api.write, "POST", path)
        return told is not None and bool(told["cancelled"])

    async def reschedule_followup(
        self, job_id: str, *, scheduled_at: datetime | None = None, event_date: datetime | None = None
    ) -> FollowUpJob:
        """Makes one due at another moment, or as long after the new end of its event as before; its id stays."""
        asked = {"due_at": scheduled_at, "event_at": event_date}
        body = {name: self._written(at) for name, at in asked.items() if at is not None}
        path = f"/v1/followups/{quote(job_id, safe='')}/reschedule"
        return FollowUpJob.of((await to_thread(self._api.write, "POST", path, body))["followup"])

    async def get_emotion_history(
        self, user_id: str, conversation_id: str | None = None, limit: int = 5
    ) -> list[dict[str, Any]]:
        """The latest emotions, newest first: `score` from 0, the worst, to 1, `at`, and who read it."""
        told = await to_thread(
            self._api.get, "/v1/emotions", customer=user_id, conversation=conversation_id, limit=limit
        )
        return list(told["items"])

    async def health_check(self) -> dict[str, Any]:
        """How the stage's follow-ups are doing: status, scheduler_running, pending_jobs, executed_today,
        apscheduler_jobs, overdue, failed_today, and the lag in seconds."""
        return dict(await to_thread(self._api.get, "/api/scheduler/health"))

    async def _plan(self, kind: str, user_id: str, **asked: object) -> str | None:
        body = {"customer_id": user_id, **{name: value for name, value in asked.items() if value is not None}}
        told = await to_thread(self._api.write, "POST", f"/v1/followups/{kind}", body)
        logger.info("%s: %s", told["job_id"] or "no follow-up is planned", told["because"])
        job_id: str | None = told["job_id"]
        return job_id

    async def _unless_missing(self, call: Any, *asked: object) -> Document | None:
        try:
            answer: Document = await to_thread(call, *asked)
        except ApiRefusedError as error:
            if error.status == NOT_FOUND:
                return None
            raise
        return answer

    def _written(self, moment: datetime) -> str:
        """A moment as the API takes it."""
        return (moment if moment.tzinfo else moment.replace(tzinfo=self._zone)).isoformat()
