"""Clients of calls that are not ours: WebSockets of the library `websockets`, media of aiortc."""

from __future__ import annotations

import asyncio
import threading
from array import array
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING, Any, Self

from aiortc import AudioStreamTrack, RTCConfiguration, RTCPeerConnection, RTCSessionDescription, VideoStreamTrack
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from local.signaling import frames

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterator
    from ssl import SSLContext

SUBPROTOCOL = Subprotocol("_aws_wt_session")
UNAVAILABLE, ENDED, ANOTHER_DEVICE = (4403, "attendee unavailable"), (4410, "meeting ended"), 1000
REMOVED_STATUS, ENDED_STATUS, ANOTHER_DEVICE_STATUS = 411, 410, 301
PATIENCE = 60.0
"""In seconds; only for tests that hang."""


class Loop:
    """An event loop in a thread, for aiortc."""

    def __init__(self) -> None:
        self._started = threading.Event()
        self._thread = threading.Thread(target=asyncio.run, args=(self._run(),))
        self._thread.start()
        self._started.wait()

    async def _run(self) -> None:
        self._loop, self._ended = asyncio.get_running_loop(), asyncio.Event()
        self._started.set()
        await self._ended.wait()

    def run(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(PATIENCE)

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._ended.set)
        self._thread.join()


class Caller:
    """A client with one connection to a meeting."""

    browser: Browser

    def __init__(self, websocket: Any) -> None:
        self._websocket = websocket

    def say(self, frame_type: int, **fields: Any) -> None:
        self._websocket.send(frames.encode(frame_type, 0, **fields))

    def send(self, message: str | bytes) -> None:
        self._websocket.send(message)

    def hear(self, frame_type: int) -> Any:
        """Return the next frame of that type, and drop those before it."""
        while (frame := self.next()).type != frame_type:
            pass
        return frame

    def next(self) -> Any:
        return frames.decode(self._websocket.recv(PATIENCE))

    def join(self) -> Self:
        self.say(frames.JOIN)
        self.hear(frames.INDEX)
        return self

    def roster(self) -> list[Any]:
        return list(self.hear(frames.AUDIO_STREAM_ID_INFO).audio_stream_id_info.streams)

    def closing(self) -> tuple[int | None, str, list[int]]:
        """Return code and reason with which the connection is closed, and the types of the frames before that."""
        heard = []
        with suppress(ConnectionClosed):
            while True:
                heard.append(self.next().type)
        return self._websocket.close_code, str(self._websocket.close_reason), heard

    def hang_up(self) -> None:
        self._websocket.close()


class Tone(AudioStreamTrack):  # type: ignore[misc] # mypy does not read aiortc
    """A loud sound: 480 Hz."""

    async def recv(self) -> Any:
        frame = await super().recv()
        period = frame.sample_rate // 480
        wave = array("h", [20_000 if i % period < period // 2 else -20_000 for i in range(frame.samples)])
        frame.planes[0].update(wave.tobytes())
        return frame


class Browser:
    """The far end of media: what a browser's RTCPeerConnection does, done by aiortc."""

    def __init__(self, loop: Loop) -> None:
        self._loop = loop
        self.connection: Any = loop.run(self._open())

    async def _open(self) -> RTCPeerConnection:
        connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        connection.addTrack(Tone())
        return connection

    def hears(self) -> bool:
        """Tell whether the next 20 ms that arrive are loud."""
        frame = self._loop.run(self.connection.getTransceivers()[0].receiver.track.recv())
        return max(array("h", bytes(frame.planes[0])[: frame.samples * 4])) > 1000

    def send_video(self) -> None:
        self._loop.run(self._send_video())

    async def _send_video(self) -> None:
        self.connection.addTrack(VideoStreamTrack())

    def receive_video(self) -> None:
        self._loop.run(self._receive_video())

    async def _receive_video(self) -> None:
        self.connection.addTransceiver("video", direction="recvonly")

    def offer(self) -> str:
        return str(self._loop.run(self._offer()))

    async def _offer(self) -> str:
        await self.connection.setLocalDescription(await self.connection.createOffer())
        return str(self.connection.localDescription.sdp)

    def take(self, answer: str) -> None:
        self._loop.run(self.connection.setRemoteDescription(RTCSessionDescription(answer, "answer")))

    def picture(self) -> Any:
        """Return the next picture that arrives in the last section."""
        return self._loop.run(self.connection.getTransceivers()[-1].receiver.track.recv())

    def close(self) -> None:
        self._loop.run(self.connection.close())


class Line:
    """What connects clients to one server."""

    def __init__(self, started: ExitStack) -> None:
        self._started = started
        self.loop = Loop()
        started.callback(self.loop.close)

    def open(self, meeting: Any, token: str, tls: SSLContext | None = None) -> Caller:
        """Return a client with a connection that has not joined yet."""
        url, subprotocols = meeting["MediaPlacement"]["SignalingUrl"], [SUBPROTOCOL, Subprotocol(token)]
        websocket = connect(url, subprotocols=subprotocols, ssl=tls, open_timeout=PATIENCE, close_timeout=PATIENCE)
        assert websocket.subprotocol == SUBPROTOCOL
        self._started.enter_context(websocket)
        return Caller(websocket)

    def browser(self) -> Browser:
        browser = Browser(self.loop)
        self._started.callback(browser.close)
        return browser

    def call(self, meeting: Any, attendee: Any, *, muted: bool = False) -> Caller:
        """Return a client with its audio connected."""
        caller = self.open(meeting, attendee["JoinToken"]).join()
        caller.browser = browser = self.browser()
        caller.say(frames.SUBSCRIBE, subscribe={"sdp_offer": browser.offer(), "audio_muted": muted})
        browser.take(caller.hear(frames.SUBSCRIBE_ACK).subscribe_ack.sdp_answer)
        while attendee["AttendeeId"] not in {one.attendee_id for one in caller.roster()}:
            pass
        return caller


@contextmanager
def line() -> Iterator[Line]:
    with ExitStack() as started:
        yield Line(started)
