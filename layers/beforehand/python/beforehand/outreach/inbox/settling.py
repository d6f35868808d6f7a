"""Applies one report: the message moves as far as it proves, and an address that asked for it is left alone."""

from dataclasses import dataclass, replace
from datetime import datetime

from beforehand.adapters.postgres import Transaction
from beforehand.errors import NotFoundError
from beforehand.outreach.cases_store import PostgresCases
from beforehand.outreach.inbox.documents import Report
from beforehand.outreach.inbox.outcomes_store import PostgresOutcomes, Standing
from beforehand.outreach.model import Channel, State
from beforehand.outreach.outcomes import Consequence, Kind, consequence
from beforehand.outreach.suppression.contacts import UnreadableAddressError, contact_hash
from beforehand.outreach.suppression.model import Reason, Suppression
from beforehand.outreach.suppression.store import PostgresSuppressions
from beforehand.outreach.suppression.suppressing import Marks, suppress

REASONS = {
    Kind.BOUNCED: (Reason.BOUNCED, "nothing can be delivered to this address"),
    Kind.COMPLAINED: (Reason.COMPLAINED, "the person called a message spam"),
    Kind.UNSUBSCRIBED: (Reason.UNSUBSCRIBED, "the person asked for no more messages"),
}
NOBODY = Consequence(through=(), because="there is no such message in the ledger")


@dataclass(frozen=True, kw_only=True, slots=True)
class Settling:
    """What one report is applied with."""

    marks: Marks
    pepper: bytes

    def apply(self, report: Report, received_at: datetime, *, transaction: Transaction, now: datetime) -> str:
        """Applies a report once, however often it comes; says what came of it.

        Raises MarksUnreachableError, and NotFoundError for a wish of which nobody can say whose it is.
        """
        outcomes = PostgresOutcomes(transaction)
        held = outcomes.hold(report.outreach_id)
        if outcomes.is_known(report):
            return "it was applied before"
        comes = NOBODY
        if held is not None:
            comes = consequence(held.state, held.attempt, report.kind, of_attempt=report.attempt)
        if not outcomes.add(report, comes, received_at=received_at, now=now):
            return "it was applied before"
        if held is not None:
            outcomes.move(report, held, comes, now=now)
            if held.state is State.REVIEW and comes.through:
                PostgresCases(transaction).reported(report.outreach_id, now=now)
            if report.kind is Kind.REPLIED and outcomes.spare(held.customer_id, at=report.at, now=now):
                comes = replace(comes, because=f"{comes.because}; whoever replied is not asked again")
        if not report.suppresses:
            return comes.because
        return f"{comes.because}; {self._suppress(report, held, PostgresSuppressions(transaction), now)}"

    def _suppress(self, report: Report, held: Standing | None, ledger: PostgresSuppressions, now: datetime) -> str:
        channel, contact = self._contact(report, held)
        if contact is None and held is None:
            raise NotFoundError(
                "There is no such message in the ledger, and nothing tells which address asked to be left alone; "
                "send the report again with the right outreach_id, or with its contact"
            )
        if contact is None:
            return "nothing tells which address asked for it, so none is suppressed"
        reason, because = REASONS[report.kind]
        asked = Suppression(
            contact_hash=contact, channel=channel, reason=reason, source=report.provider, because=because,
            since=now, outreach_id=report.outreach_id, mark=report.key,
        )  # fmt: skip
        suppress(asked, ledger=ledger, marks=self.marks, now=now)
        return "the address is suppressed"

    def _contact(self, report: Report, held: Standing | None) -> tuple[Channel, str | None]:
        """The address by its hash: as the report has it, or the one that the message would go to today."""
        channel = report.channel or (held.channel if held else Channel.EMAIL)
        if report.contact_hash is not None or held is None:
            return channel, report.contact_hash
        addresses = {Channel.EMAIL: held.email, Channel.SMS: held.phone, Channel.VOICE: held.phone}
        address = addresses.get(channel, held.customer_id)
        try:
            return channel, contact_hash(channel, address, self.pepper) if address else None
        except UnreadableAddressError:
            return channel, None
