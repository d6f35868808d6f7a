"""Cases in PostgreSQL. The database holds the promise that an occasion has one case, and a case one taker."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from uuid import UUID

from beforehand.adapters.postgres import Row, Transaction
from beforehand.errors import NotFoundError
from beforehand.outreach.cases import Answer, Case, Kind, NewCase, Role, State
from beforehand.results import Result, Status

COLUMNS = """case_id, kind, customer_id, cycle, outreach_id, run_id, role, subject, because, priority, state,
             opened_at, due_at, taken_by, taken_at, done_by, done_at, answer, otherwise, otherwise_at,
             otherwise_because"""

REPORT = "the provider's report"
"""Who ended a review that no person had to end."""


class PostgresCases:
    """The cases, inside one transaction."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def open(self, cases: Sequence[NewCase], *, now: datetime) -> list[Result]:
        """Opens each case unless its occasion has one; says what became of each, by customer, in their order."""
        return [self._open(case, now) for case in cases]

    def get(self, case_id: UUID) -> Case:
        """One case. Raises NotFoundError."""
        return self._read(case_id, "")

    def hold(self, case_id: UUID) -> Case:
        """One case, which nobody else can move before this transaction ends. Raises NotFoundError."""
        return self._read(case_id, "for update")

    def keep(self, case: Case) -> None:
        """Writes down how far a held case is now."""
        self._transaction.run(
            """update outreach_cases
               set state = :state, taken_by = :taken_by, taken_at = :taken_at,
                   done_by = :done_by, done_at = :done_at, answer = :answer, otherwise_because = :otherwise_because
               where case_id = :case_id""",
            **asdict(case),
        )

    def reported(self, outreach_id: UUID, *, now: datetime) -> None:
        """Ends the review of a message of which its provider has told meanwhile; nobody need ask any more."""
        self._transaction.run(
            """update outreach_cases
               set state = 'done', done_by = :by, done_at = :now, answer = :answer
               where outreach_id = :outreach_id and kind = :kind and state <> 'done'""",
            by=REPORT, now=now, answer=Answer.HANDLED, outreach_id=outreach_id, kind=Kind.REVIEW,
        )  # fmt: skip

    def falling(self, *, now: datetime, limit: int) -> list[Case]:
        """Cases that nobody has taken by their moment, the longest over first; nobody else can move them meanwhile.

        One that somebody is just taking is left to them.
        """
        found = self._transaction.rows(
            f"""select {COLUMNS} from outreach_cases
                where state = 'open' and otherwise is not null and otherwise_because is null
                  and otherwise_at <= :now
                order by otherwise_at, case_id limit :limit for update skip locked""",
            now=now, limit=limit,
        )  # fmt: skip
        return [_case(row) for row in found]

    def page(
        self,
        *,
        state: State | None,
        after: tuple[datetime, UUID] | None,
        limit: int,
        kind: Kind | None = None,
        role: Role | None = None,
        customer_id: str | None = None,
        taken_by: str | None = None,
        due_before: datetime | None = None,
        open_for: str | None = None,
    ) -> list[Case]:
        """Cases in the order in which they are due: of one state, or all that are not done; filters all hold.

        `after` is when the last one of the page before was due, and its id. `open_for`: those that nobody has and
        somebody of this role may take.
        """
        due_after, id_after = after or (None, None)
        found = self._transaction.rows(
            f"""select {COLUMNS} from outreach_cases
                where case when cast(:state as text) is null then state <> 'done' else state = :state end
                  and (cast(:kind as text) is null or kind = :kind)
                  and (cast(:role as text) is null or role = :role)
                  and (cast(:customer_id as text) is null or customer_id = :customer_id)
                  and (cast(:taken_by as text) is null or taken_by = :taken_by)
                  and (cast(:due_before as timestamptz) is null or due_at < :due_before and state <> 'done')
                  and (cast(:open_for as text) is null or state = 'open'
                       and (:open_for = 'admin' or :open_for = 'operator' and role = 'operator'))
                  and (cast(:due_after as timestamptz) is null
                       or (due_at, case_id) > (cast(:due_after as timestamptz), cast(:id_after as uuid)))
                order by due_at, case_id limit :limit""",
            state=state, due_after=due_after, id_after=id_after, limit=limit, kind=kind, role=role,
            customer_id=customer_id, taken_by=taken_by, due_before=due_before, open_for=open_for,
        )  # fmt: skip
        return [_case(row) for row in found]

    def counts(self, *, now: datetime) -> list[Row]:
        """How many cases are not done, by kind, and when the next of each falls through by itself."""
        return self._transaction.rows(
            """select kind, count(*) filter (where state = 'open') as open,
                      count(*) filter (where state = 'taken') as taken,
                      count(*) filter (where due_at < :now) as overdue,
                      min(otherwise_at) filter (where state = 'open' and otherwise_because is null)
                          as next_otherwise_at
               from outreach_cases where state <> 'done' group by kind order by kind""",
            now=now,
        )

    def _open(self, case: NewCase, now: datetime) -> Result:
        added = self._transaction.run(
            """insert into outreach_cases (case_id, kind, customer_id, cycle, outreach_id, run_id, role, subject,
                                           because, priority, opened_at, due_at, otherwise, otherwise_at)
               values (:case_id, :kind, :customer_id, :cycle, :outreach_id, :run_id, :role, :subject,
                       :because, :priority, :now, :due_at, :otherwise, :otherwise_at)
               on conflict do nothing""",
            case_id=case.case_id, now=now, **asdict(case),
        )  # fmt: skip
        if added:
            return Result(id=case.customer_id, status=Status.DONE, because=case.because)
        because = f"the {case.kind} of {case.cycle} has its case already"
        return Result(id=case.customer_id, status=Status.SKIPPED, because=because)

    def _read(self, case_id: UUID, how: str) -> Case:
        found = self._transaction.row(
            f"select {COLUMNS} from outreach_cases where case_id = :case_id {how}", case_id=case_id
        )
        if found is None:
            raise NotFoundError(f"There is no case {case_id}")
        return _case(found)


def _case(row: Row) -> Case:
    answer, otherwise = row["answer"], row["otherwise"]
    words = {
        "kind": Kind(row["kind"]),
        "role": Role(row["role"]),
        "state": State(row["state"]),
        "answer": None if answer is None else Answer(answer),
        "otherwise": None if otherwise is None else Answer(otherwise),
    }
    return Case(**{**row, **words})
