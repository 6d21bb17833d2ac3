"""The answers to what can go wrong in rooms: `signin.answers` makes HTTP answers of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rooms.errors import BadName, NoRoomLeft, RoomClosed, RoomFull, TooManyOpenings
from signin.errors import Forbidden, Rejected, Throttled, Unavailable

if TYPE_CHECKING:
    from signin.answers import Errors

ERRORS: Errors = {
    BadName: (400, "bad_request", "There can be no room of that name.", None),
    Forbidden: (403, "forbidden", "This user may not do that.", None),
    RoomClosed: (404, "not_open", "The room is not open yet. Try again.", 5),
    RoomFull: (409, "room_full", "The room is full.", None),
    TooManyOpenings: (429, "throttled", "You have opened many rooms. Try again later.", 2),
    Throttled: (429, "throttled", "Too many requests at once. Try again.", 2),
    NoRoomLeft: (503, "unavailable", "No further room can be opened now. Try again later.", 60),
    Unavailable: (503, "unavailable", "The room cannot be entered now. Try again.", 5),
    Rejected: (502, "upstream_error", "Entering the room failed.", None),
}
