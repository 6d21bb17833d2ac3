"""Let browsers of the listed origins, and no others, read answers (Fetch Standard, CORS protocol)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

HEADERS = ("Authorization", "Content-Type")
"""What every origin may be told that it may send."""
MOST_HEADERS = 32
TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}", re.ASCII)
"""A header's name (RFC 9110, 5.6.2), of a length that real ones have."""


def add_cors_headers(
    event: Mapping[str, Any], allowed_origins: frozenset[str], answer: dict[str, Any]
) -> dict[str, Any]:
    """Return *answer* with the headers that let the origin of *event* read it, if it is an allowed one."""
    varies = ", ".join(["Origin", *filter(None, [answer["headers"].get("Vary")])])
    shared = {**answer["headers"], "Vary": varies, **_permission(_header(event, "origin"), allowed_origins)}
    return {**answer, "headers": shared}


def allowed_headers(event: Mapping[str, Any], allowed_origins: frozenset[str]) -> list[str]:
    """
    Return the names of the headers that the page may send for which a browser asks by *event*, a preflight.

    An allowed origin may send what it asks for: tracing adds `traceparent` or `baggage` to each call, and we read
    neither.
    """
    names = list(HEADERS)
    if not _allowed(_header(event, "origin"), allowed_origins):
        return names
    for asked in _header(event, "access-control-request-headers").split(","):
        name = asked.strip(" \t")
        # To some browsers the star is no name, but all of them.
        if TOKEN.fullmatch(name) and name != "*" and name.lower() not in {known.lower() for known in names}:
            names.append(name)
    return names[:MOST_HEADERS]


def _permission(origin: str, allowed_origins: frozenset[str]) -> dict[str, str]:
    if not _allowed(origin, allowed_origins):
        return {}
    return {
        "Access-Control-Allow-Origin": origin,
        "Access-Control-Allow-Credentials": "true",
        "Access-Control-Expose-Headers": "WWW-Authenticate, Retry-After",
    }


def _allowed(origin: str, allowed_origins: frozenset[str]) -> bool:
    # Scheme and host are compared without regard to case (RFC 6454, 4): web views keep the one that an app chose.
    return origin.isascii() and origin.lower() in allowed_origins


def _header(event: Mapping[str, Any], wanted: str) -> str:
    headers = event.get("headers") or {}
    return next((str(value) for name, value in headers.items() if name.lower() == wanted), "")
