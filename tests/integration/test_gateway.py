"""API Gateway's part of the local stack, over HTTP: a request that is allowed, then one change at a time."""

from __future__ import annotations

import base64
import json
import re
import socket
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from tests.integration import toy_api

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.integration.toy_api import Client

TOKEN = ("Authorization", "Bearer t")


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    with ExitStack() as running:
        yield toy_api.start(tmp_path_factory.mktemp("toy"), running)


@pytest.fixture(scope="module")
def hurried(api: Client) -> Iterator[Client]:
    """The same, but each function has a second."""
    with ExitStack() as running:
        yield toy_api.serve(api.endpoint, api.deployment, running, timeout=1)


def asked(api: Client, reply_json: dict[str, Any]) -> dict[str, Any]:
    """Return the event that the authorizer received. The toy passes it on in its context."""
    event: dict[str, Any] = json.loads(reply_json["requestContext"]["authorizer"]["event"])
    assert event["methodArn"].startswith(f"arn:aws:execute-api:us-east-1:123456789012:{api.deployment.api.id}/v1/")
    return event


def test_allowed_request_reaches_the_function_as_a_proxy_event(api: Client) -> None:
    reply = api.call("POST", "/echo?a=1&a=2&b=%C3%A9", [TOKEN, ("X-Thing", "x")], b'{"k": 1}')
    event = reply.json
    assert reply.status == 200
    assert reply.headers["content-type"] == "application/json"
    assert {name: event[name] for name in ("resource", "path", "httpMethod", "body", "isBase64Encoded")} == {
        "resource": "/echo", "path": "/echo", "httpMethod": "POST", "body": '{"k": 1}', "isBase64Encoded": False,
    }  # fmt: skip
    assert event["queryStringParameters"] == {"a": "2", "b": "é"}
    assert event["multiValueQueryStringParameters"] == {"a": ["1", "2"], "b": ["é"]}
    assert event["headers"]["X-Thing"] == "x"
    assert event["pathParameters"] is None
    assert event["stageVariables"] is None
    assert "Content-Length" not in event["headers"]
    context = event["requestContext"]
    assert context["requestId"] == reply.headers["x-amzn-requestid"]
    assert (context["stage"], context["path"], context["resourcePath"]) == ("v1", "/v1/echo", "/echo")
    assert context["identity"]["sourceIp"] == "127.0.0.1"
    assert context["authorizer"]["principalId"] == "me"
    assert isinstance(context["authorizer"]["integrationLatency"], int)


def test_request_without_body_and_parameters_has_none_in_its_event(api: Client) -> None:
    event = api.call("GET", "/echo", [TOKEN]).json
    assert event["body"] is None
    assert event["queryStringParameters"] is None
    assert event["multiValueQueryStringParameters"] is None


def test_binary_body_arrives_in_base64(api: Client) -> None:
    event = api.call("POST", "/echo", [TOKEN, ("Content-Type", "image/png")], b"\x89PNG").json
    assert (base64.b64decode(event["body"]), event["isBase64Encoded"]) == (b"\x89PNG", True)


def test_open_route_invokes_no_authorizer(api: Client) -> None:
    event = api.call("POST", "/open", gate={"raise": "Unauthorized"}).json
    assert "authorizer" not in event["requestContext"]


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param("ab", id="nothing encoded"),
        pytest.param("a%20b", id="a space"),
        pytest.param("a%2Fb", id="a slash"),
        pytest.param("..%2f..%2Fopen", id="a way up"),
        pytest.param("%252e%252e", id="twice encoded"),
        pytest.param("%2e%2E", id="dots"),
        pytest.param("..", id="bare dots"),
        pytest.param("%C3%A9", id="a letter with an accent"),
        pytest.param("%ff", id="no UTF-8"),
        pytest.param("a+b@c:d;e", id="what need not be encoded"),
    ],
)
def test_parameters_in_the_path_are_named_and_stay_as_they_were_sent(api: Client, sent: str) -> None:
    event = api.call("GET", f"/items/{sent}").json

    assert (event["resource"], event["path"]) == ("/items/{id}", f"/items/{sent}")
    assert event["requestContext"]["path"] == f"/v1/items/{sent}"
    assert event["pathParameters"] == {"id": sent}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        pytest.param("GET", "/nowhere", id="unknown path"),
        pytest.param("GET", "/open", id="unknown method"),
        pytest.param("POST", "/open/", id="closing slash"),
        pytest.param("POST", "/v1/open", id="with the stage"),
        pytest.param("GET", "/items/", id="empty parameter"),
        pytest.param("GET", "/", id="root"),
    ],
)
def test_unknown_route_lacks_an_authentication_token_or_a_signature(api: Client, method: str, path: str) -> None:
    bare, with_token = api.call(method, path), api.call(method, path, [TOKEN])
    assert (bare.status, bare.json) == (403, {"message": "Missing Authentication Token"})
    assert bare.headers["x-amzn-errortype"] == "MissingAuthenticationTokenException"
    assert with_token.status == 403
    assert with_token.headers["x-amzn-errortype"] == "IncompleteSignatureException"
    assert TOKEN[1].encode() not in with_token.body


def test_head_is_answered_without_a_body(api: Client) -> None:
    address = urlsplit(api.url)
    with socket.create_connection((address.hostname, address.port), timeout=60) as connection:
        connection.sendall(b"HEAD /open HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        received = b"".join(iter(lambda: connection.recv(4096), b""))
    assert received.startswith(b"HTTP/1.1 200 ")
    assert received.endswith(b"\r\n\r\n")


def test_authorizer_receives_the_request(api: Client) -> None:
    event = asked(api, api.call("GET", "/echo?a=1", [TOKEN]).json)
    assert event["type"] == "REQUEST"
    assert event["methodArn"].endswith("/v1/GET/echo")
    assert event["headers"]["Authorization"] == "Bearer t"
    assert event["queryStringParameters"] == {"a": "1"}
    assert event["pathParameters"] == {}
    assert event["requestContext"]["resourcePath"] == "/echo"
    assert "body" not in event


def test_authorizer_sees_both_of_two_headers_and_their_case(api: Client) -> None:
    event = asked(api, api.call("GET", "/echo", [("authorization", "one"), ("authorization", "two")]).json)
    assert event["headers"]["authorization"] == "two"
    assert event["multiValueHeaders"]["authorization"] == ["one", "two"]


@pytest.mark.parametrize(
    "path", [pytest.param("/echo", id="without a cache"), pytest.param("/remembered", id="with a cache")]
)
@pytest.mark.parametrize("headers", [pytest.param([], id="missing"), pytest.param([("Authorization", "")], id="empty")])
def test_authorizer_is_not_invoked_without_its_header(api: Client, headers: list[tuple[str, str]], path: str) -> None:
    reply = api.call("GET", path, headers, gate={"raise": "must not be called"})
    assert (reply.status, reply.json) == (401, {"message": "Unauthorized"})
    assert reply.headers["x-amzn-errortype"] == "UnauthorizedException"


def test_cached_result_is_used_for_the_same_header_only(api: Client) -> None:
    refused = {"effect": "Deny"}
    assert api.call("GET", "/remembered", [("Authorization", "same")]).status == 200
    assert api.call("GET", "/remembered", [("Authorization", "same")], gate=refused).status == 200
    assert api.call("GET", "/remembered", [("Authorization", "other")], gate=refused).status == 401


def test_context_reaches_the_function_as_text(api: Client) -> None:
    context = {"yes": True, "one": 1, "half": 1.5, "text": "é", "none": None}
    authorizer = api.call("GET", "/echo", [TOKEN], gate={"context": context}).json["requestContext"]["authorizer"]
    assert authorizer.pop("integrationLatency") >= 0
    assert authorizer == {"yes": "true", "one": "1", "half": "1.5", "text": "é", "none": None, "principalId": "me"}


@pytest.mark.parametrize(
    ("resource", "status"),
    [
        pytest.param("$ARN", 200, id="the method itself"),
        pytest.param("*", 200, id="everything"),
        pytest.param("arn:aws:execute-api:us-east-1:123456789012:*/v1/*/ech?", 200, id="wildcards"),
        pytest.param("arn:aws:execute-api:us-east-1:123456789012:*/v1/POST/echo", 401, id="another method"),
        pytest.param("$ARN/more", 401, id="another path"),
        pytest.param(".*", 401, id="a regular expression"),
    ],
)
def test_policy_allows_what_it_names(api: Client, resource: str, status: int) -> None:
    assert api.call("GET", "/echo", [TOKEN], gate={"resource": resource}).status == status


def test_deny_wins_over_allow(api: Client) -> None:
    statements = [{"Effect": e, "Action": "execute-api:*", "Resource": "*"} for e in ("Allow", "Deny")]
    verdict = {"principalId": "me", "policyDocument": {"Statement": statements}}
    assert api.call("GET", "/echo", [TOKEN], gate={"return": verdict}).status == 401


def test_gateway_response_is_as_the_template_says_and_nothing_is_escaped(api: Client) -> None:
    gate = {"effect": "Deny", "context": {"reason": 'a "quoted" one'}}
    reply = api.call("GET", "/echo", [TOKEN, ("oRIGIN", "https://app.example")], gate=gate)
    assert reply.status == 401
    request_id = reply.headers["x-amzn-requestid"]
    assert reply.body.decode() == f'{{"why": "a "quoted" one", "id": "{request_id}", "no": ""}}'
    assert reply.headers["www-authenticate"] == 'Bearer error="invalid_token"'
    assert reply.headers["access-control-allow-origin"] == "https://app.example"
    assert reply.headers["x-amzn-errortype"] == "AccessDeniedException"


def test_request_that_cannot_be_parsed_is_refused_in_json_too(api: Client) -> None:
    reply = api.call("GET", "/echo", [("X-Long", "x" * 400_000)])
    assert (reply.status, reply.headers["content-type"], reply.json["error"]) == (
        431,
        "application/json",
        "bad_request",
    )


def test_header_copied_from_the_request_is_left_out_if_the_request_has_none(api: Client) -> None:
    assert "access-control-allow-origin" not in api.call("GET", "/echo", gate={"effect": "Deny"}).headers


@pytest.mark.parametrize(
    ("gate", "status", "error_type"),
    [
        pytest.param({"raise": "Unauthorized"}, 401, "UnauthorizedException", id="raises Unauthorized"),
        pytest.param(
            {"raise": "unauthorized"}, 500, "AuthorizerConfigurationException", id="raises unauthorized in lower case"
        ),
        pytest.param({"raise": "oh"}, 500, "AuthorizerConfigurationException", id="raises something else"),
        pytest.param({"exit": 1}, 500, "AuthorizerConfigurationException", id="exits"),
        pytest.param({"return": None}, 500, "AuthorizerConfigurationException", id="returns nothing"),
        pytest.param({"return": {"principalId": "x"}}, 500, "AuthorizerConfigurationException", id="no policy"),
        pytest.param({"effect": "Perhaps"}, 500, "AuthorizerConfigurationException", id="neither allows nor denies"),
        pytest.param({"context": {"a": ["b"]}}, 500, "AuthorizerConfigurationException", id="context with a list"),
        pytest.param({"context": {"a": {}}}, 500, "AuthorizerConfigurationException", id="context with an object"),
        pytest.param({"context": "text"}, 500, "AuthorizerConfigurationException", id="context that is text"),
    ],
)
def test_authorizer_that_fails(api: Client, gate: dict[str, Any], status: int, error_type: str) -> None:
    reply = api.call("GET", "/echo", [TOKEN], gate=gate)
    assert (reply.status, reply.headers["x-amzn-errortype"]) == (status, error_type)
    assert reply.headers.get("x-failed") == ("yes" if status == 500 else None)


@pytest.mark.parametrize(
    "echo",
    [
        pytest.param({"raise": "secret"}, id="raises"),
        pytest.param({"exit": 3}, id="exits"),
        pytest.param({"return": "text"}, id="returns text"),
        pytest.param({"return": {"statusCode": 200, "body": {}}}, id="body is an object"),
        pytest.param({"return": {"statusCode": "yes"}}, id="status is not a number"),
        pytest.param({"return": {"statusCode": 200, "cookies": []}}, id="member of another kind of API"),
        pytest.param({"return": {"statusCode": 200, "headers": []}}, id="headers are a list"),
        pytest.param({"return": {"statusCode": 200, "headers": {"X": 1}}}, id="header is a number"),
        pytest.param(
            {"return": {"statusCode": 200, "multiValueHeaders": {"X": "1"}}}, id="several headers in one text"
        ),
    ],
)
def test_function_that_fails_is_a_bad_gateway(api: Client, echo: dict[str, Any]) -> None:
    reply = api.call("POST", "/open", echo=echo)
    assert (reply.status, reply.json) == (502, {"message": "Internal server error"})
    assert reply.headers["x-failed"] == "yes"


def test_authorizer_that_takes_too_long_has_failed(hurried: Client) -> None:
    reply = hurried.call("GET", "/echo", [TOKEN], gate={"sleep": 60})
    assert (reply.status, reply.headers["x-amzn-errortype"]) == (500, "AuthorizerFailureException")
    assert reply.headers["x-failed"] == "yes"


def test_function_that_takes_too_long_is_a_bad_gateway(hurried: Client) -> None:
    reply = hurried.call("POST", "/open", echo={"sleep": 60})
    assert (reply.status, reply.json) == (502, {"message": "Internal server error"})
    assert reply.headers["x-failed"] == "yes"


def test_throttled_function_is_an_integration_failure(api: Client) -> None:
    reply = api.call("POST", "/busy")
    assert (reply.status, reply.json) == (504, {"message": "Internal server error"})
    assert reply.headers["x-failed"] == "yes"


def test_function_decides_status_headers_and_body(api: Client) -> None:
    said = {
        "statusCode": "418",
        "headers": {"X-One": "1", "X-Two": "a", "Content-Type": "text/plain"},
        "multiValueHeaders": {"X-Two": ["a", "b"]},
        "body": "é",
    }
    reply = api.call("POST", "/open", echo={"return": said})
    assert (reply.status, reply.body.decode()) == (418, "é")
    assert (reply.headers["x-one"], reply.headers["x-two"]) == ("1", "b")
    assert reply.headers["content-type"] == "text/plain"


@pytest.mark.parametrize("name", ["WWW-Authenticate", "www-authenticate", "Server", "Date", "Connection"])
def test_header_that_functions_may_not_set_is_renamed(api: Client, name: str) -> None:
    reply = api.call("POST", "/open", echo={"return": {"statusCode": 401, "headers": {name: "mine"}}})
    assert reply.headers[f"x-amzn-remapped-{name.lower()}"] == "mine"
    assert reply.headers.get(name.lower()) != "mine"


@pytest.mark.parametrize(
    ("accept", "body"),
    [
        pytest.param("image/png", b"\x89", id="a client that accepts it"),
        pytest.param("*/*", b"iQ==", id="no other client"),
    ],
)
def test_base64_is_decoded_for(api: Client, accept: str, body: bytes) -> None:
    said = {"statusCode": 200, "body": "iQ==", "isBase64Encoded": True}
    assert api.call("POST", "/open", [("Accept", accept)], echo={"return": said}).body == body


def test_body_of_ten_megabytes_passes_as_far_as_the_function(api: Client) -> None:
    assert api.call("POST", "/open", body=b"a" * (10 * 1024 * 1024), echo={"return": {"statusCode": 204}}).status == 204


def test_larger_body_is_refused_and_the_client_can_read_that(api: Client) -> None:
    reply = api.call("POST", "/open", body=b"a" * (10 * 1024 * 1024 + 1))
    assert (reply.status, reply.json) == (413, {"message": "Request Too Long"})


def test_body_that_declares_a_larger_size_is_refused_before_it_is_sent(api: Client) -> None:
    address = urlsplit(api.url)
    with socket.create_connection((address.hostname, address.port), timeout=60) as connection:
        connection.sendall(b"POST /open HTTP/1.1\r\nHost: x\r\nContent-Length: 10485761\r\n\r\n")
        assert connection.recv(64).startswith(b"HTTP/1.1 413 ")


def test_larger_body_in_chunks_is_refused(api: Client) -> None:
    chunks = b"100000\r\n" + b"a" * 0x100000 + b"\r\n"
    address = urlsplit(api.url)
    with socket.create_connection((address.hostname, address.port), timeout=60) as connection:
        connection.sendall(b"POST /open HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
        connection.sendall(chunks * 11 + b"0\r\n\r\n")
        assert connection.recv(64).startswith(b"HTTP/1.1 413 ")


def test_each_request_has_an_id_of_its_own(api: Client) -> None:
    ids = {api.call("POST", "/open").headers["x-amzn-requestid"] for _ in range(3)}
    assert len(ids) == 3
    assert all(re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", one) for one in ids)
