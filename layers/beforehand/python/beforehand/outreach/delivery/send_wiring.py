"""Puts the side of delivery together that reaches providers and no database: sending, and asking."""

from collections.abc import Callable
from datetime import datetime, timedelta

from beforehand.adapters.s3 import S3Files
from beforehand.clock import monotonic, now, within
from beforehand.events.outreach import AttemptsAsked, ChunkNamed, ChunkSent, UnknownsNamed
from beforehand.outreach.channels.wiring import providers
from beforehand.outreach.delivery import asking, sending
from beforehand.outreach.delivery.documents import Chunk, Message, Unknowns, chunk_file, unknowns_file
from beforehand.outreach.delivery.gates import DynamoGates
from beforehand.outreach.delivery.model import LEASE
from beforehand.outreach.messages.company import company_of
from beforehand.outreach.messages.model import Company, Composed
from beforehand.outreach.model import Channel
from beforehand.settings import from_environment
from beforehand.settings.outreach import OutreachReconcileSettings, OutreachSendSettings

SENDS_SECONDS = 90
"""When no further message of a chunk is begun; what is left goes back by the proof that it was not sent."""

CALL_SECONDS = 15
"""How long one message can take: no other is begun so shortly before the lease is over."""

ASKS_SECONDS = 40


def send(named: ChunkNamed) -> ChunkSent:
    """Sends a chunk, each message once."""
    settings = from_environment(OutreachSendSettings)
    chunk, written_ago = S3Files(settings.files_bucket).read_aged(chunk_file(named.chunk), Chunk)
    age = timedelta(seconds=chunk.written_after) + written_ago
    return sending.send(
        chunk,
        provider=providers(settings)[chunk.channel],
        gates=DynamoGates(settings.gates_table),
        lay_out=in_frame_of(company_of(settings)),
        now=clock_of(chunk, age),
        monotonic=monotonic,
        time_left=within(seconds_for(age)),
    )


def in_frame_of(company: Company) -> sending.LayOut:
    """Lays messages out as they leave from a company."""

    def lay_out(message: Message, channel: Channel) -> Composed:
        # Jinja2 takes 100 ms to load, and whoever asks about attempts lays nothing out.
        from beforehand.outreach.messages.compose import compose  # noqa: PLC0415

        return compose(
            channel=channel, subject=message.subject, body=message.body, language=message.language,
            company=company, unsubscribe_url=message.unsubscribe_url,
        )  # fmt: skip

    return lay_out


def clock_of(chunk: Chunk, age: timedelta, *, speed: float = 1) -> Callable[[], datetime]:
    """The database's moment, by when it claimed a chunk and how long ago; the host's clock takes no part."""
    began, then = monotonic(), chunk.lease_until - LEASE + age
    return lambda: then + timedelta(seconds=(monotonic() - began) * speed)


def seconds_for(age: timedelta) -> float:
    """For how many seconds messages of a chunk claimed so long ago may be begun; none once its lease is over.

    A chunk can come again hours later, at night. The host's clock takes no part: it may be wrong.
    """
    return min(SENDS_SECONDS, (LEASE - age).total_seconds() - CALL_SECONDS)


def reconcile(named: UnknownsNamed) -> AttemptsAsked:
    """Asks about attempts of which nobody has told how they ended."""
    settings = from_environment(OutreachReconcileSettings)
    listed = S3Files(settings.files_bucket).read(unknowns_file(named.unknowns), Unknowns).attempts
    counts = asking.ask(
        [(one.outreach_id, one.attempt) for one in listed],
        gates=DynamoGates(settings.gates_table),
        now=now,
        time_left=within(ASKS_SECONDS),
    )
    return AttemptsAsked(unknowns=named.unknowns, **counts)
