"""Writes that are sent again do nothing twice: the answer is kept in the same transaction as what was done."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus

from beforehand.adapters.postgres import Transaction
from beforehand.api.problems import refuse

KEPT_FOR = timedelta(hours=24)
PRUNED_AT_ONCE = 100


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """One write as its sender named it. A key belongs to the user who sent it."""

    user: str
    key: str
    request: str
    at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Earlier:
    """What the same write was answered before."""

    status: int
    answer: str


def digest(*parts: str) -> str:
    """The same for the same request only."""
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()


class PostgresIdempotency:
    """Keys in PostgreSQL. Whoever comes second with a key waits until the first has committed, or given up."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def begin(self, asked: Asked) -> Earlier | None:
        """Takes the key, or gives the answer that it has. Raises the refusal of a key that named something else."""
        self._prune(asked.at)
        added = self._transaction.run(
            """insert into api_idempotency (user_id, key, request, asked_at)
               values (:user, :key, :request, :at) on conflict do nothing""",
            user=asked.user, key=asked.key, request=asked.request, at=asked.at,
        )  # fmt: skip
        if added:
            return None
        found = self._transaction.row(
            "select request, status, answer from api_idempotency where user_id = :user and key = :key",
            user=asked.user, key=asked.key,
        )  # fmt: skip
        if found is None or found["request"] != asked.request:
            raise refuse(
                HTTPStatus.UNPROCESSABLE_ENTITY,
                "This key has named another request before.",
                {"Idempotency-Key": "must be new for each write"},
            )
        return Earlier(status=found["status"], answer=found["answer"])

    def finish(self, asked: Asked, *, status: HTTPStatus, answer: str) -> None:
        """Keeps the answer, so that whoever asks again gets it."""
        self._transaction.run(
            "update api_idempotency set status = :status, answer = :answer where user_id = :user and key = :key",
            status=int(status), answer=answer, user=asked.user, key=asked.key,
        )  # fmt: skip

    def _prune(self, now: datetime) -> None:
        """Forgets a few keys that are a day old; what others are at is left to them."""
        self._transaction.run(
            """delete from api_idempotency where (user_id, key) in (
                   select user_id, key from api_idempotency where asked_at < :before
                   order by asked_at limit :most for update skip locked)""",
            before=now - KEPT_FOR, most=PRUNED_AT_ONCE,
        )  # fmt: skip
