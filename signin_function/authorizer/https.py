"""Fetch an issuer's public keys over HTTPS."""

from __future__ import annotations

import ipaddress
import json
import time
from typing import Any

import urllib3

from authorizer.errors import KeysUnavailable
from authorizer.keys import KeySet, key_set

DEADLINE_SECONDS = 3.0
LONGEST_ANSWER = 512 * 1024
"""In bytes, unpacked. Real key sets are a few kilobytes."""
CHUNK = 16 * 1024


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
    """The documents that issuers publish about themselves."""

    def __init__(self, deadline: float = DEADLINE_SECONDS) -> None:
        """Give each document *deadline* seconds to arrive. Open no connection yet."""
        self._deadline = deadline
        self._pool = urllib3.PoolManager(retries=False, headers={"Accept": "application/json"})

    def discovered_key_set(self, issuer: str) -> KeySet:
        """
        Return the key set that the discovery document of *issuer* points to (OpenID Connect Discovery 1.0, 4).

        Raises:
            KeysUnavailable: One of the two documents cannot be had, or is not what it should be.
        """
        document = self._get(issuer.removesuffix("/") + "/.well-known/openid-configuration")
        # Section 4.3: a document that speaks for another issuer proves nothing about this one.
        if not isinstance(document, dict) or document.get("issuer") != issuer:
            raise KeysUnavailable("the discovery document is not this issuer's")
        return self.key_set_at(document.get("jwks_uri"))

    def key_set_at(self, url: Any) -> KeySet:
        """
        Return the key set at *url*.

        Raises:
            KeysUnavailable: It cannot be had, or has no usable key.
        """
        try:
            return key_set(self._get(url))
        except ValueError as error:
            raise KeysUnavailable(str(error)) from error

    def _get(self, url: Any) -> Any:
        if not isinstance(url, str) or not is_allowed(url):
            raise KeysUnavailable("the address is not one that may be fetched")
        try:
            return json.loads(self._body(url))
        except (urllib3.exceptions.HTTPError, OSError, ValueError, RecursionError) as error:
            raise KeysUnavailable(type(error).__name__) from error

    def _body(self, url: str) -> bytes:
        """Read the body in pieces: a server that drips, or packs a bomb, is left at the deadline or the size."""
        deadline = time.monotonic() + self._deadline
        timeout = urllib3.Timeout(total=self._deadline)
        with self._pool.request("GET", url, redirect=False, preload_content=False, timeout=timeout) as response:
            if response.status != 200:  # noqa: PLR2004 - OK
                raise KeysUnavailable(f"status {response.status}")
            body = b""
            while chunk := response.read1(CHUNK, decode_content=True):
                body += chunk
                if len(body) > LONGEST_ANSWER or time.monotonic() > deadline:
                    raise KeysUnavailable("the answer is too long or too slow")
            return body


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
