"""Rehearses inside one transaction: reads today's data, plays the coming days under one policy or two, reports."""

import gc
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from beforehand.adapters.postgres import Transaction
from beforehand.outreach.channels_store import PostgresChannels
from beforehand.outreach.delivery.model import Mode
from beforehand.outreach.gate.facts_store import PostgresFacts, Suppressed
from beforehand.outreach.gate.legal import shipped as laws
from beforehand.outreach.gate.model import Facts
from beforehand.outreach.model import Channel, Purpose
from beforehand.outreach.policies_store import PostgresPolicies
from beforehand.outreach.policy import ContactPolicy
from beforehand.outreach.rehearsal.comparing import difference
from beforehand.outreach.rehearsal.ledger import full_minute
from beforehand.outreach.rehearsal.model import Lane, Planner, Played
from beforehand.outreach.rehearsal.people import People
from beforehand.outreach.rehearsal.playing import Performance, Scene, play
from beforehand.outreach.rehearsal.prices import Prices
from beforehand.outreach.rehearsal.report import Report
from beforehand.outreach.rehearsal.store import (
    PostgresBeside,
    PostgresWaiting,
    copy_beside,
    prepare,
    refuse_changes,
)
from beforehand.outreach.rehearsal.tally import Tally
from beforehand.outreach.rehearsal.telling import told
from beforehand.outreach.rehearsal.trying import Trial
from beforehand.outreach.rehearsal.what_if import what_if

PlannerOf = Callable[[Transaction], Planner]
Told = Callable[[datetime, int, int], None]
"""Hears what the clock shows, in which round of how many."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """What is to be rehearsed. `begin` is any moment; the first tick is that of the next full minute."""

    rehearsal_id: UUID
    begin: datetime
    days: int
    zone: str
    purposes: tuple[Purpose, ...] = ()
    as_live: tuple[Channel, ...] = ()
    policy: Mapping[str, Any] | None = None
    prices: Prices = field(default_factory=Prices)


def rehearse(
    asked: Asked,
    *,
    transaction: Transaction,
    planners: Iterable[PlannerOf],
    suppressed: Callable[[Transaction], Suppressed],
    available: frozenset[Channel],
    stopped: frozenset[str],
    parts_of: Callable[[str, str], int],
    trial_of: Callable[[Transaction], Trial],
    clock: Callable[[], float],
    progress: Told = lambda at, round, rounds: None,
) -> Report:
    """Plays the coming days under the policy in force, and under another if one is given.

    The transaction must be at its beginning, and be undone at its end. Raises NotFoundError before the first policy
    and InvalidWhatIfError for a policy that is none.
    """
    began = clock()
    with _no_search_for_garbage():
        report = _rehearse(
            asked, transaction, planners, suppressed, available, stopped, parts_of, trial_of, progress
        )
    return report.model_copy(update={"seconds": round(clock() - began, 3)})


@contextmanager
def _no_search_for_garbage() -> Iterator[None]:
    """A hundred thousand messages and people live to the end, and nothing here leads back to itself."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _rehearse(
    asked: Asked,
    transaction: Transaction,
    planners: Iterable[PlannerOf],
    suppressed: Callable[[Transaction], Suppressed],
    available: frozenset[Channel],
    stopped: frozenset[str],
    parts_of: Callable[[str, str], int],
    trial_of: Callable[[Transaction], Trial],
    progress: Told,
) -> Report:
    prepare(transaction)
    begin = full_minute(asked.begin)
    in_force = PostgresPolicies(transaction).in_force(begin)
    policies = [in_force] + ([what_if(asked.policy, in_force)] if asked.policy is not None else [])
    memory = max(policy.memory for policy in policies)
    end = begin + timedelta(days=asked.days)
    copy_beside(transaction, since=begin - memory)
    acting = [planner_of(transaction) for planner_of in planners]
    for planner in acting:
        planner.prepare(begin=begin)
    refuse_changes(transaction)

    read = _reader(transaction, suppressed(transaction), memory=memory, as_of=begin)
    lanes, known = _lanes(transaction, asked, available, stopped), dict[str, Facts]()
    trial = trial_of(transaction)
    played: list[tuple[Performance, Scene]] = []
    for number, policy in enumerate(policies, start=1):
        transaction.run("savepoint scene")
        scene = Scene(
            begin=begin,
            end=end,
            policy=policy,
            legal=laws(),
            lanes=lanes,
            planners=acting,
            people=People(read, known),
            beside=PostgresBeside(transaction),
            parts_of=parts_of,
            trial=trial,
        )
        tally = Tally(zone=asked.zone, purposes=asked.purposes or tuple(Purpose))
        waiting: Iterable[Played] = PostgresWaiting(transaction, parts_of).until(begin=begin, end=end)
        done = play(scene, waiting, tally, progress=_heard(progress, number, len(policies)))
        played.append((done, scene))
        transaction.run("rollback to savepoint scene")
    plays = [told(done, scene, asked.prices) for done, scene in played]
    return Report(
        rehearsal_id=asked.rehearsal_id,
        begin=begin,
        end=end,
        zone=asked.zone,
        purposes=asked.purposes,
        as_live=asked.as_live,
        play=plays[0],
        other=plays[1] if len(plays) > 1 else None,
        difference=difference(played[0][0], played[1][0], told=(plays[0], plays[1])) if len(plays) > 1 else None,
        seconds=0,
    )


def _heard(progress: Told, number: int, rounds: int) -> Callable[[datetime], None]:
    return lambda at: progress(at, number, rounds)


def _reader(
    transaction: Transaction, suppressed: Suppressed, *, memory: timedelta, as_of: datetime
) -> Callable[[Sequence[str]], Mapping[str, Facts]]:
    """The facts as the gate is told them, with contacts as far back as the longer of the policies remembers."""
    facts, remembering = PostgresFacts(transaction, suppressed), ContactPolicy(budget_period=memory)
    return lambda customer_ids: facts.of(customer_ids, policy=remembering, as_of=as_of)


def _lanes(
    transaction: Transaction, asked: Asked, available: frozenset[Channel], stopped: frozenset[str]
) -> tuple[Lane, ...]:
    return tuple(
        Lane(
            channel=one.channel,
            mode=Mode.LIVE if one.channel in asked.as_live else one.mode,
            per_minute=one.per_minute,
            at_once=one.at_once,
            is_set_up=one.channel in available or one.channel in asked.as_live,
            is_stopped=bool(stopped & {"all", one.channel.value}) and one.channel not in asked.as_live,
        )
        for one in PostgresChannels(transaction).everyone()
    )
