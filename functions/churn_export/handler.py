"""Runs when somebody asks for the memory of customers: leaves it as files in the files bucket."""

from beforehand.churn.memory_wiring import export
from beforehand.entrypoint import task
from beforehand.events.churn import MemoryRequested

handler = task(MemoryRequested, export)
