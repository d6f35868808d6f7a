"""The faults that the product must live through, by number. Each has exactly one test, marked `fault(number)`.

The numbers stay as the product grows.
"""

FAULTS = {
    1: "the same step is delivered twice",
    2: "two runs of one due time start at once",
    3: "a sender is killed after its call, before anybody has written that down",
    4: "a function is killed before the key of an attempt",
    5: "a sender is killed between the key and its call",
    9: "two deliveries of the last step run at once",
    14: "scans for different days overlap",
    15: "the database ends every connection in the middle of a transaction",
    19: "two imports of the same customers run at once, in opposite order",
    20: "DynamoDB gives no answer while a command is handed over",
    21: "a service is throttled again and again while a command is carried out",
    22: "a poison record is among good ones",
    23: "one message of a scan cannot be written",
    24: "a step of an old run is delivered again, days later",
    29: "a command of the next release comes to the relay of this one, in the middle of a deploy",
    30: "a function is killed in the middle of a migration",
    34: "a command is refused for good",
    35: "a function is killed in the middle of an import",
    37: "a function is killed between its commit and the end of the copy of its command",
    38: "the relay is killed just before or just after it starts what was asked for",
    39: "a poison command is among good ones",
}
