"""
One meeting with its attendees, and when it ends by itself.

A meeting ends after five minutes without an audio connection, after 24 hours, perhaps after thirty minutes with only
one connection (`behaviours`), and a replica meeting with its primary meeting:
https://docs.aws.amazon.com/chime-sdk/latest/dg/create-mtgs.html and the FAQ of amazon-chime-sdk-js.
"""

from __future__ import annotations

import hmac
import secrets
from collections import Counter
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from moto.core.common_models import BaseModel
from moto.moto_api._internal import mock_random

if TYPE_CHECKING:
    from .behaviours import Behaviours
    from .features import Capabilities

WITHOUT_CONNECTION, WITH_ONE_CONNECTION = timedelta(minutes=5), timedelta(minutes=30)
LONGEST = timedelta(hours=24)

_JOIN_TOKEN_BYTES = 120


class Attendee(BaseModel):
    """An attendee; answers show its attributes under their AWS names."""

    def __init__(self, meeting_id: str, external_user_id: str, capabilities: Capabilities) -> None:
        """Make up an id and a join token."""
        self.meeting_id = meeting_id
        self.attendee_id = str(mock_random.uuid4())
        self.external_user_id = external_user_id
        self.capabilities = capabilities
        # 160 characters that may stand in the name of a WebSocket's subprotocol, where clients put it. Not from moto's
        # mock_random, which can be seeded: whoever guesses it is this attendee.
        self.join_token = secrets.token_urlsafe(_JOIN_TOKEN_BYTES)


class Meeting(BaseModel):
    """A meeting: its attendees by their ids, and since when it has how many audio connections."""

    def __init__(self, region_name: str, account_id: str, parameters: dict[str, Any], now: datetime) -> None:
        """Take the valid parameters of CreateMeeting."""
        self.meeting_id = str(mock_random.uuid4())
        self.meeting_arn = f"arn:aws:chime:{region_name}:{account_id}:meeting/{self.meeting_id}"
        self.parameters = parameters
        self.features: dict[str, Any] = parameters.get("MeetingFeatures") or {}
        self.primary_meeting_id: str | None = parameters.get("PrimaryMeetingId")
        self.created = now
        self.attendees: dict[str, Attendee] = {}
        self._connections: Counter[str] = Counter()
        self._unchanged_since = now

    def described(self, host: str, *, secure: bool) -> dict[str, Any]:
        """
        Return the Meeting of AWS's answers, whose media are at *host* (a name or address, perhaps with a port).

        On AWS they are always *secure*. A server without TLS has to say where it can be reached, too.
        """
        described = {
            name: self.parameters.get(name)
            for name in ("ExternalMeetingId", "MeetingHostId", "MediaRegion", "PrimaryMeetingId", "TenantIds")
        }
        return described | {
            "MeetingId": self.meeting_id,
            "MeetingArn": self.meeting_arn,
            # That it is what the request had, without the defaults, is inferred.
            "MeetingFeatures": self.parameters.get("MeetingFeatures"),
            "MediaPlacement": _media_placement(host, self.meeting_id, "s" if secure else ""),
        }

    def attendee_with(self, join_token: str) -> Attendee | None:
        """Return the attendee who has this join token, or None."""
        given, found = join_token.encode(), None
        for attendee in self.attendees.values():
            # All are compared, in constant time: the time must not tell how much of a guess is right.
            if hmac.compare_digest(given, attendee.join_token.encode()):
                found = attendee
        return found

    def attendees_named(self, external_user_id: str, *, ignore_case: bool) -> list[Attendee]:
        """Return the attendees with this ExternalUserId, in the order of their creation."""
        wanted = external_user_id.casefold() if ignore_case else external_user_id
        return [
            attendee
            for attendee in self.attendees.values()
            if (attendee.external_user_id.casefold() if ignore_case else attendee.external_user_id) == wanted
        ]

    def connect(self, attendee_id: str, now: datetime) -> None:
        """Note one more audio connection of an attendee."""
        before = len(self._connections)
        self._connections[attendee_id] += 1
        self._note_change(before, now)

    def disconnect(self, attendee_id: str, now: datetime) -> None:
        """Note the end of one of an attendee's audio connections; if there is none, nothing happens."""
        before = len(self._connections)
        self._connections = +(self._connections - Counter([attendee_id]))
        self._note_change(before, now)

    def remove(self, attendee_id: str, now: datetime) -> None:
        """Remove an attendee, with all its connections."""
        del self.attendees[attendee_id]
        before = len(self._connections)
        del self._connections[attendee_id]
        self._note_change(before, now)

    def connected(self) -> list[str]:
        """Return the ids of the attendees who have an audio connection, in the order in which they came."""
        return list(self._connections)

    def ends_at(self, behaviours: Behaviours) -> datetime:
        """Return when the meeting ends if its connections stay as they are."""
        latest = self.created + LONGEST
        if self.primary_meeting_id is not None:
            return latest  # unless its primary meeting ends before
        if not self._connections:
            return min(latest, self._unchanged_since + WITHOUT_CONNECTION)
        if len(self._connections) == 1 and behaviours.ends_with_one_connection:
            return min(latest, self._unchanged_since + WITH_ONE_CONNECTION)
        return latest

    def _note_change(self, before: int, now: datetime) -> None:
        if len(self._connections) != before:
            self._unchanged_since = now


def _media_placement(host: str, meeting_id: str, s: str) -> dict[str, str]:
    """
    Return the addresses of a meeting's media, in the form that AWS's have.

    Clients read SignalingUrl, and pass AudioHostUrl on; the mobile SDKs demand the others to be there.
    EventIngestionUrl is left out, because nobody here takes the events that clients would send to it.
    """
    screen = f"ws{s}://{host}/v2/screen/{meeting_id}"
    return {
        "AudioHostUrl": host,
        "AudioFallbackUrl": f"ws{s}://{host}/calls/{meeting_id}",
        "SignalingUrl": f"ws{s}://{host}/control/{meeting_id}",
        "TurnControlUrl": f"http{s}://{host}/v2/turn_sessions",
        "ScreenDataUrl": screen,
        "ScreenSharingUrl": screen,
        "ScreenViewingUrl": f"ws{s}://{host}/ws/connect?passcode=null&viewer_uuid=null&X-BitHub-Call-Id={meeting_id}",
    }
