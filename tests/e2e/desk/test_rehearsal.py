"""A rehearsal on the deployed stacks: started, followed and shown; nothing is kept but its report."""

import json
from pathlib import Path

from tests.installation import Installation

TABLES = ("outreach", "outreach_attempts", "outreach_cases", "outreach_suppressions")


def counted(installation: Installation) -> dict[str, object]:
    return {table: installation.rows(f"select count(*), max(xmin::text) from {table}") for table in TABLES}


def test_the_next_days_are_rehearsed_and_another_policy_is_held_against_them(
    installation: Installation, tmp_path: Path
) -> None:
    for kind in ("customers", "purchases"):
        done = installation.command("import", kind, str(getattr(installation.company, kind)))
        assert done.returncode == 0, done.stdout + done.stderr
    assert installation.command("scan").returncode == 0
    before = counted(installation)["outreach_attempts"]

    policy = tmp_path / "more.toml"
    policy.write_text("holdout_shares = {}\n", encoding="utf-8")
    told = installation.command("rehearse", "--days", "2", "--live", "email", "--policy", str(policy), "--json")
    assert told.returncode == 0, told.stdout + told.stderr
    report = json.loads(told.stdout)
    assert report["play"]["planned"] > 0
    assert report["difference"]["sentence"].startswith("With this contact policy instead, ")
    assert report["as_live"] == ["email"]
    assert counted(installation)["outreach_attempts"] == before

    screen = installation.command("rehearse", "--days", "1")
    assert screen.returncode == 0, screen.stdout + screen.stderr
    assert "nothing was sent or kept" in screen.stdout
    refused = installation.command("rehearse", "--from", "2020-01-01")
    assert refused.returncode == 2
    assert "has passed" in refused.stderr
