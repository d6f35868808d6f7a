"""Every command that the README tells a newcomer to type is typed here."""

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.installation import ROOT, Installation

README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^\$ (.+)$", README, re.MULTILINE)
MAKE = [command for command in COMMANDS if command.startswith("make ")]
BEFOREHAND = [command for command in COMMANDS if command.startswith("beforehand ")]


def test_the_readme_has_its_two_commands_and_ci_runs_the_second() -> None:
    assert MAKE == ["make demo", "make test"]
    assert "exec make test" in (ROOT / ".ci" / "run").read_text()
    assert sorted(MAKE + BEFOREHAND) == sorted(COMMANDS)


@pytest.mark.parametrize(
    "command",
    [
        *MAKE,
        "make up",
        "make down",
        "make check",
        "make faults",
        "make bench",
        "make bench-import",
        "make bench-scan",
        "make clean",
    ],
)
def test_every_make_target_is_there(command: str) -> None:
    done = subprocess.run(
        [*shlex.split(command), "--dry-run"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    "document", ["README.md", "CONTRIBUTING.md", *(f"docs/{p.name}" for p in (ROOT / "docs").glob("*.md"))]
)
def test_every_link_leads_somewhere(document: str) -> None:
    path = ROOT / document
    links = re.findall(r"\]\(([^)#:]+)\)", path.read_text(encoding="utf-8"))
    assert [link for link in links if not (path.parent / link).exists()] == []


def test_the_demo_shows_the_main_job(installation: Installation) -> None:
    done = installation.typed("demo", seconds=600)
    assert done.returncode == 0, done.stdout + done.stderr
    for part in ("1. The same stacks as in AWS", "2. A sample company is imported", "customers.csv: 1,200 rows",
                 "3. The schedule starts a scan by itself", "SCHEDULER STATISTICS",
                 "4. The people in charge are told",
                 "mail to staff@beforehand.example: Beforehand:", "crm-export.csv: 12 rows", "5 refused",
                 "5. Why, and who takes over", "recency", "6. The desk sends, holds or skips", "opts out before",
                 "     held C", "  skipped C", "nothing stands against it", "7. A customer opts out",
                 "is not to be contacted any more", "8. A booking is over", "followup_", "checkin_",
                 "if nobody takes it by",
                 "9. The next three days are rehearsed", "With this contact policy instead"):  # fmt: skip
        assert part in done.stdout
    # On a company that other tests have scanned before, nobody may be left to approach.
    assert re.search(r"customers changed and were scored|\b0 interventions proposed", done.stdout)
    assert re.search(r"(sent|delivered) \S+ by email", done.stdout)


@pytest.mark.parametrize("command", BEFOREHAND)
def test_every_command_of_the_readme_works(installation: Installation, command: str, tmp_path: Path) -> None:
    words = shlex.split(command)[1:]
    for place, word in enumerate(words):
        if word.endswith(".csv"):
            sample = getattr(installation.company, Path(word).stem)
            words[place] = str(shutil.copy(sample, tmp_path))
    done = installation.command(*words)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.strip()
