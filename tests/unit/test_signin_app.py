"""What the handler answers, and logs, when an event is not as API Gateway sends it."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

import pytest

from signin.app import SignIn
from signin.sessions import SessionSettings
from signin.settings import Settings
from signin.telemetry import logger

if TYPE_CHECKING:
    from collections.abc import Mapping

ORIGIN = "https://app.example"
INSTANCE = "arn:aws:chime:us-east-1:123456789012:app-instance/1"


@pytest.fixture
def sign_in(monkeypatch: pytest.MonkeyPatch) -> SignIn:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    policy = SessionSettings("arn:aws:iam::123456789012:role/User", 3600)
    settings = Settings(INSTANCE, policy, source_identity=False, allowed_origins=frozenset({ORIGIN}))
    return SignIn(settings, clock=lambda: 0.0)


@pytest.fixture
def logged(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """Return a stream of what is logged from here on."""
    stream = io.StringIO()
    monkeypatch.setattr(logger().handlers[0], "stream", stream)
    return stream


@pytest.mark.parametrize(
    "event",
    [
        pytest.param({}, id="nothing in it"),
        pytest.param({"requestContext": None}, id="no context"),
        pytest.param({"requestContext": {}}, id="no authorizer"),
        pytest.param({"requestContext": {"authorizer": None}}, id="an empty context"),
        pytest.param({"requestContext": {"authorizer": "ada"}}, id="a context that is no object"),
        pytest.param({"requestContext": {"authorizer": {"subject": "ada"}}}, id="half a caller"),
        pytest.param({"body": '{"subject": "ada"}', "requestContext": {}}, id="a caller in the body"),
    ],
)
def test_event_without_a_caller_signs_nobody_in(sign_in: SignIn, event: Mapping[str, Any], logged: io.StringIO) -> None:
    answer = sign_in.answer({"httpMethod": "POST", "headers": {"Origin": ORIGIN}, **event})

    assert answer["statusCode"] == 500
    assert json.loads(answer["body"])["error"] == "internal"
    assert answer["headers"]["Access-Control-Allow-Origin"] == ORIGIN
    assert "ada" not in answer["body"] + logged.getvalue()


def test_forbidden_caller_is_answered_and_logged_by_the_reason_alone(sign_in: SignIn, logged: io.StringIO) -> None:
    context = {"authorizer": {"forbidden": "missing_scope", "name": "Ada"}, "requestId": "request-1"}

    answer = sign_in.answer({"httpMethod": "POST", "headers": None, "requestContext": context})

    assert answer["statusCode"] == 403
    assert json.loads(answer["body"])["requestId"] == "request-1"
    entry = json.loads(logged.getvalue())
    assert (entry["message"], entry["kind"], entry["code"]) == ("not signed in", "Forbidden", "missing_scope")


def test_own_mistake_is_logged_by_its_place_and_without_its_message(sign_in: SignIn, logged: io.StringIO) -> None:
    sign_in.answer({"httpMethod": "POST", "requestContext": {"authorizer": {"provider": "Ada Lovelace"}}})

    entry = json.loads(logged.getvalue())
    assert (entry["message"], entry["kind"]) == ("not signed in", "KeyError")
    assert any(frame.startswith("caller:") for frame in entry["frames"])
    assert "Lovelace" not in logged.getvalue()


def test_preflight_needs_no_caller(sign_in: SignIn) -> None:
    answer = sign_in.answer({"httpMethod": "OPTIONS", "headers": {"Origin": ORIGIN}})

    assert answer["statusCode"] == 204
    assert answer["headers"]["Access-Control-Allow-Origin"] == ORIGIN
