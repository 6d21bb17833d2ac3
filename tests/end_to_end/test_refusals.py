"""Each wrong way in, over HTTP, gets the contract's answer: JSON, the right challenge, readable across origins."""

from __future__ import annotations

import json
import time
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from local.http.server import Server
from tests.end_to_end.conftest import command_line_stack
from tests.tokens import rsa_signer

if TYPE_CHECKING:
    from collections.abc import Callable
    from wsgiref.types import StartResponse, WSGIEnvironment

    from tests.end_to_end.conftest import Answer, Client

ORIGIN = "https://localhost:9000"
BARE = 'Bearer realm="chime-signin"'
INVALID = 'Bearer realm="chime-signin", error="invalid_token"'


def check_error(answer: Answer, status: int, error: str, reason: str | None = None) -> None:
    """Check what holds for every error of the contract."""
    assert (answer.status, answer.body["error"], answer.body.get("reason")) == (status, error, reason)
    assert set(answer.body) <= {"error", "error_description", "reason", "requestId"}
    assert answer.body["requestId"]
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Vary"] == "Origin"
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert answer.headers["Access-Control-Allow-Credentials"] == "true"
    assert answer.headers["Access-Control-Expose-Headers"] == "WWW-Authenticate, Retry-After"
    assert ("WWW-Authenticate" in answer.headers) == (status == 401)
    assert ("Retry-After" in answer.headers) == (status in (429, 503))


def send(client: Client, *authorization: str, method: str = "POST", path: str = "/signin") -> Answer:
    return client.call(method, path, [("Origin", ORIGIN), *(("Authorization", value) for value in authorization)])


@pytest.mark.parametrize(
    "authorization",
    [
        pytest.param([], id="no header"),
        pytest.param([""], id="an empty header"),
        pytest.param(["Basic YWRhOnNlY3JldA=="], id="another scheme"),
        pytest.param(["Bearer"], id="a scheme alone"),
    ],
)
def test_request_without_a_token_gets_a_bare_challenge(client: Client, authorization: list[str]) -> None:
    answer = send(client, *authorization)
    if authorization == ["Bearer"]:
        check_error(answer, 401, "invalid_token", "malformed_token")
        return
    check_error(answer, 401, "unauthorized")
    assert answer.headers["WWW-Authenticate"] == BARE


def test_only_another_scheme_reaches_the_authorizer_and_is_counted(client: Client) -> None:
    client.logs.clear()
    send(client)
    send(client, "")
    send(client, "Basic YWRhOnNlY3JldA==")
    send(client, "Bearer x")

    # Fetches of keys are counted too, but are of no request.
    counted = [line for line in client.logs if b'"_aws"' in line and b'"request_id"' in line]
    assert [b'"NoToken"' in line for line in counted] == [True, False]


def test_function_that_does_not_start_is_an_outage() -> None:
    with command_line_stack("--set", "SESSION_SECONDS=forever") as client:
        answer = send(client, f"Bearer {client.token(sub='ada')}")

    check_error(answer, 503, "unavailable")


def from_issuer(**claims: Any) -> Callable[[Client], str]:
    return lambda client: client.token(**{"sub": "ada", **claims})


def from_the_future(client: Client) -> str:
    return client.token(sub="ada", nbf=int(time.time()) + 3600)


def from_stranger(client: Client) -> str:
    """Sign with a stranger's key, under our issuer's name and key id."""
    [key, *_] = client.control("GET", "issuer", "/.well-known/jwks.json")["keys"]
    now = int(time.time())
    claims = {"iss": client.urls["issuer"], "aud": "chime-signin", "sub": "ada", "iat": now, "exp": now + 60}
    return rsa_signer().token(claims, kid=key["kid"])


@pytest.mark.parametrize(
    ("token", "reason"),
    [
        pytest.param(lambda _: "x" * 8193, "token_too_large", id="huge"),
        pytest.param(lambda _: "not.a.token", "malformed_token", id="no token"),
        pytest.param(from_issuer(expires_in=-61), "token_expired", id="expired"),
        pytest.param(from_stranger, "bad_signature", id="by a stranger's key with our key id"),
        pytest.param(from_issuer(iss="https://stranger.example"), "unknown_issuer", id="of an unknown issuer"),
        pytest.param(from_issuer(aud="another"), "wrong_audience", id="for another audience"),
        pytest.param(from_issuer(exp="tomorrow"), "invalid_claim", id="with a claim of the wrong type"),
        pytest.param(from_issuer(exp=None), "invalid_claim", id="that never expires"),
        pytest.param(from_the_future, "not_yet_valid", id="from the future"),
        pytest.param(from_issuer(sub=None), "invalid_subject", id="about nobody"),
    ],
)
def test_bad_token_is_refused_with_its_reason(client: Client, token: Callable[[Client], str], reason: str) -> None:
    answer = send(client, f"Bearer {token(client)}")

    check_error(answer, 401, "invalid_token", reason)
    assert answer.headers["WWW-Authenticate"] == INVALID
    assert client.calls() == []


def test_two_tokens_are_refused(client: Client) -> None:
    token = client.token(sub="ada")

    check_error(send(client, f"Bearer {token}", f"Bearer {token}"), 401, "invalid_token", "two_headers")


def test_unknown_issuer_costs_no_network_call(client: Client) -> None:
    asked: list[str] = []

    def stranger(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        asked.append(environ["PATH_INFO"])
        start_response("404 Not Found", [])
        return []

    with closing(Server(stranger)) as server:
        token = client.token(sub="ada", iss=server.url)
        check_error(send(client, f"Bearer {token}"), 401, "invalid_token", "unknown_issuer")

    assert asked == []


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/signin"),
        ("POST", "/"),
        ("POST", "/signin/"),
        ("DELETE", "/creds"),
        ("GET", "/x"),
        ("POST", "/meetings/ab"),
    ],
)
def test_what_is_not_there_is_not_found(client: Client, method: str, path: str) -> None:
    check_error(send(client, method=method, path=path), 404, "not_found")
    check_error(send(client, "Bearer a.b.c", method=method, path=path), 404, "not_found")


def test_huge_body_is_refused(client: Client) -> None:
    token = client.token(sub="ada")
    headers = [("Origin", ORIGIN), ("Authorization", f"Bearer {token}")]

    check_error(client.call("POST", "/signin", headers, b"x" * (10 * 1024 * 1024 + 1)), 413, "too_large")


@pytest.mark.parametrize(
    ("operation", "fault", "status", "error"),
    [
        pytest.param("AssumeRole", {"error": "AccessDenied", "status": 403}, 502, "upstream_error", id="STS refuses"),
        pytest.param(
            "DescribeAppInstanceUser",
            {"error": "BadRequestException", "status": 400},
            502,
            "upstream_error",
            id="Chime refuses",
        ),
        pytest.param(
            "CreateAppInstanceUser",
            {"error": "ForbiddenException", "status": 403},
            502,
            "upstream_error",
            id="Chime forbids creating users",
        ),
        pytest.param(
            "CreateAppInstanceUser",
            {"error": "ResourceLimitExceededException", "status": 400},
            502,
            "upstream_error",
            id="Chime has no room for more users",
        ),
    ],
)
def test_refusal_of_aws_is_an_upstream_error(
    client: Client, operation: str, fault: dict[str, Any], status: int, error: str
) -> None:
    client.fault(operation, times=-1, **fault)

    check_error(send(client, f"Bearer {client.token(sub='new-' + str(time.time_ns()))}"), status, error)


@pytest.mark.parametrize(
    ("operation", "fault"),
    [
        pytest.param("AssumeRole", {"error": "Throttling", "status": 400}, id="STS throttles"),
        pytest.param("AssumeRole", {"error": "ServiceUnavailable", "status": 503}, id="STS fails"),
        pytest.param(
            "DescribeAppInstanceUser", {"error": "ThrottledClientException", "status": 429}, id="Chime throttles"
        ),
        pytest.param("DescribeAppInstanceUser", {"error": "ServiceFailureException", "status": 500}, id="Chime fails"),
        pytest.param(
            "CreateAppInstanceUser",
            {"error": "ThrottledClientException", "status": 429},
            id="Chime throttles a new user",
        ),
    ],
)
def test_passing_trouble_of_aws_is_not_noticed(client: Client, operation: str, fault: dict[str, Any]) -> None:
    client.fault(operation, times=2, **fault)

    answer = send(client, f"Bearer {client.token(sub='new-' + str(time.time_ns()))}")

    assert answer.status == 200
    assert [call["operation"] for call in client.calls()].count(operation) == 3


@pytest.mark.parametrize(
    ("operation", "fault", "status", "error"),
    [
        pytest.param(
            "DescribeAppInstanceUser",
            {"error": "ThrottledClientException", "status": 429},
            429,
            "throttled",
            id="Chime throttles",
        ),
        pytest.param("AssumeRole", {"delay_ms": 20_000}, 503, "unavailable", id="STS hangs"),
        pytest.param("DescribeAppInstanceUser", {"delay_ms": 20_000}, 503, "unavailable", id="Chime hangs"),
    ],
)
def test_lasting_trouble_of_aws_is_told_in_time(
    client: Client, operation: str, fault: dict[str, Any], status: int, error: str
) -> None:
    """Each takes a whole deadline. STS that throttles or fails is in test_api_document.py, in `ROUNDS`."""
    token = client.token(sub="ada")
    send(client, f"Bearer {token}")
    client.fault(operation, times=-1, **fault)

    check_error(send(client, f"Bearer {token}"), status, error)


def test_issuer_that_is_down_is_an_outage_and_no_refusal() -> None:
    # The discard port: nobody listens there.
    provider = {"name": "down", "issuer": "http://127.0.0.1:9", "audience": "chime-signin"}
    with command_line_stack("--set", f"PROVIDERS={json.dumps([provider])}") as client:
        answer = send(client, f"Bearer {client.token(sub='ada', iss=provider['issuer'])}")

    assert (answer.status, answer.body["error"]) == (503, "unavailable")
    assert answer.headers["Retry-After"]


def test_unknown_key_while_the_issuer_is_down_is_an_outage_and_no_refusal() -> None:
    with command_line_stack() as client:
        assert send(client, f"Bearer {client.token(sub='ada')}").status == 200
        client.control("POST", "issuer", "/local/rotate", {"drop_old": True})
        client.control("POST", "issuer", "/local/faults", {"status": 500, "times": -1})

        answer = send(client, f"Bearer {client.token(sub='ada')}")

    assert (answer.status, answer.body["error"]) == (503, "unavailable")


@pytest.mark.parametrize("path", ["/signin", "/creds"])
def test_preflight_needs_no_token(client: Client, path: str) -> None:
    asks = [("Origin", ORIGIN), ("Access-Control-Request-Method", "POST")]

    answer = client.call("OPTIONS", path, asks)

    assert answer.status in (200, 204)
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert answer.headers["Access-Control-Allow-Credentials"] == "true"
    assert answer.headers["Access-Control-Allow-Methods"] == "POST, OPTIONS"
    assert answer.headers["Access-Control-Allow-Headers"] == "Authorization, Content-Type"


@pytest.mark.parametrize("path", ["/signin", "/creds"])
def test_page_may_send_what_tracing_adds_to_its_calls(client: Client, path: str) -> None:
    tracing = {
        "baggage": "a=b",
        "sentry-trace": "1-2",
        "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    }
    asks = [
        ("Access-Control-Request-Method", "POST"),
        ("Access-Control-Request-Headers", ",".join(["authorization", *tracing])),
    ]

    preflight = client.call("OPTIONS", path, [("Origin", ORIGIN), *asks])
    answer = client.sign_in(client.token(sub="ada"), path, Origin=ORIGIN, **tracing)
    other = client.call("OPTIONS", path, [("Origin", "https://other.example"), *asks])

    allowed = "Authorization, Content-Type"
    assert preflight.headers["Access-Control-Allow-Headers"] == f"{allowed}, baggage, sentry-trace, traceparent"
    assert preflight.headers["Vary"] == "Origin, Access-Control-Request-Headers"
    assert answer.status == 200
    assert other.headers["Access-Control-Allow-Headers"] == allowed


def test_listed_origin_may_read_a_sign_in(client: Client) -> None:
    answer = client.sign_in(client.token(sub="ada"), Origin=ORIGIN)

    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert answer.headers["Vary"] == "Origin"


@pytest.mark.parametrize("method", ["POST", "OPTIONS"])
def test_other_origin_may_not_and_has_the_same_status(client: Client, method: str) -> None:
    token = client.token(sub="ada")
    headers = [("Authorization", f"Bearer {token}")] if method == "POST" else []

    listed = client.call(method, "/signin", [*headers, ("Origin", ORIGIN)])
    other = client.call(method, "/signin", [*headers, ("Origin", "https://stranger.example")])

    assert other.status == listed.status
    assert "Access-Control-Allow-Origin" not in other.headers
    assert "Origin" in other.headers["Vary"].split(", ")


def test_nothing_secret_or_personal_is_logged(client: Client) -> None:
    """The names are unusual, so that finding them is no accident."""
    names = {"sub": "subject-xyzzy", "name": "Name Xyzzy", "email": "xyzzy@example.com"}
    good, expired = client.token(**names), client.token(**names, expires_in=-61)
    client.logs.clear()

    answer = send(client, f"Bearer {good}")
    send(client, f"Bearer {expired}")
    client.fault("AssumeRole", error="AccessDenied", status=403, times=1)
    send(client, f"Bearer {good}")
    client.fault("DescribeAppInstanceUser", error="BadRequestException", status=400, times=1)
    send(client, f"Bearer {good}")

    logged = b"".join(client.logs).decode()
    assert all(event in logged for event in ("signed in", "token refused", "not signed in", "AccessDenied"))
    credentials = answer.body["ChimeCredentials"]
    secrets = [
        *names.values(),
        *good.split("."),
        *expired.split("."),
        credentials["SecretAccessKey"],
        credentials["SessionToken"],
        credentials["AccessKeyId"],
    ]
    for secret in secrets:
        assert secret not in logged
