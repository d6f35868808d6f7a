"""Runs every minute: copies commands that a crash left in the database, and brings back how the others ended."""

from beforehand.entrypoint import task
from beforehand.events.outbox import SweepDue
from beforehand.outbox.wiring import sweep

handler = task(SweepDue, sweep)
