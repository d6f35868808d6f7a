"""Puts `rehearsal_run` together: everything is read, and nothing is written but the report."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

from beforehand.adapters.postgres import Transaction, database
from beforehand.adapters.s3 import S3Files
from beforehand.clock import monotonic, now
from beforehand.errors import InvalidEventError
from beforehand.events.rehearsal import RehearsalRequested, Rehearsed, progress_file, report_file
from beforehand.outreach.channels.available import available
from beforehand.outreach.delivery.gates import DynamoGates
from beforehand.outreach.delivery.speaking import from_templates
from beforehand.outreach.gate.suppressed import suppressed_in
from beforehand.outreach.messages.company import company_of
from beforehand.outreach.messages.store import PostgresTemplates
from beforehand.outreach.model import Channel, Purpose
from beforehand.outreach.rehearsal.model import Planner
from beforehand.outreach.rehearsal.price_files import checked, shipped
from beforehand.outreach.rehearsal.prices import Prices
from beforehand.outreach.rehearsal.rehearsing import Asked, rehearse
from beforehand.outreach.rehearsal.report import Progress
from beforehand.outreach.rehearsal.text_parts import parts_with
from beforehand.outreach.rehearsal.trying import OneOfEachKind
from beforehand.outreach.suppression.pepper import pepper
from beforehand.settings import from_environment
from beforehand.settings.rehearsal import RehearsalRunSettings

TELL_EVERY_SECONDS = 1.0

W = TypeVar("W", Channel, Purpose)


def run(*planners: Callable[[Transaction], Planner]) -> Callable[[RehearsalRequested], Rehearsed]:
    """The use case of the function, with the planners that take part."""

    def rehearse_and_report(request: RehearsalRequested) -> Rehearsed:
        settings = from_environment(RehearsalRunSettings)
        files = S3Files(settings.files_bucket)
        secret, stopped = pepper(settings.files_bucket), DynamoGates(settings.gates_table).stopped()
        asked = _asked(request, zone=settings.company_zone)
        with database(RehearsalRunSettings).undone() as transaction:
            report = rehearse(
                asked,
                transaction=transaction,
                planners=planners,
                suppressed=lambda transaction: suppressed_in(transaction, secret),
                available=available(settings),
                stopped=stopped,
                parts_of=parts_with(settings.public_url),
                trial_of=partial(_trial, settings),
                clock=monotonic,
                progress=_telling(files, asked),
            )
        files.write(report_file(request.rehearsal_id), report)
        return Rehearsed(
            rehearsal_id=request.rehearsal_id,
            messages=report.play.began_with + report.play.planned,
            sent=report.play.sent,
            seconds=report.seconds,
        )

    return rehearse_and_report


def _trial(settings: RehearsalRunSettings, transaction: Transaction) -> OneOfEachKind:
    company = company_of(settings)
    speak = from_templates(PostgresTemplates(transaction), company)
    return OneOfEachKind(speak, company=company, public_url=settings.public_url)


def _asked(request: RehearsalRequested, *, zone: str) -> Asked:
    own = () if request.prices is None else checked(request.prices).prices
    return Asked(
        rehearsal_id=request.rehearsal_id,
        begin=request.from_at or now(),
        days=request.days,
        zone=zone,
        purposes=_words(Purpose, "purposes", request.purposes),
        as_live=_words(Channel, "live", request.live),
        policy=request.policy,
        prices=Prices((*own, *shipped().prices)),
    )


def _words(kind: type[W], field: str, given: Iterable[str]) -> tuple[W, ...]:
    try:
        return tuple(kind(word) for word in given)
    except ValueError as error:
        problem = f"{field}: {error}; it may be {', '.join(kind)}"
        raise InvalidEventError("RehearsalRequested", [problem]) from None


def _telling(files: S3Files, asked: Asked) -> Callable[[datetime, int, int], None]:
    """Leaves word of how far it is, about every second."""
    last = monotonic()

    def tell(at: datetime, number: int, rounds: int) -> None:
        nonlocal last
        if monotonic() - last < TELL_EVERY_SECONDS:
            return
        last = monotonic()
        share = (at - asked.begin) / timedelta(days=asked.days)
        files.write(
            progress_file(asked.rehearsal_id),
            Progress(
                rehearsal_id=asked.rehearsal_id, at=at, share=min(max(share, 0.0), 1.0), round=number, rounds=rounds
            ),
        )

    return tell
