"""The screen of a scan: banner, header, one block for each customer, summary, statistics."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

from rich.console import Console

from beforehand.churn.documents import BriefLine, Briefs, Draft, ScanResult
from beforehand.churn.telling import left_alone_in_words
from beforehand.clock import now
from beforehand.settings.churn import ChurnSelectSettings
from beforehand_cli.scans import Cadence, Options

RULE = "=" * 70


@dataclass(frozen=True, kw_only=True, slots=True)
class Statistics:
    """What the scans did together."""

    scans: int = 0
    interventions: int = 0

    @classmethod
    def of(cls, result: ScanResult) -> Self:
        """Everything that the deployment ever scanned, as its last result says."""
        return cls(scans=result.total_scans, interventions=result.total_proposed)

    def and_also(self, result: ScanResult) -> "Statistics":
        """These and one more."""
        return Statistics(scans=self.scans + 1, interventions=self.interventions + result.proposed)

    @property
    def average(self) -> float:
        """Interventions in an average scan."""
        return self.interventions / self.scans if self.scans else 0.0


class ScanScreen:
    """Prints a scan; knows nothing of where it runs. Shows ids, figures and reasons, no names and no messages."""

    def __init__(self, console: Console, settings: ChurnSelectSettings, options: Options, cadence: Cadence) -> None:
        self._console = console
        self._settings = settings
        self._options = options
        self._cadence = cadence
        self._lines: tuple[BriefLine, ...] = ()
        self._number = 1

    def banner(self) -> None:
        """What this scanner does and how often."""
        self._say("🔄 [bold]ProactiveScheduler initialized[/bold]")
        self._say(f"   Scan interval: Every {_minutes(self._cadence.minutes)}")
        self._say(f"   Churn risk threshold: {self._threshold():.0%}")
        self._say(f"   Max interventions per run: {self._limit()}")
        self._say()

    def who_starts(self, deployed: Cadence, *, own: bool) -> None:
        """Who starts the scans that this terminal shows."""
        if own:
            self._say(
                f"[dim]The deployed schedule scans every {_minutes(deployed.minutes)} with its own settings. This "
                "terminal starts the scans shown here; no due time is ever scanned twice.[/dim]"
            )
        else:
            self._say(
                "[dim]The deployed schedule starts each scan; this terminal shows it. Ctrl+C ends this.[/dim]"
            )
        self._say()

    def waiting(self, due_at: datetime) -> None:
        """The next due time, while nothing happens."""
        self._say(f"[dim]Waiting for the scan that is due at {_clock(due_at)} …[/dim]")

    def header(self, number: int, due_at: datetime) -> None:
        """The head of one scan."""
        self._number = number
        self._title(f"🔍 PROACTIVE SCAN #{number}")
        self._say(f"Timestamp: {_moment(due_at)}")
        self._say(f"Scanning customers for churn risk >= {self._threshold():.0%}...")

    def chosen(self, briefs: Briefs) -> None:
        """Who will be treated."""
        self._lines = briefs.customers
        if briefs.rescored is not None and briefs.scored is not None:
            self._say(
                f"[dim]   scored {briefs.rescored:,} of {briefs.scored:,}, whose facts or whose day changed[/dim]"
            )
        self._say(f"⚠️  Found {briefs.at_risk} at-risk customers")
        if kept := left_alone_in_words(briefs.left_alone):
            self._say(f"   [dim]left alone: {', '.join(kept)}[/dim]")
        if len(briefs.customers) < briefs.at_risk and briefs.customers:
            self._say(f"   Processing top {len(briefs.customers)} priority cases")
        self._say()

    def written(self, draft: Draft) -> None:
        """One customer: how they are, why, and that their message is written."""
        line = next(line for line in self._lines if line.customer_id == draft.customer_id)
        kind = ", ".join(label for label in (line.segment, line.loyalty_tier) if label)
        total = len(self._lines)
        self._say(
            f"🤖 Processing Customer {line.position}/{total}: [bold]{line.customer_id}[/bold]"
            + (f" ({kind})" if kind else "")
        )
        self._say(f"   Health Score: {line.health:.1f}% | Churn Risk: {line.risk:.1%}")
        self._say(f"   Issue: {line.issue}")
        self._say()
        self._say("   [Agent workflow running...]", markup=False)
        if draft.refused:
            self._say(f"   ❌ Not proposed: {draft.refused}")
        else:
            self._say(f"   ✅ Intervention generated ({draft.language_name})")
        self._say()

    def finished(self, result: ScanResult) -> None:
        """The summary of one scan."""
        if not self._lines:
            self._say(f"   Found {result.at_risk} at-risk customers, none to approach now")
        for one in result.customers:
            if one.status != "done":
                self._say(f"   [yellow]{one.customer_id} {one.status}:[/yellow] {one.because}")
            if one.case_id and one.case_due_at:
                self._say(
                    f"   👤 {one.customer_id}: a person takes over by {_clock(one.case_due_at)}, case {one.case_id}"
                )
        if result.model_calls:
            cost = "" if result.estimated_cost is None else f", about {result.estimated_cost:.4f}"
            self._say(
                f"   [dim]Language model: {result.model_letters} messages taken, {result.model_calls} calls, "
                f"{result.input_tokens + result.output_tokens} tokens{cost}[/dim]"
            )
        self._say(
            f"[bold]Scan #{self._number} Complete[/bold] - {result.proposed} interventions | "
            f"{result.seconds:.1f}s elapsed"
        )
        self._say()
        self._lines = ()

    def statistics(self, seen: Statistics, *, next_at: datetime) -> None:
        """What all scans did together, and when the next one is due."""
        self._title("📊 SCHEDULER STATISTICS")
        self._totals(seen)
        self._say(f"Next scan in: {_length(next_at - now())} ({_clock(next_at)})")
        self._say()

    def scanned_already(self, result: ScanResult) -> None:
        """The moment that was asked for has its result already."""
        self._say(
            f"[yellow]That moment was scanned already at {_moment(result.started_at)}; this is its result.[/yellow]"
        )

    def lost(self, error: Exception) -> None:
        """One scan failed or went out of sight; the next ones are awaited all the same."""
        self._say(f"❌ {error}", markup=False)
        self._say()
        self._lines = ()

    def stopped(self, seen: Statistics) -> None:
        """The end: final statistics."""
        self._say()
        self._title("📊 FINAL STATISTICS")
        self._totals(seen)

    def _totals(self, seen: Statistics) -> None:
        self._say(f"Total Scans: {seen.scans}")
        self._say(f"Total Interventions: {seen.interventions}")
        self._say(f"Average Interventions/Scan: {seen.average:.1f}")

    def _threshold(self) -> float:
        given = self._options.risk_threshold
        return self._settings.churn_risk_threshold if given is None else given

    def _limit(self) -> int:
        return self._options.max_interventions or self._settings.churn_max_interventions

    def _title(self, text: str) -> None:
        self._say(RULE)
        self._say(f"[bold]{text}[/bold]")
        self._say(RULE)

    def _say(self, text: str = "", *, markup: bool = True) -> None:
        self._console.print(text, highlight=False, markup=markup)


def _minutes(count: int) -> str:
    return "1 minute" if count == 1 else f"{count} minutes"


def _clock(moment: datetime) -> str:
    return f"{moment.astimezone():%H:%M:%S %Z}"


def _moment(moment: datetime) -> str:
    return f"{moment.astimezone():%Y-%m-%d %H:%M:%S %Z}"


def _length(left: timedelta) -> str:
    seconds = max(0, round(left.total_seconds()))
    if seconds < 60:
        return "1 second" if seconds == 1 else f"{seconds} seconds"
    return _minutes(round(seconds / 60))
