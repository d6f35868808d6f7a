"""The route of `why`: one outreach or one customer in one document: what was decided, on what, what came of it."""

from dataclasses import asdict
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from beforehand.adapters.postgres import Row
from beforehand.api.access import Role
from beforehand.api.problems import not_found
from beforehand.api.routes import Asked, Call, Routes
from beforehand.journal import why as rules
from beforehand.journal.telling import reasons
from beforehand.journal.why_answers import (
    GateDecision,
    Message,
    PlannedBy,
    Touched,
    Why,
    WhyAttempt,
    WhyCase,
    WhyCheck,
    WhyCustomer,
    WhyOutcome,
    WhyOutreach,
    WhyPlanned,
)
from beforehand.journal.why_store import PostgresWhy
from beforehand.outreach.gate.again import by_policies
from beforehand.outreach.gate.facts import KIND as GATE
from beforehand.outreach.gate.facts import Entered
from beforehand.outreach.gate.replay import Gate, Replayed, replay
from beforehand.outreach.gate_says import suppressions_of

SHOWN_OUTREACH = 5
SHOWN_PLANNED = 5
routes = Routes()


class WhyPath(Asked):
    """Why what: the id of a customer, or of an outreach."""

    subject: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]


class WhyAsked(Asked):
    """What is to be told besides."""

    kind: rules.Kind | None = Field(
        default=None, description="What the id is of, for a customer whose id looks like an outreach's."
    )
    message: Literal["true", "false"] = Field(
        default="false", description="Show the message too; takes the role operator."
    )
    replay: Literal["true", "false"] = Field(
        default="false", description="Let the gate decide again on the facts that it had."
    )


@routes.add("GET /v1/why/{subject}")
def why(call: Call, path: WhyPath, query: WhyAsked) -> Why:
    """Say why an outreach is as it is, or how a customer stands, in one document."""
    if query.message == "true":
        call.caller.must_cover(Role.OPERATOR)
    store = PostgresWhy(call.transaction)
    outreach_id = rules.is_outreach_id(path.subject)
    row = None if outreach_id is None else store.outreach(outreach_id)
    customer = store.customer(path.subject)
    also = row is not None and customer is not None
    if row is not None and query.kind is not rules.Kind.CUSTOMER:
        gate = by_policies(call.transaction) if query.replay == "true" else None
        shown = _outreach(store, row, gate, message=query.message == "true")
        return _answer(call, path, rules.Kind.OUTREACH, also=also, outreach=shown)
    if customer is None or query.kind is rules.Kind.OUTREACH:
        raise not_found(query.kind or "customer or outreach")
    return _answer(call, path, rules.Kind.CUSTOMER, also=also, customer=_customer(call, store, customer))


def _answer(
    call: Call,
    path: WhyPath,
    kind: rules.Kind,
    *,
    also: bool,
    outreach: WhyOutreach | None = None,
    customer: WhyCustomer | None = None,
) -> Why:
    return Why(
        kind=kind,
        subject=path.subject,
        resolved=rules.resolved(path.subject, kind, also=also),
        as_of=call.now,
        outreach=outreach,
        customer=customer,
    )


def _outreach(store: PostgresWhy, row: Row, gate: Gate | None, *, message: bool) -> WhyOutreach:
    outreach_id: UUID = row["outreach_id"]
    decisions = store.decisions(outreach_id)
    cases = store.cases(outreach_id)
    planner = next((one for one in decisions if one["kind"] != GATE), None)
    text = store.message(outreach_id) if message else None
    same = ("customer_id", "purpose", "cycle", "step", "channel", "language", "state", "hold", "due_at", "next_at",
            "not_after", "policy_version", "follows_id")  # fmt: skip
    return WhyOutreach(
        outreach_id=outreach_id,
        **{name: row[name] for name in same},
        since=row["state_at"] or row["proposed_at"],
        because=row["state_because"] or row["because"],
        waits=rules.waits(row, cases),
        planned=_planned_by(planner, row),
        gate=tuple(
            _gate(one, row, None if gate is None else replay(_entered(one, row), gate))
            for one in decisions
            if one["kind"] == GATE
        ),
        attempts=tuple(
            WhyAttempt(**{k: v for k, v in a.items() if k != "lease_until"}) for a in store.attempts(outreach_id)
        ),
        outcomes=tuple(WhyOutcome(**one) for one in store.outcomes(outreach_id)),
        cases=tuple(WhyCase(**one) for one in cases),
        touched=tuple(_touched(one) for one in store.touched([outreach_id, *(one["case_id"] for one in cases)])),
        message=None if text is None else Message(**text),
    )


def _planned_by(decision: Row | None, row: Row) -> PlannedBy:
    """The planner's entry of the journal; where it made none, what the ledger says itself."""
    if decision is None:
        return PlannedBy(
            at=row["proposed_at"], by=row["purpose"], action="propose", because=row["because"], rule="", reasons=(),
            run_id=row["run_id"],
        )  # fmt: skip
    return PlannedBy(
        at=decision["decided_at"],
        by=decision["capability"],
        action=decision["action"],
        because=row["because"],
        rule=decision["rule"],
        reasons=reasons(decision["facts"]),
        run_id=row["run_id"],
    )


def _gate(decision: Row, row: Row, replayed: Replayed | None) -> GateDecision:
    facts = decision["facts"]
    word: Literal["same", "different", "cannot tell"] | None = None
    if replayed is not None:
        word = "cannot tell" if replayed.same is None else "same" if replayed.same else "different"
    return GateDecision(
        decision_id=decision["decision_id"],
        at=decision["decided_at"],
        action=decision["action"],
        because=decision["because"],
        rule=decision["rule"],
        until=facts.get("until"),
        replayed=word,
        replay_because=replayed and replayed.because,
    )


def _entered(decision: Row, row: Row) -> Entered:
    return Entered(
        decision_id=decision["decision_id"],
        decided_at=decision["decided_at"],
        customer_id=row["customer_id"],
        outreach_id=row["outreach_id"],
        action=decision["action"],
        rule=decision["rule"],
        facts=decision["facts"],
    )


def _touched(row: Row) -> Touched:
    return Touched(**{name: value for name, value in row.items() if name != "audit_id"})


def _customer(call: Call, store: PostgresWhy, row: Row) -> WhyCustomer:
    customer_id: str = row["customer_id"]
    cases = store.open_cases(customer_id)
    checks = rules.checks(
        row,
        cases=cases,
        suppressed=[asdict(one) for one in suppressions_of(call, customer_id)],
        contacts=store.contacts(customer_id, since=call.now - rules.LOOKS_BACK),
    )
    contact, because = rules.standing(checks)
    decision = store.last_decision(customer_id)
    same = ("segment", "loyalty_tier", "language", "zone", "country", "health", "risk", "coverage", "at_risk_since")
    return WhyCustomer(
        customer_id=customer_id,
        **{name: row[name] for name in same},
        contact=contact,
        because=because,
        checks=tuple(WhyCheck(about=one.about, answer=one.answer, because=one.because) for one in checks),
        decided=None if decision is None else _decided(decision),
        last=tuple(_line(one) for one in store.latest(customer_id, over=True, limit=SHOWN_OUTREACH)),
        next=tuple(_line(one) for one in store.latest(customer_id, over=False, limit=SHOWN_PLANNED)),
        cases=tuple(WhyCase(**one) for one in cases),
    )


def _decided(decision: Row) -> PlannedBy:
    return PlannedBy(
        at=decision["decided_at"],
        by=decision["capability"],
        action=decision["action"],
        because=decision["because"],
        rule=decision["rule"],
        reasons=reasons(decision["facts"]),
        run_id=None,
    )


def _line(row: Row) -> WhyPlanned:
    return WhyPlanned(**{name: value for name, value in row.items() if name != "not_after"})
