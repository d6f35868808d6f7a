"""Runs after messages were sent, or were asked about: writes down how their attempts ended."""

from beforehand.entrypoint import task
from beforehand.events.outreach import AttemptsNamed
from beforehand.outreach.delivery.wiring import record

handler = task(AttemptsNamed, record)
