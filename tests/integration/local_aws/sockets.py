"""Messaging sessions over a real WebSocket, opened with the owner's credentials, and what arrives in them."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from botocore.auth import SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from websockets.sync.client import ClientConnection, connect

from tests.integration.local_aws.messaging import create, send

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.integration.conftest import Aws

PATIENCE = 60.0
"""In seconds; a safety net, on which no test depends."""


class Session:
    """The session of one user, who has a channel of their own to mark an end in."""

    def __init__(self, aws: Aws, user_arn: str, connection: ClientConnection) -> None:
        self._messaging, self._user_arn, self._connection = aws.client("chime-sdk-messaging"), user_arn, connection
        self._own = create(self._messaging, user_arn.partition("/user/")[0], user_arn)

    def received(self) -> list[tuple[dict[str, str], Any]]:
        """
        Return headers and payload of each event that has arrived until now.

        The user writes in their own channel: what was announced before arrives before that message.
        """
        mark = send(self._messaging, self._own, self._user_arn)["MessageId"]
        events: list[tuple[dict[str, str], Any]] = []
        while True:
            headers, payload = read(self._connection)
            if (payload or {}).get("MessageId") == mark:
                return events
            if (payload or {}).get("ChannelArn") != self._own:
                events.append((headers, payload))


def read(connection: ClientConnection) -> tuple[dict[str, str], Any]:
    """Return headers and payload of the next event; None for no payload."""
    sent = json.loads(connection.recv(timeout=PATIENCE))
    assert set(sent) <= {"Headers", "Payload"}
    return sent["Headers"], json.loads(sent["Payload"]) if "Payload" in sent else None


@contextmanager
def opened(aws: Aws, user_arn: str, **query: str) -> Iterator[ClientConnection]:
    """Connect as a user, with more parameters in the query."""
    owner = aws.endpoint.admin_credentials()
    signer = SigV4QueryAuth(Credentials(owner["AccessKeyId"], owner["SecretAccessKey"]), "chime", "us-east-1")
    parameters = urlencode({"sessionId": "s1", "userArn": user_arn, **query})
    request = AWSRequest("GET", f"{aws.url}/connect?{parameters}")
    signer.add_auth(request)
    with connect(str(request.url).replace("http:", "ws:"), open_timeout=PATIENCE, close_timeout=PATIENCE) as connection:
        yield connection


@contextmanager
def session(aws: Aws, user_arn: str) -> Iterator[Session]:
    """Open a session of a user that is established."""
    with opened(aws, user_arn) as connection:
        assert read(connection)[0]["x-amz-chime-event-type"] == "SESSION_ESTABLISHED"
        yield Session(aws, user_arn, connection)
