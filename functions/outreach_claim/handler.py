"""Runs every minute: claims what is due, and lists the attempts of which nobody has told how they ended."""

from beforehand.entrypoint import task
from beforehand.events.outreach import TickDue
from beforehand.outreach.delivery.wiring import tick

handler = task(TickDue, tick)
