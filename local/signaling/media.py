"""
The media of calls, by aiortc: the only module that needs it.

It has a thread and an event loop of its own, because encoding must not hold up the signaling. Each attendee has one
connection, whose near end is a `Peer`; the peers of one meeting are a `Conference`. Video is decoded, and encoded again
for each who watches it: aiortc has no way to forward packets.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from array import array
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from aioice import ice
from aiortc import MediaStreamTrack, RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError
from av import AudioFrame

from local.signaling.mixing import CHANNELS, FRAME_SAMPLES, RATE, Mixer, volume
from local.signaling.sdp import Section, Sections, split, stream_name

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence
    from concurrent.futures import Future

    from local.signaling.attendee import Rights

# aioice listens on every interface but the loopback one. The local stack listens on that one alone.
ice.get_host_addresses = lambda use_ipv4, use_ipv6: ["127.0.0.1"]  # noqa: ARG005 - the names are aioice's

CLOSE_SECONDS = 5.0
_logger = logging.getLogger(__name__)
_SENDING = {"sendrecv", "sendonly"}


@dataclass(frozen=True)
class Watched:
    """A video that a browser wants to receive."""

    stream_id: int
    source: Peer


@dataclass(frozen=True)
class Track:
    """A video that an answer brings, by the names under which the browser knows it."""

    stream_id: int
    ssrc: int
    track_label: str


@dataclass(frozen=True)
class SdpAnswer:
    """The answer to an offer, and the videos in it."""

    sdp: str
    tracks: list[Track]


class UnanswerableOfferError(Exception):
    """An offer is malformed, or asks for what aiortc cannot do."""


class MediaClosedError(Exception):
    """The media of all calls have ended."""


class Media:
    """The media of all calls, from construction to `close`."""

    def __init__(self) -> None:
        """Start the thread."""
        self._peers: set[Peer] = set()
        self._started = threading.Event()
        self._thread = threading.Thread(target=asyncio.run, args=(self._run(),), name="media of calls", daemon=True)
        self._thread.start()
        self._started.wait()

    def conference(self) -> Conference:
        """Return a new conference with nobody in it."""
        return Conference(self._submit, self._peers)

    def close(self) -> None:
        """End all connections and the thread. Whoever still waits for something here is told that it was cancelled."""
        self._loop.call_soon_threadsafe(self._ended.set)
        self._thread.join()

    async def _run(self) -> None:
        self._loop, self._ended = asyncio.get_running_loop(), asyncio.Event()
        self._started.set()
        await self._ended.wait()
        with suppress(TimeoutError):
            await asyncio.wait_for(asyncio.gather(*(peer.close_here() for peer in self._peers)), CLOSE_SECONDS)

    def _submit(self, coroutine: Coroutine[Any, Any, Any]) -> Future[Any]:
        try:
            return asyncio.run_coroutine_threadsafe(coroutine, self._loop)
        except RuntimeError as error:
            coroutine.close()
            raise MediaClosedError("The media have ended.") from error


class Conference:
    """The peers who hear each other."""

    def __init__(self, submit: Callable[[Coroutine[Any, Any, Any]], Future[Any]], open_peers: set[Peer]) -> None:
        """Take what runs a coroutine in the media's loop, and where all peers are until they are closed."""
        self._submit = submit
        self._open = open_peers
        self.peers: dict[str, Peer] = {}

    def peer(self, key: str, rights: Rights, on_state: Callable[[str], None]) -> Peer:
        """
        Return the near end of a new connection. An attendee who has several does not hear the others of them.

        *on_state* is called in the media's thread when the connection becomes "connected", "failed" or "closed".
        """
        return Peer(self, key, rights, on_state)

    async def answer(self, peer: Peer, offer: str, watched: Sequence[Watched | None]) -> SdpAnswer:
        """
        Return the answer to the *offer* of a peer's browser; *watched* has an entry for each video section of it.

        Raises:
            UnanswerableOfferError: It cannot be answered.
        """
        try:
            answer: SdpAnswer = await self._run(peer.answer_here(offer, watched))
        except Exception as error:  # aiortc and its parser raise many kinds, of errors in an offer too
            _logger.warning("An offer cannot be answered: %r", error)
            raise UnanswerableOfferError("The offer cannot be answered.") from error
        return answer

    async def leave(self, peer: Peer) -> None:
        """End a connection."""
        await self._run(peer.close_here())

    async def _run(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        return await asyncio.wrap_future(self._submit(coroutine))

    def add(self, peer: Peer) -> None:
        """Let a peer hear and be heard."""
        self.peers[peer.key] = peer
        self._open.add(peer)

    def forget(self, peer: Peer) -> None:
        """Take a peer off, unless another one has come in its place."""
        self._open.discard(peer)
        if self.peers.get(peer.key) is peer:
            del self.peers[peer.key]
            for other in self.peers.values():
                other.mixer.remove(peer.key)


class Peer:
    """The near end of an attendee's connection. Its methods run in the media's loop."""

    def __init__(self, conference: Conference, key: str, rights: Rights, on_state: Callable[[str], None]) -> None:
        """Open no connection yet: the first offer does, in the media's loop."""
        self.key, self.rights = key, rights
        self.volume = 0
        """How loud the attendee was last: 0 is silence, and 32768 as loud as can be."""
        self.watchers: set[_Video] = set()
        self.mixer = Mixer()
        self._conference = conference
        self._sections = Sections()
        self._watching: dict[str, _Video] = {}
        self._closing: asyncio.Task[None] | None = None
        self._readers: dict[MediaStreamTrack, asyncio.Task[None]] = {}
        self._on_state = on_state
        self._connection: Any = None

    async def answer_here(self, offer: str, watched: Sequence[Watched | None]) -> SdpAnswer:
        """Do what `Conference.answer` says."""
        told = RTCSessionDescription(self._sections.offer_for_server(offer), "offer")
        if self._connection is None:
            self._open()
        await self._connection.setRemoteDescription(told)
        videos = [section for section in split(offer)[1] if section.kind == "video"]
        wanted = {
            one.mid: two for one, two in zip(videos, watched, strict=False) if two and one.direction == "recvonly"
        }
        for transceiver in self._connection.getTransceivers():
            self._send(transceiver, wanted)
            self._read(transceiver.receiver.track)
        await self._connection.setLocalDescription()
        answer = self._sections.answer_for_browser(self._connection.localDescription.sdp, offer)
        by_mid = {section.mid: section for section in split(answer)[1] if not section.is_rejected}
        return SdpAnswer(answer, [_track(by_mid[mid], watch.stream_id) for mid, watch in wanted.items()])

    def _open(self) -> None:
        # Without a STUN server, which would be Google's: both ends are on this machine.
        self._connection = connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        connection.on("connectionstatechange", lambda: self._on_state(connection.connectionState))
        self._conference.add(self)

    def _send(self, transceiver: Any, wanted: dict[str, Watched]) -> None:
        """Decide what the attendee receives in one section."""
        if transceiver.kind == "audio":
            if transceiver.sender.track is None:
                transceiver.sender.replaceTrack(_Audio(self.mixer))
            transceiver.direction = "sendrecv"
            return
        video, watch = self._watching.get(transceiver.mid), wanted.get(transceiver.mid)
        if video and (watch is None or video.source is not watch.source):
            self._watching.pop(transceiver.mid).stop()
            video = None
        if watch and video is None:
            self._watching[transceiver.mid] = _Video(watch.source, self.rights)
            transceiver.sender.replaceTrack(self._watching[transceiver.mid])
        transceiver.direction = "sendonly" if watch else "recvonly"

    def _read(self, track: MediaStreamTrack | None) -> None:
        # Also if nobody listens or watches, because aiortc keeps what is not read.
        if track and track not in self._readers:
            self._readers[track] = asyncio.create_task(self._pass_on(track))

    async def _pass_on(self, track: MediaStreamTrack) -> None:
        with suppress(MediaStreamError):
            while True:
                frame = await track.recv()
                if isinstance(frame, AudioFrame):
                    self._speak(_samples(frame) if self.rights.sends("audio") else array("h"))
                elif self.rights.sends("video"):
                    self._show(frame)

    def _speak(self, sound: array[int]) -> None:
        self.volume = volume(sound)
        for peer in self._conference.peers.values():
            is_other = peer.rights.attendee.attendee_id != self.rights.attendee.attendee_id
            if is_other and peer.rights.receives("audio", self.rights):
                peer.mixer.put(self.key, sound)

    def _show(self, picture: Any) -> None:
        for watcher in self.watchers:
            if watcher.rights.receives("video", self.rights):
                watcher.show(picture)

    async def close_here(self) -> None:
        """End the connection, and be heard and seen no more. Whoever asks again waits for the same end."""
        if self._closing is None:
            self._closing = asyncio.create_task(self._close())
        await asyncio.shield(self._closing)

    async def _close(self) -> None:
        for video in [*self._watching.values(), *self.watchers]:
            video.stop()
        for reader in self._readers.values():
            reader.cancel()
        await asyncio.gather(*self._readers.values(), return_exceptions=True)
        if self._connection:
            await self._connection.close()
        self._conference.forget(self)


class _Audio(MediaStreamTrack):  # type: ignore[misc] # mypy does not read aiortc
    """What an attendee hears, a frame every 20 ms."""

    kind = "audio"

    def __init__(self, mixer: Mixer) -> None:
        super().__init__()
        self._mixer = mixer
        self._start: float | None = None
        self._samples = 0

    async def recv(self) -> AudioFrame:
        now = asyncio.get_running_loop().time()
        self._start = now if self._start is None else self._start
        await asyncio.sleep(self._start + self._samples / RATE - now)
        if self.readyState != "live":
            raise MediaStreamError
        frame = AudioFrame(format="s16", layout="stereo", samples=FRAME_SAMPLES)
        frame.planes[0].update(self._mixer.take())
        frame.sample_rate, frame.pts, frame.time_base = RATE, self._samples, Fraction(1, RATE)
        self._samples += FRAME_SAMPLES
        return frame


class _Video(MediaStreamTrack):  # type: ignore[misc] # as above
    """What an attendee sees of another one: always the newest picture, so that a slow encoder shows no old ones."""

    kind = "video"

    def __init__(self, source: Peer, rights: Rights) -> None:
        super().__init__()
        self.source, self.rights = source, rights
        self._newest: asyncio.Queue[Any] = asyncio.Queue(maxsize=1)
        source.watchers.add(self)

    def show(self, picture: Any) -> None:
        if self._newest.full():
            self._newest.get_nowait()
        self._newest.put_nowait(picture)

    async def recv(self) -> Any:
        picture = await self._newest.get()
        if picture is None:
            raise MediaStreamError
        return picture

    def stop(self) -> None:
        super().stop()
        self.source.watchers.discard(self)
        self.show(None)  # whoever waits in `recv` wakes up


def _samples(frame: AudioFrame) -> array[int]:
    # The buffer may be longer than the sound in it.
    return array("h", bytes(frame.planes[0])[: frame.samples * CHANNELS * 2])


def _track(section: Section, stream_id: int) -> Track:
    return Track(stream_id, section.ssrc or 0, stream_name(section.mid))
