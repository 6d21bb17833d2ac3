"""Messaging's WebSocket over TLS, opened by the library `websockets` with URLs that botocore presigned."""

from __future__ import annotations

import json
import socket
import ssl
import threading
from contextlib import closing, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.client import HTTPSConnection
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
from botocore.auth import SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from local.http.certificate import self_signed
from local.http.server import Server
from tests.integration.clients import HTTP, sign_at

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from local.aws.endpoint import AwsEndpoint
    from tests.integration.conftest import Aws

ESTABLISHED = "SESSION_ESTABLISHED"
USER_TAG = "UserUUID"
PINNED = {
    "Effect": "Allow",
    "Action": "*",
    "Resource": ["arn:aws:chime:*:*:app-instance/*/user/${aws:PrincipalTag/" + USER_TAG + "}", "arn:*:channel/*"],
}


@pytest.fixture
def server(endpoint: AwsEndpoint) -> Iterator[Server]:
    """The local AWS, over HTTPS too."""
    with closing(Server(endpoint, tls=self_signed())) as running:
        yield running


@pytest.fixture
def users(chime: Any, app_instance: str) -> dict[str, str]:
    for name in ("ada", "bob"):
        chime.create_app_instance_user(AppInstanceArn=app_instance, AppInstanceUserId=name, Name=name.title())
    return {name: f"{app_instance}/user/{name}" for name in ("ada", "bob", "nobody")}


@pytest.fixture
def role(aws: Aws) -> str:
    """The ARN of a role whose sessions are allowed everything as the user that their tag names."""
    return aws.role("user", PINNED)


def credentials_of(aws: Aws, role: str, user: str) -> dict[str, Any]:
    session = aws.client("sts").assume_role(
        RoleArn=role, RoleSessionName=user, Tags=[{"Key": USER_TAG, "Value": user}], DurationSeconds=900
    )
    credentials: dict[str, Any] = session["Credentials"]
    return credentials


def presigned_url(  # noqa: PLR0913 - what goes into a signature
    aws: Aws, user_arn: str, by: dict[str, Any], *, seconds: int = 10, region: str = "us-east-1", service: str = "chime"
) -> str:
    """Return the presigned URL for *user_arn*, signed by *by*."""
    signer = SigV4QueryAuth(
        Credentials(by["AccessKeyId"], by["SecretAccessKey"], by.get("SessionToken")), service, region, expires=seconds
    )
    query = f"sessionId=s1&userArn={quote(user_arn, safe='')}"
    request = AWSRequest("GET", f"{aws.url.replace('http:', 'https:')}/connect?{query}")
    signer.add_auth(request)
    return str(request.url).replace("https:", "wss:")


def without_verification() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def connected(url: str) -> ClientConnection:
    return connect(url, ssl=without_verification(), open_timeout=60, close_timeout=60)


def event(connection: ClientConnection) -> tuple[str, Any]:
    sent = json.loads(connection.recv(timeout=60))
    return sent["Headers"]["x-amz-chime-event-type"], json.loads(sent.get("Payload", "null"))


def close_code(connection: ClientConnection) -> int:
    """Return the code with which the server closes."""
    with suppress(ConnectionClosed):
        while True:
            connection.recv(timeout=60)
    assert connection.close_code is not None
    return connection.close_code


def code_of_refusal(url: str) -> int:
    with connected(url) as connection:
        return close_code(connection)


@pytest.fixture
def ada(aws: Aws, role: str, users: dict[str, str]) -> str:
    """A good URL."""
    return presigned_url(aws, users["ada"], credentials_of(aws, role, "ada"))


def test_session_is_established_and_listed(aws: Aws, ada: str, users: dict[str, str]) -> None:
    with connected(ada) as connection:
        assert event(connection) == (ESTABLISHED, None)
        [listed] = aws.local("GET", "connections")[1]
        assert (listed["userArn"], listed["sessionId"]) == (users["ada"], "s1")
    call = aws.local("GET", "calls")[1][-1]
    assert (call["operation"], call["status"]) == ("Connect", 101)


def test_message_reaches_the_members_who_are_connected(
    aws: Aws, app_instance: str, role: str, users: dict[str, str], ada: str
) -> None:
    messaging = aws.client("chime-sdk-messaging")
    both = [users["ada"], users["bob"]]
    channel = messaging.create_channel(
        AppInstanceArn=app_instance, Name="Engines", ChimeBearer=users["ada"], MemberArns=both
    )["ChannelArn"]
    alone = messaging.create_channel(
        AppInstanceArn=app_instance, Name="Alone", ChimeBearer=users["ada"], MemberArns=[users["ada"]]
    )["ChannelArn"]
    with connected(ada) as adas, connected(presigned_url(aws, users["bob"], credentials_of(aws, role, "bob"))) as bobs:
        assert (event(adas)[0], event(bobs)[0]) == (ESTABLISHED, ESTABLISHED)
        for where in (alone, channel):
            messaging.send_channel_message(
                ChannelArn=where, Content="Grüße", Type="STANDARD", Persistence="PERSISTENT", ChimeBearer=users["ada"]
            )
        kind, message = event(bobs)
        assert (kind, message["ChannelArn"], message["Content"]) == ("CREATE_CHANNEL_MESSAGE", channel, "Grüße")
        assert message["Sender"] == {"Arn": users["ada"], "Name": "Ada"}
        assert [event(adas)[1]["ChannelArn"], event(adas)[1]["ChannelArn"]] == [alone, channel]


def test_members_get_the_event_of_a_new_membership(
    aws: Aws, app_instance: str, users: dict[str, str], ada: str
) -> None:
    messaging = aws.client("chime-sdk-messaging")
    channel = messaging.create_channel(AppInstanceArn=app_instance, Name="Engines", ChimeBearer=users["bob"])
    with connected(ada) as connection:
        assert event(connection)[0] == ESTABLISHED
        messaging.create_channel_membership(
            ChannelArn=channel["ChannelArn"], MemberArn=users["ada"], Type="DEFAULT", ChimeBearer=users["bob"]
        )
        kind, membership = event(connection)
    assert (kind, membership["Member"]["Arn"]) == ("CREATE_CHANNEL_MEMBERSHIP", users["ada"])
    assert membership["InvitedBy"]["Name"] == "Bob"


def test_many_messages_arrive_in_order(aws: Aws, app_instance: str, users: dict[str, str], ada: str) -> None:
    messaging = aws.client("chime-sdk-messaging")
    channel = messaging.create_channel(
        AppInstanceArn=app_instance, Name="Engines", ChimeBearer=users["ada"], MemberArns=[users["ada"]]
    )["ChannelArn"]
    with connected(ada) as connection:
        assert event(connection)[0] == ESTABLISHED
        for number in range(40):
            messaging.send_channel_message(
                ChannelArn=channel,
                Content=f"{number} {'x' * 4000}",
                Type="STANDARD",
                Persistence="NON_PERSISTENT",
                ChimeBearer=users["ada"],
            )
        assert [int(event(connection)[1]["Content"].split()[0]) for _ in range(40)] == list(range(40))


def test_connecting_as_another_user_is_forbidden(aws: Aws, role: str, users: dict[str, str]) -> None:
    assert code_of_refusal(presigned_url(aws, users["bob"], credentials_of(aws, role, "ada"))) == 4003
    assert aws.local("GET", "calls")[1][-1]["status"] == 403


def test_user_who_does_not_exist_is_forbidden(aws: Aws, role: str, users: dict[str, str]) -> None:
    assert code_of_refusal(presigned_url(aws, users["nobody"], credentials_of(aws, role, "nobody"))) == 4003
    assert aws.local("GET", "calls")[1][-1]["status"] == 403


@pytest.mark.parametrize(
    ("written", "instead"),
    [
        pytest.param("sessionId=s1", "sessionId=s2", id="a session id that was not signed"),
        pytest.param("user%2Fada", "user%2Fbob", id="a user that was not signed"),
        pytest.param("X-Amz-Expires=10", "X-Amz-Expires=11", id="a lifetime that was not signed"),
        pytest.param("X-Amz-Expires=10&", "", id="no lifetime"),
        pytest.param("X-Amz-Signature=", "X-Amz-Signature=0&X-Amz-Signature=", id="two signatures"),
        pytest.param("X-Amz-SignedHeaders=host", "X-Amz-SignedHeaders=", id="no signed header"),
        pytest.param("X-Amz-Security-Token=", "X-Amz-Security-Token=A", id="another session token"),
        pytest.param("sessionId=s1", "sessionId=%ff%00", id="a session id that is not UTF-8"),
    ],
)
def test_url_is_refused_with(written: str, instead: str, ada: str) -> None:
    assert written in ada
    assert code_of_refusal(ada.replace(written, instead)) == 4401


def test_unsigned_url_is_refused(ada: str) -> None:
    assert code_of_refusal(ada.partition("?")[0]) == 4401


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"seconds": -1}, id="with a negative lifetime"),
        pytest.param({"seconds": 604_801}, id="for more than a week"),
        pytest.param({"region": "eu-west-1"}, id="for a region without the service"),
        pytest.param({"service": "sts"}, id="for another service"),
    ],
)
def test_url_is_refused_that_is_signed(change: dict[str, Any], aws: Aws, role: str, users: dict[str, str]) -> None:
    assert code_of_refusal(presigned_url(aws, users["ada"], credentials_of(aws, role, "ada"), **change)) == 4401


@pytest.fixture
def signed(
    aws: Aws, role: str, users: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> Callable[[timedelta, int], str]:
    """A function that returns a URL for Ada, signed that long from now and valid for that many seconds."""
    by = credentials_of(aws, role, "ada")

    def sign(later: timedelta, seconds: int) -> str:
        sign_at(datetime.now(UTC) + later, monkeypatch)
        return presigned_url(aws, users["ada"], by, seconds=seconds)

    return sign


@pytest.mark.parametrize(
    ("later", "seconds"),
    [
        pytest.param(timedelta(seconds=-11), 10, id="11 seconds ago, for 10"),
        pytest.param(timedelta(minutes=-16), 900, id="16 minutes ago, for 15"),
        pytest.param(timedelta(minutes=16), 10, id="in 16 minutes"),
    ],
)
def test_url_is_refused_if_signed(later: timedelta, seconds: int, signed: Callable[[timedelta, int], str]) -> None:
    assert code_of_refusal(signed(later, seconds)) == 4401


@pytest.mark.parametrize(
    ("later", "seconds"),
    [
        pytest.param(timedelta(minutes=-20), 3600, id="20 minutes ago, for an hour"),
        pytest.param(timedelta(minutes=14), 10, id="in 14 minutes"),
    ],
)
def test_url_is_good_if_signed(later: timedelta, seconds: int, signed: Callable[[timedelta, int], str]) -> None:
    with connected(signed(later, seconds)) as connection:
        assert event(connection)[0] == ESTABLISHED


@pytest.mark.parametrize(
    "token",
    [
        pytest.param(None, id="none"),
        pytest.param("x", id="an unknown one"),
        pytest.param("bob", id="Bob's"),
    ],
)
def test_url_that_is_signed_with_another_session_token_is_refused(
    token: str | None, aws: Aws, role: str, users: dict[str, str]
) -> None:
    instead = credentials_of(aws, role, "bob")["SessionToken"] if token == "bob" else token
    credentials = {**credentials_of(aws, role, "ada"), "SessionToken": instead}
    assert code_of_refusal(presigned_url(aws, users["ada"], credentials)) == 4401


def test_url_that_is_signed_with_another_secret_is_refused(aws: Aws, role: str, users: dict[str, str]) -> None:
    credentials = {**credentials_of(aws, role, "ada"), "SecretAccessKey": "x" * 40}
    assert code_of_refusal(presigned_url(aws, users["ada"], credentials)) == 4401


def test_presigned_url_is_refused_for_another_operation(aws: Aws, role: str) -> None:
    by = credentials_of(aws, role, "ada")
    signer = SigV4QueryAuth(
        Credentials(by["AccessKeyId"], by["SecretAccessKey"], by["SessionToken"]), "chime", "us-east-1"
    )
    request = AWSRequest("GET", f"{aws.url}/endpoints/messaging-session")
    signer.add_auth(request)
    assert HTTP.request("GET", str(request.url)).status == 403


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        pytest.param({"error": "ThrottledClientException", "status": 429}, 1013, id="throttled"),
        pytest.param({"error": "ServiceUnavailableException"}, 1011, id="unavailable"),
    ],
)
def test_fault_closes_with(fault: dict[str, Any], code: int, aws: Aws, ada: str) -> None:
    assert aws.local("POST", "faults", {"operation": "Connect", **fault})[0] == 200
    assert code_of_refusal(ada) == code


def test_connection_is_closed_when_its_credentials_expire(
    aws: Aws, role: str, users: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    by = credentials_of(aws, role, "ada")
    timers: list[tuple[float, Any]] = []

    class Timer(threading.Timer):
        """Runs at once what is due in a quarter of an hour."""

        def __init__(self, seconds: float, *rest: Any) -> None:
            timers.append((seconds, rest))
            super().__init__(0, *rest)

    monkeypatch.setattr(threading, "Timer", Timer)
    assert code_of_refusal(presigned_url(aws, users["ada"], by)) == 1001
    assert 600 < timers[0][0] <= 900


def test_dropped_connections_may_be_opened_again(aws: Aws, role: str, users: dict[str, str], ada: str) -> None:
    with connected(ada) as connection:
        assert event(connection)[0] == ESTABLISHED
        assert aws.local("DELETE", "connections") == (200, [])
        assert close_code(connection) == 1012
    with connected(presigned_url(aws, users["ada"], credentials_of(aws, role, "ada"))) as connection:
        assert event(connection)[0] == ESTABLISHED


def test_connections_are_closed_with_the_code_that_is_asked_for(aws: Aws, ada: str) -> None:
    with connected(ada) as connection:
        assert event(connection)[0] == ESTABLISHED
        assert aws.local("DELETE", "connections", {"code": 4401}) == (200, [])
        assert close_code(connection) == 4401


@pytest.mark.parametrize(
    "body",
    [
        pytest.param([], id="a list"),
        pytest.param({}, id="no code"),
        pytest.param({"code": "4401"}, id="a text"),
        pytest.param({"code": 1006}, id="a code that is never sent"),
        pytest.param({"code": 5000}, id="a code that does not exist"),
    ],
)
def test_connections_stay_open_for(body: Any, aws: Aws, ada: str) -> None:
    with connected(ada) as connection:
        assert event(connection)[0] == ESTABLISHED
        status, error = aws.local("DELETE", "connections", body)
        assert (status, error["field"]) == (400, "code")
        assert len(aws.local("GET", "connections")[1]) == 1


def test_messages_and_pings_of_the_client_are_accepted(ada: str) -> None:
    with connected(ada) as connection:
        assert event(connection)[0] == ESTABLISHED
        connection.send("x" * 300_000)
        assert connection.ping().wait(60)


def test_request_without_an_upgrade_gets_426(aws: Aws, ada: str) -> None:
    answer = HTTP.request("GET", ada.replace("wss:", "http:"))
    assert (answer.status, answer.headers["Upgrade"]) == (426, "websocket")
    assert aws.local("GET", "calls")[1][-1]["status"] == 426


def test_websocket_elsewhere_is_refused(aws: Aws) -> None:
    with pytest.raises(InvalidStatus), connect(aws.url.replace("http:", "ws:"), open_timeout=60):
        pass


def test_requests_are_answered_over_https_too(server: Server) -> None:
    with closing(HTTPSConnection("127.0.0.1", server.port, context=without_verification())) as client:
        for _ in range(2):  # on one connection
            client.request("GET", "/local/connections")
            answer = client.getresponse()
            assert (answer.status, answer.read()) == (200, b"[]")
    assert server.accepted == 1


def test_broken_handshake_does_not_stop_the_server(aws: Aws, server: Server) -> None:
    with socket.create_connection(("127.0.0.1", server.port)) as broken:
        broken.sendall(b"\x16\x03\x01\x00\x05hello")
        broken.shutdown(socket.SHUT_WR)
        while broken.recv(1000):
            pass
    assert aws.local("GET", "connections") == (200, [])


def test_closing_the_server_closes_connections(aws: Aws, role: str, users: dict[str, str]) -> None:
    credentials, server = credentials_of(aws, role, "ada"), Server(aws.endpoint, tls=self_signed())
    with connected(presigned_url(replace(aws, url=server.url), users["ada"], credentials)) as connection:
        assert event(connection)[0] == ESTABLISHED
        server.close()
        with pytest.raises(ConnectionClosed):
            connection.recv(timeout=60)
