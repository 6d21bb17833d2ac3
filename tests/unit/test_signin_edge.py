"""What a further function behind the authorizer gets from the edge, without anything of the sign-in."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from signin import answers, edge, telemetry
from signin.errors import Rejected, Throttled
from tests.deadlines import hurried

if TYPE_CHECKING:
    from signin.caller import VerifiedCaller
    from signin.deadline import Deadline

ORIGIN = "https://app.example"
EVENT = {
    "httpMethod": "POST",
    "headers": {"Origin": ORIGIN},
    "requestContext": {
        "requestId": "request-1",
        "authorizer": {
            "provider": "main",
            "namespace": "s",
            "keep_subject": "true",
            "subject": "ada",
            "name": "Ada Lovelace",
            "role": "",
            "expires": "1800003600",
        },
    },
}


def room_of(caller: VerifiedCaller, deadline: Deadline, request_id: str) -> dict[str, Any]:
    left = 4 < deadline.remaining() <= 5
    return answers.success(200, {"subject": caller.subject, "in time": left, "request": request_id})


def answer(event: dict[str, Any], work: edge.Work = room_of) -> dict[str, Any]:
    return edge.Edge(frozenset({ORIGIN}), answers.ERRORS, new_deadline=lambda: hurried(5)).answer(event, work)


def failing(failure: Exception) -> edge.Work:
    def work(*_: object) -> dict[str, Any]:
        raise failure

    return work


def test_work_gets_the_caller_a_deadline_and_the_id_of_the_request() -> None:
    given = answer(EVENT)

    assert given["statusCode"] == 200
    assert json.loads(given["body"]) == {"subject": "ada", "in time": True, "request": "request-1"}
    assert given["headers"]["Access-Control-Allow-Origin"] == ORIGIN


@pytest.mark.parametrize(
    ("failure", "status", "kind"),
    [
        pytest.param(Throttled("Throttling"), 429, "Throttled", id="AWS throttles"),
        pytest.param(Rejected("AccessDenied"), 502, "Rejected", id="AWS refuses"),
        pytest.param(ValueError("Ada Lovelace"), 500, "ValueError", id="our own mistake"),
    ],
)
def test_error_of_the_work_is_answered_logged_and_counted(
    failure: Exception, status: int, kind: str, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    given = answer(EVENT, failing(failure))

    [handler] = telemetry.logger().handlers
    event, metrics = handler.format(caplog.records[-1]), capsys.readouterr().out
    assert given["statusCode"] == status
    assert given["headers"]["Access-Control-Allow-Origin"] == ORIGIN
    assert (json.loads(event)["kind"], json.loads(event)["request_id"]) == (kind, "request-1")
    assert json.loads(metrics)["Failures"] == [1]
    assert "Lovelace" not in given["body"] + event + metrics


@pytest.mark.parametrize(
    "event",
    [
        pytest.param({**EVENT, "httpMethod": "OPTIONS"}, id="a preflight"),
        pytest.param({**EVENT, "requestContext": {"authorizer": {"forbidden": "missing_scope"}}}, id="forbidden"),
        pytest.param({**EVENT, "requestContext": {}}, id="no authorizer asked"),
    ],
)
def test_work_is_not_begun_without_a_caller(event: dict[str, Any]) -> None:
    begun = []

    def work(caller: VerifiedCaller, *_: object) -> dict[str, Any]:
        begun.append(caller)
        return answers.success(200, {})

    assert answer(event, work)["statusCode"] != 200
    assert begun == []


class RoomFull(Exception):  # noqa: N818 - named after the outcome
    pass


def test_a_further_function_has_its_own_methods_errors_and_message(caplog: pytest.LogCaptureFixture) -> None:
    room_full = {RoomFull: (409, "room_full", "The room is full.", None)}
    rooms = edge.Edge(frozenset({ORIGIN}), answers.ERRORS | room_full, ("POST", "DELETE"), "not joined")

    preflight = rooms.answer({**EVENT, "httpMethod": "OPTIONS"}, room_of)
    given = rooms.answer(EVENT, failing(RoomFull()))

    assert preflight["headers"]["Access-Control-Allow-Methods"] == "POST, DELETE, OPTIONS"
    assert (given["statusCode"], json.loads(given["body"])["error"]) == (409, "room_full")
    assert caplog.records[-1].message == "not joined"
    assert rooms.answer(EVENT, failing(Throttled("Throttling")))["statusCode"] == 429
