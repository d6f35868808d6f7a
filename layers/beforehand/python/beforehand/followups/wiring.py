"""Puts `followups_plan` and `followups_find_inactive` together; both need the database alone."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from beforehand.adapters.postgres import Transaction, database
from beforehand.clock import now
from beforehand.events.followups import FollowUpsPlanned, InactiveDue, InactiveFound, NewsArrived
from beforehand.followups.inactive_store import PostgresInactive, silent_since
from beforehand.followups.model import PURPOSE, Known, Rules, Wish
from beforehand.followups.news import Reader, inactive_wishes
from beforehand.followups.planning import Planner
from beforehand.followups.rules import channel_of
from beforehand.followups.store import PostgresJobs, PostgresMoments
from beforehand.journal.store import PostgresJournal
from beforehand.outreach.cases_store import PostgresCases
from beforehand.outreach.delivery.model import LEASE
from beforehand.outreach.gate.legal import shipped
from beforehand.outreach.gate.model import Person
from beforehand.outreach.gate.opening import opening
from beforehand.outreach.ledger_store import PostgresLedger
from beforehand.outreach.policies_store import PostgresPolicies
from beforehand.outreach.policy import ContactPolicy
from beforehand.outreach.store import PostgresOutreach
from beforehand.results import Status
from beforehand.settings import from_environment
from beforehand.settings.followups import FollowUpRules, FollowupsFindInactiveSettings, FollowupsPlanSettings

TIDIED_AT_ONCE = 20_000


def rules_of(settings: FollowUpRules) -> Rules:
    """The rules that a stage sets."""
    return Rules(
        delay=timedelta(hours=settings.followup_delay_hours),
        inactive=timedelta(days=settings.reengagement_inactive_days),
        tolerance=timedelta(hours=settings.followup_tolerance_hours),
        high=settings.followup_high_emotion,
        low=settings.followup_low_emotion,
        answer_within=timedelta(hours=settings.followup_answer_hours),
        reengaged_a_day=settings.reengagement_a_day,
        kept=timedelta(days=settings.followup_kept_days),
    )


def planner_in(transaction: Transaction, rules: Rules, *, language: str, at: datetime) -> Planner:
    """Plans follow-ups in a transaction."""
    return Planner(
        jobs=PostgresJobs(transaction),
        desk=PostgresOutreach(transaction),
        ledger=PostgresLedger(transaction),
        cases=PostgresCases(transaction),
        journal=PostgresJournal(transaction),
        rules=rules,
        language=language,
        opens=openings(transaction, at),
        now=at,
    )


def reader_in(transaction: Transaction, rules: Rules, *, language: str, at: datetime) -> Reader:
    """Reads news in a transaction."""
    return Reader(
        planner=planner_in(transaction, rules, language=language, at=at),
        moments=PostgresMoments(transaction),
        waiting=PostgresJobs(transaction),
    )


def plan(news: NewsArrived) -> FollowUpsPlanned:
    """Does what an event of the bus means for follow-ups, once however often it comes."""
    settings = from_environment(FollowupsPlanSettings)
    with database(FollowupsPlanSettings).transaction() as transaction:
        reader = reader_in(transaction, rules_of(settings), language=settings.company_language, at=now())
        return reader.read(news)


def find_inactive(due: InactiveDue) -> InactiveFound:
    """Asks back who has been inactive for long, as many as a day may have; not who came back by themselves."""
    settings = from_environment(FollowupsFindInactiveSettings)
    rules, at, zone = rules_of(settings), now(), ZoneInfo(settings.company_zone)
    midnight = (due.due_at or at).astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    with database(FollowupsFindInactiveSettings).transaction() as transaction:
        store, planner = (
            PostgresInactive(transaction),
            planner_in(transaction, rules, language=settings.company_language, at=at),
        )
        back = [planner.call_back(job, because="they came back", by=None) for job in store.came_back(zone=zone)]
        last = silent_since(at, rules.inactive, zone)
        room = max(rules.reengaged_a_day - store.planned_since(midnight), 0)
        wishes = list(inactive_wishes(store.since(last, limit=room, zone=zone), rules.inactive, now=at))
        planned = planner.plan(wishes)
        return InactiveFound(
            inactive=store.count(last, zone=zone),
            planned=sum(one.job_id is not None for one in planned),
            cancelled=sum(one.status is Status.DONE for one in back),
            tidied=store.tidy(at - rules.kept, limit=TIDIED_AT_ONCE),
        )


def openings(transaction: Transaction, at: datetime) -> Callable[[Known, Wish, datetime], datetime]:
    """Says when the send window of somebody is open, as the gate will see it."""
    return openings_under(cache(lambda: PostgresPolicies(transaction).in_force(at)))


def openings_under(policy: Callable[[], ContactPolicy]) -> Callable[[Known, Wish, datetime], datetime]:
    """Says when the send window of somebody is open under a policy, which is asked for when it is needed."""

    def opens(known: Known, wish: Wish, moment: datetime) -> datetime:
        channel = channel_of(wish, known)
        if channel is None:
            return moment
        person = Person(
            customer_id=known.customer_id,
            zone=known.zone,
            country=known.country,
            consent=None,
            reachable=known.channels,
        )
        return opening(person, channel, PURPOSE[wish.kind], policy(), shipped()).next(moment, LEASE)

    return opens
