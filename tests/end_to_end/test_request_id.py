"""One request is found by its id in the access log, in both functions' logs and beside the metrics."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import pytest

from local.issuer.issuer import AUDIENCE
from local.stack import LocalStack, StackOptions
from tests.tokens import rsa_signer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.end_to_end.conftest import Answer, Client

Line = dict[str, Any]


@pytest.fixture(scope="module")
def stack(logs: list[bytes]) -> Iterator[LocalStack]:
    with LocalStack(StackOptions(parameters={"AccessLog": "on"}, log=logs.append)) as running:
        yield running


def lines(client: Client) -> list[Line]:
    return [json.loads(line) for line in client.logs if line.startswith(b"{")]


def lines_of(client: Client, answer: Answer, metric: str) -> tuple[Line, dict[str, Line], Line]:
    """Return the request's line of the access log, the functions' events by `service`, and the line with *metric*."""
    request_id = answer.headers["x-amzn-RequestId"]
    found = [line for line in lines(client) if request_id in (line.get("requestId"), line.get("request_id"))]
    [access] = [line for line in found if "requestId" in line]
    events = {line["service"]: line for line in found if "message" in line}
    [metrics] = [line for line in found if metric in line]
    return access, events, metrics


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def test_sign_in_is_followed_through_all_three(client: Client) -> None:
    answer = client.sign_in(client.token(sub="ada"))

    access, events, metrics = lines_of(client, answer, "SignIns")
    assert (access["status"], access["path"], access["reason"]) == ("200", "/signin", "-")
    assert (access["authorizerStatus"], access["integrationStatus"]) == ("200", "200")
    assert (events["authorizer"]["message"], events["authorizer"]["provider"]) == ("token accepted", "local")
    assert (events["signin"]["message"], events["signin"]["user_sha256"]) == ("signed in", sha256("ada"))
    assert metrics["SignIns"] == [1.0]


def test_failure_of_aws_is_followed_to_the_operation(client: Client) -> None:
    client.fault("AssumeRole", error="AccessDenied", status=403)

    answer = client.sign_in(client.token(sub="ada"))

    access, events, metrics = lines_of(client, answer, "Failures")
    assert answer.body["requestId"] == access["requestId"]
    assert (access["status"], access["responseType"]) == ("502", "-")
    assert (events["signin"]["operation"], events["signin"]["code"]) == ("AssumeRole", "AccessDenied")
    assert metrics["kind"] == "Rejected"


def test_refused_rename_is_followed_to_the_operation(client: Client) -> None:
    client.sign_in(client.token(sub="eve", name="Eve"))
    client.fault("UpdateAppInstanceUser", error="ForbiddenException", status=403)

    answer = client.sign_in(client.token(sub="eve", name="Eve Adams"))

    _, events, _ = lines_of(client, answer, "NamesNotChanged")
    assert events["signin"]["not_renamed"] == {"code": "Forbidden", "operation": "UpdateAppInstanceUser"}


@pytest.mark.parametrize(
    ("claims", "reason", "provider", "configured"),
    [
        pytest.param(
            {"aud": "others"},
            "wrong_audience",
            "local",
            lambda _: {"configured_audiences_sha256": [sha256(AUDIENCE)]},
            id="for somebody else",
        ),
        pytest.param(
            {"iss": "https://others.example"},
            "unknown_issuer",
            "",
            lambda client: {"configured_issuers_sha256": [sha256(client.urls["issuer"])]},
            id="of somebody else",
        ),
        pytest.param({"expires_in": -61}, "token_expired", "local", lambda _: {}, id="expired"),
    ],
)
def test_refused_token_is_followed_to_what_it_names_and_what_is_configured(
    client: Client,
    claims: dict[str, Any],
    reason: str,
    provider: str,
    configured: Callable[[Client], dict[str, list[str]]],
) -> None:
    named = {"iss": client.urls["issuer"], "aud": AUDIENCE, **claims}

    answer = client.sign_in(client.token(sub="ada", **claims))

    access, events, metrics = lines_of(client, answer, "TokenRefused")
    refused = events["authorizer"]
    assert (access["status"], access["responseType"], access["reason"]) == ("401", "ACCESS_DENIED", reason)
    assert (access["authorizerStatus"], access["integrationStatus"]) == ("200", "-")
    assert (refused["reason"], refused["provider"]) == (reason, provider)
    assert (refused["issuer_sha256"], refused["audience_sha256"]) == (sha256(named["iss"]), [sha256(named["aud"])])
    assert {name: value for name, value in refused.items() if name.startswith("configured")} == configured(client)
    assert metrics["reason"] == reason


def test_request_without_a_token_is_in_the_access_log_alone(client: Client) -> None:
    answer = client.call("POST", "/signin")

    [access] = [line for line in lines(client) if line.get("requestId") == answer.headers["x-amzn-RequestId"]]
    assert (access["status"], access["responseType"], access["reason"]) == ("401", "UNAUTHORIZED", "-")


def test_unknown_path_has_no_route_in_the_access_log(client: Client) -> None:
    answer = client.call("GET", "/nowhere?secret=xyzzy")

    [access] = [line for line in lines(client) if line.get("requestId") == answer.headers["x-amzn-RequestId"]]
    assert (access["status"], access["path"]) == ("404", "-")


def test_stranger_s_token_is_logged_in_hashes_alone(client: Client) -> None:
    stranger = rsa_signer().token({"iss": "xyzzy-issuer", "aud": [f"xyzzy-{n}" for n in range(100)], "exp": 1})

    answer = client.sign_in(stranger)

    _, events, _ = lines_of(client, answer, "TokenRefused")
    assert events["authorizer"]["audience_sha256"] == [sha256(f"xyzzy-{n}") for n in range(5)]
    assert not [line for line in client.logs if b"xyzzy" in line]
