"""The self-signed certificate, in real handshakes: what the server sends, and that clients do not hang."""

from __future__ import annotations

import re
import ssl
from contextlib import closing
from http.client import HTTPSConnection
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from websockets.sync.client import connect

from local.http.certificate import self_signed
from local.http.server import Server
from local.http.websocket import WebSocketUpgrade

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from wsgiref.types import StartResponse, WSGIEnvironment

    from local.http.websocket import WebSocket

ROOT = Path(__file__).parents[2]
CONNECTIONS = 300
"""Enough to notice hanging connections: with session tickets about one in 850 hung. The first test is certain."""


def trusting() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def greeting(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Greet over WebSocket, or over HTTP."""

    def serve(opened: WebSocket) -> None:
        opened.send("hello")
        opened.run()

    if "HTTP_UPGRADE" in environ:
        return WebSocketUpgrade(environ, serve)(environ, start_response)
    start_response("200 OK", [("Content-Length", "5")])
    return [b"hello"]


@pytest.fixture
def server() -> Iterator[Server]:
    with closing(Server(greeting, tls=self_signed())) as running:
        yield running


def test_no_session_ticket_follows_the_handshake(server: Server) -> None:
    with closing(HTTPSConnection(server.host, server.port, timeout=60, context=trusting())) as client:
        client.request("GET", "/")
        # By now the client has read what the server sent after the handshake.
        assert client.getresponse().read() == b"hello"
        assert isinstance(client.sock, ssl.SSLSocket)
        assert client.sock.version() == "TLSv1.3"
        assert client.sock.session is not None
        assert not client.sock.session.has_ticket


def test_every_tls_server_of_the_repository_uses_this_context() -> None:
    makes_its_own = re.compile(r"PROTOCOL_TLS_SERVER|Purpose\.CLIENT_AUTH|PROTOCOL_TLS\b")
    sources = [path for folder in ("local", "tests", "benchmarks") for path in (ROOT / folder).rglob("*.py")]
    found = [path.relative_to(ROOT) for path in sources if makes_its_own.search(path.read_text())]
    assert found == [Path("local/http/certificate.py"), Path(__file__).relative_to(ROOT)]


def test_client_that_reads_in_one_thread_and_writes_in_another_does_not_hang(server: Server) -> None:
    url = server.url.replace("http:", "wss:")
    for _ in range(CONNECTIONS):
        with connect(url, ssl=trusting(), open_timeout=60, close_timeout=60) as connection:
            assert connection.recv(timeout=60) == "hello"
