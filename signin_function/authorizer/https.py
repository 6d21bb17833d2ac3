"""Fetch an issuer's public keys over HTTPS. Whatever is wrong with the answer counts as an outage."""

from __future__ import annotations

import ipaddress
import json
import re
import zlib
from http.client import HTTPException, HTTPResponse
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from authorizer.connections import IssuerConnections, Resolver
from authorizer.errors import KeysUnavailable
from authorizer.refreshing_cache import MAX_FETCH_SECONDS, Fetched

if TYPE_CHECKING:
    from collections.abc import Mapping

    from authorizer.keys import KeySet

MAX_ANSWER_BYTES = 512 * 1024
"""After decompression. Real key sets are a few kilobytes."""
HEADERS = {"Accept": "application/json, application/jwk-set+json, */*;q=0.1", "User-Agent": "chime-signin"}
"""Key sets have a media type of their own (RFC 7517, 8.5.2), some use others; some firewalls require a User-Agent."""
GZIP_CODINGS = frozenset({"gzip", "x-gzip"})
"""Two names of one coding (RFC 9110, 8.4.1.3)."""
NO_CODINGS = frozenset({"", "identity", "utf-8", "utf8", "aws-chunked"})
"""Values of Content-Encoding under which the body is as it is; the last three come from S3, which keeps any value."""
MAX_GZIP_MEMBERS = 64
_GZIP_MAGIC = b"\x1f\x8b"
_GZIP_BITS = 16 + zlib.MAX_WBITS
_VISIBLE = re.compile(r"[!-~]+", re.ASCII)
_AUTHORITY = re.compile(r"(?:\[[0-9A-Fa-f:.]+\]|[0-9A-Za-z._-]+)(?::[0-9]{1,5})?", re.ASCII)
_MAX_AGE = re.compile(r"(?:^|[\s,])max-age=\"?(\d{1,9})", re.ASCII | re.IGNORECASE)
_AGE = re.compile(r"\s*(\d+)\s*(?:,.*)?", re.ASCII)
_NOT_STORED = re.compile(r"(?:^|[\s,])(?:no-store|no-cache)(?:$|[\s,=])", re.ASCII | re.IGNORECASE)


def is_allowed(url: str) -> bool:
    """Say whether *url* may be fetched: https, or http to this machine; without credentials and fragment."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port  # a fetch uses both, and urlsplit finds some mistakes only here
    except ValueError:
        return False
    # urlsplit removes some characters silently, and reads a part of an authority that is not well-formed.
    if not host or not _VISIBLE.fullmatch(url) or not _AUTHORITY.fullmatch(parts.netloc) or parts.fragment:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(host))


class IssuerDocuments:
    """The documents that an issuer publishes: its discovery document and its key set."""

    def __init__(self, accepted: tuple[str, ...], seconds: float = MAX_FETCH_SECONDS) -> None:
        """
        Open no connection yet.

        Keys are used with the *accepted* algorithms. A key set, discovery included, must come within so many *seconds*.
        """
        self._accepted = accepted
        self._seconds = seconds
        self._resolver = Resolver()

    def discovered_key_set(self, issuer: str) -> Fetched[KeySet]:
        """
        Return the key set that the discovery document of *issuer* points to (OpenID Connect Discovery 1.0, 4).

        Raises:
            KeysUnavailable: One of the two documents cannot be had in time, or is not what it should be.
        """
        with IssuerConnections(self._seconds, self._resolver) as connections:
            document, _ = _document(connections, issuer.removesuffix("/") + "/.well-known/openid-configuration")
            # Section 4.3: a document of another issuer says nothing about this one.
            if not isinstance(document, dict) or document.get("issuer") != issuer:
                raise KeysUnavailable("the discovery document is not this issuer's")
            return self._key_set(connections, _jwks_uri_of(document, issuer))

    def key_set_at(self, url: str) -> Fetched[KeySet]:
        """
        Return the key set at *url*.

        Raises:
            KeysUnavailable: It cannot be had in time, or has no usable key.
        """
        with IssuerConnections(self._seconds, self._resolver) as connections:
            return self._key_set(connections, url)

    def _key_set(self, connections: IssuerConnections, url: Any) -> Fetched[KeySet]:
        document, lifetime = _document(connections, url)
        # Imported here, because a cold start asks the issuer first, and loads cryptography while the issuer answers.
        from authorizer.keys import key_set  # noqa: PLC0415

        try:
            return Fetched(key_set(document, self._accepted), lifetime)
        except ValueError as error:
            raise KeysUnavailable(str(error)) from error


def _jwks_uri_of(document: Mapping[str, Any], issuer: str) -> Any:
    """
    Return the address of the key set as *document* gives it.

    It must be https if the issuer is: an issuer must not send us to a server that listens on this machine alone.
    """
    url = document.get("jwks_uri")
    if _scheme(issuer) == "https" and _scheme(url) != "https":
        raise KeysUnavailable("the discovery document names an address that is not https")
    return url


def _scheme(url: Any) -> str:
    return str(url).partition(":")[0].lower()


def _document(connections: IssuerConnections, url: Any) -> tuple[Any, float | None]:
    """Return the JSON at *url*, and for how many seconds it is fresh. Raises KeysUnavailable."""
    if not isinstance(url, str) or not is_allowed(url):
        raise KeysUnavailable("the address is not one that may be fetched")
    try:
        body, lifetime = _get_with_retry(connections, url)
        return json.loads(body), lifetime
    except (HTTPException, OSError, ValueError, OverflowError, RecursionError, zlib.error) as error:
        raise KeysUnavailable(type(error).__name__) from error


def _get_with_retry(connections: IssuerConnections, url: str) -> tuple[bytes, float | None]:
    try:
        return _get(connections, url)
    except ConnectionError:
        # A server may close an idle connection at the moment when the next request is sent on it.
        connections.discard()
        return _get(connections, url)


def _get(connections: IssuerConnections, url: str) -> tuple[bytes, float | None]:
    parts = urlsplit(url)
    connection = connections.connection(parts.scheme, str(parts.hostname), parts.port)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    connection.request("GET", path, headers=HEADERS)
    with connection.getresponse() as response:
        return _read(response), lifetime_of(_all(response, "Cache-Control"), _all(response, "Age"))


def _read(response: HTTPResponse) -> bytes:
    if response.status != 200:  # noqa: PLR2004 - OK
        raise KeysUnavailable(f"status {response.status}")
    body = response.read(MAX_ANSWER_BYTES + 1)
    if len(body) > MAX_ANSWER_BYTES:
        raise KeysUnavailable("the answer is too long")
    if response.length:
        raise KeysUnavailable("the answer is not whole")
    return decoded(body, _all(response, "Content-Encoding"), MAX_ANSWER_BYTES)


def _all(response: HTTPResponse, name: str) -> str:
    """Return the values of all headers of that *name* as one list (RFC 9110, 5.3)."""
    return ", ".join(response.headers.get_all(name, ()))


def decoded(body: bytes, encodings: str, max_bytes: int) -> bytes:
    """
    Undo the *encodings* of *body*, as in Content-Encoding, which some servers apply although nobody asked for them.

    Raises:
        KeysUnavailable: The coding is another than gzip once, or the result is not whole or longer than *max_bytes*.
        zlib.error: It is not gzip.
    """
    codings = [name for name in map(str.strip, encodings.lower().split(",")) if name not in NO_CODINGS]
    if not codings:
        return body
    if len(codings) > 1 or codings[0] not in GZIP_CODINGS:
        raise KeysUnavailable("the answer is packed in a way that was not asked for")
    return _gunzipped(body, max_bytes)


def _gunzipped(body: bytes, max_bytes: int) -> bytes:
    """Decompress all members of a gzip file (RFC 1952, 2.2), and ignore bytes after the last one."""
    whole, rest = b"", body
    for _ in range(MAX_GZIP_MEMBERS):
        decompressor = zlib.decompressobj(_GZIP_BITS)
        # Never more than one byte too many, because a small body may decompress to gigabytes.
        whole += decompressor.decompress(rest, max_bytes + 1 - len(whole))
        if len(whole) > max_bytes:
            raise KeysUnavailable("the answer is too long")
        if not decompressor.eof:
            raise KeysUnavailable("the answer is not whole")
        rest = decompressor.unused_data
        if not rest.startswith(_GZIP_MAGIC):
            return whole
    raise KeysUnavailable("the answer is packed in too many pieces")


def lifetime_of(cache_control: str, age: str = "") -> float | None:
    """
    Return for how many seconds more an answer is fresh; None if it does not say.

    *cache_control* gives its lifetime (RFC 9111, 5.2.2), and *age* for how many seconds of it a cache has kept it
    already (5.1): the first of several values counts, and only if it is a whole number.
    """
    if _NOT_STORED.search(cache_control):
        return 0.0
    lifetime, passed = _MAX_AGE.search(cache_control), _AGE.fullmatch(age)
    return max(0.0, float(lifetime[1]) - (float(passed[1]) if passed else 0.0)) if lifetime else None


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
