"""Carry calls: the rooms of all meetings, with the conversations in them."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

from local.signaling.conversation import Conversation
from local.signaling.endings import ATTENDEE_UNAVAILABLE, MEETING_ENDED, Ending
from local.signaling.media import Media
from local.signaling.room import Room

if TYPE_CHECKING:
    from local.http.websocket import WebSocket
    from local.signaling.attendee import AdmittedAttendee

VOLUME_SECONDS = 0.2
"""How often all are told how loud each of them is. Inferred: the SDK takes it at any time."""


class Calls:
    """
    The rooms of all meetings, from construction to `close`.

    `serve` runs in the event loop of a server, always the same one. The other methods may be called from any thread.
    """

    def __init__(self) -> None:
        """Start the media's thread."""
        self._media = Media()
        self._rooms: dict[str, Room] = {}
        self._volumes: dict[str, asyncio.Task[None]] = {}
        self._open: set[Conversation] = set()
        self._loop: asyncio.AbstractEventLoop | None = None

    async def serve(self, attendee: AdmittedAttendee, websocket: WebSocket, modality: str = "") -> None:
        """
        Serve an admitted attendee until either side closes the connection; *modality* marks a shared screen.

        To be awaited with no other await since the admission: whoever is removed after it is then found here.
        """
        self._loop = asyncio.get_running_loop()
        conversation = Conversation(self._enter, attendee, modality, websocket)
        self._open.add(conversation)
        try:
            await conversation.run()
        finally:
            self._open.discard(conversation)
            self._tidy(attendee.meeting_id)

    def end_meeting(self, meeting_id: str) -> None:
        """End all connections to a meeting, which is over."""
        self._end(meeting_id, None, MEETING_ENDED)

    def remove_attendee(self, meeting_id: str, attendee_id: str) -> None:
        """End an attendee's connections: the attendee was deleted."""
        self._end(meeting_id, attendee_id, ATTENDEE_UNAVAILABLE)

    def close(self) -> None:
        """End the media. The connections end with their server."""
        self._media.close()

    def _enter(self, meeting_id: str) -> Room:
        if meeting_id not in self._rooms:
            self._rooms[meeting_id] = Room(self._media.conference())
            self._volumes[meeting_id] = asyncio.create_task(_tell_volumes(self._rooms[meeting_id]))
        return self._rooms[meeting_id]

    def _end(self, meeting_id: str, attendee_id: str | None, ending: Ending) -> None:
        def end() -> None:
            for conversation in self._open:
                if conversation.is_of(meeting_id, attendee_id):
                    conversation.end(ending)

        if self._loop:
            with suppress(RuntimeError):  # the server has stopped
                self._loop.call_soon_threadsafe(end)

    def _tidy(self, meeting_id: str) -> None:
        if meeting_id in self._rooms and not any(one.is_of(meeting_id, None) for one in self._open):
            self._volumes.pop(meeting_id).cancel()
            del self._rooms[meeting_id]


async def _tell_volumes(room: Room) -> None:
    while True:
        await asyncio.sleep(VOLUME_SECONDS)
        room.tell_volumes()
