"""The self-signed certificate, in real handshakes: what the server sends, and that clients do not hang."""

from __future__ import annotations

import re
import socket
import ssl
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from http.client import HTTPSConnection
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from websockets.sync.client import connect

from local.http.certificate import LIFETIME, RENEWED_BEFORE_END, kept, self_signed
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

    async def serve(opened: WebSocket) -> None:
        opened.send("hello")
        await opened.until_closed()

    if "HTTP_UPGRADE" in environ:
        return WebSocketUpgrade(environ, serve)(environ, start_response)
    start_response("200 OK", [("Content-Length", "5")])
    return [b"hello"]


HANDSHAKE = """GET / HTTP/1.1\r
Host: 127.0.0.1\r
Connection: Upgrade\r
Upgrade: websocket\r
Sec-WebSocket-Version: 13\r
Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r
\r
"""
CLOSE, CLOSED = b"\x88\x80\x00\x00\x00\x00", b"\x88"
"""A close frame without a code, masked as a client has to do (RFC 6455, 5.5.1), and the beginning of the server's."""


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
    sources = [path for folder in ("local", "tests", "benchmarks") for path in sorted((ROOT / folder).rglob("*.py"))]
    found = [path.relative_to(ROOT) for path in sources if makes_its_own.search(path.read_text())]
    # The test of the layers runs in Lambda's image, without our code, and its servers have no socket.
    known = [Path("local/http/certificate.py"), Path("tests/docker/test_layers.py"), Path(__file__).relative_to(ROOT)]
    assert found == known


def test_client_that_reads_in_one_thread_and_writes_in_another_does_not_hang(server: Server) -> None:
    url = server.url.replace("http:", "wss:")
    for _ in range(CONNECTIONS):
        with connect(url, ssl=trusting(), open_timeout=60, close_timeout=60) as connection:
            assert connection.recv(timeout=60) == "hello"


def test_server_ends_while_a_client_closes_its_websocket() -> None:
    server = Server(greeting, tls=self_signed())
    tcp = socket.create_connection((server.host, server.port), timeout=60)
    with trusting().wrap_socket(tcp) as client:
        client.sendall(HANDSHAKE.encode())
        while b"hello" not in client.recv(1000):
            pass
        client.sendall(CLOSE)
        assert client.recv(1000).startswith(CLOSED)
        # The end of TLS is not read yet, so that the connection is still there.
        end = threading.Thread(target=server.close, daemon=True)
        end.start()
        end.join(60)
    assert not end.is_alive()


def certificate_of(context: ssl.SSLContext) -> str:
    with closing(Server(greeting, tls=context)) as running:
        return ssl.get_server_certificate((running.host, running.port))


def test_certificate_that_is_kept_is_the_same_and_its_owner_s_alone(tmp_path: Path) -> None:
    file = tmp_path / "new" / "certificate.pem"
    assert certificate_of(kept(file)) == certificate_of(kept(file))
    assert file.stat().st_mode & 0o777 == 0o600
    assert [found.name for found in file.parent.iterdir()] == ["certificate.pem"]


def test_stacks_that_start_together_for_the_first_time_keep_one(tmp_path: Path) -> None:
    file, together = tmp_path / "new" / "certificate.pem", threading.Barrier(8)

    def start(_: int) -> bytes:
        together.wait(60)
        kept(file)
        return file.read_bytes()

    with ThreadPoolExecutor(8) as stacks:
        assert len(set(stacks.map(start, range(8)))) == 1


@pytest.mark.parametrize(
    ("later", "same"),
    [
        pytest.param(timedelta(days=1), True, id="a day later"),
        pytest.param(LIFETIME - RENEWED_BEFORE_END - timedelta(minutes=1), True, id="until a week before its end"),
        pytest.param(LIFETIME - RENEWED_BEFORE_END + timedelta(minutes=1), False, id="within its last week"),
        pytest.param(LIFETIME * 2, False, id="after its end"),
        pytest.param(-timedelta(days=1), False, id="before its begin, if a clock was wrong"),
    ],
)
def test_certificate_is_renewed_before_it_ends(tmp_path: Path, later: timedelta, same: bool) -> None:  # noqa: FBT001 - a parameter
    file, now = tmp_path / "certificate.pem", datetime(2026, 1, 1, tzinfo=UTC)
    kept(file, now)
    before = file.read_bytes()
    kept(file, now + later)
    assert (file.read_bytes() == before) is same


@pytest.mark.parametrize(
    "content", [pytest.param(b"", id="nothing"), pytest.param(b"-----BEGIN", id="no certificate"), None]
)
def test_file_that_is_of_no_use_is_replaced(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "certificate.pem"
    kept(file)
    if content is None:
        file.chmod(0o644)
    else:
        file.write_bytes(content)
    before = file.read_bytes()
    assert "BEGIN CERTIFICATE" in certificate_of(kept(file))
    assert file.read_bytes() != before
    assert file.stat().st_mode & 0o777 == 0o600


def test_where_nothing_can_be_written_there_is_one_for_this_time(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file where the folder would be")
    assert "BEGIN CERTIFICATE" in certificate_of(kept(tmp_path / "taken" / "certificate.pem"))
