"""The settings of the functions of `outbox`."""

from beforehand.settings import CommandsSettings, DatabaseSettings


class OutboxSweepSettings(DatabaseSettings, CommandsSettings):
    """`outbox_sweep`."""


class OutboxRelaySettings(CommandsSettings):
    """`outbox_relay`: the state machine that scans (ARN), and the queue (URL) where dead commands are told."""

    scan_machine: str
    dead_letters: str
