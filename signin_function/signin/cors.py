"""Let browsers of the listed origins, and no others, read answers (Fetch Standard, CORS protocol)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


def shared_with(event: Mapping[str, Any], allowed_origins: frozenset[str], answer: dict[str, Any]) -> dict[str, Any]:
    """Return *answer* with the headers that let the origin of *event* read it, if it is an allowed one."""
    return {**answer, "headers": {**answer["headers"], **_headers(_origin(event), allowed_origins)}}


def _headers(origin: str, allowed_origins: frozenset[str]) -> dict[str, str]:
    if origin not in allowed_origins:
        return {"Vary": "Origin"}
    return {
        "Vary": "Origin",
        "Access-Control-Allow-Origin": origin,
        "Access-Control-Allow-Credentials": "true",
        "Access-Control-Expose-Headers": "WWW-Authenticate, Retry-After",
    }


def _origin(event: Mapping[str, Any]) -> str:
    headers = event.get("headers") or {}
    return next((str(value) for name, value in headers.items() if name.lower() == "origin"), "")
