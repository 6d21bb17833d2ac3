"""Rooms on the local AWS: the handler's own code, a table, and Chime SDK meetings, over HTTP on loopback."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from rooms.app import Rooms
from rooms.names import digest
from rooms.settings import Settings
from signin import aws as signin_aws
from tests.deadlines import hurried

if TYPE_CHECKING:
    from collections.abc import Callable

    from signin.deadline import Deadline
    from tests.integration.conftest import Aws

PATIENT = 60.0
"""Seconds that a call waits for its answer; no test depends on it."""
TABLE = "rooms"
LIST = "/test/revoked-users"
VARIABLES = {
    "CHIME_APP_INSTANCE_ARN": "arn:aws:chime:us-east-1:123456789012:app-instance/37e9754f",
    "MEETINGS": "open",
    "ROOMS_TABLE": TABLE,
    "STACK_ID": "arn:aws:cloudformation:us-east-1:123456789012:stack/test/1",
}


@dataclass
class Answer:
    """An answer of the handler, its body read."""

    status: int
    headers: dict[str, str]
    body: Any

    @property
    def meeting_id(self) -> str:
        """The id of the meeting that was entered."""
        return str(self.body["Meeting"]["MeetingId"])

    @property
    def attendee(self) -> dict[str, Any]:
        """The attendee that was given."""
        attendee: dict[str, Any] = self.body["Attendee"]
        return attendee


@dataclass
class Hall:
    """
    All rooms of a stack: the handler, and what is behind it.

    The handler's clock stands, `later` seconds after `now`, but for the pauses before retries.
    """

    aws: Aws
    variables: dict[str, str] = field(default_factory=lambda: dict(VARIABLES))
    now: int = field(default_factory=lambda: int(time.time()))
    later: float = 0.0

    def rooms(self, new_deadline: Callable[[], Deadline] | None = None, **variables: str) -> Rooms:
        """Return a handler. Its deadlines are long and pass without waiting, unless a test gives it others."""
        settings = Settings.from_environ(self.variables | variables)
        return Rooms(settings, lambda: self.now + self.later, new_deadline or (lambda: self.deadline(60)))

    def deadline(self, seconds: float) -> Deadline:
        """Return a deadline that passes without waiting."""
        return hurried(seconds, self._slept)

    def _slept(self, seconds: float) -> None:
        self.later += seconds

    def fault(self, operation: str, **fault: Any) -> None:
        """Set a fault of the local AWS."""
        status, said = self.aws.local("POST", "faults", {"operation": operation, **fault})
        assert status == 200, said

    def behave(self, **behaviours: Any) -> None:
        """Choose how meetings behave where AWS leaves it open."""
        status, said = self.aws.local("POST", "meetings/behaviours", behaviours)
        assert status == 200, said

    def pass_seconds(self, seconds: float) -> None:
        """Let time go by, for the handler and for the meetings."""
        self.later += seconds
        self.aws.local("POST", "meetings/clock", {"advance_seconds": seconds})

    def operations(self) -> list[str]:
        """Return the operations of all calls so far, in order."""
        return [call["operation"] for call in self.aws.local("GET", "calls")[1] if call["operation"]]

    def forget_calls(self) -> None:
        """Begin to record calls anew."""
        self.aws.local("DELETE", "calls")

    def open_meetings(self) -> list[dict[str, Any]]:
        """Return the meetings that have not ended, as the local AWS shows them."""
        meetings: list[dict[str, Any]] = self.aws.local("GET", "meetings")[1]
        return meetings

    def item(self, room: str) -> dict[str, Any]:
        """Return what the table has of a room."""
        found: dict[str, Any] = self.table.get_item(TableName=TABLE, Key={"id": {"S": digest(room)}})["Item"]
        return found

    @property
    def table(self) -> Any:
        """A client of DynamoDB, with the owner's credentials."""
        return self.aws.client("dynamodb")

    @property
    def meetings(self) -> Any:
        """A client of Chime SDK meetings, with the owner's credentials."""
        return self.aws.client("chime-sdk-meetings")


def event(user: str, room: str | None = "stand-up", method: str = "POST", *, me: bool = False, **context: Any) -> Any:
    """Return the event of *user*, who calls a route of *room*; *context* is more of the authorizer's context."""
    who = {"provider": "main", "namespace": "s", "keep_subject": "true", "subject": user, "name": "", "role": ""}
    return {
        "httpMethod": method,
        "resource": "/meetings/{name}/me" if me else "/meetings/{name}",
        "pathParameters": None if room is None else {"name": room},
        "headers": {},
        "requestContext": {"requestId": "request-1", "authorizer": who | {"expires": "1900000000"} | context},
    }


def asked(handler: Rooms, *arguments: Any, **keywords: Any) -> Answer:
    """Return the answer of *handler* to that `event`."""
    said = handler.answer(event(*arguments, **keywords))
    return Answer(said["statusCode"], said["headers"], json.loads(said["body"]) if said["body"] else None)


@pytest.fixture
def hall(default_aws: Aws, monkeypatch: pytest.MonkeyPatch) -> Hall:
    monkeypatch.setattr(signin_aws, "READ_SECONDS", PATIENT)
    hall = Hall(default_aws)
    hall.table.create_table(
        TableName=TABLE,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
    )
    hall.forget_calls()
    return hall
