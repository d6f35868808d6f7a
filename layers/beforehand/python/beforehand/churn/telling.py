"""What the people in charge are told of a finished scan: figures and ids, no names and no messages."""

from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC

from beforehand.churn.documents import Intervention, ScanResult
from beforehand.churn.model import LeftAlone
from beforehand.events.churn import ScanFinished
from beforehand.results import Status

MOST_LISTED = 50
LEFT_ALONE = {
    "opted_out": "opted out",
    "unreachable": "without an address",
    "in_hand": "in a person's hands",
    "resting": "approached lately",
    "over_budget": "approached often enough",
    "held_out": "held out for comparison",
}
ENDS = {Status.DONE: "proposed", Status.SKIPPED: "skipped", Status.FAILED: "failed"}


def told(result: ScanResult) -> ScanFinished:
    """The answer of a scan. There is something to tell when something was proposed, failed, or needs a person."""
    return ScanFinished(
        run_id=result.run_id,
        proposed=result.proposed,
        skipped=result.skipped,
        failed=result.failed,
        tell=bool(result.proposed or result.failed or result.cases),
        subject=_subject(result),
        message="\n".join(_lines(result)),
    )


def left_alone_in_words(left_alone: LeftAlone) -> list[str]:
    """Why some of those at risk are not approached now, each reason that there is with its count."""
    return [f"{count:,} {LEFT_ALONE[name]}" for name, count in asdict(left_alone).items() if count]


def _subject(result: ScanResult) -> str:
    """A mail's subject through SNS: ASCII, one line, under 100 characters."""
    failed = f", {result.failed} failed" if result.failed else ""
    proposed = _count(result.proposed, "intervention")
    return f"Beforehand: {proposed} proposed{failed}, {_count(result.at_risk, 'customer')} at risk"


def _lines(result: ScanResult) -> Iterator[str]:
    yield f"Churn scan due {result.due_at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC, {result.seconds:.1f}s"
    yield ""
    yield f"At risk: {_count(result.at_risk, 'customer')} ({_trigger(result)})"
    if kept := left_alone_in_words(result.left_alone):
        yield f"Left alone: {', '.join(kept)}"
    yield f"Too little known to score: {result.insufficient}"
    yield f"Proposed: {result.proposed}, skipped: {result.skipped}, failed: {result.failed}"
    if result.cases:
        yield f"A person takes over: {_count(result.cases, 'case')}"
    if result.model_calls:
        yield _model(result)
    for customer in result.customers[:MOST_LISTED]:
        yield ""
        yield from _customer(customer)
    left = len(result.customers) - MOST_LISTED
    if left > 0:
        yield ""
        yield f"and {left} more"
    yield ""
    yield (
        f"All scans: {result.total_scans}; interventions: {result.total_proposed}, "
        f"{result.proposed_per_scan:.1f} per scan"
    )


def _trigger(result: ScanResult) -> str:
    risk = f"churn risk {result.risk_threshold:.0%} or more"
    return risk if result.health_threshold is None else f"health below {result.health_threshold:.0f}%, or {risk}"


def _customer(customer: Intervention) -> Iterator[str]:
    labels = ", ".join(label for label in (customer.segment, customer.loyalty_tier) if label)
    yield f"{customer.position}. {customer.customer_id}" + (f" ({labels})" if labels else "")
    yield f"   Health {customer.health:.1f}%, churn risk {customer.risk:.1%}"
    if customer.issue:
        yield f"   {customer.issue}"
    language = f" ({customer.language_name})" if customer.language_name else ""
    because = "" if customer.status is Status.DONE else f": {customer.because}"
    yield f"   {ENDS[customer.status].capitalize()}{language}{because}"
    if customer.case_id and customer.case_due_at:
        yield f"   A person takes this over by {customer.case_due_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
        yield f"   Case {customer.case_id}"


def _model(result: ScanResult) -> str:
    cost = "" if result.estimated_cost is None else f", about {result.estimated_cost:.4f}"
    return (
        f"Language model: {_count(result.model_calls, 'call')}, {_count(result.model_letters, 'message')} taken; "
        f"{result.input_tokens} tokens in, {result.output_tokens} out{cost}"
    )


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"
