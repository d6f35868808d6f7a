"""How channels are run, in PostgreSQL, and what waits for each."""

from dataclasses import dataclass
from datetime import datetime

from beforehand.adapters.postgres import Row, Transaction
from beforehand.errors import NotFoundError
from beforehand.outreach.delivery.model import Mode
from beforehand.outreach.model import Channel

COLUMNS = "channel, mode, per_minute, at_once, changed_at, changed_by"


@dataclass(frozen=True, kw_only=True, slots=True)
class ChannelSetting:
    """How one channel is run: at most `per_minute` messages a minute, and `at_once` of them in flight."""

    channel: Channel
    mode: Mode
    per_minute: int
    at_once: int
    changed_at: datetime | None
    changed_by: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Waiting:
    """What waits for a channel: due now, held for it to be enabled, in flight, and how late the oldest is."""

    due: int = 0
    dry_run: int = 0
    in_flight: int = 0
    oldest_due_at: datetime | None = None


class PostgresChannels:
    """The channels, inside one transaction."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def everyone(self) -> list[ChannelSetting]:
        """Every channel that messages go by."""
        found = self._transaction.rows(f"select {COLUMNS} from outreach_channels order by channel")
        return [_setting(row) for row in found]

    def hold(self, channel: Channel) -> ChannelSetting:
        """One channel, which nobody else can change meanwhile. Raises NotFoundError."""
        found = self._transaction.row(
            f"select {COLUMNS} from outreach_channels where channel = :channel for update", channel=channel
        )
        if found is None:
            raise NotFoundError(f"There is no channel {channel} that messages go by")
        return _setting(found)

    def keep(self, setting: ChannelSetting) -> None:
        """Writes down how a channel is run from now on."""
        self._transaction.run(
            """update outreach_channels
               set mode = :mode, per_minute = :per_minute, at_once = :at_once, changed_at = :changed_at,
                   changed_by = :changed_by
               where channel = :channel""",
            channel=setting.channel, mode=setting.mode, per_minute=setting.per_minute, at_once=setting.at_once,
            changed_at=setting.changed_at, changed_by=setting.changed_by,
        )  # fmt: skip

    def let_go(self, channel: Channel, *, now: datetime) -> int:
        """What was held for a channel to be enabled is due; returns how many."""
        return self._transaction.run(
            """update outreach
               set state = 'scheduled', hold = null, next_at = :now, state_at = :now,
                   state_because = 'its channel was enabled'
               where channel = :channel and state = 'held' and hold = 'dry_run' and not_after > :now""",
            channel=channel,
            now=now,
        )

    def drop(self, channel: Channel, *, now: datetime) -> int:
        """What was held for a channel to be enabled is cancelled; returns how many."""
        return self._transaction.run(
            """update outreach
               set state = 'cancelled', hold = null, next_at = null, state_at = :now,
                   state_because = 'its channel was enabled for what comes from then on'
               where channel = :channel and state = 'held' and hold = 'dry_run'""",
            channel=channel,
            now=now,
        )

    def waiting(self, *, now: datetime) -> dict[Channel, Waiting]:
        """What waits for each channel."""
        found = self._transaction.rows(
            """select channel,
                      count(*) filter (where state in ('scheduled', 'held') and next_at <= :now) as due,
                      count(*) filter (where hold = 'dry_run') as dry_run,
                      count(*) filter (where state in ('claimed', 'unknown')) as in_flight,
                      min(next_at) filter (where state in ('scheduled', 'held') and next_at <= :now)
                          as oldest_due_at
               from outreach where state in ('scheduled', 'held', 'claimed', 'unknown') group by channel""",
            now=now,
        )
        return {Channel(row.pop("channel")): Waiting(**row) for row in found}


def _setting(row: Row) -> ChannelSetting:
    return ChannelSetting(**{**row, "channel": Channel(row["channel"]), "mode": Mode(row["mode"])})
