"""Cadences that fall on the clock: each full hour or each midnight begins a new round, so due times are round."""

from dataclasses import dataclass

EVERY = (1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30, 60, 120, 180, 240, 360, 480, 720, 1440)
"""The minutes a cadence may have: divisors of an hour, or whole hours that divide a day."""


class NotOnTheClockError(ValueError):
    """every {minutes} minutes does not divide the hour or, in whole hours, the day evenly; choose one of {every}"""

    def __init__(self, minutes: int) -> None:
        super().__init__((self.__doc__ or "").format(minutes=minutes, every=", ".join(map(str, EVERY))))


def cron(minutes: int) -> str:
    """The EventBridge Scheduler expression of a cadence in minutes.

    Raises NotOnTheClockError for a cadence that one cron expression cannot keep on the clock.
    """
    if minutes not in EVERY:
        raise NotOnTheClockError(minutes)
    if minutes == 1:
        return "cron(* * * * ? *)"
    if minutes < 60:
        return f"cron(0/{minutes} * * * ? *)"
    if minutes == 60:
        return "cron(0 * * * ? *)"
    if minutes < 1440:
        return f"cron(0 0/{minutes // 60} * * ? *)"
    return "cron(0 0 * * ? *)"


@dataclass(frozen=True, kw_only=True, slots=True)
class OnTheClock:
    """When a cadence comes due: as EventBridge Scheduler writes it, in which zone, and how many minutes apart."""

    cron: str
    zone: str
    minutes: int
    says: str


def every(minutes: int) -> OnTheClock:
    """Every so many minutes, in UTC. Raises NotOnTheClockError."""
    return OnTheClock(
        cron=cron(minutes), zone="UTC", minutes=minutes, says=f"Every {minutes} minutes, on the clock"
    )


def daily(hour: int, zone: str) -> OnTheClock:
    """Every day at an hour (0 to 23) of a zone (IANA)."""
    return OnTheClock(
        cron=f"cron(0 {hour} * * ? *)", zone=zone, minutes=1440, says=f"Every day at {hour}:00, {zone}"
    )
