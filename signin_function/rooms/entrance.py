"""Find the meeting of a room, or open one, and enter it as the caller and as nobody else."""

from __future__ import annotations

import functools
import uuid
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple

from rooms import names
from rooms.errors import MeetingMissing, RoomClosed
from rooms.table import OtherOpenings, Outdated, RoomItem, intent
from signin.errors import Rejected, SigninError, Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from rooms.capabilities import Features
    from rooms.entitlements import Entitlements
    from rooms.meetings import ChimeMeetings, RoomAttendee
    from rooms.openings import OpeningLimit
    from rooms.table import RoomsTable
    from signin.deadline import Deadline
    from signin.revocation import RevokedUsers

YOUNG_SECONDS = 10
"""A meeting that is younger and that Chime does not find is too new to be found everywhere; an older one has ended."""
ASK_AGAIN_SECONDS = 5
"""After this time it is worth asking whether a host has opened the room."""
CLOSED_SECONDS = 60
"""For so long only a host may open a room that a host ended: clients that lost their meeting try to join again."""


class Visitor(NamedTuple):
    """Who wants to enter which room."""

    user_id: str
    entitlements: Entitlements
    room: str

    @property
    def key(self) -> str:
        """The key of the room's item."""
        return names.digest(self.room)

    @property
    def external_user_id(self) -> str:
        """The ExternalUserId of the visitor's attendee."""
        return names.external_user_id(self.user_id)


class Joined(NamedTuple):
    """Who entered which meeting. `opened` says whether this request opened the room."""

    visitor: Visitor
    meeting: Mapping[str, Any]
    attendee: RoomAttendee
    opened: bool


class Entrance(NamedTuple):
    """
    The way into rooms, and what it needs.

    With `hosted` only hosts open rooms. `stack` keeps the meetings of stacks in one account apart. Without
    `revoked_users` nobody is revoked. `clock` returns seconds since the epoch.
    """

    table: RoomsTable
    meetings: ChimeMeetings
    revoked_users: RevokedUsers | None
    opening_limit: OpeningLimit
    features: Features
    stack: str
    hosted: bool
    clock: Callable[[], float]

    def __call__(self, visitor: Visitor, deadline: Deadline) -> Joined:
        """
        Return the meeting of the room with the visitor's attendee.

        Many requests may do this at once. They agree by the room's item: one writes an intent, each that reads it asks
        Chime for the meeting of that intent, and one writes that meeting back. A request that ends in between leaves
        an item that the next one goes on from.

        Raises:
            Forbidden: The user is revoked, or the token does not list the room.
            RoomClosed: Only a host may open the room.
            RoomFull: The meeting has as many attendees as it may have.
            SigninError: A call failed for good, or the deadline has passed.
        """
        if self.revoked_users:
            self.revoked_users.check(visitor.user_id, self.clock(), deadline)
        visitor.entitlements.check_room(visitor.room, visitor.user_id)
        while deadline.remaining():
            # Outdated: somebody else was faster. MeetingMissing: the meeting is over. Either way, look again.
            with suppress(Outdated, MeetingMissing):
                return self._join(visitor, deadline)
        raise Unavailable("out_of_time")

    def _join(self, visitor: Visitor, deadline: Deadline) -> Joined:
        room = deadline.retry(lambda: self.table.room(visitor.key))
        if room is None or not room.is_current(self.clock()):
            room = self._intend(visitor, room, deadline)
        meeting, opened = room.meeting, False
        if meeting is None:
            meeting, opened = self._open(visitor, room, deadline), True
        try:
            attendee = deadline.retry(lambda: self._enter(visitor, room, meeting["MeetingId"]))
        except MeetingMissing:
            self._confirm_end(visitor, room, meeting["MeetingId"], deadline)
            raise
        return Joined(visitor, meeting, attendee, opened)

    def _intend(self, visitor: Visitor, read: RoomItem | None, deadline: Deadline) -> RoomItem:
        """Write the intent to open the room, if the visitor may, and return it."""
        now = self.clock()
        self._check_may_open(visitor, read, now)
        self._count_opening(visitor, names.digest(visitor.room, read.uuid if read else ""), deadline)
        new_uuid = str(uuid.uuid4())
        new = read.replaced(new_uuid, now) if read else intent(new_uuid, now)
        deadline.retry(lambda: self.table.intend(visitor.key, new, replacing=read))
        return new

    def _check_may_open(self, visitor: Visitor, read: RoomItem | None, now: float) -> None:
        if visitor.entitlements.host:
            return
        if self.hosted:
            raise RoomClosed(ASK_AGAIN_SECONDS)
        if read and read.ended_at is not None and now - read.ended_at < CLOSED_SECONDS:
            raise RoomClosed(max(1, round(read.ended_at + CLOSED_SECONDS - now)))

    def _count_opening(self, visitor: Visitor, opening: str, deadline: Deadline) -> None:
        """Count the opening before it happens, so that requests at once cannot pass the limit together."""
        key = names.openings_key(visitor.user_id)
        # Most callers have opened nothing of late, so this is expected instead of read; DynamoDB says if it is wrong.
        expected: Mapping[str, float] = {}
        while deadline.remaining():
            now = self.clock()
            new = self.opening_limit.added(expected, opening, now)
            if new[opening] == expected.get(opening):
                return  # it counts already; one that has lapsed is written anew
            write = functools.partial(self.table.write_openings, lapsed=now - self.opening_limit.seconds)
            try:
                deadline.retry(functools.partial(write, key, expected, new))
            except OtherOpenings as error:
                expected = error.openings
            else:
                return
        raise Unavailable("out_of_time")

    def _open(self, visitor: Visitor, room: RoomItem, deadline: Deadline) -> Mapping[str, Any]:
        """Return the meeting of the intent *room*, which this request writes back."""
        # One token for everybody who reads this intent, so that Chime gives one meeting to all of them.
        token = names.digest(self.stack, visitor.room, room.uuid)
        meeting = deadline.retry(lambda: self.meetings.create(names.digest(self.stack, visitor.room), token))
        try:
            deadline.retry(lambda: self.table.opened(visitor.key, room.uuid, meeting))
        except Outdated:
            self._end_unused(visitor, meeting["MeetingId"], deadline)
            raise
        return meeting

    def _end_unused(self, visitor: Visitor, meeting_id: str, deadline: Deadline) -> None:
        """End the meeting if the room got another one, because Chime had forgotten the token. Nobody is in it yet."""
        room = deadline.retry(lambda: self.table.room(visitor.key))
        if room is None or room.meeting_id != meeting_id:
            with suppress(SigninError):  # it ends by itself after five minutes without anybody
                self.meetings.end(meeting_id)

    def _enter(self, visitor: Visitor, room: RoomItem, meeting_id: str) -> RoomAttendee:
        wanted = self.features.capabilities(listens=visitor.entitlements.listens)
        try:
            attendee = self.meetings.enter(meeting_id, visitor.external_user_id, wanted)
            if attendee.capabilities == wanted:
                return attendee
            # An attendee that was there before has the capabilities of then.
            return self.meetings.change(meeting_id, attendee, wanted)
        except MeetingMissing as error:
            if self.clock() - room.intended_at < YOUNG_SECONDS:
                self._check_is_still(visitor, room)
                raise Unavailable("meeting_too_new") from error
            raise

    def _check_is_still(self, visitor: Visitor, room: RoomItem) -> None:
        """Return if the room is what was read. If a host has ended it, to wait for its meeting would be in vain."""
        found = self.table.room(visitor.key)
        if found is None or found.uuid != room.uuid or not found.is_current(self.clock()):
            raise Outdated("room_changed")

    def _confirm_end(self, visitor: Visitor, room: RoomItem, meeting_id: str, deadline: Deadline) -> None:
        """Write down that the meeting has ended, so that the next look finds a room to be opened anew."""
        if deadline.retry(lambda: self.meetings.exists(meeting_id)):
            raise Rejected("attendee_refused")
        with suppress(Outdated):
            deadline.retry(lambda: self.table.over(visitor.key, room.uuid))
