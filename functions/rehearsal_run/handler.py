"""Runs when somebody rehearses: plays the next days on today's data, sends nothing and leaves a report."""

from beforehand.churn import rehearsal_wiring as churn
from beforehand.entrypoint import task
from beforehand.events.rehearsal import RehearsalRequested
from beforehand.followups import rehearsal_wiring as followups
from beforehand.outreach.rehearsal.wiring import run

handler = task(RehearsalRequested, run(churn.scans, followups.inactive))
