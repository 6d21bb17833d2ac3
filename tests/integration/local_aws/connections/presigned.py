"""Connections that are opened with URLs that botocore presigned, by the credentials of a user."""

from __future__ import annotations

import json
import ssl
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from botocore.auth import SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

if TYPE_CHECKING:
    from tests.integration.conftest import Aws

ESTABLISHED = "SESSION_ESTABLISHED"
USER_TAG = "UserUUID"
PINNED = {
    "Effect": "Allow",
    "Action": "*",
    "Resource": ["arn:aws:chime:*:*:app-instance/*/user/${aws:PrincipalTag/" + USER_TAG + "}", "arn:*:channel/*"],
}


def credentials_of(aws: Aws, role: str, user: str) -> dict[str, Any]:
    """Return the credentials of a session of *role* whose tag names the user."""
    session = aws.client("sts").assume_role(
        RoleArn=role, RoleSessionName=user, Tags=[{"Key": USER_TAG, "Value": user}], DurationSeconds=900
    )
    credentials: dict[str, Any] = session["Credentials"]
    return credentials


def presigned_url(  # noqa: PLR0913 - what goes into a signature
    aws: Aws,
    user_arn: str,
    by: dict[str, Any],
    *,
    seconds: int = 300,
    region: str = "us-east-1",
    service: str = "chime",
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
    """Return a context that takes any certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def connected(url: str) -> ClientConnection:
    """Connect, whoever signed the certificate."""
    return connect(url, ssl=without_verification(), open_timeout=60, close_timeout=60)


def event(connection: ClientConnection) -> tuple[str, Any]:
    """Return type and payload of the next event; None for no payload."""
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
    """Connect, and return the code with which the server closes at once."""
    with connected(url) as connection:
        return close_code(connection)
