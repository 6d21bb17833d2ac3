"""Messaging's WebSocket over TLS, opened by the library `websockets` with URLs that botocore presigned."""

from __future__ import annotations

import socket
import threading
from contextlib import closing
from dataclasses import replace
from http.client import HTTPSConnection
from typing import TYPE_CHECKING, Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from local.http.certificate import self_signed
from local.http.server import Server
from tests.integration.clients import HTTP
from tests.integration.local_aws.connections.presigned import (
    ESTABLISHED,
    close_code,
    code_of_refusal,
    connected,
    credentials_of,
    event,
    presigned_url,
    without_verification,
)

if TYPE_CHECKING:
    from tests.integration.conftest import Aws


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
