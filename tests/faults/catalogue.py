"""The faults that the product must live through, by number. Each has exactly one test, marked `fault(number)`.

The numbers stay as the product grows. What is not lived through yet stands in `NOT_YET`, with its reason.
"""

from collections.abc import Mapping

FAULTS: Mapping[int, str] = {
    1: "the same step is delivered twice",
    2: "ticks of several processes run at once",
    3: "a sender is killed after its call, before anybody has written that down",
    4: "a function is killed before the key of an attempt",
    5: "a sender is killed between the key and its call",
    6: "a provider takes a message and fails, breaks off or says nothing",
    7: "a provider throttles, or no connection to it stands",
    8: "a frozen sender wakes after others have taken it for dead",
    9: "two deliveries of the last step run at once",
    10: "the SDK would repeat a call that is not to be repeated",
    11: "the clock of a host is ten minutes wrong",
    12: "clocks are put forward and back, in every zone",
    13: "no tick comes for up to an hour",
    14: "very much is due after a day without ticks",
    15: "the database ends every connection in the middle of a transaction",
    16: "the database is paused and takes its time to resume",
    17: "more workers come than there are connections",
    18: "the database can only be read",
    19: "two imports of the same customers run at once, in opposite order",
    20: "DynamoDB gives no answer while a command is handed over",
    21: "a service is throttled again and again while a command is carried out",
    22: "a poison record is among good ones",
    23: "one message of a scan cannot be written",
    24: "a step of an old run is delivered again, days later",
    25: "events of a provider come out of order",
    26: "an event of a provider comes twice, or again later",
    27: "an event of a provider is forged",
    29: "a command of the next release comes to the relay of this one, in the middle of a deploy",
    30: "a function is killed in the middle of a migration",
    31: "somebody opts out while their message is on its way",
    32: "the database is put back to what it was earlier",
    33: "more is due than one state of the workflow can carry",
    34: "a command is refused for good",
    35: "a function is killed in the middle of an import",
    36: "the ticks stop, and with them whoever could say so",
    37: "a function is killed between its commit and the end of the copy of its command",
    38: "the relay is killed just before or just after it starts what was asked for",
    39: "a poison command is among good ones",
}

NOT_YET: Mapping[int, str] = {
    28: "a task token that has expired: no workflow waits for one before calls are placed",
}
"""Faults of the list that nothing here can meet yet."""

LIST = range(1, 37)
"""The numbers of the list that every release is held to; what is above them was added since."""
