"""What a person sees of a rehearsal: the difference in one sentence first, then days, reasons, load and cost."""

from collections.abc import Iterable

from rich.console import Console
from rich.table import Table

from beforehand.outreach.rehearsal.report import ChannelLine, Difference, Play, ReasonLine, Report

MOST_REASONS = 12
MOST_COSTS = 8


class RehearsalScreen:
    """Shows one report."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def show(self, report: Report) -> None:
        """All of it."""
        if report.difference is not None:
            self._say(f"[bold]{report.difference.sentence}[/bold]")
            self._say()
        play = report.play
        days, begins = (report.end - report.begin).days, f"{report.begin:%Y-%m-%d %H:%M} UTC"
        self._say(
            f"[bold]REHEARSAL of {days} day{'' if days == 1 else 's'} from {begins}[/bold], "
            f"by {play.policy_version}; nothing was sent or kept ({report.seconds:.1f}s)"
        )
        self._say(
            f"{play.sent:,} messages would go to {play.customers:,} customers; {play.skipped:,} skipped, "
            f"{play.expired:,} too late, {play.open:,} still open"
            + (f"; as if live: {', '.join(report.as_live)}" if report.as_live else "")
        )
        if report.purposes:
            self._say(f"[dim]of {', '.join(report.purposes)} only; all others were rehearsed as well[/dim]")
        self._days(play, report.zone)
        self._purposes(play)
        self._reasons(play)
        self._load(play)
        self._costs(play)
        if report.difference is not None:
            self._difference(report.difference)
        self._say()
        self._say(f"[dim]Taken for granted: {'; '.join(report.assumed)}.[/dim]")

    def _days(self, play: Play, zone: str) -> None:
        names = ("planned", "sent", "held", "skipped", "expired", "waiting")
        rows = [(f"{day.day:%a %d %b}", *(_count(getattr(day, name)) for name in names)) for day in play.days]
        self._table(("day in " + zone, *names), rows)

    def _purposes(self, play: Play) -> None:
        names = ("waiting", "planned", "sent", "held", "skipped", "expired", "open")
        rows = [(line.purpose, *(_count(getattr(line, name)) for name in names)) for line in play.purposes]
        self._table(("purpose", *names), rows)
        for turn in play.planners[:1]:
            kept = ", ".join(f"{count:,} {reason.replace('_', ' ')}" for reason, count in turn.left_alone.items())
            if kept:
                self._say(f"[dim]{turn.planner} leaves alone on the first day: {kept}[/dim]")

    def _reasons(self, play: Play) -> None:
        rows = [(line.what, line.rule.replace("_", " "), _count(line.messages), _first(line))
                for line in play.reasons[:MOST_REASONS]]  # fmt: skip
        self._table(("what", "by", "messages", "such as"), rows)

    def _load(self, play: Play) -> None:
        rows = [
            (
                line.channel,
                _how(line),
                _count(line.sent),
                "–" if line.busiest is None else f"{line.busiest.sent:,} at {line.busiest.hour:%a %H:00}",
                f"{line.capacity:,} an hour",
                str(line.full_hours),
                _minutes(line),
            )
            for line in play.channels
        ]
        self._table(
            ("channel", "is", "sent", "busiest hour (UTC)", "its rate", "full hours", "waited for room"), rows
        )

    def _costs(self, play: Play) -> None:
        rows = [
            (
                line.channel,
                line.country or "–",
                _count(line.messages),
                _count(line.parts),
                "not known" if line.cost is None else f"{line.cost:,.2f} {line.currency}",
                "" if line.seen_on is None else f"price seen on {line.seen_on}",
            )
            for line in play.costs[:MOST_COSTS]
        ]
        self._table(("channel", "country", "messages", "parts", "cost", ""), rows)
        if play.totals:
            together = ", ".join(f"{cost:,.2f} {currency}" for currency, cost in play.totals.items())
            unknown = f"; {play.unpriced:,} messages have no known price" if play.unpriced else ""
            self._say(f"together {together}{unknown}; carriers' fees and taxes are not in it")
        elif play.unpriced:
            self._say(f"{play.unpriced:,} messages have no known price; name some with --prices")

    def _difference(self, difference: Difference) -> None:
        changes = (
            ("purpose", difference.purposes),
            ("channel", difference.channels),
            ("reason", difference.reasons),
        )
        rows = [
            (kind, change.name.replace("_", " "), _count(change.before), _count(change.after),
             f"{change.after - change.before:+,}")
            for kind, found in changes
            for change in found
        ]  # fmt: skip
        rows += [
            ("cost", currency, f"{before:,.2f}", f"{after:,.2f}", f"{after - before:+,.2f}")
            for currency, (before, after) in difference.costs.items()
        ]
        self._table(("by", "", "now", "instead", ""), rows)
        for one in difference.examples:
            self._say(
                f"  {one.customer_id} ({one.purpose}, {one.channel}): {one.before}, {one.before_because} → "
                f"{one.after}, {one.after_because}",
                markup=False,
            )

    def _table(self, names: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> None:
        table = Table(*names, box=None, pad_edge=False)
        for row in rows:
            table.add_row(*row)
        if table.row_count:
            self._say()
            self._console.print(table, markup=False, highlight=False)

    def _say(self, text: str = "", *, markup: bool = True) -> None:
        self._console.print(text, highlight=False, markup=markup)


def _count(count: int) -> str:
    return f"{count:,}"


def _first(line: ReasonLine) -> str:
    if not line.examples:
        return ""
    one = line.examples[0]
    return f"{one.customer_id}: {one.because}"


def _how(line: ChannelLine) -> str:
    if line.stopped:
        return "stopped"
    if not line.set_up:
        return f"{line.mode.replace('_', ' ')}, not set up"
    return line.mode.replace("_", " ")


def _minutes(line: ChannelLine) -> str:
    if not line.sent:
        return "–"
    return f"median {line.wait_median}, 99 % {line.wait_p99}, longest {line.wait_longest} min"
