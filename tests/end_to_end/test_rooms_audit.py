"""What operators see of rooms: one event for each request with its metrics, found by its id, and nobody's secrets."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import pytest

from rooms import names
from tests.end_to_end.operators import owner
from tests.end_to_end.rooms import SPEAKS, asked, joined, rooms_stack, token

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local.stack import LocalStack
    from tests.end_to_end.conftest import Answer, Client

ROOM, USER = "secret-room-7", "ada.lovelace@example.com"
FAULTS: list[dict[str, Any]] = [
    {"operation": operation, **fault}
    for operation in (
        *("GetItem", "PutItem", "UpdateItem", "CreateMeeting", "CreateAttendee", "ListAttendees", "DeleteAttendee"),
        *("DeleteMeeting", "GetParameter"),
    )
    for fault in (
        {"error": "ThrottlingException", "status": 429},
        {"error": "ForbiddenException", "status": 403},
        {"error": "MalformedAnswer"},
    )
]


@pytest.fixture(scope="module")
def stack(logs: list[bytes]) -> Iterator[LocalStack]:
    with rooms_stack(logs, AccessLog="on") as running:
        yield running


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def of_request(client: Client, answer: Answer) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """Return the request's line of the access log, the event of rooms, and the line with its metrics."""
    request_id = answer.headers["x-amzn-RequestId"]
    found = [json.loads(line) for line in client.logs if request_id.encode() in line]
    [access] = [line for line in found if "requestId" in line]
    [event] = [line for line in found if line.get("service") == "rooms" and "message" in line]
    [metrics] = [line for line in found if line.get("service") == "rooms" and "_aws" in line]
    return access, event, metrics


def test_join_is_one_event_with_who_entered_what_as_hashes(client: Client) -> None:
    first, again = (asked(client, "POST", "audited", token("ada", "host")) for _ in range(2))

    access, event, metrics = of_request(client, first)
    assert {name: event[name] for name in ("message", "outcome", "host", "listens", "opened", "capabilities")} == {
        "message": "joined",
        "outcome": "joined",
        "host": True,
        "listens": False,
        "opened": True,
        "capabilities": SPEAKS,
    }
    assert (event["room_sha256"], event["user_sha256"]) == (sha256("audited"), sha256("ada"))
    assert event["milliseconds"]["total"] > 0
    assert (metrics["Joins"], metrics["RoomsOpened"]) == ([1.0], [1.0])
    assert metrics["TotalMilliseconds"][0] > 0
    assert (access["status"], access["authorizerStatus"]) == ("200", "200")
    _, event, metrics = of_request(client, again)
    assert event["opened"] is False
    assert "RoomsOpened" not in metrics


def test_ways_out_and_refusals_are_one_event_each(client: Client) -> None:
    joined(client, "audited-too", "bob", "host")
    left = asked(client, "DELETE", "audited-too", token("bob"), "/me")
    refused = asked(client, "DELETE", "audited-too", token("bob"))
    ended = asked(client, "DELETE", "audited-too", token("bob", "host"))
    closed = asked(client, "POST", "audited-too", token("bob"))

    assert [of_request(client, answer)[1]["message"] for answer in (left, refused, ended, closed)] == [
        *("left", "not joined", "ended", "not joined"),
    ]
    assert (of_request(client, refused)[1]["code"], of_request(client, closed)[1]["code"]) == ("not_a_host", "not_open")
    assert of_request(client, closed)[2]["Failures"] == [1.0]


def secrets(tokens: list[str], answers: list[Answer]) -> dict[str, str]:
    """Return what stands nowhere but in answers: names of rooms and users, tokens, and what lets one enter."""
    attendees = [answer.body["Attendee"] for answer in answers if answer.status == 200]
    found = {f"join token {n}": each["JoinToken"] for n, each in enumerate(attendees)}
    found |= {f"attendee {n}": each["AttendeeId"] for n, each in enumerate(attendees)}
    found |= {f"token {n}": part for n, each in enumerate(tokens) for part in each.split(".")[1:]}
    return {**found, "room": ROOM, "user": USER, "name": "Ada Lovelace", "encoded": USER.replace("@", "%40")}


def test_no_outcome_and_no_fault_leaves_a_name_or_a_token_in_a_log_or_in_the_table(
    stack: LocalStack, client: Client
) -> None:
    bearers = [token(USER, "host"), token(USER, "pupil"), token(USER, rooms=["other"]), token(USER)]
    answers, refusals = [], []
    for number, bearer in enumerate(bearers):
        for method, way in (("POST", ""), ("DELETE", "/me"), ("DELETE", ""), ("POST", "")):
            answers.append(asked(client, method, ROOM, bearer, way))
        answers.append(asked(client, "POST", f"{ROOM}/{number}", bearer))
    for fault in FAULTS:
        client.fault(**fault, times=1)
        refusals += [asked(client, method, ROOM, bearers[0], way) for method, way in (("POST", ""), ("DELETE", "/me"))]
        refusals.append(asked(client, "DELETE", ROOM, bearers[0]))
        client.control("DELETE", "aws", "/local/faults")
    last = asked(client, "POST", ROOM, bearers[0])

    hidden = secrets(bearers, [*answers, *refusals, last])
    logged = b"\n".join(client.logs).decode()
    kept = json.dumps(owner(stack, "dynamodb").scan(TableName=owner(stack, "dynamodb").list_tables()["TableNames"][0]))
    errors = json.dumps([answer.body for answer in [*answers, *refusals] if answer.status not in (200, 204)])

    assert {answer.status for answer in answers} >= {200, 204, 400, 403}
    assert {answer.status for answer in refusals} & {502, 503}
    for place in (logged, errors, kept):
        assert [what for what, text in hidden.items() if text in place] == []
    assert names.digest(ROOM) in kept
    assert sha256(ROOM) in logged
