"""Runs after the choice: gathers the facts about each chosen customer and plans what to do."""

from beforehand.churn.files_wiring import brief
from beforehand.entrypoint import task
from beforehand.events.churn import ScanStep

handler = task(ScanStep, brief)
