"""How an authorizer is asked and judged: what it is remembered by, for how long, and what is no verdict."""

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
REQUEST = HttpRequest("GET", "/x", (("key", "k"),), (("authorization", "t"),), "127.0.0.1", "HTTP/1.1")
CALL = ApiRequest(API, Route("GET", "/x", "Function", "Gate"), REQUEST, {})
ALLOW = {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": "*"}


def verdict(*statements: dict[str, Any], **context: Any) -> dict[str, Any]:
    return {"principalId": "me", "policyDocument": {"Statement": list(statements)}, "context": context}


class Gate:
    """Allows, and numbers its answers."""

    def __init__(self) -> None:
        self.numbers = itertools.count(1)

    def invoke(self, _function: str, _event: Any, _patience: float) -> Any:
        return verdict(ALLOW, number=next(self.numbers))


def remembering(*sources: str, ttl: int = 300) -> AuthorizerDefinition:
    return AuthorizerDefinition("Gate", "Gate", sources, ttl)


def test_authorizer_that_is_throttled_is_an_outage_and_no_refusal() -> None:
    def throttled(_function: str, _event: Any, _patience: float) -> Any:
        raise FunctionThrottledError

    with pytest.raises(GatewayError, match=r"^AUTHORIZER_CONFIGURATION_ERROR$"):
        Authorizers(throttled).admit(remembering(ttl=0), CALL)


@pytest.mark.parametrize(
    ("source", "other"),
    [
        pytest.param(
            "method.request.header.Authorization", replace(REQUEST, headers=(("AUTHORIZATION", "u"),)), id="header"
        ),
        pytest.param("method.request.querystring.key", replace(REQUEST, query=(("key", "l"),)), id="query"),
        pytest.param("context.httpMethod", replace(REQUEST, method="PUT"), id="context"),
        pytest.param("context.identity.sourceIp", replace(REQUEST, source_ip="127.0.0.2"), id="caller's address"),
    ],
)
def test_verdict_is_remembered_by_its_source(source: str, other: HttpRequest) -> None:
    asked = Authorizers(Gate().invoke)
    numbers = [
        asked.admit(remembering(source), replace(CALL, request=request))["number"]
        for request in (REQUEST, REQUEST, other, REQUEST)
    ]

    assert numbers == ["1", "1", "2", "1"]


def test_verdict_is_remembered_by_stage_variables_too() -> None:
    asked = Authorizers(Gate().invoke)
    green = replace(CALL, api=replace(API, stage_variables={"tenant": "green"}))
    numbers = [asked.admit(remembering("stageVariables.tenant"), call)["number"] for call in (CALL, green, CALL)]

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
def test_call_that_lacks_a_source_is_refused_unasked(source: str) -> None:
    gate = Gate()

    with pytest.raises(GatewayError, match="UNAUTHORIZED"):
        Authorizers(gate.invoke).admit(remembering("method.request.header.Authorization", source), CALL)
    assert next(gate.numbers) == 1


@pytest.mark.parametrize(("later", "number"), [(299.0, "1"), (300.0, "2")])
def test_verdict_is_remembered_as_long_as_was_said(later: float, number: str) -> None:
    now = [0.0]
    asked = Authorizers(Gate().invoke, clock=lambda: now[0])
    asked.admit(remembering(ttl=300), CALL)
    now[0] = later

    assert asked.admit(remembering(ttl=300), CALL)["number"] == number


@pytest.mark.parametrize(
    "statement",
    [
        pytest.param({"Effect": "Allow", "Resource": "*"}, id="no action"),
        pytest.param({"Effect": "Allow", "Action": "*"}, id="no resource"),
        pytest.param({**ALLOW, "Condition": {}}, id="a condition"),
        pytest.param({**ALLOW, "Effect": "allow"}, id="an effect in another case"),
    ],
)
def test_policy_that_is_not_understood_lets_nobody_in(statement: dict[str, Any]) -> None:
    asked = Authorizers(lambda *_: verdict(statement))

    with pytest.raises(GatewayError, match="AUTHORIZER_CONFIGURATION_ERROR"):
        asked.admit(remembering(ttl=0), CALL)


def test_authorizer_that_outlasts_api_gateways_patience_has_failed() -> None:
    def invoke(_function: str, _event: Any, patience: float) -> Any:
        raise CallerTimeoutError(f"waited {patience}")

    with pytest.raises(GatewayError, match="AUTHORIZER_FAILURE"):
        Authorizers(invoke).admit(remembering(ttl=0), CALL)
