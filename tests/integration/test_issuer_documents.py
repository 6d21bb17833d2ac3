"""Issuers over real HTTP, on their good and on their bad days."""

from __future__ import annotations

import gzip
import json
import time
from typing import TYPE_CHECKING, Any

import pytest
from werkzeug.wrappers import Response

from authorizer.algorithms import ASYMMETRIC
from authorizer.errors import KeysUnavailable
from authorizer.https import MAX_ANSWER_BYTES, IssuerDocuments, is_allowed, lifetime_of
from tests.issuers import Issuer
from tests.tokens import ec_signer, rsa_signer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


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


def gzip_header_that_never_ends() -> Iterator[bytes]:
    yield b"\x1f\x8b\x08\x08" + bytes(6)
    while True:
        yield b"x"
        time.sleep(0.05)


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
        pytest.param(lambda: Response(endless()), id="never ends"),
        pytest.param(
            lambda: Response(gzip.compress(b" " * 50 * MAX_ANSWER_BYTES), headers={"Content-Encoding": "gzip"}),
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
        pytest.param(lambda: Response(drip()), id="drips"),
        pytest.param(lambda: Response(hang()), id="hangs"),
        pytest.param(
            lambda: Response(gzip_header_that_never_ends(), headers={"Content-Encoding": "gzip"}),
            id="drips in a packing's header",
        ),
    ],
)
def test_issuer_that_takes_too_long_gives_no_keys(
    issuer: Issuer, hurried: IssuerDocuments, answer: Callable[[], Response]
) -> None:
    with pytest.raises(KeysUnavailable, match="TimeoutError"):
        hurried.key_set_at(issuer.serve("/misbehaving", answer()))


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(lambda: Response(b" " * (MAX_ANSWER_BYTES + 1)), id="as it is"),
        pytest.param(
            lambda: Response(gzip.compress(b" " * (MAX_ANSWER_BYTES + 1)), headers={"Content-Encoding": "gzip"}),
            id="packed",
        ),
    ],
)
def test_key_set_may_not_be_enormous(
    issuer: Issuer, documents: IssuerDocuments, answer: Callable[[], Response]
) -> None:
    with pytest.raises(KeysUnavailable, match="too long"):
        documents.key_set_at(issuer.serve("/keys", answer()))


@pytest.mark.parametrize("encodings", [["gzip"], ["x-gzip"], ["aws-chunked", "gzip"]])
def test_key_set_may_be_packed(issuer: Issuer, documents: IssuerDocuments, encodings: list[str]) -> None:
    headers = [("Content-Encoding", encoding) for encoding in encodings]
    packed = Response(gzip.compress(json.dumps(KEY_SET).encode()), headers=headers)

    assert len(documents.key_set_at(issuer.serve("/keys", packed)).value.keys) == 2


@pytest.mark.parametrize("encodings", [[""], ["identity", "identity"], ["utf-8"], ["aws-chunked"]])
def test_key_set_may_be_called_packed_and_not_be(
    issuer: Issuer, documents: IssuerDocuments, encodings: list[str]
) -> None:
    packed = Response(json.dumps(KEY_SET), headers=[("Content-Encoding", encoding) for encoding in encodings])

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


@pytest.mark.parametrize(
    ("control", "age", "lifetime"),
    [
        pytest.param("max-age=3600", "3500", 100, id="some of it has passed"),
        pytest.param("max-age=3600", "0", 3600, id="none of it has passed"),
        pytest.param("max-age=3600", "3600", 0, id="all of it has passed"),
        pytest.param("max-age=86400", "90000", 0, id="more than it has passed"),
        pytest.param("max-age=3600", " 100 , 200", 3500, id="of two the first"),
        pytest.param("max-age=3600", "9" * 5000, 0, id="an age of 5000 digits"),
        pytest.param("max-age=3600", "-100", 3600, id="an age before its beginning"),
        pytest.param("max-age=3600", "100.5", 3600, id="an age in fractions"),
        pytest.param("max-age=3600", "old", 3600, id="an age in words"),
        pytest.param("max-age=3600", "", 3600, id="an empty age"),
        pytest.param("public", "100", None, id="an age of what never said how long"),
        pytest.param("no-store", "100", 0, id="an age of what is not to be stored"),
    ],
)
def test_lifetime_is_what_is_left_of_it_in_a_shared_cache(
    issuer: Issuer, documents: IssuerDocuments, control: str, age: str, lifetime: float | None
) -> None:
    headers = {"Cache-Control": control, "Age": age}
    url = issuer.serve("/keys", Response(json.dumps(KEY_SET), headers=headers))

    assert documents.key_set_at(url).lifetime == lifetime


def test_cache_control_may_come_in_two_headers(issuer: Issuer, documents: IssuerDocuments) -> None:
    headers = [("Cache-Control", "public"), ("Cache-Control", "max-age=300")]

    assert documents.key_set_at(issuer.serve("/keys", Response(json.dumps(KEY_SET), headers=headers))).lifetime == 300
