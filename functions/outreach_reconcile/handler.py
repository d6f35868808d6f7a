"""Runs when nobody has told how attempts ended: proves that they never began, or finds that they did."""

from beforehand.entrypoint import task
from beforehand.events.outreach import UnknownsNamed
from beforehand.outreach.delivery.send_wiring import reconcile

handler = task(UnknownsNamed, reconcile)
