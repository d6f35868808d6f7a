"""Runs last in every churn scan: proposes the outreach and closes the run."""

from beforehand.churn.files_wiring import propose
from beforehand.entrypoint import task
from beforehand.events.churn import ScanStep

handler = task(ScanStep, propose)
