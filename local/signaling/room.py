"""The attendees of one meeting who are connected, and what each of them is told of the others."""

from __future__ import annotations

import itertools
import math
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from local.signaling import frames

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from local.signaling.endings import Ending
    from local.signaling.media import Conference, Peer

VIDEO_SUBSCRIPTION_LIMIT = 25
"""How many videos one attendee may receive, as on AWS."""

_SILENCE_DECIBELS = 100
_FULL_SCALE = 32_768


@dataclass(eq=False)
class Occupant:
    """
    One connection of an attendee.

    `attendee_id` has a modality at its end if it is a shared screen. `send` queues a message to it, `end` ends it.
    `audio_stream_id` is 0 until its media are connected, and then stands for it in the roster. `video` is its entry in
    the index while it sends one.
    """

    attendee_id: str
    external_user_id: str
    send: Callable[[bytes], None]
    end: Callable[[Ending], None]
    peer: Peer | None = None
    audio_stream_id: int = 0
    is_muted: bool = False
    video: dict[str, Any] | None = None


@dataclass(eq=False)
class Room:
    """The occupants by their attendee ids, and the conference in which they hear each other."""

    conference: Conference
    occupants: dict[str, Occupant] = field(default_factory=dict)
    _ids: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def join(self, occupant: Occupant) -> Occupant | None:
        """Let *occupant* in, and return the one that it takes the place of."""
        replaced = self.occupants.get(occupant.attendee_id)
        self.occupants[occupant.attendee_id] = occupant
        limit = {"video_subscription_limit": VIDEO_SUBSCRIPTION_LIMIT, "wants_compressed_sdp": False}
        _tell([occupant], frames.JOIN_ACK, join_ack=limit)
        # To all if the one before sent a video, which is gone with it.
        self._tell_index(self.occupants.values() if replaced and replaced.video else [occupant])
        _tell_roster([occupant], [_entry(other) for other in self.occupants.values() if other.audio_stream_id])
        return replaced

    def has(self, occupant: Occupant) -> bool:
        """Tell whether *occupant* is in."""
        return self.occupants.get(occupant.attendee_id) is occupant

    def show_present(self, occupant: Occupant) -> None:
        """
        Put *occupant*, whose media are connected, on the roster. A later id counts more, as the SDK has it.

        That AWS waits for the media is inferred from what the SDK calls it: the id of an audio stream.
        """
        if not occupant.audio_stream_id:
            occupant.audio_stream_id = next(self._ids)
            _tell_roster(self.occupants.values(), [_entry(occupant)])

    def mute(self, occupant: Occupant, *, muted: bool) -> None:
        """Tell all whether *occupant* is muted."""
        occupant.is_muted = muted
        if occupant.audio_stream_id:
            entry = {"audio_stream_id": occupant.audio_stream_id, "muted": muted}
            _tell_roster(self.occupants.values(), [entry])

    def publish(self, occupant: Occupant, offered: Any) -> list[dict[str, Any]]:
        """Put the video that *occupant* offers to send, a `Stream`, on the index, or none; return the allocations."""
        if offered is None:
            self._set_video(occupant, None)
            return []
        ids = occupant.video or dict.fromkeys(("stream_id", "group_id"), next(self._ids))
        ids = {name: ids[name] for name in ("stream_id", "group_id")}
        sizes = ("framerate", "max_bitrate_kbps", "avg_bitrate_bps", "width", "height", "track_label")
        told = {name: getattr(offered, name) for name in sizes if offered.HasField(name)}
        who = {"attendee_id": occupant.attendee_id, "external_user_id": occupant.external_user_id}
        self._set_video(occupant, {**told, **ids, **who, "media_type": frames.VIDEO})
        return [{**ids, "track_label": offered.track_label}]

    def sender_of(self, stream_id: int) -> Occupant | None:
        """Return who sends the video with that id."""
        senders = (occupant for occupant in self.occupants.values() if occupant.video)
        return next(
            (occupant for occupant in senders if occupant.video and occupant.video["stream_id"] == stream_id), None
        )

    def pass_on(self, sender: Occupant, data_messages: Iterable[Any]) -> None:
        """Tell all others what *sender* tells them. Nothing is kept for who joins later, whatever its lifetime."""
        who = {"sender_attendee_id": sender.attendee_id, "sender_external_user_id": sender.external_user_id}
        told = [
            {"topic": one.topic, "data": one.data, "ingest_time_ns": time.time_ns(), **who} for one in data_messages
        ]
        others = [occupant for occupant in self.occupants.values() if occupant is not sender]
        _tell(others, frames.DATA_MESSAGE, data_message={"messages": told})

    def leave(self, occupant: Occupant) -> None:
        """Take *occupant* off. Nothing happens if it has left, or another one has taken its place."""
        if self.has(occupant):
            del self.occupants[occupant.attendee_id]
            self._set_video(occupant, None)

    def hide(self, occupant: Occupant, *, dropped: bool) -> bool:
        """Take *occupant* off the roster, and tell whether it was on it; *dropped*: it went without a word."""
        audio_stream_id, occupant.audio_stream_id = occupant.audio_stream_id, 0
        if audio_stream_id:
            entry = {"audio_stream_id": audio_stream_id, **({"dropped": True} if dropped else {})}
            _tell_roster(self.occupants.values(), [entry])
        return bool(audio_stream_id)

    def tell_volumes(self) -> None:
        """Tell all how loud each of them is: 0 is the loudest, and each unit is a decibel less."""
        present = [occupant for occupant in self.occupants.values() if occupant.audio_stream_id and occupant.peer]
        states = [{"audio_stream_id": one.audio_stream_id, "volume": _decibels_down(one)} for one in present]
        _tell(self.occupants.values(), frames.AUDIO_METADATA, audio_metadata={"attendee_states": states})

    def _set_video(self, occupant: Occupant, video: dict[str, Any] | None) -> None:
        if occupant.video != video:
            occupant.video = video
            self._tell_index(self.occupants.values())

    def _tell_index(self, whom: Iterable[Occupant]) -> None:
        sources = [occupant.video for occupant in self.occupants.values() if occupant.video]
        index = {"at_capacity": False, "sources": sources, "num_participants": len(self.occupants)}
        _tell(whom, frames.INDEX, index=index)


def message(frame_type: int, **fields: Any) -> bytes:
    """Return the message with a frame of now."""
    return frames.encode(frame_type, int(time.time() * 1000), **fields)


def _tell_roster(whom: Iterable[Occupant], streams: list[dict[str, Any]]) -> None:
    _tell(whom, frames.AUDIO_STREAM_ID_INFO, audio_stream_id_info={"streams": streams})


def _tell(whom: Iterable[Occupant], frame_type: int, **fields: Any) -> None:
    told = message(frame_type, **fields)
    for occupant in list(whom):
        occupant.send(told)


def _entry(occupant: Occupant) -> dict[str, Any]:
    return {
        "audio_stream_id": occupant.audio_stream_id,
        "attendee_id": occupant.attendee_id,
        "external_user_id": occupant.external_user_id,
        "muted": occupant.is_muted,
    }


def _decibels_down(occupant: Occupant) -> int:
    volume = occupant.peer.volume if occupant.peer and not occupant.is_muted else 0
    return round(-20 * math.log10(volume / _FULL_SCALE)) if volume else _SILENCE_DECIBELS
