"""Runs first in every churn scan: takes the due time and scores the base as of it."""

from beforehand.churn.wiring import score
from beforehand.entrypoint import task
from beforehand.events.churn import ScanRequested

handler = task(ScanRequested, score)
