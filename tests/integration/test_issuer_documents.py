"""Issuers over real HTTP, on their good and on their bad days."""

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
from werkzeug.wrappers import Response

from authorizer.algorithms import ASYMMETRIC
from authorizer.connections import _tls, tls
from authorizer.errors import KeysUnavailable
from authorizer.https import LONGEST_ANSWER, IssuerDocuments, is_allowed, lifetime_of
from local.certificate import throwaway
from tests.issuers import Issuer
from tests.tokens import ec_signer, rsa_signer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
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
    return IssuerDocuments(ASYMMETRIC, deadline=1.0)


def test_key_set_is_fetched(issuer: Issuer, documents: IssuerDocuments) -> None:
    keys = documents.key_set_at(issuer.serve("/keys", KEY_SET)).value

    assert [key.kid for key in keys.keys] == ["rsa-1", "ec-1"]


@pytest.mark.parametrize("path", ["", "/", "/realms/one", "/realms/one/"])
def test_key_set_is_discovered(issuer: Issuer, documents: IssuerDocuments, path: str) -> None:
    name = issuer.url + path
    keys_url = issuer.serve("/keys", KEY_SET)
    issuer.serve(path.rstrip("/") + DISCOVERY, {"issuer": name, "jwks_uri": keys_url})

    assert documents.discovered_key_set(name).value.find("ec-1", "ES256").kid == "ec-1"


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"issuer": "https://issuer.example"}, id="speaks for another issuer"),
        pytest.param({"issuer": None}, id="speaks for nobody"),
        pytest.param({"jwks_uri": None}, id="points nowhere"),
        pytest.param({"jwks_uri": 7}, id="points to a number"),
        pytest.param({"jwks_uri": "http://issuer.example/keys"}, id="points to an address without TLS"),
        pytest.param({"jwks_uri": "file:///etc/passwd"}, id="points to a file"),
        pytest.param({"jwks_uri": "http://[::1"}, id="points to what is no address"),
    ],
)
def test_discovery_document_that_is_wrong_gives_no_keys(
    issuer: Issuer, documents: IssuerDocuments, changes: dict[str, Any]
) -> None:
    keys_url = issuer.serve("/keys", KEY_SET)
    issuer.serve(DISCOVERY, {"issuer": issuer.url, "jwks_uri": keys_url, **changes})

    with pytest.raises(KeysUnavailable):
        documents.discovered_key_set(issuer.url)
    assert "/keys" not in issuer.asked


def test_both_documents_come_over_one_connection(issuer: Issuer, documents: IssuerDocuments) -> None:
    keys_url = issuer.serve("/keys", KEY_SET)
    issuer.serve(DISCOVERY, {"issuer": issuer.url, "jwks_uri": keys_url})

    documents.discovered_key_set(issuer.url)

    assert issuer.asked == [DISCOVERY, "/keys"]
    assert issuer.server.accepted == 1


def test_keys_may_be_elsewhere_and_their_address_have_a_query(issuer: Issuer, documents: IssuerDocuments) -> None:
    elsewhere = Issuer()
    keys_url = elsewhere.serve("/keys", KEY_SET) + "?tenant=a%20b"
    issuer.serve(DISCOVERY, {"issuer": issuer.url, "jwks_uri": keys_url})

    assert len(documents.discovered_key_set(issuer.url).value.keys) == 2
    elsewhere.server.close()
    assert elsewhere.asked == ["/keys?tenant=a%20b"]


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


def endless() -> Iterator[bytes]:
    while True:
        yield b" " * 65536


def hang() -> Iterator[bytes]:
    time.sleep(2)
    yield b"{}"


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(lambda: Response("no", 500), id="fails"),
        pytest.param(lambda: Response("", 302, {"Location": "/keys"}), id="redirects"),
        pytest.param(lambda: Response("<html>", content_type="text/html"), id="shows a page"),
        pytest.param(lambda: Response(""), id="says nothing"),
        pytest.param(lambda: Response("[" * 100_000), id="nests deeply"),
        pytest.param(lambda: Response(json.dumps({"keys": []})), id="has no keys"),
        pytest.param(lambda: Response(json.dumps({"keys": [{"kty": "oct", "k": "AA"}]})), id="has no usable key"),
        pytest.param(lambda: Response(b"\xff\xfe"), id="is no text"),
        pytest.param(lambda: Response(drip()), id="drips"),
        pytest.param(lambda: Response(endless()), id="never ends"),
        pytest.param(lambda: Response(hang()), id="hangs"),
        pytest.param(
            lambda: Response(gzip.compress(b" " * 50 * LONGEST_ANSWER), headers={"Content-Encoding": "gzip"}),
            id="packs a bomb",
        ),
        pytest.param(lambda: Response(b"not gzip", headers={"Content-Encoding": "gzip"}), id="packs badly"),
        pytest.param(lambda: Response(b"{}", headers={"Content-Encoding": "br"}), id="packs unasked"),
    ],
)
def test_issuer_that_misbehaves_gives_no_keys(
    issuer: Issuer, documents: IssuerDocuments, answer: Callable[[], Response]
) -> None:
    issuer.serve("/keys", KEY_SET)

    with pytest.raises(KeysUnavailable):
        documents.key_set_at(issuer.serve("/misbehaving", answer()))
    assert issuer.asked == ["/misbehaving"]


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(lambda: Response(b" " * (LONGEST_ANSWER + 1)), id="as it is"),
        pytest.param(
            lambda: Response(gzip.compress(b" " * (LONGEST_ANSWER + 1)), headers={"Content-Encoding": "gzip"}),
            id="packed",
        ),
    ],
)
def test_key_set_may_not_be_enormous(
    issuer: Issuer, documents: IssuerDocuments, answer: Callable[[], Response]
) -> None:
    with pytest.raises(KeysUnavailable, match="too long"):
        documents.key_set_at(issuer.serve("/keys", answer()))


def test_key_set_may_be_packed(issuer: Issuer, documents: IssuerDocuments) -> None:
    packed = Response(gzip.compress(json.dumps(KEY_SET).encode()), headers={"Content-Encoding": "gzip"})

    assert len(documents.key_set_at(issuer.serve("/keys", packed)).value.keys) == 2


def test_issuer_that_is_not_there_gives_no_keys(issuer: Issuer, documents: IssuerDocuments) -> None:
    issuer.server.close()

    with pytest.raises(KeysUnavailable):
        documents.key_set_at(issuer.url + "/keys")


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("https://issuer.example/keys", True),
        ("http://127.0.0.1:3001/keys", True),
        ("http://[::1]:3001/keys", True),
        ("http://localhost:3001/keys", True),
        ("http://issuer.example/keys", False),
        ("http://127.0.0.1.issuer.example/keys", False),
        ("http://10.0.0.1/keys", False),
        ("https://user:password@issuer.example/keys", False),
        ("https://issuer.example/keys#here", False),
        ("https://issuer.example@10.0.0.1/keys", False),
        ("ftp://issuer.example/keys", False),
        ("https:///keys", False),
        ("https://[::1", False),
        ("https://issuer.example:99999/keys", False),
        ("https://issuer.example:/keys", False),
        ("HTTPS://Issuer.example:8443/keys", True),
        ("http://[::1].issuer.example/keys", False),
        ("http://issuer.example[::1]/keys", False),
        ("http://[::1%25eth0]/keys", False),
        ("https://issuer.example\\@127.0.0.1/keys", False),
        ("https://issuer%2eexample/keys", False),
        ("https://issuer.example/ke\nys", False),
        (" https://issuer.example/keys", False),
        ("https://issuér.example/keys", False),
        ("", False),
    ],
)
def test_only_safe_addresses_are_fetched(url: str, *, allowed: bool) -> None:
    assert is_allowed(url) is allowed


@pytest.mark.parametrize(
    ("control", "lifetime"),
    [
        (None, None),
        ("public", None),
        ("max-age=300", 300),
        ("public, max-age=21600, must-revalidate", 21600),
        ('Max-Age="60"', 60),
        ("s-max-age=7", None),
        ("max-age=-1", None),
        ("max-age=soon", None),
        ("no-store", 0),
        ("no-cache, max-age=300", 0),
        ("max-age=99999999999999", 999999999),
    ],
)
def test_lifetime_is_what_cache_control_says(
    issuer: Issuer, documents: IssuerDocuments, control: str | None, lifetime: float | None
) -> None:
    headers = {"Cache-Control": control} if control else {}
    url = issuer.serve("/keys", Response(json.dumps(KEY_SET), headers=headers))

    assert lifetime_of(control or "") == lifetime
    assert documents.key_set_at(url).lifetime == lifetime


def test_cache_control_may_come_in_two_headers(issuer: Issuer, documents: IssuerDocuments) -> None:
    headers = [("Cache-Control", "public"), ("Cache-Control", "max-age=300")]

    assert documents.key_set_at(issuer.serve("/keys", Response(json.dumps(KEY_SET), headers=headers))).lifetime == 300


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


def gzip_header_that_never_ends() -> Iterator[bytes]:
    yield b"\x1f\x8b\x08\x08" + bytes(6)
    while True:
        yield b"x"
        time.sleep(0.05)


def test_packing_cannot_hide_from_the_deadline(issuer: Issuer, documents: IssuerDocuments) -> None:
    drip = Response(gzip_header_that_never_ends(), headers={"Content-Encoding": "gzip"})

    with pytest.raises(KeysUnavailable):
        documents.key_set_at(issuer.serve("/misbehaving", drip))
