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
from typing import TYPE_CHECKING

import pytest
from cryptography.x509 import DNSName
from werkzeug.wrappers import Response

from authorizer.algorithms import ASYMMETRIC
from authorizer.connections import _tls, tls
from authorizer.errors import KeysUnavailable
from authorizer.https import IssuerDocuments
from local.certificate import throwaway
from tests.issuers import Issuer
from tests.tokens import ec_signer, rsa_signer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from authorizer.keys import KeySet

KEY_SET = {"keys": [dict(rsa_signer().jwk), dict(ec_signer().jwk)]}


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    made = Issuer()
    yield made
    made.server.close()


@pytest.fixture
def documents() -> IssuerDocuments:
    return IssuerDocuments(ASYMMETRIC, deadline=1.0)


@pytest.fixture
def secure_issuer() -> Iterator[Issuer]:
    made = Issuer(tls=throwaway())
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
    _tls.cache_clear()
    yield
    _tls.cache_clear()


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
    elsewhere = Issuer(throwaway([DNSName("issuer.example")]))
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
        return tls()

    with ThreadPoolExecutor(8) as threads:
        assert len({id(context) for context in threads.map(make, range(8))}) == 1


def test_other_addresses_of_a_name_are_tried(
    issuer: Issuer, documents: IssuerDocuments, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        nobody = closed.getsockname()
    places = [nobody, (issuer.server.host, issuer.server.port)]
    found = [(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", place) for place in places]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)

    assert len(documents.key_set_at(issuer.serve("/keys", KEY_SET)).value.keys) == 2


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
        pytest.param(b"HTTP/1.1 200 OK\r\n", b"X: x\r\n", id="headers"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 500000\r\n\r\n", b" ", id="a body"),
        pytest.param(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", b" ", id="a body that is to be the last"),
        pytest.param(b"HTTP/1.0 200 OK\r\n\r\n", b" ", id="a body of old"),
        pytest.param(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n", id="chunks"),
    ],
)
def test_what_never_ends_is_left_at_the_deadline(documents: IssuerDocuments, said: bytes, again: bytes) -> None:
    """Each piece comes soon enough, and there is always another."""
    with pytest.raises(KeysUnavailable):
        answers(documents, said, again=again, pause=0.05)


def test_what_never_ends_is_left_at_the_deadline_over_tls(
    secure_issuer: Issuer, documents: IssuerDocuments, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trust(secure_issuer, tmp_path, monkeypatch)

    with pytest.raises(KeysUnavailable, match="TimeoutError"):
        documents.key_set_at(secure_issuer.serve("/keys", Response(drip())))


def test_handshake_that_never_ends_is_left_at_the_deadline(documents: IssuerDocuments) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(KeysUnavailable, match="TimeoutError"):
        documents.key_set_at(f"https://127.0.0.1:{silent.getsockname()[1]}/keys")


WHOLE = json.dumps(KEY_SET).encode()
GOOD = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(WHOLE), WHOLE)
PACKED = gzip.compress(WHOLE)


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
