"""Answer as the local AWS did, after a delay: what this machine computes for AWS must not count as a sign-in's time."""

from __future__ import annotations

import asyncio
import re
import ssl
import threading
from concurrent.futures import Future
from contextlib import closing, suppress
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Self

from local.http.certificate import server_context

if TYPE_CHECKING:
    from pathlib import Path

_LENGTH = re.compile(rb"^content-length: *(\d+)", re.IGNORECASE | re.MULTILINE)
_ACTION = re.compile(rb"(?:^|&)Action=(\w+)")
_OF_ROOMS = re.compile(rb"^(?:\w+ /meetings|x-amz-target: *dynamodb)", re.IGNORECASE | re.MULTILINE)


@dataclass
class Connections:
    """
    How many connections were *opened* (with TLS, after the handshake), and how many handshakes were *refused*.

    *late* is how many answers took the origin longer than the delay, and so counted as a contender's time.
    """

    opened: int = 0
    refused: int = 0
    late: int = 0


class Replay:
    """
    A server before *origin* (a port on loopback) that remembers its good answers, by method, path and operation.

    The first request of a kind is answered by the origin, signature and permissions and all. Later ones get the same
    bytes, *delay* seconds after they came. A HEAD, which opens a connection ahead of its use, is not delayed.
    With *certificate*, a file with its key, the server takes TLS and nothing else.

    What tables and meetings answer depends on what came before, so the origin answers all of that, within the delay.
    """

    def __init__(self, origin: int, delay: float, certificate: Path | None = None) -> None:
        """Listen on any free port, in a thread of its own, until closed."""
        self._origin = origin
        self._delay = delay
        self._connections = Connections()
        self._tls = self._counting(certificate) if certificate else None
        self._answers: dict[bytes, bytes] = {}
        started: Future[str] = Future()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._listen(started)), daemon=True)
        self._thread.start()
        self.url = started.result()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    def connections(self) -> dict[str, int]:
        """Return how many there were, as `Connections`: opened so far, and refused since this was last asked."""
        counted = asdict(self._connections)
        self._connections.refused = 0
        return counted

    def _counting(self, certificate: Path) -> ssl.SSLContext:
        class Counted(ssl.SSLObject):
            def do_handshake(handshake) -> None:  # noqa: N805 - self is the server
                try:
                    super(Counted, handshake).do_handshake()
                except ssl.SSLWantReadError:
                    raise
                except ssl.SSLError:
                    self._connections.refused += 1
                    raise

        context = server_context(certificate)
        context.sslobject_class = Counted
        return context

    async def _listen(self, started: Future[str]) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        async with await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self._tls) as server:
            scheme = "https" if self._tls else "http"
            started.set_result(f"{scheme}://127.0.0.1:{server.sockets[0].getsockname()[1]}")
            await self._stop.wait()
            server.close()
            # The server's end waits for them, and clients keep connections open.
            for connection in asyncio.all_tasks() - {asyncio.current_task()}:
                connection.cancel()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._connections.opened += 1
        # The client may have what it wanted, and we may be told to stop.
        with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError), closing(writer):
            while request := await _message(reader):
                arrived = self._loop.time()
                answer = await self._answer(request)
                if not request.startswith(b"HEAD "):
                    left = arrived + self._delay - self._loop.time()
                    self._connections.late += left < 0
                    await asyncio.sleep(left)
                writer.write(answer)

    async def _answer(self, request: bytes) -> bytes:
        if _OF_ROOMS.search(request.partition(b"\r\n\r\n")[0]):
            return await self._ask_origin(request)
        known = self._answers.get(_kind(request))
        if known is not None:
            return known
        answer = await self._ask_origin(request)
        if answer.startswith((b"HTTP/1.1 200", b"HTTP/1.1 201")) or request.startswith(b"HEAD "):
            self._answers[_kind(request)] = answer
        return answer

    async def _ask_origin(self, request: bytes) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._origin)
        writer.write(request)
        answer = await _message(reader, bodiless=request.startswith(b"HEAD "))
        writer.close()
        await writer.wait_closed()
        return answer


def _kind(request: bytes) -> bytes:
    """Return what requests with the same answer have in common: method, path, and the operation if the body has it."""
    head, _, body = request.partition(b"\r\n\r\n")
    action = _ACTION.search(body)
    return head.partition(b"\r\n")[0] + (action[1] if action else b"")


async def _message(reader: asyncio.StreamReader, *, bodiless: bool = False) -> bytes:
    """Return a whole request or answer, or nothing if there is no more."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return b""
    length = _LENGTH.search(head)
    return head + (await reader.readexactly(int(length[1])) if length and not bodiless else b"")
