"""API Gateway's rules, one by one and without a server."""

from __future__ import annotations

from typing import Any

import botocore.session
import pytest

from local.api_gateway.app import Gateway, match_path
from local.api_gateway.authorizers import evaluate
from local.api_gateway.definition import Api, GatewayResponse, Route
from local.api_gateway.gateway_responses import RESPONSE_TYPES, GatewayError, render, substitute
from local.api_gateway.integration_responses import read_proxy_response
from local.api_gateway.request import HttpRequest
from local.http.adapter import HEADERS
from local.http.same_origin import origin
from local.lambda_runtime.process import CallerTimeoutError

ARN = "arn:aws:execute-api:us-east-1:123456789012:api/v1/POST/signin"
CONTEXT = {"requestId": "id-1", "identity": {"sourceIp": "127.0.0.1"}}


@pytest.mark.parametrize(
    ("template", "path", "parameters"),
    [
        pytest.param("/signin", "/signin", {}, id="the same"),
        pytest.param("/signin", "/signin/", None, id="with a slash more"),
        pytest.param("/signin", "/SIGNIN", None, id="in another case"),
        pytest.param("/{id}", "/7", {"id": "7"}, id="a parameter"),
        pytest.param("/{id}", "/", None, id="an empty parameter"),
        pytest.param("/{id}", "/7/8", None, id="longer than its template"),
        pytest.param("/a/{id}/b", "/a/7/b", {"id": "7"}, id="a parameter in the middle"),
        pytest.param("/a/{rest+}", "/a/7/8", {"rest": "7/8"}, id="all the rest"),
        pytest.param("/a/{rest+}", "/a", None, id="no rest"),
    ],
)
def test_path_matches_its_template(template: str, path: str, parameters: dict[str, str] | None) -> None:
    assert match_path(template, path) == parameters


@pytest.mark.parametrize(
    ("template", "text"),
    [
        pytest.param("$context.requestId!", "id-1!", id="a name"),
        pytest.param("at $context.identity.sourceIp.", "at 127.0.0.1.", id="a name within a name, and a full stop"),
        pytest.param("<$context.nothing>", "<>", id="a name that is not known"),
        pytest.param("<$context.requestId.more>", "<>", id="a name within text"),
        pytest.param("$input.body #if(true)", "$input.body #if(true)", id="anything else"),
    ],
)
def test_template_knows_simple_substitution_only(template: str, text: str) -> None:
    assert substitute(template, CONTEXT) == text


def rendered(
    kind: str, configured: dict[str, GatewayResponse] | None = None, **headers: str
) -> tuple[int, dict[str, str], str]:
    request = HttpRequest("POST", "/signin", (), tuple(headers.items()), "127.0.0.1", "HTTP/1.1")
    answer = render(GatewayError(kind, "why"), request, configured or {}, CONTEXT)
    return answer.status, dict(answer.headers), answer.body.decode()


def test_each_type_of_gateway_response_is_known() -> None:
    model: Any = botocore.session.get_session().get_service_model("apigateway")
    # DEFAULT_4XX configures all types with a 4xx status, and no response is of that type itself.
    assert set(RESPONSE_TYPES) == set(model.shape_for("GatewayResponseType").enum) - {"DEFAULT_4XX"}


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("ACCESS_DENIED", 403),
        ("API_CONFIGURATION_ERROR", 500),
        ("AUTHORIZER_CONFIGURATION_ERROR", 500),
        ("AUTHORIZER_FAILURE", 500),
        ("DEFAULT_5XX", 502),
        ("INTEGRATION_FAILURE", 504),
        ("INTEGRATION_TIMEOUT", 504),
        ("MISSING_AUTHENTICATION_TOKEN", 403),
        ("REQUEST_TOO_LARGE", 413),
        ("UNAUTHORIZED", 401),
    ],
)
def test_response_that_is_not_configured_has_awss_status_and_body(kind: str, status: int) -> None:
    name = "Message" if kind == "ACCESS_DENIED" else "message"
    found, headers, body = rendered(kind)
    assert (found, body) == (status, f'{{"{name}":"why"}}')
    assert headers["Content-Type"] == "application/json"


DEFAULTS = {
    "DEFAULT_4XX": GatewayResponse(None, {"X-From": "'4xx'"}, {"application/json": "4xx"}),
    "DEFAULT_5XX": GatewayResponse(599, {"X-From": "'5xx'"}, {"application/json": "5xx"}),
}


@pytest.mark.parametrize(
    ("kind", "status", "whose"),
    [
        pytest.param("UNAUTHORIZED", 401, "4xx", id="with its own status"),
        pytest.param("INTEGRATION_TIMEOUT", 599, "5xx", id="with the default's status"),
    ],
)
def test_response_falls_back_to_the_default_of_its_class(kind: str, status: int, whose: str) -> None:
    found, headers, body = rendered(kind, DEFAULTS)
    assert (found, headers["X-From"], body) == (status, whose, whose)


def test_template_is_chosen_by_what_the_client_accepts() -> None:
    configured = {"UNAUTHORIZED": GatewayResponse(401, {}, {"application/json": "{}", "text/plain": "no"})}
    assert rendered("UNAUTHORIZED", configured, Accept="text/plain;q=1, */*")[2] == "no"
    assert rendered("UNAUTHORIZED", configured, Accept="text/html")[2] == "{}"


@pytest.mark.parametrize(
    ("header", "sent", "value"),
    [
        pytest.param("'it''s'", {}, "it''s", id="static"),
        pytest.param("method.request.header.Origin", {"origin": "https://a"}, "https://a", id="in another case"),
        pytest.param("method.request.header.Origin", {}, None, id="left out"),
    ],
)
def test_header_of_a_gateway_response(header: str, sent: dict[str, str], value: str | None) -> None:
    configured = {"UNAUTHORIZED": GatewayResponse(401, {"X": header})}
    assert rendered("UNAUTHORIZED", configured, **sent)[1].get("X") == value


@pytest.mark.parametrize(
    ("statement", "effect"),
    [
        pytest.param({}, "Allow", id="as it stands"),
        pytest.param({"Effect": "Deny"}, "Deny", id="denied"),
        pytest.param({"Action": "Execute-API:invoke"}, "Allow", id="action in another case"),
        pytest.param({"Action": ["s3:GetObject", "execute-api:*"]}, "Allow", id="one action of several"),
        pytest.param({"Action": "s3:*"}, None, id="another service"),
        pytest.param({"Resource": ["x", ARN]}, "Allow", id="one resource of several"),
        pytest.param({"Resource": ARN.upper()}, None, id="resource in another case"),
        pytest.param({"Resource": ARN[:-1]}, None, id="resource cut short"),
    ],
)
def test_policy_is_evaluated(statement: dict[str, Any], effect: str | None) -> None:
    allow = {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": ARN}
    assert evaluate(({**allow, **statement},), ARN) == effect


def test_proxy_response_without_a_status_is_200() -> None:
    answer = read_proxy_response({"body": None}, "id-1", binary=False)
    assert (answer.status, answer.body) == (200, b"")
    assert answer.headers == [("x-amzn-RequestId", "id-1"), ("Content-Type", "application/json")]


def test_text_that_is_no_base64_is_a_configuration_error() -> None:
    with pytest.raises(GatewayError, match="API_CONFIGURATION_ERROR"):
        read_proxy_response({"body": "é", "isBase64Encoded": True}, "id-1", binary=True)


def test_function_that_takes_too_long_for_api_gateway_is_a_gateway_timeout() -> None:
    def invoke(_function: str, _event: Any, wait_seconds: float) -> Any:
        raise CallerTimeoutError(f"waited {wait_seconds}")

    api = Api("api", "us-east-1", "123456789012", "v1", (Route("GET", "/slow", "Slow", None),), {}, {})
    statuses: list[str] = []
    environ: dict[str, Any] = {"REQUEST_METHOD": "GET", "RAW_URI": "/slow", HEADERS: [], "wsgi.input": None}
    body = b"".join(Gateway(api, invoke)(environ, lambda status, _headers: statuses.append(status)))  # type: ignore[arg-type]
    assert (statuses, body) == (["504 Gateway Timeout"], b'{"message":"Endpoint request timed out"}')


@pytest.mark.parametrize(("port", "sent"), [(3000, "http://localhost:3000"), (80, "http://localhost")])
def test_page_s_origin_is_what_browsers_send(port: int, sent: str) -> None:
    assert origin("localhost", port) == sent
