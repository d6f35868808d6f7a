"""Runs for each brief: writes the message in the customer's language."""

from beforehand.churn.write_wiring import write
from beforehand.entrypoint import task
from beforehand.events.churn import MessageRequested

handler = task(MessageRequested, write)
