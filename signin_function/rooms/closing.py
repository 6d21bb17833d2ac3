"""Leave a room, or end it for everybody."""

from __future__ import annotations

import functools
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from rooms.table import Outdated
from signin.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable

    from rooms.entrance import Visitor
    from rooms.meetings import ChimeMeetings
    from rooms.table import RoomItem, RoomsTable
    from signin.deadline import Deadline
    from signin.revocation import RevokedUsers


class Closing(NamedTuple):
    """The way out of rooms. Without `revoked_users` nobody is revoked. `clock` returns seconds since the epoch."""

    table: RoomsTable
    meetings: ChimeMeetings
    revoked_users: RevokedUsers | None
    clock: Callable[[], float]

    def leave(self, visitor: Visitor, deadline: Deadline) -> None:
        """
        Give up the visitor's own seat: their attendee counts until it is deleted. Without one, nothing happens.

        Raises:
            SigninError: A call failed for good, or the deadline has passed.
        """
        room = deadline.retry(lambda: self.table.room(visitor.key))
        if room is None or not room.meeting:
            return
        own = deadline.retry(lambda: self.meetings.attendees(room.meeting_id, visitor.external_user_id))
        for attendee_id in own:
            deadline.retry(lambda: self.meetings.remove(room.meeting_id, attendee_id))  # noqa: B023 - called at once

    def end(self, visitor: Visitor, deadline: Deadline) -> None:
        """
        End the room's meeting for everybody. If the room is not open, nothing happens.

        It is marked as ended first, so that nobody enters it, or opens it unnoticed, while Chime ends the meeting. If
        that fails, the same request again goes on from there.

        Raises:
            Forbidden: The visitor is revoked or no host, or their token does not list the room.
            SigninError: A call failed for good, or the deadline has passed.
        """
        if self.revoked_users:
            self.revoked_users.check(visitor.user_id, self.clock(), deadline)
        visitor.entitlements.check_host()
        visitor.entitlements.check_room(visitor.room, visitor.user_id)
        while deadline.remaining():
            room = deadline.retry(lambda: self.table.room(visitor.key))
            if room is None or self.clock() >= room.ends_at or (room.over and not room.earlier):
                return
            with suppress(Outdated):  # somebody opened or ended the room in the meantime, so look again
                self._end(visitor, room, deadline)
                return
        raise Unavailable("out_of_time")

    def _end(self, visitor: Visitor, room: RoomItem, deadline: Deadline) -> None:
        if room.ended_at is None:
            # What was read may be an intent whose meeting was written down since. No meeting is after this.
            room = deadline.retry(functools.partial(self.table.ended, visitor.key, room.uuid, self.clock()))
        for meeting_id in filter(None, [room.meeting_id, *room.earlier]):
            deadline.retry(lambda: self.meetings.end(meeting_id))  # noqa: B023 - called at once
        with suppress(Outdated):  # somebody opened the room anew, which this request was not to end
            deadline.retry(lambda: self.table.over(visitor.key, room.uuid))
