"""API Gateway and a Lambda authorizer: by what and for how long its result is cached, and which results are wrong."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import pytest

from local.api_gateway.authorizers import Authorizers
from local.api_gateway.definition import Api, AuthorizerDefinition, Route
from local.api_gateway.events import ApiRequest
from local.api_gateway.gateway_responses import GatewayError
from local.api_gateway.request import HttpRequest
from local.lambda_runtime.process import CallerTimeoutError, FunctionThrottledError

API = Api("api", "us-east-1", "123456789012", "v1", (), {}, {}, stage_variables={"tenant": "blue"})
HTTP = HttpRequest("GET", "/x", (("key", "k"),), (("authorization", "t"),), "127.0.0.1", "HTTP/1.1")
REQUEST = ApiRequest(API, Route("GET", "/x", "Function", "Gate"), HTTP, {})
ALLOW = {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": "*"}


def result(*statements: dict[str, Any], **context: Any) -> dict[str, Any]:
    return {"principalId": "me", "policyDocument": {"Statement": list(statements)}, "context": context}


class Gate:
    """Allows every request, and numbers its results."""

    def __init__(self) -> None:
        self.numbers = itertools.count(1)

    def invoke(self, _function: str, _event: Any, _wait_seconds: float) -> Any:
        return result(ALLOW, number=next(self.numbers))


def gate(*sources: str, ttl: int = 300) -> AuthorizerDefinition:
    return AuthorizerDefinition("Gate", "Gate", sources, ttl)


def test_throttled_authorizer_is_an_outage_and_no_denial() -> None:
    def throttled(_function: str, _event: Any, _wait_seconds: float) -> Any:
        raise FunctionThrottledError

    with pytest.raises(GatewayError, match=r"^AUTHORIZER_CONFIGURATION_ERROR$"):
        Authorizers(throttled).authorize(gate(ttl=0), REQUEST)


@pytest.mark.parametrize(
    ("source", "other"),
    [
        pytest.param(
            "method.request.header.Authorization", replace(HTTP, headers=(("AUTHORIZATION", "u"),)), id="header"
        ),
        pytest.param("method.request.querystring.key", replace(HTTP, query=(("key", "l"),)), id="query"),
        pytest.param("context.httpMethod", replace(HTTP, method="PUT"), id="context"),
        pytest.param("context.identity.sourceIp", replace(HTTP, source_ip="127.0.0.2"), id="caller's address"),
    ],
)
def test_result_is_cached_by_its_source(source: str, other: HttpRequest) -> None:
    authorizers = Authorizers(Gate().invoke)
    numbers = [
        authorizers.authorize(gate(source), replace(REQUEST, http=http))["number"] for http in (HTTP, HTTP, other, HTTP)
    ]

    assert numbers == ["1", "1", "2", "1"]


def test_result_is_cached_by_stage_variables_too() -> None:
    authorizers = Authorizers(Gate().invoke)
    green = replace(REQUEST, api=replace(API, stage_variables={"tenant": "green"}))
    numbers = [
        authorizers.authorize(gate("stageVariables.tenant"), request)["number"] for request in (REQUEST, green, REQUEST)
    ]

    assert numbers == ["1", "2", "1"]


@pytest.mark.parametrize(
    "source",
    [
        "method.request.header.X-Key",
        "method.request.querystring.token",
        "stageVariables.nothing",
        "context.nothing",
        "context.identity.user",
    ],
)
def test_request_that_lacks_a_source_is_refused_without_invoking_the_authorizer(source: str) -> None:
    invoked = Gate()

    with pytest.raises(GatewayError, match="UNAUTHORIZED"):
        Authorizers(invoked.invoke).authorize(gate("method.request.header.Authorization", source), REQUEST)
    assert next(invoked.numbers) == 1


@pytest.mark.parametrize(("later", "number"), [(299.0, "1"), (300.0, "2")])
def test_result_is_cached_for_its_ttl(later: float, number: str) -> None:
    now = [0.0]
    authorizers = Authorizers(Gate().invoke, clock=lambda: now[0])
    authorizers.authorize(gate(ttl=300), REQUEST)
    now[0] = later

    assert authorizers.authorize(gate(ttl=300), REQUEST)["number"] == number


@pytest.mark.parametrize(
    "statement",
    [
        pytest.param({"Effect": "Allow", "Resource": "*"}, id="no action"),
        pytest.param({"Effect": "Allow", "Action": "*"}, id="no resource"),
        pytest.param({**ALLOW, "Condition": {}}, id="a condition"),
        pytest.param({**ALLOW, "Effect": "allow"}, id="an effect in another case"),
    ],
)
def test_policy_of_another_form_lets_nobody_in(statement: dict[str, Any]) -> None:
    authorizers = Authorizers(lambda *_: result(statement))

    with pytest.raises(GatewayError, match="AUTHORIZER_CONFIGURATION_ERROR"):
        authorizers.authorize(gate(ttl=0), REQUEST)


def test_authorizer_that_takes_too_long_for_api_gateway_has_failed() -> None:
    def invoke(_function: str, _event: Any, wait_seconds: float) -> Any:
        raise CallerTimeoutError(f"waited {wait_seconds}")

    with pytest.raises(GatewayError, match="AUTHORIZER_FAILURE"):
        Authorizers(invoke).authorize(gate(ttl=0), REQUEST)
