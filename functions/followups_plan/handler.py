"""Runs when the bus tells of a booking or an emotion: plans, moves or calls back follow-ups."""

from beforehand.entrypoint import task
from beforehand.events.followups import NewsArrived
from beforehand.followups.wiring import plan

handler = task(NewsArrived, plan)
