"""Which presigned URLs open a connection of messaging, and which are refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from botocore.auth import SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from tests.integration.clients import HTTP, sign_at
from tests.integration.local_aws.connections.presigned import (
    ESTABLISHED,
    code_of_refusal,
    connected,
    credentials_of,
    event,
    presigned_url,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.integration.conftest import Aws


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
        pytest.param("X-Amz-Expires=300", "X-Amz-Expires=301", id="a lifetime that was not signed"),
        pytest.param("X-Amz-Expires=300&", "", id="no lifetime"),
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
