"""Fetch an issuer's public keys over HTTPS."""

from __future__ import annotations

import contextlib
import functools
import ipaddress
import json
import re
import socket
import ssl
import threading
import time
import zlib
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit, urlunsplit

from authorizer.errors import KeysUnavailable
from authorizer.key_sources import Fetched

if TYPE_CHECKING:
    from authorizer.keys import KeySet

DEADLINE_SECONDS = 3.0
LONGEST_ANSWER = 512 * 1024
"""In bytes, unpacked. Real key sets are a few kilobytes."""
CHUNK = 16 * 1024
HEADERS = {"Accept": "application/json", "User-Agent": "chime-signin"}
"""Firewalls of some issuers refuse clients that do not say what they are."""
_GZIP = 16 + zlib.MAX_WBITS
_VISIBLE = re.compile(r"[!-~]+", re.ASCII)
_MAX_AGE = re.compile(r"(?:^|[\s,])max-age=\"?(\d{1,9})", re.ASCII | re.IGNORECASE)
_NOT_STORED = re.compile(r"(?:^|[\s,])(?:no-store|no-cache)(?:$|[\s,=])", re.ASCII | re.IGNORECASE)


def is_allowed(url: str) -> bool:
    """Say whether *url* may be fetched: https, or http to this machine; no credentials, no fragment."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port  # what a fetch goes by; some mistakes are found only here
    except ValueError:
        return False
    # Other characters, urlsplit would take out in silence.
    if not host or not _VISIBLE.fullmatch(url) or "@" in parts.netloc or parts.fragment:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(host))


class IssuerDocuments:
    """The documents that an issuer publishes about itself, its key set being for the *accepted* algorithms."""

    def __init__(self, accepted: tuple[str, ...], deadline: float = DEADLINE_SECONDS) -> None:
        """Give each key set *deadline* seconds to arrive, its discovery included. Open no connection yet."""
        self._accepted = accepted
        self._deadline = deadline

    def discovered_key_set(self, issuer: str) -> Fetched[KeySet]:
        """
        Return the key set that the discovery document of *issuer* points to (OpenID Connect Discovery 1.0, 4).

        Raises:
            KeysUnavailable: One of the two documents cannot be had in time, or is not what it should be.
        """
        with _Conversation(self._deadline) as conversation:
            document, _ = conversation.document(issuer.removesuffix("/") + "/.well-known/openid-configuration")
            # Section 4.3: a document that speaks for another issuer proves nothing about this one.
            if not isinstance(document, dict) or document.get("issuer") != issuer:
                raise KeysUnavailable("the discovery document is not this issuer's")
            return self._key_set(conversation, document.get("jwks_uri"))

    def key_set_at(self, url: str) -> Fetched[KeySet]:
        """
        Return the key set at *url*.

        Raises:
            KeysUnavailable: It cannot be had in time, or has no usable key.
        """
        with _Conversation(self._deadline) as conversation:
            return self._key_set(conversation, url)

    def _key_set(self, conversation: _Conversation, url: Any) -> Fetched[KeySet]:
        document, lifetime = conversation.document(url)
        # Not at the top: a cold start asks the issuer first, and loads cryptography while it answers.
        from authorizer.keys import key_set  # noqa: PLC0415

        try:
            return Fetched(key_set(document, self._accepted), lifetime)
        except ValueError as error:
            raise KeysUnavailable(str(error)) from error


class _Conversation:
    """
    One or two requests to an issuer, over one connection if both go to one place.

    When *seconds* are over, whatever is still open is cut: a server that hangs, or sends one byte at a time, can hold
    nobody up for longer, wherever in its answer it is.
    """

    def __init__(self, seconds: float) -> None:
        self._ends = time.monotonic() + seconds
        self._cut = threading.Timer(seconds, self._cut_connections)
        self._cut.daemon = True
        self._connections: dict[tuple[str, str], HTTPConnection] = {}

    def __enter__(self) -> Self:
        self._cut.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._cut.cancel()
        self._close()

    def document(self, url: Any) -> tuple[Any, float | None]:
        """Return the JSON at *url*, and for how many seconds it is fresh. Raises KeysUnavailable."""
        if not isinstance(url, str) or not is_allowed(url):
            raise KeysUnavailable("the address is not one that may be fetched")
        try:
            body, cache_control = self._tried_twice(url)
            return json.loads(body), lifetime_of(cache_control)
        except (HTTPException, zlib.error, OSError, ValueError, RecursionError) as error:
            raise KeysUnavailable(type(error).__name__ if self._left() else "no answer in time") from error

    def _tried_twice(self, url: str) -> tuple[bytes, str]:
        try:
            return self._body(url)
        except ConnectionError:
            if not self._left():
                raise
            # A server may close a connection just when the second request is on its way.
            self._close()
            return self._body(url)

    def _body(self, url: str) -> tuple[bytes, str]:
        parts = urlsplit(url)
        connection = self._connection(parts.scheme, parts.netloc)
        connection.timeout = max(self._left(), 0.001)  # of opening it; once open it is cut
        connection.request("GET", urlunsplit(("", "", parts.path or "/", parts.query, "")), headers=HEADERS)
        with connection.getresponse() as response:
            return _read(response), ", ".join(response.headers.get_all("Cache-Control", ()))

    def _connection(self, scheme: str, place: str) -> HTTPConnection:
        if (scheme, place) not in self._connections:
            secure = scheme == "https"
            self._connections[scheme, place] = (
                HTTPSConnection(place, context=tls()) if secure else HTTPConnection(place)
            )
        return self._connections[scheme, place]

    def _left(self) -> float:
        return max(0.0, self._ends - time.monotonic())

    def _close(self) -> None:
        for connection in self._connections.values():
            connection.close()

    def _cut_connections(self) -> None:
        for connection in list(self._connections.values()):
            with contextlib.suppress(OSError, AttributeError):  # not open yet, or closed meanwhile
                connection.sock.shutdown(socket.SHUT_RDWR)


@functools.cache
def tls() -> ssl.SSLContext:
    """Trust whom the machine trusts, and check names. Made once, because reading all those certificates takes time."""
    return ssl.create_default_context()


def _read(response: HTTPResponse) -> bytes:
    """Return the body, unpacked: it may come packed although nobody asked for that, and be a bomb."""
    if response.status != 200:  # noqa: PLR2004 - OK
        raise KeysUnavailable(f"status {response.status}")
    body = b""
    while chunk := response.read1(CHUNK):
        body += chunk
        if len(body) > LONGEST_ANSWER:
            raise KeysUnavailable("the answer is too long")
    return _unpacked(body, response.headers.get("Content-Encoding", "identity"))


def lifetime_of(cache_control: str) -> float | None:
    """Return for how many seconds an answer is fresh by its *cache_control* (RFC 9111, 5.2.2); None if it is silent."""
    if _NOT_STORED.search(cache_control):
        return 0.0
    age = _MAX_AGE.search(cache_control)
    return float(age[1]) if age else None


def _unpacked(body: bytes, encoding: str) -> bytes:
    if encoding.lower() == "identity":
        return body
    if encoding.lower() != "gzip":
        raise KeysUnavailable("the answer is packed in a way that was not asked for")
    unpacked = zlib.decompressobj(_GZIP).decompress(body, LONGEST_ANSWER + 1)
    if len(unpacked) > LONGEST_ANSWER:
        raise KeysUnavailable("the answer is too long")
    return unpacked


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
