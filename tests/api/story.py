"""The story of one outreach as delivery writes it: proposed, held, claimed, sent, delivered, with its decisions."""

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from beforehand.adapters.postgres import Transaction
from beforehand.ids import uuid7
from beforehand.journal.model import Decision
from beforehand.journal.store import PostgresJournal
from beforehand.outreach.delivery.deciding import decision_of
from beforehand.outreach.delivery.model import Due, Mode
from beforehand.outreach.gate.decide import decide
from beforehand.outreach.gate.legal import shipped
from beforehand.outreach.gate.model import Action, Contact, Person, Planned, Verdict
from beforehand.outreach.model import Channel, Hold, Proposal, Purpose, State
from beforehand.outreach.policy import ContactPolicy
from beforehand.outreach.store import PostgresOutreach
from tests.api.served import NOW

UNTIL = NOW + timedelta(hours=10)
OPEN_AT = UNTIL + timedelta(minutes=1)
PROPOSAL = Proposal(
    customer_id="C1", purpose=Purpose.CHURN_INTERVENTION, cycle="2026-03-02", step=0, channel=Channel.EMAIL,
    priority=85, due_at=NOW, not_after=NOW + timedelta(days=7), language="hi", subject="Dear Asha",
    body="We miss you,\nAsha Rao", because="health 30.0%, churn risk 88.0%: Haven't purchased in 90+ days",
    run_id=None,
)  # fmt: skip
EARLIER = Contact(
    outreach_id=UUID(int=7), purpose=Purpose.FOLLOW_UP, channel=Channel.SMS, at=NOW - timedelta(days=9)
)
PERSON = Person(
    customer_id="C1", zone="Asia/Kolkata", country="IN", consent=True, reachable=frozenset({Channel.EMAIL})
)
DUE = Due(
    outreach_id=PROPOSAL.outreach_id, customer_id="C1", purpose=PROPOSAL.purpose, channel=PROPOSAL.channel,
    state=State.SCHEDULED, attempt=0, due_at=PROPOSAL.due_at, not_after=PROPOSAL.not_after, automated=False,
    language="hi", subject="s", body="b", template=None, variables=None, state_because=None,
)  # fmt: skip
HELD = Verdict(
    action=Action.HOLD, because="it is 22:40 where they live", rule="window", until=UNTIL, hold=Hold.WINDOW
)
SENT = Verdict(action=Action.SEND, because="nothing stands against it", rule="open")


def asked(at: datetime) -> Verdict:
    """What the real gate says of this message at a moment, by the policy that Beforehand is shipped with."""
    plan = Planned(
        outreach_id=DUE.outreach_id, purpose=DUE.purpose, channel=DUE.channel, due_at=DUE.due_at,
        not_after=DUE.not_after, automated=DUE.automated,
    )  # fmt: skip
    return decide(PERSON, plan, [EARLIER], ContactPolicy(), shipped(), as_of=at)


def decided(verdict: Verdict, *, at: datetime = NOW) -> Decision:
    """The journal's entry of what the gate decided, as delivery makes it."""
    return decision_of(
        DUE, PERSON, [EARLIER], verdict, because=verdict.because, mode=Mode.LIVE, policy_version="contact-v1",
        run_id=uuid7(at), now=at,
    )  # fmt: skip


def move(transaction: Transaction, state: str, at: datetime, because: str, **columns: object) -> None:
    """Moves the outreach as delivery does; the database refuses what is not legal."""
    others = "".join(f", {name} = :{name}" for name in columns)
    transaction.run(
        f"""update outreach set state = :state, state_at = :at, state_because = :because{others}
            where outreach_id = :id""",
        state=state, at=at, because=because, id=PROPOSAL.outreach_id, **columns,
    )  # fmt: skip


def planned(transaction: Transaction, *, held: bool = False) -> UUID:
    """Proposed by the scan, with the planner's decision."""
    PostgresOutreach(transaction).propose([replace(PROPOSAL, held=held)], now=NOW)
    decision = Decision(
        decided_at=NOW, capability="churn", kind="intervention", action="propose", because=PROPOSAL.because,
        rule="churn default-v1", customer_id="C1", outreach_id=PROPOSAL.outreach_id,
        facts={
            "health": 30.0, "risk": 0.88, "coverage": 0.66, "segment": "VIP", "loyalty_tier": "Gold",
            "issue": "Haven't purchased in 90+ days", "evidence": ["Visits fell 75% against a usual month"],
            "lost": {"recency": 15.0, "support": 13.0, "nps": 1.0, "tenure": 0.2},
        },
    )  # fmt: skip
    PostgresJournal(transaction).record([decision])
    return PROPOSAL.outreach_id


def held_by_the_gate(transaction: Transaction) -> None:
    PostgresJournal(transaction).record([decided(HELD)])
    move(transaction, "held", NOW, HELD.because, hold="window", next_at=UNTIL)


def sent_and_delivered(transaction: Transaction) -> None:
    PostgresJournal(transaction).record([decided(SENT, at=OPEN_AT)])
    move(transaction, "claimed", OPEN_AT, SENT.because, hold=None, attempt=1, policy_version="contact-v1",
         lease_until=OPEN_AT + timedelta(minutes=5))  # fmt: skip
    transaction.run(
        """insert into outreach_attempts (outreach_id, attempt, channel, policy_version, claimed_at, lease_until,
                                          ended_at, outcome, provider_id, because)
           values (:id, 1, 'email', 'contact-v1', :at, :until, :ended, 'accepted', 'ses-0100018f', 'taken')""",
        id=PROPOSAL.outreach_id, at=OPEN_AT, until=OPEN_AT + timedelta(minutes=5),
        ended=OPEN_AT + timedelta(seconds=2),
    )  # fmt: skip
    move(transaction, "sent", OPEN_AT + timedelta(seconds=2), "the provider took it", lease_until=None)
    at = OPEN_AT + timedelta(seconds=9)
    transaction.run(
        """insert into outreach_outcomes (outcome_id, provider, event_id, outreach_id, attempt, kind, at,
                                          received_at, applied_at, moved_to, did)
           values (:key, 'ses', 'e-1', :id, 1, 'delivered', :at, :at, :at, 'delivered', 'the mailbox has it')""",
        key=uuid7(at), id=PROPOSAL.outreach_id, at=at,
    )  # fmt: skip
    move(transaction, "delivered", at, "the mailbox has it")
