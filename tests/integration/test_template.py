"""template.yaml as CloudFormation gets it; `sam validate` sees only the source, and no circular dependencies."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from samtranslator.yaml_helper import yaml_parse  # type: ignore[import-untyped]

from local.api_gateway.definition import read_responses
from local.api_gateway.gateway_responses import RESPONSE_TYPES, GatewayError, HttpResponse, render
from local.api_gateway.request import HttpRequest
from local.stack import TEMPLATE
from tests.translated import LEAST, SETS, Translated, findings, source

if TYPE_CHECKING:
    from pathlib import Path

OPERATING = (TEMPLATE.parent / "docs" / "operating.md").read_text()
TABLE = OPERATING.partition("| resource | what it is | when |")[2].partition("\n\n")[0]
ROWS = re.findall(r"^\| `([A-Za-z0-9]+)` \| .*? \| ([^|]*) \|", TABLE, re.MULTILINE)
PARAMETERS: dict[str, dict[str, Any]] = source()["Parameters"]
EVERY_RESOURCE: dict[str, dict[str, Any]] = Translated(LEAST).template["Resources"]
CHALLENGE = "'Bearer realm=\"chime-signin\"'"
REFUSAL = '\'Bearer realm="chime-signin", error="invalid_token"\''
ERRORS = {
    "UNAUTHORIZED": (401, "unauthorized", {"WWW-Authenticate": CHALLENGE}),
    "ACCESS_DENIED": (401, "invalid_token", {"WWW-Authenticate": REFUSAL}),
    "AUTHORIZER_FAILURE": (503, "unavailable", {"Retry-After": "'5'"}),
    "AUTHORIZER_CONFIGURATION_ERROR": (503, "unavailable", {"Retry-After": "'5'"}),
    "MISSING_AUTHENTICATION_TOKEN": (404, "not_found", {}),
    "RESOURCE_NOT_FOUND": (404, "not_found", {}),
    "INVALID_SIGNATURE": (404, "not_found", {}),
    "REQUEST_TOO_LARGE": (413, "too_large", {}),
    "THROTTLED": (429, "throttled", {"Retry-After": "'1'"}),
    "WAF_FILTERED": (403, "forbidden", {}),
    "DEFAULT_4XX": (None, "bad_request", {}),
    "DEFAULT_5XX": (503, "unavailable", {"Retry-After": "'5'"}),
}
CORS = {
    "Access-Control-Allow-Origin": "method.request.header.Origin",
    "Access-Control-Allow-Credentials": "'true'",
    "Access-Control-Expose-Headers": "'WWW-Authenticate, Retry-After'",
    "Vary": "'Origin'",
    "Cache-Control": "'no-store'",
}
FREE_OR_BY_USE = {
    *("AWS::ApiGateway::Deployment", "AWS::ApiGateway::RestApi", "AWS::ApiGateway::Stage", "AWS::Chime::AppInstance"),
    *("AWS::IAM::Role", "AWS::IAM::RolePolicy", "AWS::Lambda::Function", "AWS::Lambda::LayerVersion"),
    *("AWS::Lambda::Permission", "AWS::Logs::LogGroup"),
}


def test_roles_that_name_each_other_would_be_found(tmp_path: Path) -> None:
    translated = Translated(LEAST).template
    inline = translated["Resources"]["SigninFunctionRole"]["Properties"]["Policies"]
    moved = translated["Resources"].pop("SigninFunctionMayAssumeUserRole")["Properties"]
    inline.append({name: moved[name] for name in ("PolicyName", "PolicyDocument")})

    assert any(found.startswith("E3004") for found in findings([translated], tmp_path))


def test_sam_writes_out_what_the_template_repeats_by_name() -> None:
    # CloudFormation knows no aliases and no merges: what `sam build` writes must be without them, and mean the same.
    # In a process of its own, because the SAM CLI changes how PyYAML loads.
    code = "import sys; from samcli import yamlhelper as sam; print(sam.yaml_dump(sam.yaml_parse(sys.stdin.read())))"
    command = [sys.executable, "-c", code]
    written = subprocess.run(command, input=TEMPLATE.read_text(), capture_output=True, text=True, check=True).stdout

    assert yaml_parse(written) == source()
    assert [each for each in yaml.scan(written) if isinstance(each, yaml.AnchorToken | yaml.AliasToken)] == []


def test_what_is_given_a_name_is_repeated() -> None:
    tokens = list(yaml.scan(TEMPLATE.read_text()))
    names = [each.value for each in tokens if isinstance(each, yaml.AnchorToken)]

    assert names
    assert sorted(names) == sorted({each.value for each in tokens if isinstance(each, yaml.AliasToken)})


def test_what_is_optional_is_not_there_unless_asked_for() -> None:
    there = {resource["Type"] for resource in Translated(LEAST).resources().values()}

    assert there == FREE_OR_BY_USE


def test_the_table_of_resources_has_those_that_there_are_and_no_more() -> None:
    # SAM adds a hash to the names of what it makes anew: ApiDeployment1a2b3c, AuthorizerLayer1a2b3c.
    there = {name for parameters in SETS.values() for name in Translated(parameters).resources()}

    assert sorted(name for name, _ in ROWS) == sorted({without_hash(name) for name in there})


def without_hash(name: str) -> str:
    return re.sub(r"(Deployment|Layer)[0-9a-f]{10}$", r"\1", name)


@pytest.mark.parametrize(("name", "when"), ROWS)
def test_the_table_of_resources_says_which_parameters_ask_for_one(name: str, when: str) -> None:
    conditions = {without_hash(key): one.get("Condition") for key, one in EVERY_RESOURCE.items()}
    condition = conditions[name]
    named = set(re.findall(r"`([A-Za-z]+)", when))

    assert named == (parameters_of(condition) if condition else set())
    assert (when == "always") == (not named)


def parameters_of(condition: str) -> set[str]:
    """Return the parameters that a condition looks at."""
    text = json.dumps(source()["Conditions"][condition])
    others = re.findall(r'"Condition": "(\w+)"', text)
    return {*re.findall(r'"Ref": "(\w+)"', text), *(name for other in others for name in parameters_of(other))}


# ── Parameters ───────────────────────────────────────────────────────────────────────────────────────

INTERFACE = source()["Metadata"]["AWS::CloudFormation::Interface"]


@pytest.mark.parametrize("name", PARAMETERS)
def test_parameter_is_explained_bounded_and_has_its_place(name: str) -> None:
    declared = PARAMETERS[name]
    grouped = [one for group in INTERFACE["ParameterGroups"] for one in group["Parameters"]]

    assert declared["Description"]
    assert "Default" in declared
    assert {"AllowedPattern", "AllowedValues", "MinValue"} & set(declared) or declared["Type"] == "CommaDelimitedList"
    assert ("ConstraintDescription" in declared) == ("AllowedPattern" in declared)
    assert grouped.count(name) == 1
    assert INTERFACE["ParameterLabels"][name]["default"]


@pytest.mark.parametrize("name", PARAMETERS)
def test_parameter_is_given_in_one_of_the_sets(name: str) -> None:
    assert {given[name] for given in SETS.values() if name in given} - {str(PARAMETERS[name]["Default"])}


def test_each_condition_holds_in_one_of_the_sets_and_not_in_another() -> None:
    translations = [Translated(given) for given in SETS.values()]
    held = {name: {translated.holds(name) for translated in translations} for name in source()["Conditions"]}

    assert [name for name, seen in held.items() if seen != {True, False}] == []


@pytest.mark.parametrize(
    ("value", "taken"),
    [
        ("", True),
        ("https://app.example.com", True),
        ("https://app.example.com,http://localhost:9000", True),
        ("https://App.Example.com:443", True),
        ("http://[::1]:5173", True),
        ("capacitor://localhost,ionic://localhost,tauri://localhost", True),
        ("chrome-extension://abcdefghijklmnopabcdefghijklmnop", True),
        ("https://xn--bcher-kva.example", True),
        ("https://b\u00fccher.example", True),
        ("*", False),
        ("null", False),
        ("file://", False),
        ("file://localhost", False),
        ("https://app.example.com,file://localhost", False),
        ("https://*.example.com", False),
        ("https://app.example.com/", False),
        ("https://app.example.com/chat", False),
        ("https://app.example.com?a=b", False),
        ("https://ada@app.example.com", False),
        ("https://app.example.com:port", False),
        ("app.example.com", False),
        ('https://app.example.com", "', False),
        ("https://app.example.com, https://www.example.com", False),
        ("https://app.example.com\n", False),
    ],
)
def test_allowed_origins_takes_origins_and_nothing_else(value: str, taken: bool) -> None:  # noqa: FBT001 - pytest gives it
    assert bool(re.fullmatch(PARAMETERS["AllowedOrigins"]["AllowedPattern"], value)) == taken


# ── The contract ─────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module", params=SETS.values(), ids=list(SETS))
def translated(request: pytest.FixtureRequest) -> Translated:
    return Translated(request.param)


@pytest.fixture
def api(translated: Translated) -> dict[str, Any]:
    return translated.of("Api")


def test_a_route_asks_the_authorizer_and_a_preflight_does_not(translated: Translated, api: dict[str, Any]) -> None:
    security = {
        (method, path): [name for one in operation["security"] for name in one]
        for path, operations in api["Body"]["paths"].items()
        for method, operation in operations.items()
    }
    rooms = {
        ("post", "/meetings/{name}"): ["JwtAuthorizer"],
        ("delete", "/meetings/{name}"): ["JwtAuthorizer"],
        ("delete", "/meetings/{name}/me"): ["JwtAuthorizer"],
        ("options", "/meetings/{name}"): ["NONE"],
        ("options", "/meetings/{name}/me"): ["NONE"],
    }

    assert security == {
        ("post", "/signin"): ["JwtAuthorizer"],
        ("post", "/creds"): ["JwtAuthorizer"],
        ("options", "/signin"): ["NONE"],
        ("options", "/creds"): ["NONE"],
        **(rooms if translated.holds("HasRooms") else {}),
    }


def test_decisions_of_the_authorizer_are_not_cached(api: dict[str, Any]) -> None:
    authorizer = api["Body"]["components"]["securitySchemes"]["JwtAuthorizer"]["x-amazon-apigateway-authorizer"]

    assert (authorizer["type"], authorizer["authorizerResultTtlInSeconds"]) == ("request", 0)


def test_api_gateway_calls_the_authorizer_itself_and_no_alias(api: dict[str, Any]) -> None:
    # `sam local` would serve the routes to anyone.
    authorizer = api["Body"]["components"]["securitySchemes"]["JwtAuthorizer"]["x-amazon-apigateway-authorizer"]

    assert authorizer["authorizerUri"]["Fn::Sub"][1] == {
        "__FunctionArn__": {"Fn::GetAtt": ["AuthorizerFunction", "Arn"]}
    }


def test_there_is_no_error_beside_those_of_the_contract(api: dict[str, Any]) -> None:
    assert set(api["Body"]["x-amazon-apigateway-gateway-responses"]) == set(ERRORS)


@pytest.mark.parametrize("kind", ERRORS)
def test_error_of_api_gateway_is_as_the_contract_says(kind: str, api: dict[str, Any]) -> None:
    status, error, extra = ERRORS[kind]
    declared = api["Body"]["x-amazon-apigateway-gateway-responses"][kind]
    headers = {
        name.removeprefix("gatewayresponse.header."): value for name, value in declared["responseParameters"].items()
    }
    body = json.loads(declared["responseTemplates"]["application/json"])

    assert declared.get("statusCode") == (str(status) if status else None)
    assert headers == CORS | extra
    assert body["error"] == error
    assert body["error_description"]
    assert body["requestId"] == "$context.requestId"


def raised(kind: str, api: dict[str, Any]) -> HttpResponse:
    """Return what API Gateway answers when it raises *kind*, as its documentation says."""
    request = HttpRequest("POST", "/signin", (), (("Origin", "https://app.example.com"),), "127.0.0.1", "HTTP/1.1")
    return render(GatewayError(kind, "AWS's own words"), request, read_responses(api["Body"]), {"requestId": "id-1"})


@pytest.mark.parametrize("kind", [kind for kind, declared in RESPONSE_TYPES.items() if declared.status >= 500])
def test_whatever_fails_in_api_gateway_is_an_outage_that_is_waited_out(kind: str, api: dict[str, Any]) -> None:
    answer = raised(kind, api)

    assert (answer.status, json.loads(answer.body)["error"]) == (503, "unavailable")
    assert dict(answer.headers)["Retry-After"] == "5"
    assert dict(answer.headers)["Access-Control-Allow-Origin"] == "https://app.example.com"


@pytest.mark.parametrize(
    "kind", [kind for kind, declared in RESPONSE_TYPES.items() if declared.status < 500 and kind not in ERRORS]
)
def test_whatever_else_api_gateway_refuses_keeps_its_status(kind: str, api: dict[str, Any]) -> None:
    answer = raised(kind, api)

    assert (answer.status, json.loads(answer.body)["error"]) == (RESPONSE_TYPES[kind].status, "bad_request")


def test_every_route_is_throttled(translated: Translated) -> None:
    settings = translated.of("Apiv1Stage")["MethodSettings"]

    assert {(one["HttpMethod"], one["ResourcePath"]) for one in settings} == {
        ("*", "/*"),
        ("POST", "/~1signin"),
        ("POST", "/~1creds"),
    }
    assert all(one["ThrottlingRateLimit"] == {"Ref": "ThrottlingRate"} for one in settings)
    assert all(one["ThrottlingBurstLimit"] == {"Ref": "ThrottlingBurst"} for one in settings)


def test_no_resource_policy_refuses_by_address(api: dict[str, Any]) -> None:
    # Its refusal would be told as that of a token.
    assert "Policy" not in api
    assert "x-amazon-apigateway-policy" not in api["Body"]


def test_functions_log_json_at_a_level_that_lets_metrics_through(translated: Translated) -> None:
    for name in translated.resources("AWS::Lambda::Function"):
        logging = translated.of(name)["LoggingConfig"]
        assert logging["LogFormat"] == "JSON"
        assert logging["ApplicationLogLevel"] == "INFO"
