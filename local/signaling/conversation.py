"""The conversation with one client: what each of its frames does, and how it ends."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from local.http.websocket import WebSocketClosedError
from local.signaling import frames
from local.signaling.attendee import Rights
from local.signaling.endings import (
    ATTENDEE_UNAVAILABLE,
    JOINED_FROM_ANOTHER_DEVICE,
    MALFORMED,
    NOT_JOINED,
    UNANSWERABLE,
    Ending,
)
from local.signaling.media import MediaClosedError, UnanswerableOfferError, Watched
from local.signaling.room import Occupant, Room, message

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from local.http.websocket import WebSocket
    from local.signaling.attendee import AdmittedAttendee
    from local.signaling.media import SdpAnswer


class Conversation:
    """A client's connection. Everything runs in the server's event loop, but for one method that says so."""

    def __init__(
        self,
        enter: Callable[[str], Room],
        attendee: AdmittedAttendee,
        modality: str,
        websocket: WebSocket,
    ) -> None:
        """Take what returns a meeting's room, and who was admitted; *modality* marks a shared screen."""
        self._enter = enter
        self._attendee = attendee
        self._rights = Rights(attendee, modality)
        self._websocket = websocket
        name = attendee.attendee_id + modality
        self._occupant = Occupant(name, attendee.external_user_id, websocket.send, self.end)
        self._room: Room | None = None
        self._over = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._handlers: dict[int, Callable[[Any], Awaitable[None]]] = {
            frames.JOIN: self._on_join,
            frames.SUBSCRIBE: self._on_subscribe,
            frames.PING_PONG: self._on_ping,
            frames.AUDIO_CONTROL: self._on_audio_control,
            frames.DATA_MESSAGE: self._on_data_message,
            frames.LEAVE: self._on_leave,
        }

    def is_of(self, meeting_id: str, attendee_id: str | None) -> bool:
        """Tell whether it is with that attendee of that meeting, or with any if *attendee_id* is None."""
        return self._attendee.meeting_id == meeting_id and attendee_id in (None, self._attendee.attendee_id)

    async def run(self) -> None:
        """Converse until either side closes the connection."""
        reading, over = asyncio.create_task(self._read()), asyncio.create_task(self._over.wait())
        try:
            await asyncio.wait({reading, over}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            over.cancel()
            reading.cancel()
            self._leave(dropped=True)
            if self._room and self._occupant.peer:
                with suppress(MediaClosedError):
                    await self._room.conference.leave(self._occupant.peer)
        with suppress(asyncio.CancelledError):
            await reading  # an error in it is a fault of ours, which the server logs

    def end(self, ending: Ending) -> None:
        """Tell the client why, and close the connection."""
        if ending.audio_status:
            self._say(frames.AUDIO_STATUS, audio_status={"audio_status": ending.audio_status})
        self._websocket.close(ending.close_code, ending.reason)
        self._over.set()

    async def _read(self) -> None:
        with suppress(WebSocketClosedError):
            while True:
                try:
                    frame = frames.decode(await self._websocket.receive())
                except frames.MalformedFrameError:
                    self.end(MALFORMED)
                    return
                if handler := self._handlers.get(frame.type):
                    await handler(frame)

    async def _on_ping(self, frame: Any) -> None:
        if frame.ping_pong.type == frames.PING:
            self._say(frames.PING_PONG, ping_pong={"type": frames.PONG, "ping_id": frame.ping_pong.ping_id})

    async def _on_join(self, _: Any) -> None:
        self._room = self._enter(self._attendee.meeting_id)
        replaced = self._room.join(self._occupant)
        # Inferred: AWS could also wait until the second device sends sound.
        if replaced:
            replaced.end(JOINED_FROM_ANOTHER_DEVICE)

    async def _on_subscribe(self, frame: Any) -> None:
        asked, room = frame.subscribe, self._room
        if room is None or not room.has(self._occupant):
            self.end(NOT_JOINED)
            return
        try:
            answer = await self._answer(room, asked)
        except UnanswerableOfferError:
            self.end(UNANSWERABLE)
            return
        room.mute(self._occupant, muted=asked.audio_muted)
        acknowledged = {
            "duplex": asked.duplex,
            "allocations": room.publish(self._occupant, _sent_video(asked) if self._rights.sends("video") else None),
            "sdp_answer": answer.sdp,
            "tracks": [asdict(track) for track in answer.tracks],
        }
        self._say(frames.SUBSCRIBE_ACK, subscribe_ack=acknowledged)

    async def _answer(self, room: Room, asked: Any) -> SdpAnswer:
        occupant = self._occupant
        if occupant.peer is None:
            occupant.peer = room.conference.peer(occupant.attendee_id, self._rights, self._on_media_state)
        return await room.conference.answer(occupant.peer, asked.sdp_offer, _watched(room, asked, self._rights))

    async def _on_audio_control(self, frame: Any) -> None:
        if self._room:
            self._room.mute(self._occupant, muted=frame.audio_control.muted)

    async def _on_data_message(self, frame: Any) -> None:
        if self._room:
            self._room.pass_on(self._occupant, frame.data_message.messages)

    async def _on_leave(self, _: Any) -> None:
        self._leave(dropped=False)
        self._say(frames.LEAVE_ACK, leave_ack={})

    def _leave(self, *, dropped: bool) -> None:
        if self._room:
            self._hide(dropped=dropped)
            self._room.leave(self._occupant)

    def _on_media_state(self, state: str) -> None:
        """Take a new state of the media. This is called in their thread."""
        with suppress(RuntimeError):  # the server has stopped
            self._loop.call_soon_threadsafe(self._show if state == "connected" else self._hide_if_lost, state)

    def _show(self, _: str) -> None:
        if self._room and self._room.has(self._occupant):
            may_stay = self._attendee.connected()
            self._room.show_present(self._occupant)
            if not may_stay:
                self.end(ATTENDEE_UNAVAILABLE)

    def _hide_if_lost(self, state: str) -> None:
        if state in {"failed", "closed"}:
            self._hide(dropped=True)

    def _hide(self, *, dropped: bool) -> None:
        if self._room and self._room.hide(self._occupant, dropped=dropped):
            self._attendee.disconnected()

    def _say(self, frame_type: int, **fields: Any) -> None:
        self._websocket.send(message(frame_type, **fields))


def _watched(room: Room, asked: Any, rights: Rights) -> list[Watched | None]:
    """Return what the client wants to receive in each video section, in which 0 stands for nothing."""
    senders = [room.sender_of(stream_id) for stream_id in asked.receive_stream_ids]
    peers = [sender.peer if sender else None for sender in senders]
    allowed = [peer if peer and rights.receives("video", peer.rights) else None for peer in peers]
    return [Watched(one, peer) if peer else None for one, peer in zip(asked.receive_stream_ids, allowed, strict=True)]


def _sent_video(asked: Any) -> Any:
    """Return the video that the client offers to send, or None. It offers several with simulcast, which is not here."""
    return next((stream for stream in asked.send_streams if stream.media_type == frames.VIDEO), None)
