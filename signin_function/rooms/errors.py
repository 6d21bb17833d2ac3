"""
What can go wrong in rooms, beside what `signin.errors` has.

    SigninError
    ├── BadName           what is asked for is no room's name (400)
    ├── RoomClosed        nobody may enter before a host opens the room (404)
    ├── RoomFull          the meeting has as many attendees as it may have (409)
    ├── TransientError
    │   ├── Throttled
    │   │   └── TooManyOpenings   the caller has opened as many rooms as they may for now (429)
    │   └── Unavailable
    │       └── NoRoomLeft        the account has as many meetings as Chime lets it have (503)
    └── Rejected
        └── MeetingMissing        Chime has no such meeting: it has ended, or is too new to be found
"""

from __future__ import annotations

from signin.errors import Rejected, SigninError, Throttled, Unavailable


class BadName(SigninError):  # noqa: N818 - named after the outcome, as all of these
    """What is asked for is no room's name."""


class RoomClosed(SigninError):  # noqa: N818
    """Nobody but a host may open the room now."""

    def __init__(self, retry_after: int) -> None:
        """Take the seconds after which it is worth asking again."""
        super().__init__("not_open")
        self.retry_after = retry_after


class RoomFull(SigninError):  # noqa: N818
    """The meeting has as many attendees as it may have."""


class TooManyOpenings(Throttled):
    """The caller has opened as many rooms as they may for now."""


class NoRoomLeft(Unavailable):
    """The account has as many meetings as Chime lets it have."""


class MeetingMissing(Rejected):
    """Chime has no such meeting: it has ended, or is too new to be found everywhere."""
