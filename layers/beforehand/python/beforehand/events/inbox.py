"""What `inbox_apply` takes and answers."""

from beforehand.events import Count, Event


class StreamKey(Event):
    """A text key as DynamoDB writes it."""

    S: str


class StreamKeys(Event):
    """The key of a row of the inbox."""

    event_id: StreamKey


class StreamChange(Event):
    """Which row is new; what is in it is read from the table."""

    Keys: StreamKeys


class StreamRecord(Event):
    """One change of the inbox, as its stream tells it."""

    dynamodb: StreamChange


class ReportsArrived(Event):
    """Records of the stream; none of them: look for whatever is due."""

    Records: tuple[StreamRecord, ...] = ()


class InboxApplied(Event):
    """How many reports were applied, wait for another attempt, are dead, could not be tried, were another's.

    `marks_*`: marks of suppressed addresses that were taken away, left for an event to come, or made again.
    """

    applied: Count
    waiting: Count
    dead: Count
    left: Count
    skipped: Count
    later: Count
    marks_cleared: Count
    marks_waiting: Count
    marks_restored: Count
