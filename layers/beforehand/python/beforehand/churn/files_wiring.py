"""Puts `churn_brief` and `churn_propose` together; they need the database and the files bucket."""

from beforehand.adapters.postgres import database
from beforehand.adapters.s3 import S3Files
from beforehand.churn import briefing, proposing
from beforehand.churn.allowance import Allowance
from beforehand.churn.memory_store import PostgresMemory
from beforehand.churn.prices import Prices
from beforehand.churn.profile import profile_of
from beforehand.churn.store.candidates import PostgresCandidates
from beforehand.churn.store.scores import PostgresScores
from beforehand.clock import now
from beforehand.events.churn import ScanBriefed, ScanFinished, ScanStep
from beforehand.journal.store import PostgresJournal
from beforehand.outreach.cases_store import PostgresCases
from beforehand.outreach.store import PostgresOutreach
from beforehand.schedules.store import PostgresRuns
from beforehand.settings import from_environment
from beforehand.settings.churn import ChurnBriefSettings, ChurnProposeSettings


def brief(step: ScanStep) -> ScanBriefed:
    """Gathers the facts of each selected customer and lets the agents read them."""
    settings = from_environment(ChurnBriefSettings)
    with database(ChurnBriefSettings).transaction() as transaction:
        return briefing.brief(
            step,
            runs=PostgresRuns(transaction),
            scores=PostgresScores(transaction),
            candidates=PostgresCandidates(transaction),
            memory=PostgresMemory(transaction),
            files=S3Files(settings.files_bucket),
            profile=profile_of(settings.churn_profile),
            allowance=Allowance(
                calls_per_run=settings.bedrock_calls_per_run, calls_per_letter=settings.bedrock_calls_per_letter
            ),
        )


def propose(step: ScanStep) -> ScanFinished:
    """Proposes what was written, and closes the run."""
    settings = from_environment(ChurnProposeSettings)
    with database(ChurnProposeSettings).transaction() as transaction:
        return proposing.propose(
            step,
            runs=PostgresRuns(transaction),
            candidates=PostgresCandidates(transaction),
            outreach=PostgresOutreach(transaction),
            cases=PostgresCases(transaction),
            journal=PostgresJournal(transaction),
            files=S3Files(settings.files_bucket),
            now=now(),
            prices=_prices(settings),
        )


def _prices(settings: ChurnProposeSettings) -> Prices | None:
    read, written = settings.bedrock_price_input, settings.bedrock_price_output
    return None if read is None or written is None else Prices(input_million=read, output_million=written)
