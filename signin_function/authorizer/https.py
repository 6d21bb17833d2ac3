"""Fetch an issuer's public keys over HTTPS."""

from __future__ import annotations

import ipaddress
import json
import re
import zlib
from http.client import HTTPException, HTTPResponse
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from authorizer.connections import Connections
from authorizer.content_encoding import unpacked
from authorizer.errors import KeysUnavailable
from authorizer.refreshing_cache import MAX_FETCH_SECONDS, Fetched
from authorizer.resolver import Resolver

if TYPE_CHECKING:
    from collections.abc import Mapping

    from authorizer.keys import KeySet

MAX_ANSWER_BYTES = 512 * 1024
"""In bytes, unpacked. Real key sets are a few kilobytes."""
HEADERS = {"Accept": "application/json, application/jwk-set+json, */*;q=0.1", "User-Agent": "chime-signin"}
"""Key sets have a type of their own (RFC 7517, 8.5.2), and some have others. Firewalls want to know who asks."""
_VISIBLE = re.compile(r"[!-~]+", re.ASCII)
_PLACE = re.compile(r"(?:\[[0-9A-Fa-f:.]+\]|[0-9A-Za-z._-]+)(?::[0-9]{1,5})?", re.ASCII)
_MAX_AGE = re.compile(r"(?:^|[\s,])max-age=\"?(\d{1,9})", re.ASCII | re.IGNORECASE)
_AGE = re.compile(r"\s*(\d+)\s*(?:,.*)?", re.ASCII)
_NOT_STORED = re.compile(r"(?:^|[\s,])(?:no-store|no-cache)(?:$|[\s,=])", re.ASCII | re.IGNORECASE)


def is_allowed(url: str) -> bool:
    """Say whether *url* may be fetched: https, or http to this machine; no credentials, no fragment."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port  # what a fetch goes by; some mistakes are found only here
    except ValueError:
        return False
    # Some characters urlsplit would take out in silence, and of an odd place it would believe a part.
    if not host or not _VISIBLE.fullmatch(url) or not _PLACE.fullmatch(parts.netloc) or parts.fragment:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(host))


class IssuerDocuments:
    """The documents that an issuer publishes about itself, its key set being for the *accepted* algorithms."""

    def __init__(self, accepted: tuple[str, ...], deadline: float = MAX_FETCH_SECONDS) -> None:
        """Give each key set *deadline* seconds to arrive, its discovery included. Open no connection yet."""
        self._accepted = accepted
        self._deadline = deadline
        self._resolver = Resolver()

    def discovered_key_set(self, issuer: str) -> Fetched[KeySet]:
        """
        Return the key set that the discovery document of *issuer* points to (OpenID Connect Discovery 1.0, 4).

        Raises:
            KeysUnavailable: One of the two documents cannot be had in time, or is not what it should be.
        """
        with Connections(self._deadline, self._resolver) as connections:
            document, _ = _document(connections, issuer.removesuffix("/") + "/.well-known/openid-configuration")
            # Section 4.3: a document that speaks for another issuer proves nothing about this one.
            if not isinstance(document, dict) or document.get("issuer") != issuer:
                raise KeysUnavailable("the discovery document is not this issuer's")
            return self._key_set(connections, _named_by(document, issuer))

    def key_set_at(self, url: str) -> Fetched[KeySet]:
        """
        Return the key set at *url*.

        Raises:
            KeysUnavailable: It cannot be had in time, or has no usable key.
        """
        with Connections(self._deadline, self._resolver) as connections:
            return self._key_set(connections, url)

    def _key_set(self, connections: Connections, url: Any) -> Fetched[KeySet]:
        document, lifetime = _document(connections, url)
        # Not at the top: a cold start asks the issuer first, and loads cryptography while it answers.
        from authorizer.keys import key_set  # noqa: PLC0415

        try:
            return Fetched(key_set(document, self._accepted), lifetime)
        except ValueError as error:
            raise KeysUnavailable(str(error)) from error


def _named_by(document: Mapping[str, Any], issuer: str) -> Any:
    """Return the key set's address. It is the issuer's word: one over https leads nobody to what listens here alone."""
    url = document.get("jwks_uri")
    if _scheme(issuer) == "https" and _scheme(url) != "https":
        raise KeysUnavailable("the discovery document names an address that is not https")
    return url


def _scheme(url: Any) -> str:
    return str(url).partition(":")[0].lower()


def _document(connections: Connections, url: Any) -> tuple[Any, float | None]:
    """Return the JSON at *url*, and for how many seconds it is fresh. Raises KeysUnavailable."""
    if not isinstance(url, str) or not is_allowed(url):
        raise KeysUnavailable("the address is not one that may be fetched")
    try:
        body, lifetime = _tried_twice(connections, url)
        return json.loads(body), lifetime
    except (HTTPException, OSError, ValueError, OverflowError, RecursionError, zlib.error) as error:
        raise KeysUnavailable(type(error).__name__) from error


def _tried_twice(connections: Connections, url: str) -> tuple[bytes, float | None]:
    try:
        return _answer(connections, url)
    except ConnectionError:
        # A server may close a connection just when the second request is on its way.
        connections.forget()
        return _answer(connections, url)


def _answer(connections: Connections, url: str) -> tuple[bytes, float | None]:
    parts = urlsplit(url)
    connection = connections.to(parts.scheme, str(parts.hostname), parts.port)
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
    return unpacked(body, _all(response, "Content-Encoding"), MAX_ANSWER_BYTES)


def _all(response: HTTPResponse, name: str) -> str:
    """Return what all headers of that *name* say, as one (RFC 9110, 5.3)."""
    return ", ".join(response.headers.get_all(name, ()))


def lifetime_of(cache_control: str, age: str = "") -> float | None:
    """
    Return for how many seconds more an answer is fresh; None if it does not say.

    *cache_control* says for how long it is from its beginning (RFC 9111, 5.2.2), and *age* how long ago that was for
    the cache that sent it (5.1): of several the first counts, and none that is no whole number.
    """
    if _NOT_STORED.search(cache_control):
        return 0.0
    longest, passed = _MAX_AGE.search(cache_control), _AGE.fullmatch(age)
    return max(0.0, float(longest[1]) - (float(passed[1]) if passed else 0.0)) if longest else None


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
