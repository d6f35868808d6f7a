"""Who has done nothing for long, who came back, and which old follow-ups are tidied away: in PostgreSQL."""

from datetime import date, datetime, time, timedelta, tzinfo

from beforehand.adapters.postgres import Transaction
from beforehand.followups.model import PURPOSE, Job, Kind
from beforehand.followups.store import JOB, job_of

LAST = """greatest(p.last_active_on,
                   (select max(b.purchased_on) from customers_v_purchases as b where b.customer_id = p.customer_id),
                   (select max(cast(b.ends_at at time zone :zone as date)) from followups_bookings as b
                    where b.customer_id = p.customer_id and b.state <> 'cancelled'))"""


class PostgresInactive:
    """The inactive, inside one transaction."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def since(self, last: date, *, limit: int, zone: tzinfo) -> list[tuple[str, datetime]]:
        """Who did nothing after that day and may be asked, with when they last did: who left last comes first.

        Left out are those who did not agree, whom nothing reaches, and who were asked about this silence before:
        by the ledger, which keeps what is tidied away here. What a person plans may name a day beside, or a later
        one that no import told of.
        """
        rows = self._transaction.rows(
            f"""select s.customer_id, s.last
                from (select p.customer_id, {LAST} as last from customers_v_profiles as p
                      where p.marketing_consent and (p.email is not null or p.phone is not null)) as s
                where s.last <= :last and not exists (
                    select from outreach_v_ledger as o where o.customer_id = s.customer_id and o.purpose = :purpose
                      and (o.cycle = 'silent since ' || s.last
                           or o.cycle like 'silent since %' and o.cycle >= 'silent since ' || s.last - 1
                              and o.state <> 'cancelled'))
                order by s.last desc, s.customer_id limit :limit""",
            last=last, purpose=PURPOSE[Kind.RE_ENGAGEMENT], limit=limit, zone=str(zone),
        )  # fmt: skip
        return [(row["customer_id"], datetime.combine(row["last"], time(), zone)) for row in rows]

    def count(self, last: date, *, zone: tzinfo) -> int:
        """How many did nothing after that day."""
        found = self._transaction.row(
            f"""select count(*) as n from (select {LAST} as last from customers_v_profiles as p) as s
                where last <= :last""",
            last=last, zone=str(zone),
        )  # fmt: skip
        return int(found["n"]) if found else 0

    def planned_since(self, moment: datetime) -> int:
        """How many were asked back since then."""
        found = self._transaction.row(
            "select count(*) as n from followups_jobs where kind = :kind and created_at >= :moment",
            kind=Kind.RE_ENGAGEMENT, moment=moment,
        )  # fmt: skip
        return int(found["n"]) if found else 0

    def came_back(self, *, zone: tzinfo) -> list[Job]:
        """The follow-ups that have not gone, of those who did something since they were planned."""
        rows = self._transaction.rows(
            f"""select {JOB} from followups_jobs as j
                join outreach_v_ledger as o on o.outreach_id = j.outreach_id
                join customers_v_profiles as p on p.customer_id = j.customer_id
                where j.kind = :kind and j.open and o.state in ('scheduled', 'held')
                  and {LAST} > cast(j.event_at at time zone :zone as date)""",
            kind=Kind.RE_ENGAGEMENT, zone=str(zone),
        )  # fmt: skip
        return [job_of(row) for row in rows]

    def tidy(self, before: datetime, *, limit: int) -> int:
        """Takes away follow-ups that were due before a moment and are over. What was decided stays in the journal,
        and what was sent in the ledger."""
        return self._transaction.run(
            """delete from followups_jobs where job_id in (
                   select j.job_id from followups_jobs as j
                   join outreach_v_ledger as o on o.outreach_id = j.outreach_id
                   where j.scheduled_at < :before
                     and o.state in ('sent', 'delivered', 'cancelled', 'skipped', 'expired', 'failed')
                   order by j.scheduled_at limit :limit)""",
            before=before,
            limit=limit,
        )


def silent_since(now: datetime, inactive: timedelta, zone: tzinfo) -> date:
    """The last day on which somebody may have done something who counts as inactive."""
    return (now.astimezone(zone) - inactive).date()
