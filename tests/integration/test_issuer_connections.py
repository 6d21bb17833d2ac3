"""How an issuer is connected to: over TLS, in time, and for whole answers, whatever it sends."""

from __future__ import annotations

import contextlib
import gzip
import json
import socket
import ssl
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.x509 import DNSName
from werkzeug.datastructures import MIMEAccept
from werkzeug.http import parse_accept_header
from werkzeug.wrappers import Response

from authorizer.algorithms import ASYMMETRIC
from authorizer.connections import IssuerConnections, Resolver
from authorizer.errors import KeysUnavailable
from authorizer.https import IssuerDocuments
from authorizer.trust import _trust
from authorizer.trust import trust as of_this_process
from local.http.certificate import self_signed
from tests.issuers import Issuer
from tests.tokens import ec_signer, rsa_signer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from authorizer.keys import KeySet

KEY_SET = {"keys": [dict(rsa_signer().jwk), dict(ec_signer().jwk)]}
DISCOVERY = "/.well-known/openid-configuration"


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    made = Issuer()
    yield made
    made.server.close()


@pytest.fixture
def documents() -> IssuerDocuments:
    """For answers that come, however slow the machine is."""
    return IssuerDocuments(ASYMMETRIC, seconds=60.0)


@pytest.fixture
def hurried() -> IssuerDocuments:
    """For answers that never end."""
    return IssuerDocuments(ASYMMETRIC, seconds=1.0)


@pytest.fixture
def secure_issuer() -> Iterator[Issuer]:
    made = Issuer(tls=self_signed())
    made.serve("/keys", KEY_SET)
    yield made
    made.server.close()


def trust(issuer: Issuer, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have this machine trust the certificate of *issuer*, as OpenSSL lets one do."""
    certificate = folder / "certificate.pem"
    certificate.write_text(ssl.get_server_certificate((issuer.server.host, issuer.server.port)))
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))


@pytest.fixture(autouse=True)
def _trust_is_read_anew() -> Iterator[None]:
    _trust.cache_clear()
    yield
    _trust.cache_clear()


def test_keys_come_over_tls_from_whom_the_machine_trusts(
    secure_issuer: Issuer, documents: IssuerDocuments, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trust(secure_issuer, tmp_path, monkeypatch)

    assert len(documents.key_set_at(secure_issuer.url + "/keys").value.keys) == 2


def test_certificate_of_a_stranger_gives_no_keys(secure_issuer: Issuer, documents: IssuerDocuments) -> None:
    with pytest.raises(KeysUnavailable, match="SSLCertVerificationError"):
        documents.key_set_at(secure_issuer.url + "/keys")
    assert secure_issuer.asked == []


def test_certificate_of_another_name_gives_no_keys(
    documents: IssuerDocuments, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = Issuer(self_signed([DNSName("issuer.example")]))
    elsewhere.serve("/keys", KEY_SET)
    trust(elsewhere, tmp_path, monkeypatch)

    with pytest.raises(KeysUnavailable, match="SSLCertVerificationError"):
        documents.key_set_at(elsewhere.url + "/keys")
    elsewhere.server.close()
    assert elsewhere.asked == []


def test_certificates_are_read_once_however_many_fetch() -> None:
    at_once = threading.Barrier(8)

    def make(_: int) -> ssl.SSLContext:
        at_once.wait()
        return of_this_process().tls()

    with ThreadPoolExecutor(8) as threads:
        assert len({id(context) for context in threads.map(make, range(8))}) == 1


def test_other_addresses_of_a_name_are_tried(
    issuer: Issuer, documents: IssuerDocuments, monkeypatch: pytest.MonkeyPatch
) -> None:
    nobody = ("127.0.0.1", 9)  # the discard port: nobody listens there
    places = [nobody, (issuer.server.host, issuer.server.port)]
    found = [(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", place) for place in places]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)

    assert len(documents.key_set_at(issuer.serve("/keys", KEY_SET)).value.keys) == 2


NO_SUCH_FAMILY = 99
"""The kernel says of it what one without IPv6 says of that: address family not supported by protocol."""


def test_request_does_not_wait_until_what_was_sent_before_is_confirmed(issuer: Issuer) -> None:
    with IssuerConnections(10, Resolver()) as connections:
        opened = connections.open_socket(issuer.server.host, issuer.server.port)
        assert opened.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


@pytest.mark.parametrize("families", [[socket.AF_INET, NO_SUCH_FAMILY], [NO_SUCH_FAMILY, socket.AF_INET]])
def test_address_of_a_kind_that_this_machine_has_not_is_passed_over(
    issuer: Issuer, documents: IssuerDocuments, monkeypatch: pytest.MonkeyPatch, families: list[int]
) -> None:
    place = issuer.server.host, issuer.server.port
    found = [(family, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", place) for family in families]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)

    assert len(documents.key_set_at(issuer.serve("/keys", KEY_SET)).value.keys) == 2


def test_addresses_of_a_kind_that_this_machine_has_not_give_no_keys(
    documents: IssuerDocuments, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = [(NO_SUCH_FAMILY, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", ("127.0.0.1", 9))] * 2
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)

    with pytest.raises(KeysUnavailable, match="OSError"):
        documents.key_set_at("https://issuer.example/keys")


def test_name_server_that_hangs_is_left_at_the_deadline_and_is_nobody_else_s(
    issuer: Issuer, hurried: IssuerDocuments, documents: IssuerDocuments, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twenty ask at once, and the system is asked once; another provider's keys come meanwhile."""
    real, mends, asked = socket.getaddrinfo, threading.Event(), []

    def getaddrinfo(host: bytes, *args: Any, **kwargs: Any) -> Any:
        if host != b"hangs.example":
            return real(host, *args, **kwargs)
        asked.append(host)
        mends.wait(timeout=60)
        raise socket.gaierror(socket.EAI_AGAIN, "temporary failure")

    def cause(_: int) -> str:
        with pytest.raises(KeysUnavailable) as caught:
            hurried.key_set_at("https://hangs.example/keys")
        return str(caught.value)

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    with ThreadPoolExecutor(20) as threads:
        assert set(threads.map(cause, range(20))) == {"TimeoutError"}
    assert len(documents.key_set_at(issuer.serve("/keys", KEY_SET)).value.keys) == 2
    assert not mends.is_set()
    assert asked == [b"hangs.example"]

    mends.set()


def test_discovery_over_tls_leads_to_addresses_with_tls_alone(
    secure_issuer: Issuer, issuer: Issuer, documents: IssuerDocuments, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever writes an issuer's document shall not have the authorizer ask what listens on its own machine."""
    trust(secure_issuer, tmp_path, monkeypatch)
    document = {"issuer": secure_issuer.url, "jwks_uri": issuer.serve("/keys", KEY_SET)}
    secure_issuer.serve(DISCOVERY, document)

    with pytest.raises(KeysUnavailable, match="not https"):
        documents.discovered_key_set(secure_issuer.url)
    assert issuer.asked == []

    secure_issuer.serve(DISCOVERY, {**document, "jwks_uri": secure_issuer.url + "/keys"})
    assert len(documents.discovered_key_set(secure_issuer.url).value.keys) == 2


def test_redirect_over_tls_leads_nowhere(
    secure_issuer: Issuer, issuer: Issuer, documents: IssuerDocuments, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trust(secure_issuer, tmp_path, monkeypatch)
    keys_url = issuer.serve("/keys", KEY_SET)
    secure_issuer.serve(DISCOVERY, Response("", 302, {"Location": keys_url}))
    secure_issuer.serve("/keys", Response("", 307, {"Location": keys_url}))

    with pytest.raises(KeysUnavailable, match="status 302"):
        documents.discovered_key_set(secure_issuer.url)
    with pytest.raises(KeysUnavailable, match="status 307"):
        documents.key_set_at(secure_issuer.url + "/keys")
    assert issuer.asked == []


def drip() -> Iterator[bytes]:
    while True:
        yield b" "
        time.sleep(0.05)


def test_connection_that_is_closed_without_an_answer_is_opened_again(documents: IssuerDocuments) -> None:
    body = json.dumps(KEY_SET).encode()
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            for said in (b"", answer):
                connection, _ = listening.accept()
                with connection:
                    connection.recv(65536)
                    connection.sendall(said)

        thread = threading.Thread(target=serve)
        thread.start()
        keys = documents.key_set_at(f"http://127.0.0.1:{listening.getsockname()[1]}/keys")
        thread.join()

    assert len(keys.value.keys) == 2


def answers(
    documents: IssuerDocuments, *said: bytes, path: str = "/keys", pause: float = 0.0, again: bytes = b""
) -> tuple[KeySet, bytes]:
    """Fetch from a server that says *said*, then *again* for as long as somebody listens; return keys and request."""
    requests: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            connection, _ = listening.accept()
            with connection, contextlib.suppress(OSError):
                requests.append(connection.recv(65536))
                for piece in said:
                    connection.sendall(piece)
                while again:
                    connection.sendall(again)
                    time.sleep(pause)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            keys = documents.key_set_at(f"http://127.0.0.1:{listening.getsockname()[1]}{path}").value
        finally:
            thread.join()
    return keys, requests[0]


@pytest.mark.parametrize(
    ("said", "again"),
    [
        pytest.param(b"", b"x", id="a head in one line"),
        pytest.param(b"", b"HTTP/1.1 100 Continue\r\n\r\n", id="answers that promise another"),
        pytest.param(b"", b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n", id="answers that hint at another"),
        pytest.param(b"HTTP/1.1 200 OK\r\n", b"X: x\r\n", id="headers"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 500000\r\n\r\n", b" ", id="a body"),
        pytest.param(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", b" ", id="a body that is to be the last"),
        pytest.param(b"HTTP/1.0 200 OK\r\n\r\n", b" ", id="a body of old"),
        pytest.param(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n", id="chunks"),
    ],
)
def test_what_never_ends_is_left_at_the_deadline(hurried: IssuerDocuments, said: bytes, again: bytes) -> None:
    """Each piece comes soon enough, and there is always another."""
    with pytest.raises(KeysUnavailable):
        answers(hurried, said, again=again, pause=0.05)


def test_what_never_ends_is_left_at_the_deadline_over_tls(
    secure_issuer: Issuer, hurried: IssuerDocuments, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trust(secure_issuer, tmp_path, monkeypatch)

    with pytest.raises(KeysUnavailable, match="TimeoutError"):
        hurried.key_set_at(secure_issuer.serve("/keys", Response(drip())))


def test_handshake_that_never_ends_is_left_at_the_deadline(hurried: IssuerDocuments) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(KeysUnavailable, match="TimeoutError"):
        hurried.key_set_at(f"https://127.0.0.1:{silent.getsockname()[1]}/keys")


WHOLE = json.dumps(KEY_SET).encode()
GOOD = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(WHOLE), WHOLE)
PACKED = gzip.compress(WHOLE)


HINTS = b"HTTP/1.1 103 Early Hints\r\nLink: </app.css>; rel=preload\r\n\r\n"


@pytest.mark.parametrize(
    "before",
    [
        pytest.param(b"HTTP/1.1 100 Continue\r\n\r\n", id="100"),
        pytest.param(b"HTTP/1.1 102 Processing\r\n\r\n", id="102"),
        pytest.param(HINTS, id="103"),
        pytest.param(HINTS * 2, id="103, twice"),
        pytest.param(
            b"HTTP/1.1 100 Continue\r\n\r\n" + HINTS + b"HTTP/1.1 199 New\r\n\r\n", id="100, 103 and a new one"
        ),
        pytest.param(HINTS[:-2] + b"Connection: close\r\nContent-Length: 9\r\n\r\n", id="103, as if it were the last"),
    ],
)
def test_what_comes_before_an_answer_is_passed_over(documents: IssuerDocuments, before: bytes) -> None:
    keys, _ = answers(documents, before + GOOD)

    assert len(keys.keys) == 2


def test_answer_that_changes_the_protocol_gives_no_keys(documents: IssuerDocuments) -> None:
    with pytest.raises(KeysUnavailable, match="status 101"):
        answers(documents, b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n" + GOOD)


def test_both_documents_come_over_one_connection_with_hints_before_each(documents: IssuerDocuments) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        document = json.dumps({"issuer": url, "jwks_uri": url + "/keys"}).encode()

        def serve() -> None:
            connection, _ = listening.accept()
            with connection:
                for body in (document, WHOLE):
                    connection.recv(65536)
                    connection.sendall(HINTS + b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))

        thread = threading.Thread(target=serve)
        thread.start()
        keys = documents.discovered_key_set(url)
        thread.join()

    assert len(keys.value.keys) == 2


@pytest.mark.parametrize(
    ("kind", "weight"),
    [("application/json", 1), ("application/jwk-set+json", 1), ("application/jwk+json", 0.1), ("text/plain", 0.1)],
)
def test_key_set_may_be_of_any_type(documents: IssuerDocuments, kind: str, weight: float) -> None:
    _, request = answers(documents, GOOD)

    accept = next(line for line in request.decode().split("\r\n") if line.startswith("Accept:"))
    assert parse_accept_header(accept.partition(":")[2], MIMEAccept).quality(kind) == weight


@pytest.mark.parametrize("path", ["/keys", "/", "//tenant/keys", "/keys?tenant=a%20b", "/keys;v=1"])
def test_path_is_asked_for_as_it_is(documents: IssuerDocuments, path: str) -> None:
    """Python 3.13's own way to join them again makes four slashes of two, as 3.11's does not."""
    _, request = answers(documents, GOOD, path=path)

    assert request.startswith(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:".encode())


@pytest.mark.parametrize(
    ("head", "body"),
    [
        pytest.param(f"Content-Length: {len(WHOLE) + 1}", WHOLE, id="shorter than it says"),
        pytest.param("Transfer-Encoding: chunked", b"%x\r\n%b\r\n" % (len(WHOLE), WHOLE), id="without a last chunk"),
        pytest.param(
            "Transfer-Encoding: chunked", b"-ffffffffffffffffffff\r\n", id="with less than nothing in a chunk"
        ),
        pytest.param(f"Content-Encoding: gzip\r\nContent-Length: {len(PACKED) - 8}", PACKED[:-8], id="packed in part"),
    ],
)
def test_answer_that_is_not_whole_gives_no_keys(documents: IssuerDocuments, head: str, body: bytes) -> None:
    with pytest.raises(KeysUnavailable):
        answers(documents, f"HTTP/1.1 200 OK\r\n{head}\r\n\r\n".encode(), body)
