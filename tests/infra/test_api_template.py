"""The way in: no route is open, nobody makes themselves a user, and the log of calls names nobody."""

import json

from beforehand.api.access import LEAST_ROLE, Role
from infra.constructs.http_api import EVERYTHING_ELSE, LOGGED
from infra.watch import MOST_REFUSED
from tests.infra.assembly import Assembly

OPEN = {"GET /u/{token}", "POST /u/{token}", "POST /hooks/{source}"}
"""The only routes without a token: a link of ours and a signed report prove themselves."""


def test_no_route_is_open_but_three_that_another_function_answers(assembly: Assembly) -> None:
    (authorizer,) = assembly.of("AWS::ApiGatewayV2::Authorizer")
    routes = assembly.properties("AWS::ApiGatewayV2::Route")
    assert routes
    assert {route["RouteKey"] for route in routes if route["AuthorizationType"] == "NONE"} == OPEN
    (closed,) = {route["Target"]["Fn::Join"][1][1]["Ref"] for route in routes if route["RouteKey"] not in OPEN}
    assert closed not in {r["Target"]["Fn::Join"][1][1]["Ref"] for r in routes if r["RouteKey"] in OPEN}
    for route in (route for route in routes if route["RouteKey"] not in OPEN):
        assert route["AuthorizationType"] == "JWT", route["RouteKey"]
        assert route["AuthorizerId"] == {"Ref": authorizer}, route["RouteKey"]
    assert not assembly.of("AWS::Lambda::Url")
    assert not assembly.of("AWS::ApiGateway::RestApi")


def test_the_routes_are_those_of_the_table_and_the_rest(assembly: Assembly) -> None:
    routes = [route["RouteKey"] for route in assembly.properties("AWS::ApiGatewayV2::Route")]
    assert sorted(routes) == sorted([*LEAST_ROLE, *OPEN, EVERYTHING_ELSE])


def test_the_authorizer_takes_tokens_of_our_pool_for_our_client_only(assembly: Assembly) -> None:
    (authorizer,) = assembly.properties("AWS::ApiGatewayV2::Authorizer")
    assert authorizer["AuthorizerType"] == "JWT"
    assert authorizer["IdentitySource"] == ["$request.header.Authorization"]
    tokens = authorizer["JwtConfiguration"]
    assert len(tokens["Audience"]) == 1 and "CommandLine" in json.dumps(tokens["Audience"])
    assert "cognito-idp" in json.dumps(tokens["Issuer"])
    client = assembly.functions()["api_serve"]["Environment"]["Variables"]["BEFOREHAND_USER_CLIENT_ID"]
    assert client == tokens["Audience"][0]


def test_no_page_of_another_site_can_call_it_and_nobody_can_flood_it(assembly: Assembly) -> None:
    (api,) = assembly.properties("AWS::ApiGatewayV2::Api")
    assert (api["ProtocolType"], "CorsConfiguration" in api) == ("HTTP", False)
    (stage,) = assembly.properties("AWS::ApiGatewayV2::Stage")
    limits = stage["DefaultRouteSettings"]
    assert 0 < limits["ThrottlingRateLimit"] <= 100 and 0 < limits["ThrottlingBurstLimit"] <= 200
    assert set(stage["RouteSettings"]) == OPEN
    looking = stage["RouteSettings"]["GET /u/{token}"]
    assert looking["ThrottlingRateLimit"] < limits["ThrottlingRateLimit"]


def test_a_wish_to_be_left_alone_is_not_turned_away_on_a_busy_night(assembly: Assembly) -> None:
    (stage,) = assembly.properties("AWS::ApiGatewayV2::Stage")
    for route in ("POST /u/{token}", "POST /hooks/{source}"):
        own = stage["RouteSettings"][route]
        assert own["ThrottlingRateLimit"] >= 200 and own["ThrottlingBurstLimit"] >= 400, route


def test_nobody_who_answers_strangers_reaches_the_database(assembly: Assembly) -> None:
    receive = assembly.functions()["webhooks_receive"]
    assert "VpcConfig" not in receive
    assert not [name for name in receive["Environment"]["Variables"] if "DATABASE" in name]


def test_a_stage_hears_of_its_own_mail_only(assembly: Assembly) -> None:
    (rule,) = [r for r in assembly.properties("AWS::Events::Rule") if r["EventPattern"]["source"] == ["aws.ses"]]
    own = f"beforehand-{assembly.stage}-customers"
    assert rule["EventPattern"]["detail"] == {"mail": {"tags": {"ses:configuration-set": [own]}}}
    named = [one["Name"] for one in assembly.properties("AWS::SES::ConfigurationSet")]
    assert set(named) <= {own, f"beforehand-{assembly.stage}-staff"}
    receive = assembly.functions()["webhooks_receive"]["Environment"]["Variables"]
    assert receive["BEFOREHAND_STAGE_NAME"] == assembly.stage


def test_the_log_of_calls_names_nobody(assembly: Assembly) -> None:
    (stage,) = assembly.properties("AWS::ApiGatewayV2::Stage")
    written = json.loads(stage["AccessLogSettings"]["Format"])
    assert written == LOGGED
    personal = ("sourceIp", "$context.path", "claims", "userAgent", "identity", "authorizer.principalId")
    assert not [name for name in personal if name in json.dumps(written)]


def test_only_the_gateway_may_call_the_functions(assembly: Assembly) -> None:
    allowed = [p for p in assembly.properties("AWS::Lambda::Permission") if "apigateway" in p["Principal"]]
    assert len(allowed) == 2
    assert all("execute-api" in json.dumps(permission["SourceArn"]) for permission in allowed)


def test_users_are_added_by_an_admin_and_have_long_passwords(assembly: Assembly) -> None:
    (pool,) = assembly.properties("AWS::Cognito::UserPool")
    assert pool["AdminCreateUserConfig"]["AllowAdminCreateUserOnly"] is True
    policy = pool["Policies"]["PasswordPolicy"]
    assert policy["MinimumLength"] >= 12
    assert all(policy[f"Require{kind}"] for kind in ("Lowercase", "Uppercase", "Numbers", "Symbols"))
    groups = {group["GroupName"] for group in assembly.properties("AWS::Cognito::UserPoolGroup")}
    assert groups == {role.value for role in Role}


def test_users_outlive_the_stack_where_data_do(dev: Assembly, prod: Assembly) -> None:
    for assembly, protected, kept in ((dev, "INACTIVE", "Delete"), (prod, "ACTIVE", "Retain")):
        (pool,) = assembly.of("AWS::Cognito::UserPool").values()
        assert pool["Properties"].get("DeletionProtection", "INACTIVE") == protected
        assert pool["DeletionPolicy"] == kept


def test_a_sign_in_is_short_and_the_client_has_no_secret(assembly: Assembly) -> None:
    (client,) = assembly.properties("AWS::Cognito::UserPoolClient")
    assert client["GenerateSecret"] is False
    assert client["AccessTokenValidity"] <= 15 and client["TokenValidityUnits"]["AccessToken"] == "minutes"
    assert set(client["ExplicitAuthFlows"]) == {"ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"}
    assert client["PreventUserExistenceErrors"] == "ENABLED"
    assert client["EnableTokenRevocation"] is True


def test_somebody_is_woken_for_answers_that_are_our_own_fault(assembly: Assembly) -> None:
    alarms = json.dumps(assembly.properties("AWS::CloudWatch::Alarm"))
    assert '"MetricName": "5xx"' in alarms


def test_somebody_is_woken_when_very_many_are_turned_away(assembly: Assembly) -> None:
    alarms = {one["AlarmName"]: one for one in assembly.properties("AWS::CloudWatch::Alarm")}
    alarm = alarms[f"beforehand-{assembly.stage}-ApiRefuses"]
    assert (alarm["MetricName"], alarm["Statistic"], alarm["Threshold"]) == ("4xx", "Sum", MOST_REFUSED)
