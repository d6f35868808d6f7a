"""Delivery's side of the ledger in PostgreSQL: statements over many rows, fenced by the number of the attempt."""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from beforehand.adapters.postgres import Row, Transaction
from beforehand.outreach.delivery.model import ChannelState, Claimed, Due, Kept, Mode, Move, Question
from beforehand.outreach.model import Channel, Purpose, State

A_TICK = 8_101
"""The lock that lets one tick claim at a time: budgets hold across messages that come due together."""

# Not as the index of what is in flight has it: the rows are to be found by their ids, however many are in flight.
IN_FLIGHT = "coalesce(o.state, '') in ('claimed', 'unknown')"


class PostgresDelivery:
    """The ledger of outreach while it is delivered, inside one transaction."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def begin(self) -> datetime | None:
        """The database's moment, by which everything is due and leased; None while another tick is at work."""
        row = self._transaction.row("select pg_try_advisory_xact_lock(:lock) as mine, now() as at", lock=A_TICK)
        assert row is not None
        return row["at"] if row["mine"] else None

    def now(self) -> datetime:
        """The database's moment."""
        row = self._transaction.row("select now() as at")
        assert row is not None
        at: datetime = row["at"]
        return at

    def expire(self, now: datetime, *, limit: int = 5_000) -> int:
        """Ends what waited too long, whatever it waited for; returns how many."""
        return self._transaction.run(
            """update outreach
               set state = 'expired', hold = null, next_at = null, state_at = :now,
                   state_because = 'it had to go before '
                       || to_char(not_after at time zone 'UTC', 'YYYY-MM-DD HH24:MI') || ' UTC'
                       || coalesce('; it waited: ' || state_because, '; ' || case
                           when next_at is null then 'it waited for a person'
                           when exists (select from outreach_channels c
                                        where c.channel = outreach.channel and c.mode = 'off')
                           then channel || ' was off'
                           else channel || '''s rate was used up or a kill switch was on' end)
               where outreach_id in (
                   select outreach_id from outreach
                   where state in ('scheduled', 'held') and not_after <= :now
                   order by not_after limit :limit for update skip locked)""",
            now=now, limit=limit,
        )  # fmt: skip

    def let_go(self, available: Iterable[Channel], *, now: datetime, limit: int = 2_000) -> int:
        """What was held for its channel to be live and set up is due once that is so; returns how many."""
        return self._transaction.run(
            """update outreach
               set state = 'scheduled', hold = null, next_at = :now, state_at = :now,
                   state_because = 'its channel is live'
               where outreach_id in (
                   select o.outreach_id from outreach o
                   join outreach_channels c on c.channel = o.channel and c.mode = 'live'
                   where o.hold = 'dry_run' and o.state = 'held' and o.not_after > :now
                     and o.channel = any(cast(:available as text[]))
                   limit :limit for update of o skip locked)""",
            available=[str(one) for one in available], now=now, limit=limit,
        )  # fmt: skip

    def give_up(self, now: datetime) -> int:
        """Claims whose lease has passed become unknown, never due again by themselves; returns how many."""
        return self._transaction.run(
            """update outreach
               set state = 'unknown', state_at = :now, state_because = 'whoever claimed it gave no word in time'
               where outreach_id in (
                   select outreach_id from outreach where state = 'claimed' and lease_until <= :now
                   for update skip locked)""",
            now=now,
        )

    def unknown(self, *, limit: int = 1_000) -> list[tuple[UUID, int]]:
        """Attempts of which nobody has told how they ended, the longest unknown first."""
        found = self._transaction.rows(
            """select outreach_id, attempt from outreach where state = 'unknown'
               order by lease_until limit :limit""",
            limit=limit,
        )
        return [(row["outreach_id"], row["attempt"]) for row in found]

    def channels(self, now: datetime) -> list[ChannelState]:
        """How each channel is run, and how many messages it may take now, of its rate and of those in flight.

        Ticks come a minute apart, and now and then a little less.
        """
        found = self._transaction.rows(
            """select channel, mode, least(
                   per_minute - (select count(*) from outreach_attempts a
                                 where a.channel = c.channel and
                                   a.claimed_at > cast(:now as timestamptz) - interval '55 seconds'),
                   at_once - (select count(*) from outreach o
                              where o.channel = c.channel and o.state in ('claimed', 'unknown'))) as room
               from outreach_channels c order by channel""",
            now=now,
        )
        return [
            ChannelState(channel=Channel(row["channel"]), mode=Mode(row["mode"]), room=max(row["room"], 0))
            for row in found
        ]

    def due(self, channel: Channel, *, now: datetime, limit: int) -> list[Due]:
        """Messages whose time has come, the most urgent first, held for this transaction."""
        found = self._transaction.rows(
            """select outreach_id, customer_id, purpose, channel, state, attempt, due_at, not_after, automated,
                      language, subject, body, template, variables, state_because
               from outreach
               where channel = :channel and state in ('scheduled', 'held') and next_at <= :now
               order by priority desc, next_at limit :limit for update skip locked""",
            channel=channel, now=now, limit=limit,
        )  # fmt: skip
        return [_due(row) for row in found]

    def keep(self, kept: Sequence[Kept], *, now: datetime) -> None:
        """Writes down what does not go now."""
        self._change(
            """update outreach o
               set state = n.state, hold = n.hold, next_at = n.next_at, policy_version = n.policy_version,
                   state_because = n.because, state_at = :now
               from jsonb_to_recordset(cast(:rows as jsonb)) as n(
                   outreach_id uuid, state text, hold text, next_at timestamptz, policy_version text, because text)
               where o.outreach_id = n.outreach_id""",
            ({"outreach_id": one.outreach_id, "state": one.state, "hold": one.hold, "next_at": one.next_at,
              "policy_version": one.policy_version, "because": one.because} for one in kept),
            now=now,
        )  # fmt: skip

    def claim(self, claimed: Sequence[Claimed], *, now: datetime, until: datetime) -> None:
        """Claims messages that `due` has held, each under its attempt, for so long."""
        rows = [
            {"outreach_id": one.outreach_id, "attempt": one.attempt, "channel": one.channel, "chunk": one.chunk,
             "policy_version": one.policy_version, "because": one.because, "subject": one.subject,
             "body": one.body, "template_version": one.template_version}
            for one in claimed
        ]  # fmt: skip
        self._change(
            """with n as materialized (
                   select * from jsonb_to_recordset(cast(:rows as jsonb)) as n(
                       outreach_id uuid, attempt integer, channel text, policy_version text, chunk text,
                       because text, subject text, body text, template_version integer)),
               attempts as (
                   insert into outreach_attempts (outreach_id, attempt, channel, policy_version, chunk, claimed_at,
                                                  lease_until)
                   select outreach_id, attempt, channel, policy_version, chunk, :now, :until from n)
               update outreach o
               set state = 'claimed', hold = null, next_at = null, attempt = n.attempt, lease_until = :until,
                   policy_version = n.policy_version, state_because = n.because, state_at = :now,
                   subject = case when o.template is null then o.subject else n.subject end,
                   body = case when o.template is null then o.body else n.body end,
                   template_version = n.template_version
               from n where o.outreach_id = n.outreach_id""",
            rows, now=now, until=until,
        )  # fmt: skip

    def questions(self, attempts: Iterable[tuple[UUID, int]]) -> list[Question]:
        """Those that are still the last attempt of a message that is claimed or unknown; nobody else moves them."""
        found = self._transaction.rows(
            f"""select o.outreach_id, o.customer_id, o.attempt, o.channel, o.state, o.lease_until, o.not_after,
                      (select count(*) from outreach_attempts a
                       where a.outreach_id = o.outreach_id and a.outcome = 'not_now') as refusals
               from outreach o
               join jsonb_to_recordset(cast(:rows as jsonb)) as n(outreach_id uuid, attempt integer)
                 on n.outreach_id = o.outreach_id and n.attempt = o.attempt
               where {IN_FLIGHT}
               order by o.outreach_id for update of o""",
            rows=json.dumps([{"outreach_id": str(one), "attempt": attempt} for one, attempt in attempts]),
        )
        return [
            Question(
                outreach_id=row["outreach_id"],
                customer_id=row["customer_id"],
                attempt=row["attempt"],
                channel=Channel(row["channel"]),
                state=State(row["state"]),
                since=row["lease_until"],
                not_after=row["not_after"],
                refusals=row["refusals"],
            )
            for row in found
        ]

    def chunk(self, chunk: str) -> list[tuple[UUID, int]]:
        """The attempts that were claimed together and have not ended."""
        found = self._transaction.rows(
            "select outreach_id, attempt from outreach_attempts where chunk = :chunk and ended_at is null",
            chunk=chunk,
        )
        return [(row["outreach_id"], row["attempt"]) for row in found]

    def move(self, moves: Sequence[Move], *, now: datetime) -> None:
        """Makes moves of messages that `questions` has held, and writes down how their attempts ended."""
        rows = [
            {"outreach_id": one.outreach_id, "attempt": one.fence, "state": one.state, "hold": one.hold,
             "next_at": one.next_at, "because": one.because, "outcome": one.ended, "provider_id": one.provider_id}
            for one in moves
        ]  # fmt: skip
        self._change(
            f"""update outreach o
               set state = n.state, hold = n.hold, next_at = n.next_at, state_because = n.because, state_at = :now
               from jsonb_to_recordset(cast(:rows as jsonb)) as n(
                   outreach_id uuid, attempt integer, state text, hold text, next_at timestamptz, because text)
               where o.outreach_id = n.outreach_id and o.attempt = n.attempt
                 and {IN_FLIGHT}""",
            rows, now=now,
        )  # fmt: skip
        self._change(
            """update outreach_attempts a
               set outcome = n.outcome, because = n.because, ended_at = :now,
                   provider_id = coalesce(n.provider_id, a.provider_id)
               from jsonb_to_recordset(cast(:rows as jsonb)) as n(
                   outreach_id uuid, attempt integer, outcome text, because text, provider_id text)
               where a.outreach_id = n.outreach_id and a.attempt = n.attempt""",
            rows, now=now,
        )  # fmt: skip

    def _change(self, sql: str, rows: Iterable[dict[str, Any]], **parameters: Any) -> None:
        given = list(rows)
        if given:
            self._transaction.run(sql, rows=json.dumps(given, default=_written), **parameters)


def _written(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _due(row: Row) -> Due:
    return Due(
        **{
            **row,
            "purpose": Purpose(row["purpose"]),
            "channel": Channel(row["channel"]),
            "state": State(row["state"]),
        }
    )
