"""Runs when the bus tells of what somebody wrote: reads how they felt, and tells that alone."""

from beforehand.entrypoint import task
from beforehand.events.followups import NewsArrived
from beforehand.followups.emotion_wiring import read_emotion

handler = task(NewsArrived, read_emotion)
