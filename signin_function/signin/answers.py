"""How outcomes are told: the one place where they become statuses, headers and bodies."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from signin.errors import Forbidden, Rejected, Throttled, TransientError, Unavailable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from signin.exchange import SignedIn
    from signin.settings import SigninSettings

ERRORS: dict[type[Exception], tuple[int, str, str, int | None]] = {
    Forbidden: (403, "forbidden", "This user may not sign in.", None),
    Throttled: (429, "throttled", "Too many sign-ins at once. Try again.", 2),
    Unavailable: (503, "unavailable", "Signing in is not possible now. Try again.", 5),
    Rejected: (502, "upstream_error", "Signing in failed.", None),
}
"""Status, error code, description, seconds to wait unless AWS named more. What is not here is our own mistake: 500."""


def signed_in(outcome: SignedIn, settings: SigninSettings, now: float) -> dict[str, Any]:
    """Return the answer to a sign-in that worked at *now*, in seconds since the epoch."""
    expiration = outcome.credentials.expiration
    lifetime = expiration - datetime.fromtimestamp(now, UTC)
    body = {
        "ChimeAppInstanceUserArn": outcome.ensured.user.arn,
        "ChimeUserId": outcome.session.user_id,
        "ChimeCredentials": {
            "AccessKeyId": outcome.credentials.access_key_id,
            "SecretAccessKey": outcome.credentials.secret_access_key,
            "SessionToken": outcome.credentials.session_token,
            "Expiration": _iso(expiration),
        },
        "ChimeDisplayName": outcome.ensured.user.name,
        "ChimeAppInstanceArn": settings.app_instance_arn,
        "ChimeRegion": settings.region,
        "ExpiresIn": max(0, round(lifetime / timedelta(seconds=1))),
        # When a sixth is left: ten minutes of an hour.
        "RefreshAfter": _iso(expiration - lifetime / 6),
    }
    return _json(200, body, {})


def error(failure: Exception, request_id: str) -> dict[str, Any]:
    """Return the answer to *failure*. It says no more than the contract's table: nothing of AWS's own words."""
    for kind, (status, code, description, wait) in ERRORS.items():
        if isinstance(failure, kind):
            reason = {"reason": failure.code} if isinstance(failure, Forbidden) else {}
            body = {"error": code, "error_description": description, **reason, "requestId": request_id}
            return _json(status, body, _retry_after(failure, wait))
    return _json(500, {"error": "internal", "error_description": "Something went wrong here.", "requestId": request_id})


def preflight(headers: Iterable[str]) -> dict[str, Any]:
    """Return the answer to a browser that asks whether it may call with these *headers* (Fetch Standard, 4.8)."""
    return {
        "statusCode": 204,
        "headers": {
            "Access-Control-Allow-Methods": "POST, OPTIONS",
            "Access-Control-Allow-Headers": ", ".join(headers),
            "Access-Control-Max-Age": "600",
            "Vary": "Access-Control-Request-Headers",
        },
        "body": "",
    }


def _json(status: int, body: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> dict[str, Any]:
    return {
        "statusCode": status,
        "headers": {"Content-Type": "application/json", "Cache-Control": "no-store", **(headers or {})},
        "body": json.dumps(body),
    }


def _retry_after(failure: Exception, wait: int | None) -> dict[str, str]:
    named = failure.retry_after if isinstance(failure, TransientError) else None
    return {} if wait is None else {"Retry-After": str(max(wait, named or 0))}


def _iso(time: datetime) -> str:
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
