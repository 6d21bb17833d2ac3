"""The HTTP server of the local stack: which connections are kept alive, and which are closed."""

from __future__ import annotations

import http.client
import itertools
import socket
import ssl
import threading
import time
from contextlib import closing
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

import pytest
from werkzeug.exceptions import InternalServerError

from local.http.adapter import CONNECTION, HEADERS
from local.http.certificate import self_signed
from local.http.server import Server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from wsgiref.types import StartResponse, WSGIEnvironment


FAILURE = (500, InternalServerError().get_body().encode())


def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Answer as the path says: with the body, with the headers, with nothing, without reading, or not at all."""
    path = environ["PATH_INFO"]
    if path == "/dropped":
        raise ConnectionAbortedError
    if path == "/failed":
        raise ValueError(path)
    if path == "/short":
        start_response("200 OK", [("Content-Length", "10")])
        return [b"short"]
    if path == "/empty":
        start_response("204 No Content", [])
        return []
    body = environ["wsgi.input"].read() if path == "/" else b""
    start_response("200 OK", [("Content-Type", "text/plain"), ("X-Twice", "1"), ("X-Twice", "2")])
    if path == "/endless":
        return itertools.repeat(b"more " * 1000)
    answers: dict[str, Callable[[], list[bytes]]] = {
        "/headers": lambda: [repr(environ[HEADERS]).encode()],
        "/nodelay": lambda: [str(option_of(environ, socket.TCP_NODELAY)).encode()],
        "/unread": lambda: [b"not ", b"read"],
        "/": lambda: [body],
    }
    return answers[path]()


def option_of(environ: WSGIEnvironment, option: int) -> int:
    """Return an option of the server's socket."""
    connection: socket.socket = environ["asgi.scope"][CONNECTION].transport.get_extra_info("socket")
    return connection.getsockopt(socket.IPPROTO_TCP, option)


@pytest.fixture
def server() -> Iterator[Server]:
    with closing(Server(application)) as running:
        yield running


@pytest.fixture
def client(server: Server) -> Iterator[http.client.HTTPConnection]:
    with closing(http.client.HTTPConnection(server.host, server.port, timeout=60)) as connection:
        yield connection


def ask(client: http.client.HTTPConnection, path: str, body: Any = None, **request: Any) -> tuple[int, bytes]:
    client.request(request.pop("method", "POST"), path, body, **request)
    answer = client.getresponse()
    return answer.status, answer.read()


def sent(server: Server, request: bytes) -> bytes:
    """Send bytes, and return all bytes that arrive until the server closes the connection."""
    with socket.create_connection((server.host, server.port), timeout=60) as connection:
        connection.sendall(request)
        return b"".join(iter(lambda: connection.recv(65536), b""))


def test_connection_is_kept_for_the_next_request(server: Server, client: http.client.HTTPConnection) -> None:
    for body in (b"first", b"", b"x" * 100_000, b"last"):
        assert ask(client, "/", body) == (200, body)
    assert server.accepted == 1


@pytest.mark.parametrize(
    ("path", "method", "answer"),
    [
        pytest.param("/empty", "POST", (204, b""), id="an empty answer"),
        pytest.param("/", "HEAD", (200, b""), id="an answer to HEAD"),
        pytest.param("/failed", "POST", FAILURE, id="a failure"),
    ],
)
def test_connection_is_kept_after(
    path: str, method: str, answer: tuple[int, bytes], server: Server, client: http.client.HTTPConnection
) -> None:
    assert ask(client, path, method=method) == answer
    assert ask(client, "/", b"next") == (200, b"next")
    assert server.accepted == 1


def test_date_is_of_the_second_in_which_the_answer_was_given(client: http.client.HTTPConnection) -> None:
    for _ in range(30):  # over more than a second
        before = int(time.time())
        client.request("GET", "/")
        answer = client.getresponse()
        answer.read()
        assert before <= parsedate_to_datetime(answer.headers["Date"]).timestamp() <= time.time()
        time.sleep(0.04)


def test_requests_in_one_go_are_answered_in_order(server: Server) -> None:
    first = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nfirst"
    last = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nConnection: close\r\n\r\nlast"
    answers = sent(server, first + last)
    assert answers.count(b"HTTP/1.1 200") == 2
    assert answers.index(b"first") < answers.index(b"last")


@pytest.mark.parametrize(
    "request_",
    [
        pytest.param(b"GET /headers HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", id="the client asks for it"),
        pytest.param(b"GET /headers HTTP/1.0\r\n\r\n", id="it is HTTP/1.0"),
        pytest.param(
            b"GET /headers HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", id="it is HTTP/1.0 that asks to keep it"
        ),
    ],
)
def test_connection_is_closed_after_an_answer_if(request_: bytes, server: Server) -> None:
    answer = sent(server, request_)
    assert answer.startswith(b"HTTP/1.1 200")
    assert b"\r\nConnection: close\r\n" in answer


HIDDEN = b"GET /failed HTTP/1.1\r\nHost: x\r\n\r\n"
NEXT = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nConnection: close\r\n\r\nnext"


@pytest.mark.parametrize("path", [pytest.param(b"/unread", id="unread"), pytest.param(b"/", id="read")])
@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"Content-Length: %d\r\n\r\n%b" % (len(HIDDEN), HIDDEN), id="with its length"),
        pytest.param(
            b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n\r\n" % (len(HIDDEN), HIDDEN), id="in chunks"
        ),
    ],
)
def test_body_is_not_taken_for_the_next_request(path: bytes, body: bytes, server: Server) -> None:
    answers = sent(server, b"POST %b HTTP/1.1\r\nHost: x\r\n%b%b" % (path, body, NEXT))
    assert answers.count(b"HTTP/1.1 200") == answers.count(b"HTTP/1.1 ") == 2
    assert answers.endswith(b"next\r\n0\r\n\r\n")


@pytest.mark.parametrize(
    "request_",
    [
        pytest.param(b"GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", id="two hosts"),
        pytest.param(
            b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            id="a body of two lengths",
        ),
        pytest.param(b"GET http://[::1 HTTP/1.1\r\nHost: x\r\n\r\n", id="half an address"),
        pytest.param(b"GET http://[z]/ HTTP/1.1\r\nHost: x\r\n\r\n", id="an address that is none"),
    ],
)
def test_request_that_cannot_be_read_is_answered_in_json(request_: bytes, server: Server) -> None:
    answer = sent(server, request_)
    assert answer.startswith(b"HTTP/1.1 400")
    assert b'{"error": "bad_request"' in answer


def test_client_that_waits_for_100_continue_gets_it(server: Server) -> None:
    head = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n"
    with socket.create_connection((server.host, server.port), timeout=60) as connection:
        connection.sendall(head)
        assert connection.recv(65536).startswith(b"HTTP/1.1 100")
        connection.sendall(b"body")
        assert b"body" in b"".join(iter(lambda: connection.recv(65536), b""))


def test_application_does_not_get_a_body_that_ends_early(server: Server) -> None:
    with socket.create_connection((server.host, server.port), timeout=60) as connection:
        connection.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nshort")
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(65536) == b""


def test_large_unread_body_does_not_lose_the_answer(client: http.client.HTTPConnection) -> None:
    assert ask(client, "/unread", b"x" * 20_000_000) == (200, b"not read")


@pytest.mark.parametrize("tls", [pytest.param(False, id="HTTP"), pytest.param(True, id="HTTPS")])
def test_no_piece_of_an_answer_waits_for_the_client_to_acknowledge_the_last(tls: bool) -> None:  # noqa: FBT001 - a parameter
    with closing(Server(application, tls=self_signed())) as server, closing(connected(server, tls=tls)) as client:
        assert ask(client, "/nodelay") == (200, b"1")


def test_endless_answer_is_sent_piece_by_piece(client: http.client.HTTPConnection) -> None:
    client.request("GET", "/endless")
    assert client.getresponse().read(1_000_000).startswith(b"more more ")


def test_connection_is_closed_after_an_answer_that_is_shorter_than_its_length(
    client: http.client.HTTPConnection,
) -> None:
    with pytest.raises(http.client.IncompleteRead):
        ask(client, "/short")


def test_application_may_drop_the_connection(client: http.client.HTTPConnection) -> None:
    with pytest.raises(http.client.RemoteDisconnected):
        ask(client, "/dropped")
    assert ask(client, "/", b"again") == (200, b"again")


def test_headers_are_passed_on_unchanged(server: Server, client: http.client.HTTPConnection) -> None:
    client.putrequest("GET", "/headers", skip_accept_encoding=True)
    for value in ("1", "2"):
        client.putheader("x-Twice", value)
    client.endheaders()
    answer = client.getresponse()
    host = f"('Host', '{server.host}:{server.port}')"
    assert answer.read().decode() == f"[{host}, ('x-Twice', '1'), ('x-Twice', '2')]"
    assert answer.headers.get_all("X-Twice") == ["1", "2"]


def test_closed_server_closes_idle_connections(server: Server) -> None:
    with socket.create_connection((server.host, server.port), timeout=60) as connection:
        connection.sendall(b"POST /empty HTTP/1.1\r\nHost: x\r\n\r\n")
        assert connection.recv(65536).startswith(b"HTTP/1.1 204")
        server.close()
        assert connection.recv(65536) == b""


@pytest.mark.parametrize("tls", [pytest.param(False, id="HTTP"), pytest.param(True, id="HTTPS")])
def test_closing_server_still_sends_the_answer_it_has_begun_over(tls: bool) -> None:  # noqa: FBT001 - a parameter
    asked, closed = threading.Event(), threading.Event()

    def slow(_: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        asked.set()
        closed.wait(60)
        start_response("200 OK", [("Content-Length", "4")])
        return [b"late"]

    server = Server(slow, tls=self_signed())
    with closing(connected(server, tls=tls)) as client:
        client.request("GET", "/")
        assert asked.wait(60)
        server.close()
        closed.set()
        assert client.getresponse().read() == b"late"


def connected(server: Server, *, tls: bool) -> http.client.HTTPConnection:
    if not tls:
        return http.client.HTTPConnection(server.host, server.port, timeout=60)
    trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    return http.client.HTTPSConnection(server.host, server.port, timeout=60, context=trusting)
