"""
The sign-in of Amazon's public chat demos, as each of them calls it: the web, iOS and Android.

What they send and what they ask of the answer is the contract's, which was taken from their code; nothing of theirs
is run here.
"""

from __future__ import annotations

import base64
import http.client
import socket
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from tests.end_to_end.conftest import Answer, Client, command_line_stack, described

if TYPE_CHECKING:
    from collections.abc import Iterator

WEB = "https://localhost:9000"
REQUIRED = {"ChimeAppInstanceUserArn", "ChimeUserId", "ChimeCredentials", "ChimeDisplayName"}
CREDENTIALS = {"AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration"}


@pytest.fixture(scope="module")
def for_web() -> Iterator[Client]:
    """Return a client of a stack that accepts tokens in base64."""
    with command_line_stack("--set", "ACCEPT_BASE64_TOKENS=true") as client:
        yield client


def in_base64(token: str) -> str:
    """Return the token as JavaScript's btoa makes it."""
    return base64.b64encode(token.encode()).decode()


def call_as_web(client: Client, token: str) -> Answer:
    """Sign in as a browser does: the preflight first, and then only if it allows the call."""
    asked = [
        ("Origin", WEB),
        ("Access-Control-Request-Method", "POST"),
        ("Access-Control-Request-Headers", "authorization"),
    ]
    preflight = client.call("OPTIONS", "/creds", asked)
    assert preflight.status in (200, 204)
    assert "POST" in preflight.headers["Access-Control-Allow-Methods"].split(", ")
    assert "authorization" in preflight.headers["Access-Control-Allow-Headers"].lower().split(", ")
    check_readable(preflight)
    return client.call("POST", "/creds", [("Origin", WEB), ("Authorization", f"Bearer {token}")])


def check_readable(answer: Answer) -> None:
    """Check what a browser asks of an answer to a call with `credentials: 'include'`: no wildcards."""
    assert answer.headers["Access-Control-Allow-Origin"] == WEB
    assert answer.headers["Access-Control-Allow-Credentials"] == "true"


def check_complete(body: dict[str, Any]) -> None:
    """Check that all is there that the demos require, and that it is text."""
    assert body.keys() >= REQUIRED
    assert body["ChimeCredentials"].keys() >= CREDENTIALS
    assert all(isinstance(value, str) for value in body["ChimeCredentials"].values())


def test_web_demo_signs_in_with_its_token_in_base64(for_web: Client) -> None:
    answer = call_as_web(for_web, in_base64(for_web.token(sub="ada", name="Ada Lovelace")))

    assert answer.status == 200
    check_readable(answer)
    check_complete(answer.body)
    # The demo makes the ARN of the two.
    rebuilt = f"{answer.body['ChimeAppInstanceArn']}/user/{answer.body['ChimeUserId']}"
    assert answer.body["ChimeAppInstanceUserArn"] == rebuilt


def test_web_demo_can_read_why_it_is_refused(for_web: Client) -> None:
    answer = call_as_web(for_web, in_base64(for_web.token(sub="ada", expires_in=-60)))

    assert (answer.status, answer.body["reason"]) == (401, "token_expired")
    check_readable(answer)


def test_tokens_as_they_are_stay_accepted_beside_those_in_base64(for_web: Client) -> None:
    assert call_as_web(for_web, for_web.token(sub="ada")).status == 200


def test_token_in_base64_is_refused_where_nothing_switches_it_on(client: Client) -> None:
    answer = call_as_web(client, in_base64(client.token(sub="ada")))

    assert (answer.status, answer.body["reason"]) == (401, "malformed_token")


def send(client: Client, head: str) -> tuple[int, dict[str, Any]]:
    """Send a request for `/creds` of which *head* is all; the status and the body, read as JSON."""
    address = urlsplit(client.urls["api"])
    with socket.create_connection((address.hostname, address.port), timeout=60) as connection:
        lines = [*head.splitlines(), f"Host: {address.netloc}", f"Authorization: Bearer {client.token(sub='ada')}"]
        connection.sendall("\r\n".join([*lines, "", ""]).encode())
        answer = http.client.HTTPResponse(connection)
        answer.begin()
        method, path, _ = head.split(" ", 2)
        found = described(method, path, answer.status, answer.headers, answer.read())
        return found.status, found.body


def test_ios_demo_signs_in(client: Client) -> None:
    """
    Sign in as Foundation does for the demo.

    Known: the demo says `httpMethod = "post"`, sets no body and no header but Authorization (HttpUtils.swift and
    AuthService.swift of aws-samples/amazon-chime-sdk, apps/chat-ios). Foundation makes POST of "post" as soon as it is
    set, as it does with five other methods: its open half in NSURLRequest.swift, after Apple's own, from which the six
    were taken (https://github.com/swiftlang/swift-corelibs-foundation/pull/1339).

    Inferred, as no iPhone was listened to: the other headers, which are CFNetwork's.
    """
    head = """\
POST /creds HTTP/1.1
Accept: */*
Accept-Language: en-GB,en;q=0.9
Accept-Encoding: gzip, deflate
Connection: keep-alive
User-Agent: AmazonChimeSDKMessagingDemo/1 CFNetwork/1494.0.7 Darwin/23.4.0
Content-Length: 0"""
    status, body = send(client, head)

    assert 200 <= status <= 299, "the demo takes all else for a failure"
    check_complete(body)


def test_post_in_lower_case_on_the_wire_is_another_method(client: Client) -> None:
    """
    Send what nobody is known to send: the iOS demo does not, as the test before says.

    Known: methods are case-sensitive (RFC 9110, 9.1), and API Gateway answers a method that a path has not with
    MISSING_AUTHENTICATION_TOKEN, which our template makes a 404. Inferred, because nobody tried: that "post" is
    such a method to it, and not refused before that, as a request that cannot be read.
    """
    status, body = send(client, "post /creds HTTP/1.1\nContent-Length: 0")

    assert (status, body["error"]) == (404, "not_found")


def test_android_demo_signs_in(client: Client) -> None:
    # Retrofit sends a POST without a body so.
    headers = [("Authorization", f"Bearer {client.token(sub='ada', name='Ada')}"), ("Content-Length", "0")]
    answer = client.call("POST", "/creds", headers)

    assert answer.status == 200, "the demo takes 201 or 204 for a failure"
    check_complete(answer.body)
    assert None not in answer.body.values(), "Kotlin's types have no place for null"


def test_user_without_a_name_has_one_for_the_demos(client: Client) -> None:
    answer = client.sign_in(client.token(sub="nameless", name=None), "/creds")

    assert answer.body["ChimeDisplayName"].strip()
