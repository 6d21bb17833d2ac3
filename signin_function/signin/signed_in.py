"""What a sign-in that worked leaves: the answer to the client, and a log entry with metrics for operators."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from signin import answers, telemetry
from signin.identity import session_name
from signin.sessions import MIN_SECONDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from signin.caller import VerifiedCaller
    from signin.deadline import Deadline
    from signin.exchange import SignedIn
    from signin.settings import Settings

SPREAD = 0.04
"""The greatest part of the lifetime by which RefreshAfter comes earlier, so that clients do not come back at once."""
METRICS = {
    "created": "UsersCreated",
    "renamed": "NamesChanged",
    "not renamed": "NamesNotChanged",
    "renewed": "Renewals",
}
"""The metric that counts an outcome of `users.ensure`."""


def answer(outcome: SignedIn, settings: Settings, now: float, chance: float) -> dict[str, Any]:
    """
    Return the answer to a sign-in that worked at *now*, in seconds since the epoch.

    *chance* is a random number from 0 to 1, so that clients that signed in together do not come back together.
    """
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
        "RefreshAfter": _iso(_refresh_after(outcome, lifetime, chance)),
    }
    return answers.success(200, body | ({"ChimeGuest": True} if outcome.guest else {}))


def _refresh_after(outcome: SignedIn, lifetime: timedelta, chance: float) -> datetime:
    """Return when a sixth of *lifetime* is left, ten minutes of an hour, or a little earlier; never later."""
    expiration = outcome.credentials.expiration
    refresh_after = expiration - lifetime / 6 - lifetime * SPREAD * chance
    # By then too little of the invitation may be left for another session, so there is nothing to come back for.
    if outcome.guest and outcome.token_expires - refresh_after.timestamp() < MIN_SECONDS:
        return expiration
    return refresh_after


def record(caller: VerifiedCaller, outcome: SignedIn, deadline: Deadline, request_id: str) -> None:
    """Log a sign-in that worked, and count it."""
    session = outcome.session
    fields: dict[str, object] = {
        "outcome": "signed_in",
        "provider": caller.provider,
        "user": outcome.ensured.outcome,
        "user_sha256": telemetry.sha256(session.user_id),
        "session_name_sha256": telemetry.sha256(session_name(session.user_id)),
        "role": session.role_arn.rpartition("/")[2],
        "expires": outcome.credentials.expiration.isoformat(),
    }
    if outcome.guest:
        fields["guest"] = True
    if outcome.ensured.failure:
        fields["not_renamed"] = telemetry.cause(outcome.ensured.failure)
    extension = outcome.ensured.extension
    if extension and extension.failure:
        fields["not_extended"] = telemetry.cause(extension.failure)
    counts = dict.fromkeys(_counted(outcome), 1)
    telemetry.succeeded("signed in", fields, counts, deadline, request_id)


def _counted(outcome: SignedIn) -> Iterator[str]:
    """Yield the metrics that count a sign-in."""
    yield "SignIns"
    if outcome.ensured.outcome in METRICS:
        yield METRICS[outcome.ensured.outcome]
    if outcome.guest:
        yield "GuestSignIns"
    if outcome.ensured.extension:
        yield "GuestsNotExtended" if outcome.ensured.extension.failure else "GuestsExtended"


def _iso(time: datetime) -> str:
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
