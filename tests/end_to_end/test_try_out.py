"""What `make deploy` tries at its end, over the local gateway: a preflight, a refusal and a sign-in, good and bad."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from werkzeug.wrappers import Response

from operations.errors import OperationError
from operations.tryout import ATTEMPTS, TryOut
from tests.issuers import Issuer

if TYPE_CHECKING:
    from tests.end_to_end.conftest import Client

ORIGIN = "https://localhost:9000"


class Told:
    """A try-out with what it said and how long it waited."""

    def __init__(self, url: str) -> None:
        self.said: list[str] = []
        self.paused: list[float] = []
        self.tried = TryOut(url, self.said.append, self.paused.append)


@pytest.fixture
def told(client: Client) -> Told:
    return Told(client.urls["api"] + "/signin")


def test_stack_that_works_is_told_so(told: Told, client: Client) -> None:
    told.tried.preflight(ORIGIN)
    told.tried.refusal()
    told.tried.sign_in(client.token(sub="ada", name="Ada"))

    assert told.said == [
        f"Preflight: pages of {ORIGIN} may call.",
        "Refusal: what is no token gets 401 (malformed_token).",
        "Sign-in: 200, Chime user ada.",
    ]
    assert told.paused == []


def test_page_that_may_not_call_is_told_with_its_mend(told: Told) -> None:
    with pytest.raises(OperationError, match=r"Pages of https://evil\.example may not call: add it to AllowedOrigins"):
        told.tried.preflight("https://evil.example")


def test_refused_token_is_told_with_its_reason_and_nothing_of_it(told: Told, client: Client) -> None:
    token = client.token(sub="ada", expires_in=-3600)

    with pytest.raises(OperationError, match="Sign-in: 401, token_expired: The token has expired") as raised:
        told.tried.sign_in(token)
    assert token[:20] not in str(raised.value)


@pytest.fixture
def stage() -> Issuer:
    """Return a server that answers whatever a test likes, as a stage does that is not ready."""
    return Issuer()


def answers(*statuses: int) -> Any:
    """Return a document that answers with one status after the other, the last one for good."""
    left = list(statuses)
    return lambda: Response("{}", left.pop(0) if len(left) > 1 else left[0], content_type="application/json")


def test_stage_that_is_not_there_yet_is_waited_for(stage: Issuer) -> None:
    told = Told(stage.serve("/signin", answers(403, 500, 401)))

    told.tried.refusal()

    assert told.paused == [5.0, 5.0]
    assert told.said == ["Refusal: what is no token gets 401 (no reason)."]
    stage.server.close()


def test_authorizer_that_cannot_start_is_told_with_where_it_says_why(stage: Issuer) -> None:
    told = Told(stage.serve("/signin", answers(503)))

    with pytest.raises(OperationError, match=r"is answered by 503, not 401: .* says why in its log"):
        told.tried.refusal()

    assert len(told.paused) == ATTEMPTS - 1
    stage.server.close()


def test_address_where_nobody_answers_is_told() -> None:
    told = Told("http://127.0.0.1:9/signin")

    with pytest.raises(OperationError, match=r"http://127\.0\.0\.1:9/signin cannot be reached"):
        told.tried.preflight(ORIGIN)
