"""Runs when a report lies in the inbox, and every minute for those that were missed: applies each once."""

from beforehand.entrypoint import task
from beforehand.events.inbox import ReportsArrived
from beforehand.outreach.inbox.apply_wiring import apply

handler = task(ReportsArrived, apply)
