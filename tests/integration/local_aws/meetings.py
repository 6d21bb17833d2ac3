"""Calls of Chime SDK meetings that several tests make."""

from __future__ import annotations

from typing import Any, cast

import pytest
from botocore.exceptions import ClientError
from moto.backends import get_backend

NOBODY = "11111111-2222-3333-4444-555555555555"
HALL = {"ClientRequestToken": "first", "MediaRegion": "eu-central-1", "ExternalMeetingId": "hall"}


def backend_in(region: str) -> Any:
    """Return what carries signalling and media sees of a region's meetings."""
    return get_backend(cast("Any", "chimesdkmeetings"))["123456789012"][region]


def create(meetings: Any, **more: Any) -> str:
    """Return the id of a meeting."""
    return str(meetings.create_meeting(**{**HALL, **more})["Meeting"]["MeetingId"])


def join(meetings: Any, meeting: str, user: str = "ada", **more: Any) -> Any:
    """Return a new attendee."""
    return meetings.create_attendee(MeetingId=meeting, ExternalUserId=user, **more)["Attendee"]


def refusal(call: Any, **parameters: Any) -> tuple[str, int, str]:
    """Return code, status and message."""
    with pytest.raises(ClientError) as refused:
        call(**parameters)
    answer: dict[str, Any] = {**refused.value.response}
    message = answer["Error"]["Message"] or answer.get("Message") or answer.get("message")
    return answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"], str(message)
