"""What somebody who entered a room leaves: the answer to the client, and a log entry with metrics for operators."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from signin import answers, telemetry

if TYPE_CHECKING:
    from rooms.entrance import Joined, Visitor
    from signin.deadline import Deadline


def answer(joined: Joined) -> dict[str, Any]:
    """Return the answer, whose two members MeetingSessionConfiguration of the AWS SDK for JavaScript takes."""
    return answers.success(200, {"Meeting": dict(joined.meeting), "Attendee": joined.attendee.answer()})


def record(joined: Joined, deadline: Deadline, request_id: str) -> None:
    """Log that somebody entered a room, and count it. Room and user are hashes."""
    fields = {
        "outcome": "joined",
        **_who_and_where(joined.visitor),
        "opened": joined.opened,
        "capabilities": dict(joined.attendee.capabilities),
    }
    counts = {"Joins": 1} | ({"RoomsOpened": 1} if joined.opened else {})
    telemetry.succeeded("joined", fields, counts, deadline, request_id)


def record_way_out(message: str, visitor: Visitor, deadline: Deadline, request_id: str) -> None:
    """Log that somebody left a room or ended it, as *message* says."""
    telemetry.succeeded(message, {"outcome": message, **_who_and_where(visitor)}, {}, deadline, request_id)


def _who_and_where(visitor: Visitor) -> dict[str, object]:
    return {
        "room_sha256": telemetry.sha256(visitor.room),
        "user_sha256": telemetry.sha256(visitor.user_id),
        "host": visitor.entitlements.host,
        "listens": visitor.entitlements.listens,
    }
