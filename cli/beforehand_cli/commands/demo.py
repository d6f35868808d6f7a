"""`beforehand demo`: from nothing to a scan that the schedule started, and one that the API was asked for."""

from datetime import datetime
from pathlib import Path

from beforehand.churn.documents import Briefs, ScanResult
from beforehand.churn.telling import left_alone_in_words
from beforehand.clock import now
from beforehand.customers.columns import Kind
from beforehand_cli import project, uploads
from beforehand_cli.api import Api
from beforehand_cli.commands import imports
from beforehand_cli.commands.scan import show
from beforehand_cli.commands.shown import show_risk
from beforehand_cli.deployment import LOCAL, Deployment
from beforehand_cli.desk_tour import DeskTour
from beforehand_cli.followups_tour import FollowUpsTour
from beforehand_cli.local.mailbox import list_mail
from beforehand_cli.local.state import StateDirectory
from beforehand_cli.local.up import up
from beforehand_cli.rehearsals import Rehearsals, Wanted
from beforehand_cli.sample import company, other_system
from beforehand_cli.scan_screen import ScanScreen, Statistics
from beforehand_cli.scans import Options, Scans
from beforehand_cli.terminal import console
from beforehand_cli.waiting import wait_until


def demo() -> None:
    """Start everything, import the sample company, and show the scan that the schedule starts."""
    root = project.root()
    console.print("[bold]1. The same stacks as in AWS, on this machine[/bold]")
    addresses = up(root, report=lambda line: console.print(f"   {line}", highlight=False))
    deployment = Deployment(stage=LOCAL)
    _import_company(deployment, StateDirectory.of(root))
    scans = Scans(deployment)
    result = _watch(scans)
    _who_is_told(addresses.endpoint)
    api = Api(deployment)
    _why(api, result)
    _desk(api)
    _ask_for_another(api, scans)
    _follow_up(api, deployment)
    _rehearse(deployment)
    _where_to_look(addresses.endpoint, addresses.mailbox, run=str(result.run_id))


def _import_company(deployment: Deployment, directory: StateDirectory) -> None:
    console.print("\n[bold]2. A sample company is imported[/bold]")
    at = now()
    files = company.write(directory.root / "sample", today=at.date())
    foreign = other_system.write(directory.root / "sample", today=at.date())
    written: tuple[tuple[Kind, Path], ...] = (
        ("customers", files.customers),
        ("purchases", files.purchases),
        ("customers", foreign),
    )
    for kind, path in written:
        answer = uploads.import_file(deployment, kind, path, now=at, progress=lambda share: None)
        imports.show(path.name, answer)


def _watch(scans: Scans) -> ScanResult:
    cadence = scans.cadence()
    due_at = cadence.after(now())
    console.print("\n[bold]3. The schedule starts a scan by itself[/bold]")
    screen = ScanScreen(console, scans.settings(), Options(), cadence)
    screen.banner()
    screen.waiting(due_at)
    wait_until(due_at)
    screen.header(1, due_at)
    result = show(scans, screen, due_at)
    screen.statistics(Statistics.of(result), next_at=cadence.after(now()))
    return result


def _who_is_told(endpoint: str) -> None:
    console.print("[bold]4. The people in charge are told[/bold]")
    for mail in list_mail(endpoint)[:1]:
        console.print(f"   mail to {', '.join(mail.to)}: [bold]{mail.subject}[/bold]", highlight=False)


def _why(api: Api, result: ScanResult) -> None:
    console.print("\n[bold]5. Why, and who takes over: the API says[/bold]")
    worst = max(result.customers, key=lambda customer: customer.risk)
    show_risk(api.get(f"/v1/customers/{worst.customer_id}/risk"))
    for case in api.items("/v1/cases", most=3):
        due_at = datetime.fromisoformat(case["due_at"]).astimezone()
        console.print(f"   case, due {due_at:%H:%M}: {case['subject']}", highlight=False, markup=False)


def _desk(api: Api) -> None:
    """One desk decides about every message: who is sent to, held, or left alone, and why."""
    console.print("\n[bold]6. The desk sends, holds or skips each message, and says why[/bold]")
    tour = DeskTour(api, console)
    refused = tour.opt_out()
    tour.enable()
    tour.watch(refused)


def _ask_for_another(api: Api, scans: Scans) -> None:
    """Somebody's facts change, and the API is asked for a scan: the outbox starts it, and it scores them alone."""
    console.print("\n[bold]7. A customer opts out, and the API is asked for a scan[/bold]")
    first = next(one for one in api.items("/v1/risk", most=100) if one["standing"] == "free")
    api.write("PATCH", f"/v1/customers/{first['customer_id']}", {"marketing_consent": False})
    console.print(f"   {first['customer_id']} is not to be contacted any more", highlight=False)
    asked = api.write("POST", "/v1/scans", {"max_interventions": 3})
    for step in scans.follow(datetime.fromisoformat(asked["due_at"])):
        if isinstance(step, Briefs):
            console.print(
                f"   {step.rescored:,} of {step.scored:,} customers changed and were scored", highlight=False
            )
        if isinstance(step, ScanResult):
            kept = ", ".join(left_alone_in_words(step.left_alone))
            console.print(f"   {step.at_risk:,} at risk; left alone: {kept}", highlight=False)
            console.print(f"   {step.proposed} interventions proposed in {step.seconds:.1f}s", highlight=False)


def _follow_up(api: Api, deployment: Deployment) -> None:
    """The company's own systems tell what happened, and each is followed up once."""
    console.print("\n[bold]8. A booking is over, and somebody felt bad: the company's bus tells[/bold]")
    FollowUpsTour(api, deployment, console).show(now=now())


def _rehearse(deployment: Deployment) -> None:
    """The next days are run on today's data by the same code, and end with their transaction."""
    console.print("\n[bold]9. The next three days are rehearsed: nothing is sent or kept[/bold]")
    wanted = Wanted(days=3, from_at=None, policy={"holdout_shares": {}}, prices=None, purposes=(), live=())
    report = Rehearsals(deployment).run(wanted, heard=lambda progress: None)
    if report.difference is not None:
        console.print("   What if nobody were held out for comparison?", highlight=False)
        console.print(f"   {report.difference.sentence}", highlight=False)
    for day in report.play.days:
        figures = f"{day.planned} planned, {day.sent} sent, {day.held} held, {day.skipped} skipped"
        console.print(f"   {day.day:%a %d %b}: {figures}", highlight=False)
    told = f"{report.play.customers:,} customers would be contacted; rehearsed in {report.seconds:.1f}s"
    console.print(f"   {told}", highlight=False)


def _where_to_look(endpoint: str, mailbox: str, *, run: str) -> None:
    console.print("\n[bold]Next[/bold]")
    for command, does in (
        ("beforehand scan", "scan once, now"),
        ("beforehand scan --mode continuous", "watch each scan as it comes due"),
        ("beforehand import preview customers FILE", "look at your own customers' file"),
        ("beforehand risk", "who may leave, and why"),
        ("beforehand cases", "what a person has to do"),
        ("beforehand outreach list", "every message, and how far it is"),
        ("beforehand followups list", "what is planned after events and silences"),
        ("beforehand rehearse --days 7", "what the next days would bring"),
        ("beforehand why CUSTOMER", "why somebody was contacted, or not"),
        ("beforehand channels stop all --because …", "the kill switch"),
        ("beforehand memory export --all", "what was tried with each customer"),
        ("make down", "stop everything; the data stay"),
    ):
        console.print(
            f"   .venv/bin/{command:<42} {does}" if "make" not in command else f"   {command:<52} {does}",
            highlight=False,
        )
    console.print(f"\n   Mailbox {mailbox}", highlight=False)
    console.print(f"   AWS endpoint {endpoint} · run {run}", highlight=False)
