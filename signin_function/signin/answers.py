"""The answers: the one place where outcomes become statuses, headers and bodies, with CORS for the listed origins."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from signin.errors import Forbidden, Rejected, Throttled, Unavailable

Errors = Mapping[type[Exception], tuple[int, str, str, int | None]]
"""For each error its status, code, description, and the seconds to wait at least."""

ERRORS: dict[type[Exception], tuple[int, str, str, int | None]] = {
    Forbidden: (403, "forbidden", "This user may not sign in.", None),
    Throttled: (429, "throttled", "Too many sign-ins at once. Try again.", 2),
    Unavailable: (503, "unavailable", "Signing in is not possible now. Try again.", 5),
    Rejected: (502, "upstream_error", "Signing in failed.", None),
}
"""The errors of a sign-in. Any other error is our own mistake: 500."""

HEADERS = ("Authorization", "Content-Type")
"""The headers that a page of any origin may send."""
MAX_HEADERS = 32
HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}", re.ASCII)
"""RFC 9110, 5.6.2. Names of real headers are not longer."""


def success(status: int, body: Mapping[str, Any]) -> dict[str, Any]:
    """Return an answer with *body* as JSON."""
    return _json(status, body, {})


def no_content() -> dict[str, Any]:
    """Return an answer without a body."""
    return {"statusCode": 204, "headers": {"Cache-Control": "no-store"}, "body": ""}


def error(failure: Exception, request_id: str, errors: Errors = ERRORS) -> dict[str, Any]:
    """Return the answer that *errors* has for *failure*. It has nothing but what docs/api.md lists: no words of AWS."""
    for kind, (status, code, description, wait) in errors.items():
        if isinstance(failure, kind):
            reason = {"reason": failure.code} if isinstance(failure, Forbidden) else {}
            body = {"error": code, "error_description": description, **reason, "requestId": request_id}
            return _json(status, body, _retry_after(failure, wait))
    body = {"error": "internal", "error_description": "Something went wrong here.", "requestId": request_id}
    return _json(500, body, {})


def preflight(
    event: Mapping[str, Any], allowed_origins: frozenset[str], methods: tuple[str, ...] = ("POST",)
) -> dict[str, Any]:
    """
    Return the answer to a browser that asks whether a page may make a call (Fetch Standard, CORS preflight).

    *methods* are those of the function's routes.
    """
    return {
        "statusCode": 204,
        "headers": {
            "Access-Control-Allow-Methods": ", ".join([*methods, "OPTIONS"]),
            "Access-Control-Allow-Headers": ", ".join(_allowed_headers(event, allowed_origins)),
            "Access-Control-Max-Age": "600",
            "Vary": "Access-Control-Request-Headers",
        },
        "body": "",
    }


def add_cors_headers(
    answer: dict[str, Any], event: Mapping[str, Any], allowed_origins: frozenset[str]
) -> dict[str, Any]:
    """Return *answer* with the headers that let a page read it, if the origin of *event* is one of the allowed."""
    headers = {**answer["headers"], "Vary": ", ".join(["Origin", *filter(None, [answer["headers"].get("Vary")])])}
    origin = _header(event, "origin")
    if _is_allowed(origin, allowed_origins):
        headers |= {
            "Access-Control-Allow-Origin": origin,
            "Access-Control-Allow-Credentials": "true",
            "Access-Control-Expose-Headers": "WWW-Authenticate, Retry-After",
        }
    return {**answer, "headers": headers}


def _allowed_headers(event: Mapping[str, Any], allowed_origins: frozenset[str]) -> list[str]:
    names = list(HEADERS)
    if not _is_allowed(_header(event, "origin"), allowed_origins):
        return names
    # A page of a listed origin may send any header: tracing adds `traceparent` or `baggage`, and we read neither.
    for requested in _header(event, "access-control-request-headers").split(","):
        name = requested.strip(" \t")
        # The star is no name: some browsers take it for permission to send every header.
        if HEADER_NAME.fullmatch(name) and name != "*" and name.lower() not in {known.lower() for known in names}:
            names.append(name)
    return names[:MAX_HEADERS]


def _is_allowed(origin: str, allowed_origins: frozenset[str]) -> bool:
    # RFC 6454, 4 compares scheme and host without regard to case, and web views send what the app wrote.
    return origin.isascii() and origin.lower() in allowed_origins


def _header(event: Mapping[str, Any], wanted: str) -> str:
    headers = event.get("headers") or {}
    return next((str(value) for name, value in headers.items() if name.lower() == wanted), "")


def _json(status: int, body: Mapping[str, Any], headers: Mapping[str, str]) -> dict[str, Any]:
    return {
        "statusCode": status,
        "headers": {"Content-Type": "application/json", "Cache-Control": "no-store", **headers},
        "body": json.dumps(body),
    }


def _retry_after(failure: Exception, wait: int | None) -> dict[str, str]:
    asked = getattr(failure, "retry_after", None)
    return {} if wait is None else {"Retry-After": str(max(wait, asked or 0))}
