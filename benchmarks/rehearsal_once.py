"""One measured rehearsal, in a process of its own.

python -m benchmarks.rehearsal_once SOCKET DAYS PLANNERS(0|1)
"""

import json
import sys
from pathlib import Path
from time import monotonic, process_time
from uuid import UUID

from pg8000 import native

from beforehand.adapters.postgres import PostgresDatabase, Transaction
from beforehand.churn.model import Trigger
from beforehand.churn.profile import DEFAULT_V1
from beforehand.churn.rehearsing import ScansRehearsed
from beforehand.churn.store.rehearsed import PostgresRehearsed
from beforehand.names import DATABASE_NAME, DatabaseRole
from beforehand.outreach.delivery.speaking import from_templates
from beforehand.outreach.gate.suppressed import suppressed_in
from beforehand.outreach.messages.store import PostgresTemplates
from beforehand.outreach.model import Channel
from beforehand.outreach.rehearsal.price_files import shipped
from beforehand.outreach.rehearsal.rehearsing import Asked, rehearse
from beforehand.outreach.rehearsal.text_parts import parts_with
from beforehand.outreach.rehearsal.trying import OneOfEachKind
from benchmarks.delivery_once import AS_OF, COMPANY, PEPPER

USUAL = Trigger(health_threshold=40, risk_threshold=0.6, max_interventions=10)


def scans(transaction: Transaction) -> ScansRehearsed:
    """The scans of the coming days, every five minutes."""
    return ScansRehearsed(PostgresRehearsed(transaction), usual=USUAL, profile=DEFAULT_V1, every_minutes=5)


def trial(transaction: Transaction) -> OneOfEachKind:
    """Tries messages as the function does."""
    speak = from_templates(PostgresTemplates(transaction), COMPANY)
    return OneOfEachKind(speak, company=COMPANY, public_url="https://api.example.com")


def main() -> None:
    """Rehearses once and prints its figures as JSON."""
    socket, days, planners = sys.argv[1:]
    database = PostgresDatabase(
        lambda: native.Connection(DatabaseRole.APP_RW, unix_sock=socket, database=DATABASE_NAME)
    )
    began, used = monotonic(), process_time()
    with database.undone() as transaction:
        report = rehearse(
            Asked(rehearsal_id=UUID(int=1), begin=AS_OF, days=int(days), zone="UTC", prices=shipped()),
            transaction=transaction,
            planners=[scans] if int(planners) else [],
            suppressed=lambda transaction: suppressed_in(transaction, PEPPER),
            available=frozenset(Channel),
            stopped=frozenset(),
            parts_of=parts_with("https://api.example.com"),
            trial_of=trial,
            clock=monotonic,
        )
    play = report.play
    email = next(line for line in play.channels if line.channel is Channel.EMAIL)
    print(
        json.dumps(
            {
                "seconds": monotonic() - began,
                "cpu": process_time() - used,
                "megabytes": _peak(),
                "messages": play.began_with + play.planned,
                "planned": play.planned,
                "sent": play.sent,
                "held": play.held,
                "skipped": play.skipped,
                "ticks": play.ticks,
                "waited": [email.wait_median, email.wait_p99, email.wait_longest],
                "bytes": len(report.model_dump_json()),
            }
        )
    )


def _peak() -> float:
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))


if __name__ == "__main__":
    main()
