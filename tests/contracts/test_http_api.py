"""The HTTP API and Cognito, as far as we rely on them: who is let in, and what the function is then told."""

import base64
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from tests.contracts.conftest import Aws, eventually
from tests.contracts.functions import function

ECHO = "def handler(event, context):\n    return event\n"
PASSWORD = "Long-enough-4-anyone"


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """An API with one route and `$default`, and the tokens of a user who is in two groups."""

    url: str
    access: str
    id: str
    client: str

    def send(self, method: str, path: str, token: str | None, **others: Any) -> httpx.Response:
        headers = {**others.pop("headers", {}), **({"Authorization": f"Bearer {token}"} if token else {})}
        return httpx.request(method, f"{self.url}{path}", headers=headers, timeout=30, trust_env=False, **others)


@pytest.fixture
def entry(aws: Aws) -> Entry:
    pool, client, access, identity = signed_in(aws)
    api, arn = aws.client("apigatewayv2"), function(aws, ECHO)
    region = api.meta.region_name
    made = api.create_api(Name=aws.name("api"), ProtocolType="HTTP")
    aws.later(api.delete_api, ApiId=made["ApiId"])
    authorizer = api.create_authorizer(
        ApiId=made["ApiId"],
        Name="tokens",
        AuthorizerType="JWT",
        IdentitySource=["$request.header.Authorization"],
        JwtConfiguration={"Audience": [client], "Issuer": f"https://cognito-idp.{region}.amazonaws.com/{pool}"},
    )["AuthorizerId"]
    integration = api.create_integration(
        ApiId=made["ApiId"], IntegrationType="AWS_PROXY", IntegrationUri=arn, PayloadFormatVersion="2.0"
    )["IntegrationId"]
    for key in ("POST /things/{thing}", "$default"):
        api.create_route(
            ApiId=made["ApiId"],
            RouteKey=key,
            AuthorizationType="JWT",
            AuthorizerId=authorizer,
            Target=f"integrations/{integration}",
        )
    api.create_stage(ApiId=made["ApiId"], StageName="$default", AutoDeploy=True)
    account = aws.client("sts").get_caller_identity()["Account"]
    aws.client("lambda").add_permission(
        FunctionName=arn,
        StatementId="api",
        Action="lambda:InvokeFunction",
        Principal="apigateway.amazonaws.com",
        SourceArn=f"arn:aws:execute-api:{region}:{account}:{made['ApiId']}/*",
    )
    url = made["ApiEndpoint"]
    if aws.is_local:
        url = f"{aws.local().endpoint}/_aws/execute-api/{made['ApiId']}/$default"
    found = Entry(url=url, access=access, id=identity, client=client)
    eventually(lambda: found.send("GET", "/ready", access).status_code == 200, seconds=60)
    return found


def signed_in(aws: Aws) -> tuple[str, str, str, str]:
    """The pool, the client, and the access and ID token of a user."""
    cognito = aws.client("cognito-idp")
    pool = cognito.create_user_pool(PoolName=aws.name("pool"), UsernameAttributes=["email"])["UserPool"]["Id"]
    aws.later(cognito.delete_user_pool, UserPoolId=pool)
    client = cognito.create_user_pool_client(
        UserPoolId=pool,
        ClientName="command",
        ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
    )["UserPoolClient"]["ClientId"]
    email = "contract@people.example"
    cognito.admin_create_user(UserPoolId=pool, Username=email, MessageAction="SUPPRESS")
    cognito.admin_set_user_password(UserPoolId=pool, Username=email, Password=PASSWORD, Permanent=True)
    for group in ("viewer", "admin"):
        cognito.create_group(UserPoolId=pool, GroupName=group)
        cognito.admin_add_user_to_group(UserPoolId=pool, Username=email, GroupName=group)
    given = cognito.initiate_auth(
        ClientId=client, AuthFlow="USER_PASSWORD_AUTH", AuthParameters={"USERNAME": email, "PASSWORD": PASSWORD}
    )["AuthenticationResult"]
    return pool, client, given["AccessToken"], given["IdToken"]


def test_lets_in_tokens_of_the_pool_for_the_client_and_no_others(entry: Entry) -> None:
    head, body, signature = entry.access.split(".")
    forged = f"{head}.{body}.{signature[::-1]}"
    for token in (None, "nonsense", forged, f"eyJhbGciOiJub25lIn0.{body}."):
        refused = entry.send("POST", "/things/1", token)
        assert (refused.status_code, refused.json()) == (401, {"message": "Unauthorized"})
        assert entry.send("GET", "/elsewhere", token).status_code == 401
    # It takes ID tokens too, which is why the function looks at what a token is for.
    assert entry.send("POST", "/things/1", entry.id).status_code == 200


def test_tells_the_function_who_asks_and_by_which_route(entry: Entry) -> None:
    told = entry.send("POST", "/things/a%20b?x=1&x=2&y=%2C", entry.access).json()
    assert told["routeKey"] == "POST /things/{thing}"
    assert told["pathParameters"] == {"thing": "a b"}
    assert told["rawQueryString"] == "x=1&x=2&y=%2C"
    assert told["requestContext"]["requestId"]
    claims = told["requestContext"]["authorizer"]["jwt"]["claims"]
    assert (claims["token_use"], claims["client_id"]) == ("access", entry.client)
    assert all(isinstance(claim, str) for claim in claims.values())
    assert set(claims["cognito:groups"][1:-1].split(" ")) == {"viewer", "admin"}
    assert claims["cognito:groups"][0] + claims["cognito:groups"][-1] == "[]"
    assert "contract@people.example" not in claims.values()


def test_what_matches_no_route_goes_to_the_default_one(entry: Entry) -> None:
    told = entry.send("GET", "/things/1", entry.access).json()
    assert (told["routeKey"], told["rawPath"]) == ("$default", "/things/1")


def test_json_arrives_as_text_and_the_rest_in_base64(entry: Entry) -> None:
    text = entry.send("POST", "/things/1", entry.access, json={"a": "ü"}).json()
    assert (text["isBase64Encoded"], "ü" in text["body"]) == (False, True)
    other = entry.send(
        "POST", "/things/1", entry.access, content=b"\xff", headers={"content-type": "application/octet-stream"}
    ).json()
    assert (other["isBase64Encoded"], base64.b64decode(other["body"])) == (True, b"\xff")
    assert "body" not in entry.send("POST", "/things/1", entry.access).json()
