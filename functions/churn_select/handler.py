"""Runs after the base is scored: chooses who is at risk and may be approached now."""

from beforehand.churn.wiring import select
from beforehand.entrypoint import task
from beforehand.events.churn import ScanStep

handler = task(ScanStep, select)
