"""Cadences that fall on the clock: each full hour or each midnight begins a new round, so due times are round."""

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
