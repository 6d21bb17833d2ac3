"""Look at the meetings on the local AWS, move their clock, and choose how they behave where AWS leaves it open."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any, cast

from moto.backends import get_backend

from local.aws.clocks import is_seconds, seconds_to_advance
from local.aws.faults import InvalidFieldError
from local.aws.identities import ACCOUNT

if TYPE_CHECKING:
    from local.chime.chimesdkmeetings.meetings import Meeting
    from local.chime.chimesdkmeetings.models import ChimeSDKMeetingsBackend

_MOST_SECONDS = 366 * 24 * 3600


def open_meetings() -> list[dict[str, Any]]:
    """Return the meetings of all regions that have not ended, with their attendees, and which of them are connected."""
    return [_shown(backend, meeting) for backend in backends() for meeting in backend.open_meetings()]


def advance_clock(body: object) -> None:
    """
    Move the clock of all meetings forward by `{"advance_seconds": 300}`, and end those whose time is over then.

    Raises:
        InvalidFieldError: A field is missing, unknown or of the wrong kind.
    """
    seconds = seconds_to_advance(body, _MOST_SECONDS)
    for backend in backends():
        backend.clock.advance(seconds)
        backend.end_due_meetings()


def behaviours() -> dict[str, Any]:
    """Return the behaviours that are chosen."""
    return asdict(next(iter(backends())).behaviours)


def choose_behaviours(body: object) -> None:
    """
    Change the behaviours that *body* names (`{"returns_old_attendee": false}`), in all regions; the others stay.

    Raises:
        InvalidFieldError: A field is unknown or of the wrong kind.
    """
    if not isinstance(body, dict):
        raise InvalidFieldError("body", "has to be a JSON object")
    known = behaviours()
    for name, value in body.items():
        if name not in known:
            raise InvalidFieldError(str(name), f"is not one of {', '.join(known)}")
        if isinstance(known[name], bool) and not isinstance(value, bool):
            raise InvalidFieldError(name, "has to be true or false")
        if not isinstance(known[name], bool) and not is_seconds(value, _MOST_SECONDS):
            raise InvalidFieldError(name, f"has to be a number from 0 to {_MOST_SECONDS}")
    for backend in backends():
        backend.behaviours = replace(backend.behaviours, **body)


def reset_behaviours() -> None:
    """Choose the default behaviours again, in all regions."""
    for backend in backends():
        backend.behaviours = type(backend.behaviours)()


def backends() -> list[ChimeSDKMeetingsBackend]:
    """Return the service's state in each of its regions."""
    # By its name in moto, because the same module imported from `local.chime` would have a state of its own.
    account: Any = get_backend(cast("Any", "chimesdkmeetings"))[ACCOUNT]
    return [account[region] for region in account.regions]


def _shown(backend: ChimeSDKMeetingsBackend, meeting: Meeting) -> dict[str, Any]:
    connected = meeting.connected()
    attendees = [
        {
            "attendeeId": attendee.attendee_id,
            "externalUserId": attendee.external_user_id,
            "connected": attendee.attendee_id in connected,
        }
        for attendee in list(meeting.attendees.values())
    ]
    return {"meetingId": meeting.meeting_id, "region": backend.region_name, "attendees": attendees}
