"""Messaging's WebSocket, opened by a client that is not ours, over TLS, with addresses that botocore signs."""

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
import urllib3
from botocore.auth import SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from local.http.certificate import self_signed
from local.http.server import Server
from tests.integration.clients import sign_at

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
    """The ARN of a role whose sessions may do all as the user that their tag names."""
    return aws.role("user", PINNED)


def credentials_of(aws: Aws, role: str, user: str) -> dict[str, Any]:
    session = aws.client("sts").assume_role(
        RoleArn=role, RoleSessionName=user, Tags=[{"Key": USER_TAG, "Value": user}], DurationSeconds=900
    )
    credentials: dict[str, Any] = session["Credentials"]
    return credentials


def address(  # noqa: PLR0913 - what goes into a signature
    aws: Aws, user_arn: str, by: dict[str, Any], *, seconds: int = 10, region: str = "us-east-1", service: str = "chime"
) -> str:
    """Return the presigned address for *user_arn*, signed by *by*."""
    signer = SigV4QueryAuth(
        Credentials(by["AccessKeyId"], by["SecretAccessKey"], by.get("SessionToken")), service, region, expires=seconds
    )
    query = f"sessionId=s1&userArn={quote(user_arn, safe='')}"
    request = AWSRequest("GET", f"{aws.url.replace('http:', 'https:')}/connect?{query}")
    signer.add_auth(request)
    return str(request.url).replace("https:", "wss:")


def trusting() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def opened(url: str) -> ClientConnection:
    return connect(url, ssl=trusting(), open_timeout=60, close_timeout=60)


def event(connection: ClientConnection) -> tuple[str, Any]:
    told = json.loads(connection.recv(timeout=60))
    return told["Headers"]["x-amz-chime-event-type"], json.loads(told.get("Payload", "null"))


def closed(connection: ClientConnection) -> int:
    """Return the code with which the other side closes."""
    with suppress(ConnectionClosed):
        while True:
            connection.recv(timeout=60)
    assert connection.close_code is not None
    return connection.close_code


def refusal(url: str) -> int:
    with opened(url) as connection:
        return closed(connection)


@pytest.fixture
def ada(aws: Aws, role: str, users: dict[str, str]) -> str:
    """A good address."""
    return address(aws, users["ada"], credentials_of(aws, role, "ada"))


def test_session_is_established_and_listed(aws: Aws, ada: str, users: dict[str, str]) -> None:
    with opened(ada) as connection:
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
    with opened(ada) as adas, opened(address(aws, users["bob"], credentials_of(aws, role, "bob"))) as bobs:
        assert (event(adas)[0], event(bobs)[0]) == (ESTABLISHED, ESTABLISHED)
        for where in (alone, channel):
            messaging.send_channel_message(
                ChannelArn=where, Content="Grüße", Type="STANDARD", Persistence="PERSISTENT", ChimeBearer=users["ada"]
            )
        kind, message = event(bobs)
        assert (kind, message["ChannelArn"], message["Content"]) == ("CREATE_CHANNEL_MESSAGE", channel, "Grüße")
        assert message["Sender"] == {"Arn": users["ada"], "Name": "Ada"}
        assert [event(adas)[1]["ChannelArn"], event(adas)[1]["ChannelArn"]] == [alone, channel]


def test_members_are_told_of_a_new_one(aws: Aws, app_instance: str, users: dict[str, str], ada: str) -> None:
    messaging = aws.client("chime-sdk-messaging")
    channel = messaging.create_channel(AppInstanceArn=app_instance, Name="Engines", ChimeBearer=users["bob"])
    with opened(ada) as connection:
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
    with opened(ada) as connection:
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


def test_somebody_elses_name_is_forbidden(aws: Aws, role: str, users: dict[str, str]) -> None:
    assert refusal(address(aws, users["bob"], credentials_of(aws, role, "ada"))) == 4003
    assert aws.local("GET", "calls")[1][-1]["status"] == 403


def test_user_who_does_not_exist_is_forbidden(aws: Aws, role: str, users: dict[str, str]) -> None:
    assert refusal(address(aws, users["nobody"], credentials_of(aws, role, "nobody"))) == 4003
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
        pytest.param("sessionId=s1", "sessionId=%ff%00", id="what is no text"),
    ],
)
def test_address_with(written: str, instead: str, ada: str) -> None:
    assert written in ada
    assert refusal(ada.replace(written, instead)) == 4401


def test_unsigned_address_is_refused(ada: str) -> None:
    assert refusal(ada.partition("?")[0]) == 4401


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"seconds": -1}, id="before its time began"),
        pytest.param({"seconds": 604_801}, id="for more than a week"),
        pytest.param({"region": "eu-west-1"}, id="for a region without the service"),
        pytest.param({"service": "sts"}, id="for another service"),
    ],
)
def test_address_signed(change: dict[str, Any], aws: Aws, role: str, users: dict[str, str]) -> None:
    assert refusal(address(aws, users["ada"], credentials_of(aws, role, "ada"), **change)) == 4401


@pytest.fixture
def signed(
    aws: Aws, role: str, users: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> Callable[[timedelta, int], str]:
    """What returns Ada's address, signed so long from now and good for so many seconds."""
    by = credentials_of(aws, role, "ada")

    def sign(later: timedelta, seconds: int) -> str:
        sign_at(datetime.now(UTC) + later, monkeypatch)
        return address(aws, users["ada"], by, seconds=seconds)

    return sign


@pytest.mark.parametrize(
    ("later", "seconds"),
    [
        pytest.param(timedelta(seconds=-11), 10, id="11 seconds ago, for 10"),
        pytest.param(timedelta(minutes=-16), 900, id="16 minutes ago, for 15"),
        pytest.param(timedelta(minutes=16), 10, id="in 16 minutes"),
    ],
)
def test_address_is_refused_if_signed(later: timedelta, seconds: int, signed: Callable[[timedelta, int], str]) -> None:
    assert refusal(signed(later, seconds)) == 4401


@pytest.mark.parametrize(
    ("later", "seconds"),
    [
        pytest.param(timedelta(minutes=-20), 3600, id="20 minutes ago, for an hour"),
        pytest.param(timedelta(minutes=14), 10, id="in 14 minutes"),
    ],
)
def test_address_is_good_if_signed(later: timedelta, seconds: int, signed: Callable[[timedelta, int], str]) -> None:
    with opened(signed(later, seconds)) as connection:
        assert event(connection)[0] == ESTABLISHED


@pytest.mark.parametrize(
    "token",
    [
        pytest.param(None, id="none"),
        pytest.param("x", id="one that nobody has"),
        pytest.param("bob", id="Bob's"),
    ],
)
def test_address_that_is_signed_with_its_session_token_replaced_is_refused(
    token: str | None, aws: Aws, role: str, users: dict[str, str]
) -> None:
    instead = credentials_of(aws, role, "bob")["SessionToken"] if token == "bob" else token
    credentials = {**credentials_of(aws, role, "ada"), "SessionToken": instead}
    assert refusal(address(aws, users["ada"], credentials)) == 4401


def test_key_that_is_not_the_credentials_is_refused(aws: Aws, role: str, users: dict[str, str]) -> None:
    credentials = {**credentials_of(aws, role, "ada"), "SecretAccessKey": "x" * 40}
    assert refusal(address(aws, users["ada"], credentials)) == 4401


def test_presigned_address_opens_nothing_else(aws: Aws, role: str) -> None:
    by = credentials_of(aws, role, "ada")
    signer = SigV4QueryAuth(
        Credentials(by["AccessKeyId"], by["SecretAccessKey"], by["SessionToken"]), "chime", "us-east-1"
    )
    request = AWSRequest("GET", f"{aws.url}/endpoints/messaging-session")
    signer.add_auth(request)
    assert urllib3.request("GET", str(request.url)).status == 403


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        pytest.param({"error": "ThrottledClientException", "status": 429}, 1013, id="throttled"),
        pytest.param({"error": "ServiceUnavailableException"}, 1011, id="out of order"),
    ],
)
def test_fault_closes_with(fault: dict[str, Any], code: int, aws: Aws, ada: str) -> None:
    assert aws.local("POST", "faults", {"operation": "Connect", **fault})[0] == 200
    assert refusal(ada) == code


def test_connection_ends_with_its_credentials(
    aws: Aws, role: str, users: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    by = credentials_of(aws, role, "ada")
    timers: list[tuple[float, Any]] = []

    class Timer(threading.Timer):
        """Does at once what it is to do in a quarter of an hour."""

        def __init__(self, seconds: float, *rest: Any) -> None:
            timers.append((seconds, rest))
            super().__init__(0, *rest)

    monkeypatch.setattr(threading, "Timer", Timer)
    assert refusal(address(aws, users["ada"], by)) == 1001
    assert 600 < timers[0][0] <= 900


def test_all_are_dropped_by_command_and_may_come_back(aws: Aws, role: str, users: dict[str, str], ada: str) -> None:
    with opened(ada) as connection:
        assert event(connection)[0] == ESTABLISHED
        assert aws.local("DELETE", "connections") == (200, [])
        assert closed(connection) == 1012
    with opened(address(aws, users["ada"], credentials_of(aws, role, "ada"))) as connection:
        assert event(connection)[0] == ESTABLISHED


def test_what_the_client_says_and_asks_is_taken(ada: str) -> None:
    with opened(ada) as connection:
        assert event(connection)[0] == ESTABLISHED
        connection.send("x" * 300_000)
        assert connection.ping().wait(60)


def test_request_that_is_no_websocket_is_told_so(aws: Aws, ada: str) -> None:
    answer = urllib3.request("GET", ada.replace("wss:", "http:"))
    assert (answer.status, answer.headers["Upgrade"]) == (426, "websocket")
    assert aws.local("GET", "calls")[1][-1]["status"] == 426


def test_websocket_elsewhere_is_refused(aws: Aws) -> None:
    with pytest.raises(InvalidStatus), connect(aws.url.replace("http:", "ws:"), open_timeout=60):
        pass


def test_calls_are_taken_over_https_too(server: Server) -> None:
    with closing(HTTPSConnection("127.0.0.1", server.port, context=trusting())) as client:
        for _ in range(2):  # on one connection
            client.request("GET", "/local/connections")
            answer = client.getresponse()
            assert (answer.status, answer.read()) == (200, b"[]")
    assert server.accepted == 1


def test_handshake_that_breaks_off_leaves_the_server_alone(aws: Aws, server: Server) -> None:
    with socket.create_connection(("127.0.0.1", server.port)) as broken:
        broken.sendall(b"\x16\x03\x01\x00\x05hello")
        broken.shutdown(socket.SHUT_WR)
        while broken.recv(1000):
            pass
    assert aws.local("GET", "connections") == (200, [])


def test_closing_the_server_ends_connections(aws: Aws, role: str, users: dict[str, str]) -> None:
    credentials, server = credentials_of(aws, role, "ada"), Server(aws.endpoint, tls=self_signed())
    with opened(address(replace(aws, url=server.url), users["ada"], credentials)) as connection:
        assert event(connection)[0] == ESTABLISHED
        server.close()
        with pytest.raises(ConnectionClosed):
            connection.recv(timeout=60)
