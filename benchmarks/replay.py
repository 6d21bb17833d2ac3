"""Answer as the local AWS did, after a delay: what this machine computes for AWS must not count as a sign-in's time."""

from __future__ import annotations

import asyncio
import re
import threading
from concurrent.futures import Future
from contextlib import closing, suppress
from typing import Self

_LENGTH = re.compile(rb"^content-length: *(\d+)", re.IGNORECASE | re.MULTILINE)
_ACTION = re.compile(rb"(?:^|&)Action=(\w+)")
_OF_ROOMS = re.compile(rb"^(?:\w+ /meetings|x-amz-target: *dynamodb)", re.IGNORECASE | re.MULTILINE)


class Replay:
    """
    A server before *origin* (a port on loopback) that remembers its good answers, by method, path and operation.

    The first request of a kind is answered by the origin, signature and permissions and all. Later ones get the same
    bytes, *delay* seconds after they came. A HEAD, which opens a connection ahead of its use, is not delayed.

    What tables and meetings answer depends on what came before, so the origin answers all of that, within the delay.
    """

    def __init__(self, origin: int, delay: float) -> None:
        """Listen on any free port, in a thread of its own, until closed."""
        self._origin = origin
        self._delay = delay
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

    async def _listen(self, started: Future[str]) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        async with await asyncio.start_server(self._serve, "127.0.0.1", 0) as server:
            started.set_result(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
            await self._stop.wait()
            server.close()
            # The server's end waits for them, and clients keep connections open.
            for connection in asyncio.all_tasks() - {asyncio.current_task()}:
                connection.cancel()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # The client may have what it wanted, and we may be told to stop.
        with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError), closing(writer):
            while request := await _message(reader):
                arrived = self._loop.time()
                answer = await self._answer(request)
                if not request.startswith(b"HEAD "):
                    await asyncio.sleep(arrived + self._delay - self._loop.time())
                writer.write(answer)

    async def _answer(self, request: bytes) -> bytes:
        if _OF_ROOMS.search(request.partition(b"\r\n\r\n")[0]):
            return await self._ask_origin(request)
        known = self._answers.get(_token_profile(request))
        if known is not None:
            return known
        answer = await self._ask_origin(request)
        if answer.startswith((b"HTTP/1.1 200", b"HTTP/1.1 201")) or request.startswith(b"HEAD "):
            self._answers[_token_profile(request)] = answer
        return answer

    async def _ask_origin(self, request: bytes) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._origin)
        writer.write(request)
        answer = await _message(reader, bodiless=request.startswith(b"HEAD "))
        writer.close()
        await writer.wait_closed()
        return answer


def _token_profile(request: bytes) -> bytes:
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
