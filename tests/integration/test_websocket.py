"""WebSockets as an application serves them: what it learns of the client, what it sends, and how they end."""

from __future__ import annotations

import asyncio
import threading
from contextlib import closing, suppress
from typing import TYPE_CHECKING

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect
from werkzeug.wrappers import Request, Response

from local.http.server import Server
from local.http.websocket import WebSocketUpgrade, asked_subprotocols

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from wsgiref.types import StartResponse, WSGIEnvironment

    from websockets.sync.client import ClientConnection

    from local.http.websocket import WebSocket

SPOKEN = "_aws_wt_session"


async def echo(websocket: WebSocket) -> None:
    while True:
        message = await websocket.receive()
        websocket.send(message)
        if message == "enough":
            return


async def from_threads(websocket: WebSocket) -> None:
    def tell() -> None:
        for number in range(100):
            websocket.send(str(number))
        websocket.close(4001, "told")

    threading.Thread(target=tell).start()
    await websocket.until_closed()


async def failing(_: WebSocket) -> None:
    await asyncio.sleep(0)
    raise ValueError


def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    request = Request(environ)
    asked = asked_subprotocols(environ)
    paths: dict[str, Callable[[], Response]] = {
        "/echo": lambda: WebSocketUpgrade(environ, echo, subprotocol=SPOKEN if SPOKEN in asked else None),
        "/threads": lambda: WebSocketUpgrade(environ, from_threads),
        "/failing": lambda: WebSocketUpgrade(environ, failing),
        "/refused": lambda: WebSocketUpgrade(environ, lambda opened: opened.refuse(4401, "who?"), 401),
        "/headers": lambda: Response(f"{request.headers['X-Mine']} {request.args['q']} {asked}", 403),
        "/broken": lambda: Response(status=1 // 0),
    }
    if request.path == "/dropped":
        raise ConnectionAbortedError
    return paths[request.path]()(environ, start_response)


@pytest.fixture
def url() -> Iterator[str]:
    with closing(Server(application)) as running:
        yield running.url.replace("http:", "ws:")


def opened(url: str, *subprotocols: str) -> ClientConnection:
    return connect(url, open_timeout=60, close_timeout=60, subprotocols=subprotocols or None)  # type: ignore[arg-type]


def end_of(connection: ClientConnection) -> tuple[list[str | bytes], int | None, str | None]:
    """Return what arrives until the end, the close code, and its reason."""
    messages = []
    with suppress(ConnectionClosed):
        while True:
            messages.append(connection.recv(timeout=60))
    return messages, connection.close_code, connection.close_reason


def test_text_stays_text_and_bytes_stay_bytes(url: str) -> None:
    with opened(f"{url}/echo") as connection:
        for message in ("Grüße", b"\x00\xff", "", b"", "x" * 300_000):
            connection.send(message)
            assert connection.recv(timeout=60) == message
        connection.send("enough")
        assert end_of(connection) == (["enough"], 1000, "")


@pytest.mark.parametrize(
    ("asked", "agreed"),
    [
        pytest.param([SPOKEN, "a-join-token"], SPOKEN, id="it speaks"),
        pytest.param(["another"], None, id="it does not speak"),
        pytest.param([], None, id="nobody asked for"),
    ],
)
def test_application_chooses_the_subprotocol(asked: list[str], agreed: str | None, url: str) -> None:
    with opened(f"{url}/echo", *asked) as connection:
        assert connection.subprotocol == agreed


def test_other_threads_may_send_and_close(url: str) -> None:
    with opened(f"{url}/threads") as connection:
        assert end_of(connection) == ([str(number) for number in range(100)], 4001, "told")


def test_refusal_has_its_close_code(url: str) -> None:
    with opened(f"{url}/refused") as connection:
        assert end_of(connection) == ([], 4401, "who?")


def test_failure_closes_with_1011(url: str) -> None:
    with opened(f"{url}/failing") as connection:
        assert end_of(connection) == ([], 1011, "")


def refusal(url: str, **more: str) -> tuple[int, bytes | bytearray]:
    with (
        pytest.raises(InvalidStatus) as refused,
        connect(url, open_timeout=60, additional_headers=more, subprotocols=["a", "b"]),  # type: ignore[list-item]
    ):
        pass
    return refused.value.response.status_code, refused.value.response.body


def test_application_sees_the_request_and_may_refuse_the_handshake(url: str) -> None:
    assert refusal(f"{url}/headers?q=1", **{"X-Mine": "mine"}) == (403, b"mine 1 ('a', 'b')")


def test_failure_before_the_handshake_is_a_500(url: str) -> None:
    assert refusal(f"{url}/broken")[0] == 500


def test_application_may_drop_the_connection(url: str) -> None:
    with pytest.raises(Exception, match="did not receive a valid HTTP response"), opened(f"{url}/dropped"):
        pass


def test_client_that_vanishes_ends_the_application() -> None:
    ended = threading.Event()

    async def waiting(websocket: WebSocket) -> None:
        await websocket.until_closed()
        ended.set()

    with closing(Server(lambda environ, start: WebSocketUpgrade(environ, waiting)(environ, start))) as server:
        connection = opened(server.url.replace("http:", "ws:"))
        connection.socket.close()
        assert ended.wait(60)
