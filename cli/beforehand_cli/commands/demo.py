"""`beforehand demo`: everything from nothing to a scan that the deployed schedule started by itself."""

from pathlib import Path

from beforehand.churn.documents import ScanResult
from beforehand.clock import now
from beforehand.customers.columns import Kind
from beforehand_cli import project, uploads
from beforehand_cli.commands import imports
from beforehand_cli.commands.scan import show
from beforehand_cli.deployment import LOCAL, Deployment
from beforehand_cli.local.mailbox import list_mail
from beforehand_cli.local.state import StateDirectory
from beforehand_cli.local.up import up
from beforehand_cli.sample import company
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
    result = _watch(Scans(deployment))
    _where_to_look(addresses.endpoint, addresses.mailbox, run=str(result.run_id))


def _import_company(deployment: Deployment, directory: StateDirectory) -> None:
    console.print("\n[bold]2. A sample company is imported[/bold]")
    at = now()
    files = company.write(directory.root / "sample", today=at.date())
    written: dict[Kind, Path] = {"customers": files.customers, "purchases": files.purchases}
    for kind, path in written.items():
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


def _where_to_look(endpoint: str, mailbox: str, *, run: str) -> None:
    console.print("[bold]4. The people in charge are told[/bold]")
    for mail in list_mail(endpoint)[:1]:
        console.print(f"   mail to {', '.join(mail.to)}: [bold]{mail.subject}[/bold]", highlight=False)
    console.print(f"   mailbox {mailbox}, or: beforehand mail 1", highlight=False)
    console.print("\n[bold]Next[/bold]")
    for command, does in (
        ("beforehand scan", "scan once, now"),
        ("beforehand scan --mode continuous", "watch each scan as it comes due"),
        ("beforehand import customers FILE", "your own customers"),
        ("beforehand invoke database_migrate", "run one function with its sample event"),
        ("make down", "stop everything; the data stay"),
    ):
        console.print(
            f"   .venv/bin/{command:<42} {does}" if "make" not in command else f"   {command:<52} {does}",
            highlight=False,
        )
    console.print(f"\n   AWS endpoint {endpoint} · run {run}", highlight=False)
