"""
How a connection ends that its client has not left.

`audio_status` is told to a client that is connected, and then the connection is closed with `close_code`. Sources: the
statuses are those that amazon-chime-sdk-js translates (MeetingSessionStatus.ts); 4403 with its reason and 4410 are in
its FAQ (guides/07_FAQs.md) and its issue #2471. The other codes, and that AWS closes a connection after the status, are
inferred: the SDK takes all codes but 4410 and 4500 to 4599 for `SignalingBadRequest`, and then does not try again.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Ending:
    """Why a connection ends. The reason has at most 123 bytes (RFC 6455, 5.5)."""

    close_code: int
    reason: str
    audio_status: int | None = None


ATTENDEE_UNAVAILABLE = Ending(4403, "attendee unavailable", 411)
MEETING_ENDED = Ending(4410, "meeting ended", 410)
JOINED_FROM_ANOTHER_DEVICE = Ending(1000, "attendee joined from another device", 301)
NO_CALLS = Ending(4400, "This stack carries no calls. Stop it, and type: make run MEETINGS=1")
MALFORMED = Ending(4400, "malformed frame")
NOT_JOINED = Ending(4400, "subscribe before join")
UNANSWERABLE = Ending(4400, "the offer cannot be answered")
