"""Runs when a command is copied, and every minute for those whose time has come: carries each out."""

from beforehand.entrypoint import task
from beforehand.events.outbox import CommandsArrived
from beforehand.outbox.relay_wiring import relay

handler = task(CommandsArrived, relay)
