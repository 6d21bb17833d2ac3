"""Fetch an issuer's public keys over HTTPS."""

from __future__ import annotations

import contextlib
import ipaddress
import json
import re
import socket
import threading
import time
import zlib
from typing import TYPE_CHECKING, Any

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from authorizer.errors import KeysUnavailable
from authorizer.key_sources import Fetched
from authorizer.keys import KeySet, key_set

if TYPE_CHECKING:
    from collections.abc import Mapping

    from urllib3.response import HTTPResponse

DEADLINE_SECONDS = 3.0
LONGEST_ANSWER = 512 * 1024
"""In bytes, unpacked. Real key sets are a few kilobytes."""
CHUNK = 16 * 1024
_GZIP = 16 + zlib.MAX_WBITS
_MAX_AGE = re.compile(r"(?:^|[\s,])max-age=\"?(\d{1,9})", re.ASCII | re.IGNORECASE)
_NOT_STORED = re.compile(r"(?:^|[\s,])(?:no-store|no-cache)(?:$|[\s,=])", re.ASCII | re.IGNORECASE)


def is_allowed(url: str) -> bool:
    """Say whether *url* may be fetched: https, or http to this machine; no credentials, no fragment."""
    try:
        parts = urllib3.util.parse_url(url)  # the parser of those who will fetch it
    except ValueError:
        return False
    if parts.auth or parts.fragment or not parts.host:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(parts.host.strip("[]")))


class IssuerDocuments:
    """The documents that an issuer publishes about itself, its key set being for the *accepted* algorithms."""

    def __init__(self, accepted: tuple[str, ...], deadline: float = DEADLINE_SECONDS) -> None:
        """Give each key set *deadline* seconds to arrive, its discovery included. Open no connection yet."""
        self._accepted = accepted
        self._deadline = deadline
        self._pool = urllib3.PoolManager(retries=False, headers={"Accept": "application/json"})
        self._pool.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}

    def discovered_key_set(self, issuer: str) -> Fetched[KeySet]:
        """
        Return the key set that the discovery document of *issuer* points to (OpenID Connect Discovery 1.0, 4).

        Raises:
            KeysUnavailable: One of the two documents cannot be had in time, or is not what it should be.
        """
        deadline = time.monotonic() + self._deadline
        document, _ = self._get(issuer.removesuffix("/") + "/.well-known/openid-configuration", deadline)
        # Section 4.3: a document that speaks for another issuer proves nothing about this one.
        if not isinstance(document, dict) or document.get("issuer") != issuer:
            raise KeysUnavailable("the discovery document is not this issuer's")
        return self._key_set(document.get("jwks_uri"), deadline)

    def key_set_at(self, url: str) -> Fetched[KeySet]:
        """
        Return the key set at *url*.

        Raises:
            KeysUnavailable: It cannot be had in time, or has no usable key.
        """
        return self._key_set(url, time.monotonic() + self._deadline)

    def _key_set(self, url: Any, deadline: float) -> Fetched[KeySet]:
        document, lifetime = self._get(url, deadline)
        try:
            return Fetched(key_set(document, self._accepted), lifetime)
        except ValueError as error:
            raise KeysUnavailable(str(error)) from error

    def _get(self, url: Any, deadline: float) -> tuple[Any, float | None]:
        if not isinstance(url, str) or not is_allowed(url):
            raise KeysUnavailable("the address is not one that may be fetched")
        try:
            body, headers = self._tried_twice(url, deadline)
            return json.loads(body), lifetime_of(headers)
        except (urllib3.exceptions.HTTPError, zlib.error, OSError, ValueError, RecursionError) as error:
            raise KeysUnavailable(type(error).__name__) from error

    def _tried_twice(self, url: str, deadline: float) -> tuple[bytes, Mapping[str, str]]:
        try:
            return self._body(url, deadline)
        except urllib3.exceptions.ProtocolError:
            if time.monotonic() > deadline:
                raise
            # A connection that was open when Lambda froze the machine is closed by the time it wakes.
            return self._body(url, deadline)

    def _body(self, url: str, deadline: float) -> tuple[bytes, Mapping[str, str]]:
        """Read the body in pieces: a server that drips, or packs a bomb, is left at the deadline or the size."""
        timeout = urllib3.Timeout(total=max(deadline - time.monotonic(), 0.001))
        with self._pool.request("GET", url, redirect=False, preload_content=False, timeout=timeout) as response:
            if response.status != 200:  # noqa: PLR2004 - OK
                raise KeysUnavailable(f"status {response.status}")
            body = b""
            # Packed as it comes: unpacking could wait for more than one piece, out of the deadline's sight.
            while chunk := response.read1(CHUNK, decode_content=False):
                body += chunk
                if len(body) > LONGEST_ANSWER or time.monotonic() > deadline:
                    response.close()  # or the rest would be read to use the connection again
                    raise KeysUnavailable("the answer is too long or too slow")
            return _unpacked(body, response.headers.get("Content-Encoding", "identity")), response.headers


class _Punctual(HTTPConnection):
    """A connection whose timeout is for the whole head of an answer: elsewhere each of its pieces may take so long."""

    def getresponse(self) -> HTTPResponse:  # type: ignore[override] # as in urllib3
        cut = threading.Timer(self.timeout or DEADLINE_SECONDS, _cut, (self.sock,))
        cut.start()
        try:
            return super().getresponse()
        finally:
            cut.cancel()


class _SecureConnection(_Punctual, HTTPSConnection):
    pass


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Punctual


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


def _cut(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):  # it may have been closed meanwhile
        connection.shutdown(socket.SHUT_RDWR)


def lifetime_of(headers: Mapping[str, str]) -> float | None:
    """Return for how many seconds an answer is fresh by its Cache-Control (RFC 9111, 5.2.2); None if it is silent."""
    control = headers.get("Cache-Control", "")
    if _NOT_STORED.search(control):
        return 0.0
    age = _MAX_AGE.search(control)
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
