"""Bugs that somebody could write into delivery, each with the tests that must find it.

A bug is planted by replacing texts, each of which must stand in its file exactly once.
"""

from dataclasses import dataclass

OUTREACH = "layers/beforehand/python/beforehand/outreach"
DELIVERY = f"{OUTREACH}/delivery"

ORDERS = "tests/faults/test_interleavings.py"
MACHINE = "tests/faults/test_ledger_machine.py"
LEDGER = "tests/stores/test_delivery.py"
AT_ONCE = "tests/faults/test_at_once.py"
GATES = "tests/contracts/test_gates.py"
CONFLICTS = "tests/outreach/test_gate_conflicts.py"
WIRED = "tests/stores/test_delivery_wiring.py"
CLAIMING = "tests/outreach/test_claiming.py"
SENDING = "tests/outreach/test_sending.py"
SETTLING = "tests/outreach/test_settling.py"


@dataclass(frozen=True, kw_only=True, slots=True)
class Bug:
    """One bug: which texts of a file it replaces, and the tests that are run until one finds it."""

    name: str
    file: str
    edits: tuple[tuple[str, str], ...]
    tests: tuple[str, ...]


def bug(name: str, file: str, *edits: tuple[str, str], found_by: str) -> Bug:
    return Bug(name=name, file=file, edits=edits, tests=(found_by,))


BUGS = (
    bug(
        "an expired lease makes a message due again", f"{DELIVERY}/store.py",
        ("set state = 'unknown', state_at", "set state = 'scheduled', next_at = :now, state_at"),
        found_by=MACHINE,
    ),
    bug(
        "an expired lease is never looked at", f"{DELIVERY}/store.py",
        ("where state = 'claimed' and lease_until <= :now", "where state = 'claimed' and lease_until <= null"),
        found_by=MACHINE,
    ),
    bug(
        "silence is taken for the proof that nobody sent", f"{DELIVERY}/settling.py",
        (
            "    if told is None:\n        return None\n",
            '    if told is None:\n        told = Told(token=Token.VOID, ended=None, because="there is no key")\n',
        ),
        found_by=ORDERS,
    ),
    bug(
        "whoever asks looks and writes nothing", f"{DELIVERY}/asking.py",
        (
            "told = gates.void(outreach_id, attempt, ended=Ended.VOID, because=NEVER_BEGAN, now=now)",
            "told = gates.read([(outreach_id, attempt)])[outreach_id, attempt]",
        ),
        found_by=ORDERS,
    ),
    bug(
        "an old attempt settles a later one (no fence)", f"{DELIVERY}/store.py",
        ("                 on n.outreach_id = o.outreach_id and n.attempt = o.attempt\n",
         "                 on n.outreach_id = o.outreach_id\n"),
        ("o.customer_id, o.attempt, o.channel", "o.customer_id, n.attempt, o.channel"),
        ("where o.outreach_id = n.outreach_id and o.attempt = n.attempt\n",
         "where o.outreach_id = n.outreach_id\n"),
        found_by=LEDGER,
    ),
    bug(
        "a key that another has is taken for one's own", f"{DELIVERY}/sending.py",
        ("            if begun is Begun.TAKEN:\n                return LEFT\n", ""),
        ("            if begun is not Begun.MINE:\n", "            if begun in WITHOUT_SENDING:\n"),
        found_by=ORDERS,
    ),
    bug(
        "the provider is called although the gates gave no answer", f"{DELIVERY}/sending.py",
        ("        except GatesUnreachableError:\n            return LEFT\n        answer",
         "        except GatesUnreachableError:\n            pass\n        answer"),
        found_by=ORDERS,
    ),
    bug(
        "the call comes before the key", f"{DELIVERY}/sending.py",
        ("        asked = self._monotonic()\n        try:\n",
         "        asked = self._monotonic()\n        answer = self._call(message, laid_out)\n        try:\n"),
        ("        answer = self._call(message, laid_out) if self._monotonic() - asked < PATIENCE else FROZEN\n",
         ""),
        found_by=ORDERS,
    ),
    bug(
        "a sender that was frozen calls all the same", f"{DELIVERY}/sending.py",
        (" if self._monotonic() - asked < PATIENCE else FROZEN", ""),
        found_by=SENDING,
    ),
    bug(
        "who asked not to be contacted is called", f"{DELIVERY}/sending.py",
        ("            if begun is not Begun.MINE:\n", "            if begun is Begun.STOPPED:\n"),
        found_by=ORDERS,
    ),
    bug(
        "the key is written without a look at the suppressions", f"{DELIVERY}/gates.py",
        ('checks = [mark_key(contact), "switch#all", f"switch#{channel}"]',
         'checks = ["switch#none", "switch#all", f"switch#{channel}"]'),
        found_by=GATES,
    ),
    bug(
        "senders who look at the same switch at once give up", f"{DELIVERY}/gates.py",
        ("past_conflicts(lambda: _dynamodb().transact_write_items(TransactItems=actions))",
         "_dynamodb().transact_write_items(TransactItems=actions)"),
        found_by=CONFLICTS,
    ),
    bug(
        "a lease begins when the tick has written its file", f"{DELIVERY}/send_wiring.py",
        ("age = timedelta(seconds=chunk.written_after) + written_ago", "age = written_ago"),
        found_by=WIRED,
    ),
    bug(
        "the proof that nobody sent is written over a sender's key", f"{DELIVERY}/gates.py",
        ("Item=item, ConditionExpression=ABSENT, ExpressionAttributeNames=NAMES\n", "Item=item\n"),
        found_by=GATES,
    ),
    bug(
        "a later end is written over the first", f"{DELIVERY}/gates.py",
        ('change, "attribute_not_exists(ended)", values', 'change, "attribute_exists(nonce)", values'),
        found_by=GATES,
    ),
    bug(
        "a lost answer is sent again on a blind channel", f"{DELIVERY}/settling.py",
        ("if EVIDENCE[question.channel] is Evidence.DEDUPS_BY_KEY and question.attempt", "if question.attempt"),
        found_by=ORDERS,
    ),
    bug(
        "a lost answer is a definite no", f"{DELIVERY}/settling.py",
        ("        case Ended.NOT_NOW:\n", "        case Ended.NOT_NOW | Ended.UNKNOWN:\n"),
        found_by=ORDERS,
    ),
    bug(
        "a person is asked before the provider had its time", f"{DELIVERY}/settling.py",
        ("    if now - question.since < SETTLE:\n        return None\n", ""),
        found_by=SETTLING,
    ),
    bug(
        "a message that nobody knows of is never brought to a person", f"{DELIVERY}/settling.py",
        ("    if now - question.since < SETTLE:\n", "    if question:\n"),
        found_by=ORDERS,
    ),
    bug(
        "the budget forgets what goes in the same tick", f"{DELIVERY}/claiming.py",
        ("claimed = self._contacted.get(due.customer_id, ())", "claimed = ()"),
        found_by=MACHINE,
    ),
    bug(
        "what goes by another channel in the same tick counts twice", f"{DELIVERY}/claiming.py",
        (" for contact in claimed if contact.outreach_id not in told", " for contact in claimed"),
        found_by=CLAIMING,
    ),
    bug(
        "one message that cannot be looked at keeps all others", f"{DELIVERY}/claiming.py",
        ("            except Exception as error:\n", "            except ZeroDivisionError as error:\n"),
        found_by=CLAIMING,
    ),
    bug(
        "a message is sent after its lease", f"{DELIVERY}/sending.py",
        ("if time_left() and now() < chunk.lease_until", "if time_left()"),
        found_by=SENDING,
    ),
    bug(
        "a second attempt has the number of the first", f"{DELIVERY}/claiming.py",
        ("attempt = due.attempt + 1\n", "attempt = max(due.attempt, 1)\n"),
        found_by=ORDERS,
    ),
    bug(
        "two ticks work at once, and wait for no row", f"{DELIVERY}/store.py",
        ('return row["at"] if row["mine"] else None', 'return row["at"]'),
        ("next_at limit :limit for update skip locked", "next_at limit :limit"),
        found_by=AT_ONCE,
    ),
    bug(
        "two recorders hold the same message", f"{DELIVERY}/store.py",
        ("order by o.outreach_id for update of o", "order by o.outreach_id"),
        found_by=AT_ONCE,
    ),
    bug(
        "a message that waits for a person never expires", f"{DELIVERY}/store.py",
        ("where state in ('scheduled', 'held') and not_after <=", "where state = 'scheduled' and not_after <="),
        found_by=MACHINE,
    ),
    bug(
        "any state may follow any other", "functions/database_migrate/migrations/0014.delivery.sql",
        ("    if new.state <> old.state and not", "    if false and not"),
        found_by=MACHINE,
    ),
    bug(
        "the gate overlooks an opt-out", f"{OUTREACH}/gate/decide.py",
        ("    if channel in person.suppressed:\n", "    if False and channel in person.suppressed:\n"),
        found_by="tests/outreach/test_gate.py",
    ),
    bug(
        "nobody's default sends again what may have been sent", f"{OUTREACH}/casework.py",
        ("because=because, waits=(waits,))", "because=because, waits=tuple(Standing))"),
        found_by="tests/stores/test_falling_through.py",
    ),
    bug(
        "two ticks end the same case", f"{OUTREACH}/cases_store.py",
        ("order by otherwise_at, case_id limit :limit for update skip locked",
         "order by otherwise_at, case_id limit :limit"),
        found_by="tests/stores/test_falling_through.py",
    ),
    bug(
        "the client repeats a call that sends", f"{OUTREACH}/channels/email.py",
        ('return client("sesv2", attempts=1,', 'return client("sesv2", attempts=3,'),
        found_by="tests/outreach/test_email.py",
    ),
)  # fmt: skip
