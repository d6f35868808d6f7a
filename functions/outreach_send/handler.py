"""Runs for each chunk of claimed messages: sends each of them once."""

from beforehand.entrypoint import task
from beforehand.events.outreach import ChunkNamed
from beforehand.outreach.delivery.send_wiring import send

handler = task(ChunkNamed, send)
