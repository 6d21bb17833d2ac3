"""Deployment into moto: the result is what the template describes, whatever names it uses."""

from __future__ import annotations

import json
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from moto.dynamodb.models import dynamodb_backends
from moto.iam.models import iam_backends

from local.api_gateway.definition import UnsupportedApiError
from local.aws.endpoint import AwsEndpoint
from local.cloudformation.deployment import deploy
from local.cloudformation.errors import DeploymentError
from tests.integration import toy_api

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(autouse=True)
def _aws() -> Iterator[None]:
    with closing(AwsEndpoint()):
        yield


@pytest.fixture
def template(tmp_path: Path) -> Path:
    return toy_api.write(tmp_path)


def change(template: Path, old: str, new: str) -> Path:
    text = template.read_text()
    assert old in text
    template.write_text(text.replace(old, new))
    return template


def policies(role_arn: str) -> dict[str, dict[str, object]]:
    roles = iam_backends["123456789012"]["aws"].roles.values()
    found = next(role for role in roles if role.arn == role_arn).policies
    return {name: json.loads(policy) for name, policy in found.items()}


def test_function_is_as_in_the_template(template: Path) -> None:
    echo = deploy(template, {}).functions["Echo"]
    assert (echo.handler, echo.code) == ("toys.echo", template.parent / "toys")
    assert (echo.timeout, echo.memory, echo.role, echo.runtime) == (2, 256, "Role", "python3.13")
    assert echo.environment == {"GREETING": "hello", "SIZE": "7", "FLAG": "true"}
    assert echo.arn.endswith(f":function:{echo.name}")
    assert echo.log_group == f"/aws/lambda/{echo.name}"


def test_parameter_reaches_the_environment(template: Path) -> None:
    assert deploy(template, {"Greeting": "bye"}).functions["Echo"].environment["GREETING"] == "bye"


def test_routes_name_function_and_authorizer(template: Path) -> None:
    routes = {
        (route.method, route.path): (route.function, route.authorizer) for route in deploy(template, {}).api.routes
    }
    assert routes == {
        ("ANY", "/echo"): ("Echo", "Strict"),
        ("GET", "/items/{id}"): ("Echo", None),
        ("POST", "/open"): ("Echo", None),
        ("POST", "/busy"): ("Busy", None),
        ("HEAD", "/open"): ("Echo", None),
        ("GET", "/remembered"): ("Echo", "Remembering"),
    }


def test_authorizers_have_their_sources_and_their_ttl(template: Path) -> None:
    authorizers = deploy(template, {}).api.authorizers
    assert {name: (one.function, one.sources, one.ttl) for name, one in authorizers.items()} == {
        "Strict": ("Gate", ("method.request.header.Authorization",), 0),
        "Remembering": ("Gate", ("method.request.header.Authorization",), 300),
    }


def test_function_logs_as_the_template_says(template: Path) -> None:
    change(
        template,
        "Handler: toys.gate,",
        "Handler: toys.gate, LoggingConfig: {LogFormat: JSON, ApplicationLogLevel: ERROR},",
    )
    functions = deploy(template, {}).functions
    assert (functions["Gate"].log_format, functions["Gate"].log_level) == ("JSON", "ERROR")
    assert (functions["Echo"].log_format, functions["Echo"].log_level) == ("Text", None)


def test_gateway_responses_have_status_headers_and_bodies(template: Path) -> None:
    api = deploy(template, {}).api
    assert api.stage == "v1"
    assert set(api.binary_types) == {"image/png"}
    denied = api.responses["ACCESS_DENIED"]
    assert denied.status == 401
    assert denied.headers["Access-Control-Allow-Origin"] == "method.request.header.Origin"
    assert denied.templates["application/json"].startswith('{"why"')
    assert api.responses["DEFAULT_5XX"].status is None


def test_new_route_and_response_are_deployed(template: Path) -> None:
    change(template, "Path: /open, Method: POST", "Path: /new, Method: PUT")
    change(template, "StatusCode: 401", "StatusCode: 418")
    api = deploy(template, {}).api
    assert ("PUT", "/new") in {(route.method, route.path) for route in api.routes}
    assert api.responses["ACCESS_DENIED"].status == 418


def test_role_policy_is_put_on_its_role(template: Path) -> None:
    role = deploy(template, {}).roles["Role"]
    assert policies(role)["Read"]["Statement"] == [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": role}]


@pytest.mark.parametrize(
    ("extra", "there"), [pytest.param("", False, id="not met"), pytest.param("arn:aws:s3:::x", True, id="met")]
)
def test_role_policy_depends_on_its_condition(template: Path, extra: str, *, there: bool) -> None:
    role = deploy(template, {"Extra": extra}).roles["Role"]
    assert ("More" in policies(role)) is there


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        pytest.param(
            "Default: hello", "Description: no default", "Greeting needs a value", id="parameter without value"
        ),
        pytest.param("AWS::Serverless::Api", "AWS::Nonsense", "Api", id="no API"),
        pytest.param("Handler: toys.gate", "Nonsense: 1", "Gate", id="property that does not exist"),
    ],
)
def test_template_that_cannot_be_deployed_is_refused(template: Path, old: str, new: str, message: str) -> None:
    with pytest.raises(DeploymentError, match=message):
        deploy(change(template, old, new), {})


@pytest.mark.parametrize(
    ("extra", "refused"),
    [
        pytest.param("", False, id="not applicable"),
        pytest.param("arn:aws:s3:::x", True, id="violated"),
        pytest.param("arn:aws:s3:::y", False, id="satisfied"),
    ],
)
def test_rule_is_checked_against_the_parameters(template: Path, extra: str, *, refused: bool) -> None:
    rule = """
Rules:
  NotX:
    RuleCondition: !Not [!Equals [!Ref Extra, ""]]
    Assertions:
      - Assert: {"Fn::Contains": [["arn:aws:s3:::y", !Ref AWS::Region], !Ref Extra]}
        AssertDescription: Extra must not be x.
Conditions:"""
    change(template, "Conditions:", rule)
    if refused:
        with pytest.raises(DeploymentError, match=r"Extra must not be x\."):
            deploy(template, {"Extra": extra})
    else:
        deploy(template, {"Extra": extra})


def test_alias_stands_for_its_function(template: Path) -> None:
    change(template, "Handler: toys.echo", "Handler: toys.echo\n      AutoPublishAlias: live")
    assert {route.function for route in deploy(template, {}).api.routes} == {"Echo", "Busy"}


def test_property_that_names_a_resource_not_created_here_is_left_out(template: Path) -> None:
    change(template, "Handler: toys.echo", "Handler: toys.echo\n      KmsKeyArn: !GetAtt Trail.Arn")
    change(template, "  Gate:\n", "  Trail: {Type: AWS::CloudTrail::Trail}\n  Gate:\n")
    assert deploy(template, {}).functions["Echo"].handler == "toys.echo"


TABLE = """
  Rooms:
    Type: AWS::DynamoDB::Table
    DeletionPolicy: Delete
    UpdateReplacePolicy: Delete
    Properties:
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions: [{AttributeName: name, AttributeType: S}]
      KeySchema: [{AttributeName: name, KeyType: HASH}]
      TimeToLiveSpecification: {AttributeName: ends_at, Enabled: true}
"""


def test_table_is_there_under_the_name_that_a_function_gets(template: Path) -> None:
    change(template, "Resources:\n", f"Resources:{TABLE}")
    change(template, "SIZE: 7", "SIZE: !Ref Rooms")
    name = deploy(template, {}).functions["Echo"].environment["SIZE"]
    table = dynamodb_backends["123456789012"]["us-east-1"].tables[name]
    assert table.hash_key_attr == "name"
    assert table.billing_mode == "PAY_PER_REQUEST"
    assert table.ttl == {"TimeToLiveStatus": "ENABLED", "AttributeName": "ends_at"}


def test_unknown_parameter_is_refused(template: Path) -> None:
    with pytest.raises(DeploymentError, match=r"no parameter Nonsense\. There are: Greeting, Extra\."):
        deploy(template, {"Nonsense": "1"})


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        pytest.param("BinaryMediaTypes: [", "Cors: \"'*'\" #", "OPTIONS .*: only .* Lambda", id="a mock integration"),
        pytest.param(
            "FunctionPayloadType: REQUEST\n            Identity: {Headers: [Authorization], ReauthorizeEvery: 0}",
            "FunctionPayloadType: TOKEN",
            "authorizer Strict: only .* REQUEST",
            id="a TOKEN authorizer",
        ),
        pytest.param("\"'yes'\"", "context.requestId", "DEFAULT_5XX: X-Failed", id="a header from the context"),
    ],
)
def test_api_with_a_feature_that_is_not_played_is_refused(template: Path, old: str, new: str, message: str) -> None:
    with pytest.raises(UnsupportedApiError, match=message):
        deploy(change(template, old, new), {})


def test_settings_replace_variables_of_functions_that_declare_them(template: Path) -> None:
    functions = deploy(template, {}).with_settings({"GREETING": "bye"}).functions
    assert functions["Echo"].environment["GREETING"] == "bye"
    assert functions["Gate"].environment == {}


def test_unknown_setting_is_refused_with_a_list_of_the_known_ones(template: Path) -> None:
    with pytest.raises(DeploymentError, match=r"No function has a setting NOPE\. There are: FLAG, GREETING, SIZE\."):
        deploy(template, {}).with_settings({"NOPE": "1"})
