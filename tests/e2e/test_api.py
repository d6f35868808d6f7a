"""People and programs come in through the deployed API, with tokens that Cognito gave them."""

import json
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from beforehand.api.access import LEAST_ROLE, Role
from beforehand_cli import sessions
from beforehand_cli.api import Api
from beforehand_cli.deployment import Deployment
from beforehand_cli.local.processes import wait_until
from beforehand_cli.local.state import StateDirectory
from tests.installation import ROOT, Installation

CUSTOMERS = (
    "customer_id,name,segment,language,zone\nAPI1,Asha Rao,VIP,hi,Asia/Kolkata\nAPI2,Ben Low,Regular,xx-nope,UTC\n"
)
CLIENT = httpx.Client(timeout=30, trust_env=False)


@dataclass
class Tokens:
    """The tokens of one sign-in."""

    access: str
    id: str


@pytest.fixture(scope="module")
def tokens(installation: Installation) -> Iterator[dict[Role, Tokens]]:
    """Somebody of each role, added and signed in as people are."""
    found = {}
    for role in Role:
        email = f"{role}@people.example"
        added = installation.command("users", "add", email, "--role", role.value, "--json")
        assert added.returncode == 0, added.stderr
        password = json.loads(added.stdout)["temporary_password"]
        found[role] = sign_in(installation, email, password)
    yield found
    for role in Role:
        assert installation.command("users", "remove", f"{role}@people.example").returncode == 0


def sign_in(installation: Installation, email: str, temporary: str) -> Tokens:
    cognito = installation.deployment.client("cognito-idp")
    client = installation.deployment.outputs["UserPoolClient"]
    asked = cognito.initiate_auth(
        ClientId=client, AuthFlow="USER_PASSWORD_AUTH", AuthParameters={"USERNAME": email, "PASSWORD": temporary}
    )
    assert asked["ChallengeName"] == "NEW_PASSWORD_REQUIRED"
    answered = cognito.respond_to_auth_challenge(
        ClientId=client,
        ChallengeName="NEW_PASSWORD_REQUIRED",
        Session=asked["Session"],
        ChallengeResponses={"USERNAME": email, "NEW_PASSWORD": "Of-their-0wn-choice!"},
    )["AuthenticationResult"]
    return Tokens(access=answered["AccessToken"], id=answered["IdToken"])


def send(installation: Installation, key: str, token: str | None, **others: object) -> httpx.Response:
    method, path = key.split(" ")
    for name in ("{run_id}", "{import_id}", "{case_id}"):
        path = path.replace(name, "00000000-0000-4000-8000-000000000000")
    headers = {"Idempotency-Key": os.urandom(8).hex(), **({"Authorization": f"Bearer {token}"} if token else {})}
    url = f"{installation.deployment.api}{path.replace('{customer_id}', 'NOBODY')}"
    return CLIENT.request(method, url, headers=headers, **others)  # type: ignore[arg-type]


def test_the_local_admin_signs_in_without_ceremony(installation: Installation) -> None:
    password = StateDirectory.of(ROOT).admin_password
    assert stat.S_IMODE(password.stat().st_mode) == 0o600
    done = installation.command("statistics", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["scans"] >= 0
    session = StateDirectory.of(ROOT).session
    assert stat.S_IMODE(session.stat().st_mode) == 0o600
    assert installation.command("logout").returncode == 0
    assert not session.exists()
    assert "as admin" in installation.command("login").stdout


def test_a_sign_in_that_runs_out_is_renewed(installation: Installation) -> None:
    assert installation.command("login").returncode == 0
    kept = StateDirectory.of(ROOT).session
    before = json.loads(kept.read_text())
    kept.write_text(json.dumps({**before, "access_token": "old", "until": "2026-01-01T00:00:00Z"}))
    assert installation.command("statistics").returncode == 0
    after = json.loads(kept.read_text())
    assert (after["refresh_token"], after["access_token"] == "old") == (before["refresh_token"], False)
    kept.write_text(json.dumps({**before, "refresh_token": "revoked", "until": "2026-01-01T00:00:00Z"}))
    assert installation.command("statistics").returncode == 0, "the local admin signs in anew"


def test_nobody_needs_aws_credentials_to_sign_in(
    installation: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ENDPOINT_URL", installation.addresses.endpoint)
    monkeypatch.setattr(sessions.typer, "get_app_dir", lambda _: str(tmp_path))
    place = sessions.Place(
        api=installation.deployment.api,
        client_id=installation.deployment.outputs["UserPoolClient"],
        region="ap-south-1",
    )
    elsewhere = Deployment(stage="elsewhere")
    password = StateDirectory.of(ROOT).admin_password.read_text()
    sessions.Sessions(elsewhere, place).sign_in("admin@beforehand.example", password, str)
    assert Api(elsewhere).get("/v1/me")["role"] == "admin"
    assert sessions.Sessions(elsewhere).sign_out()
    with pytest.raises(sessions.NotSignedInError):
        Api(elsewhere).get("/v1/me")
    with pytest.raises(sessions.SignInRefusedError):
        sessions.Sessions(elsewhere, place).sign_in("admin@beforehand.example", "wrong", str)


@pytest.mark.parametrize("key", sorted(LEAST_ROLE))
def test_no_route_is_open(installation: Installation, tokens: dict[Role, Tokens], key: str) -> None:
    viewer = tokens[Role.VIEWER]
    head, body, signature = viewer.access.split(".")
    forged = f"{head}.{body}.{signature[:-6]}{'AAAAAA' if signature[-6:] != 'AAAAAA' else 'BBBBBB'}"
    unsigned = f"eyJhbGciOiJub25lIn0.{body}."
    for token in (None, "nonsense", forged, unsigned, viewer.id):
        assert send(installation, key, token).status_code == 401, key


def test_an_id_token_is_refused_by_the_function_itself(
    installation: Installation, tokens: dict[Role, Tokens]
) -> None:
    told = send(installation, "GET /v1/me", tokens[Role.ADMIN].id)
    assert told.headers["content-type"] == "application/problem+json"
    assert "access token" in told.json()["detail"]


def test_each_role_may_what_the_table_says(installation: Installation, tokens: dict[Role, Tokens]) -> None:
    for key, least in LEAST_ROLE.items():
        for role, token in tokens.items():
            # A write without a body is let in and then refused for what it lacks.
            status = send(installation, key, token.access).status_code
            assert (status == 403) is not role.covers(least), (key, role, status)
            assert status < 500


def test_what_is_not_there_is_said_in_the_same_form(installation: Installation, tokens: dict[Role, Tokens]) -> None:
    viewer = tokens[Role.VIEWER].access
    nowhere = send(installation, "GET /v1/nowhere", viewer)
    assert (nowhere.status_code, nowhere.json()["title"]) == (404, "Not Found")
    wrong = send(installation, "DELETE /v1/customers", viewer)
    assert (wrong.status_code, wrong.headers["allow"]) == (405, "GET")
    assert send(installation, "GET /v1/nowhere", None).status_code == 401


def test_a_file_goes_in_by_an_address_and_its_customer_can_be_put_right(
    installation: Installation, tokens: dict[Role, Tokens]
) -> None:
    operator = tokens[Role.OPERATOR].access
    content = CUSTOMERS.encode()
    asked = {"kind": "customers", "file_name": "März.csv", "bytes": len(content), "mapping": {}}
    given = send(installation, "POST /v1/imports", operator, json=asked)
    assert given.status_code == 201, given.text
    upload = given.json()
    longer = httpx.put(upload["url"], content=content, headers={"content-type": "text/plain"}, trust_env=False)
    assert longer.status_code == 403
    put = httpx.put(upload["url"], content=content, headers=upload["headers"], trust_env=False)
    assert put.status_code == 200, put.text
    path = f"GET /v1/imports/{upload['import_id']}"

    def finished() -> bool:
        shown = send(installation, path, operator)
        return shown.status_code == 200 and shown.json()["state"] != "running"

    assert wait_until(finished, seconds=60)
    shown = send(installation, path, operator).json()
    assert (shown["state"], shown["added"], shown["refused_rows"]) == ("done", 1, 1)
    assert shown["file_name"] == "März.csv"
    assert shown["refused"][0]["column"] == "language"
    me = send(installation, "GET /v1/me", operator).json()
    assert shown["uploaded_by"] == me["user"]
    changed = send(installation, "PATCH /v1/customers/API1", operator, json={"phone": "+919876543210"})
    assert changed.json()["phone"] == "+919876543210"
    assert "Asha Rao" in installation.command("customers", "--prefix", "API").stdout


def test_a_scan_that_is_asked_for_is_run(installation: Installation, tokens: dict[Role, Tokens]) -> None:
    asked = send(installation, "POST /v1/scans", tokens[Role.OPERATOR].access, json={"max_interventions": 1})
    assert asked.status_code == 202, asked.text
    path = f"GET /v1/scans/{asked.json()['run_id']}"

    def finished() -> bool:
        shown = send(installation, path, tokens[Role.VIEWER].access)
        return shown.status_code == 200 and shown.json()["state"] == "finished"

    assert wait_until(finished, seconds=90)
    assert send(installation, path, tokens[Role.VIEWER].access).json()["max_interventions"] == 1


def test_the_command_says_what_to_do_and_shows_what_there_is(installation: Installation, tmp_path: Path) -> None:
    for words in (("customers",), ("risk",), ("statistics",), ("imports",), ("cases",)):
        done = installation.command(*words)
        assert done.returncode == 0, (words, done.stderr)
        shown = installation.command(*words, "--json")
        assert all(json.loads(line) for line in shown.stdout.splitlines())
    missing = installation.command("customers", "NOBODY")
    assert (missing.returncode, "There is no such customer. (404)" in missing.stderr) == (1, True)
    wrong = installation.command("customers", "--segment", "vip")
    assert "segment:" in wrong.stderr


def test_users_are_listed_and_given_another_role(installation: Installation, tokens: dict[Role, Tokens]) -> None:
    assert installation.command("users", "role", "viewer@people.example", "operator").returncode == 0
    listed = installation.command("users", "list", "--json").stdout.splitlines()
    roles = {user["email"]: user["role"] for user in map(json.loads, listed)}
    assert roles["viewer@people.example"] == "operator"
    assert roles["admin@beforehand.example"] == "admin"
    assert installation.command("users", "role", "viewer@people.example", "viewer").returncode == 0
    unknown = installation.command("users", "remove", "nobody@people.example")
    assert (unknown.returncode, "There is no user nobody@people.example" in unknown.stderr) == (1, True)
    again = installation.command("users", "add", "viewer@people.example")
    assert (again.returncode, "already" in again.stderr) == (1, True)
