"""Runs every morning: asks back who has been inactive for long, and tidies old follow-ups away."""

from beforehand.entrypoint import task
from beforehand.events.followups import InactiveDue
from beforehand.followups.wiring import find_inactive

handler = task(InactiveDue, find_inactive)
