"""Read the claims of a token whose signature is right."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from authorizer.errors import Reason, TokenRefused

if TYPE_CHECKING:
    from collections.abc import Mapping

    from authorizer.providers import Provider

SKEW_SECONDS = 60
"""How far an issuer's clock and ours may differ."""
LATEST_TIME = 253_402_300_799
"""The last second of the year 9999: no token lives longer, and JSON can say 1e999."""
LONGEST_SUBJECT = 255
"""In characters (OpenID Connect Core 1.0, 2)."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls, as their provider vouches for: whoever holds one of these need check nothing."""

    provider: str
    id_scope: str
    plain: bool
    subject: str
    name: str
    expires: int
    """When the token ends, in seconds since the epoch."""


def check_times(claims: Mapping[str, Any], now: float) -> None:
    """
    Check `exp`, which must be there, `nbf` and `iat` against *now* (RFC 7519, 4.1.4 to 4.1.6).

    Raises:
        TokenRefused: The token has ended ("on or after"), has not begun, or a time is no number.
    """
    expires = _time(claims, "exp")
    if expires is None:
        raise TokenRefused(Reason.INVALID_CLAIM)
    begins = [time for time in (_time(claims, "nbf"), _time(claims, "iat")) if time is not None]
    if now >= expires + SKEW_SECONDS:
        raise TokenRefused(Reason.TOKEN_EXPIRED)
    if any(now < time - SKEW_SECONDS for time in begins):
        raise TokenRefused(Reason.NOT_YET_VALID)


def check_audience(claims: Mapping[str, Any], audiences: tuple[str, ...] | None) -> None:
    """
    Check that the token is meant for one of *audiences* (RFC 7519, 4.1.3).

    Raises:
        TokenRefused: It is meant for others, or `aud` is neither a string nor a list of them.
    """
    audience = claims.get("aud", [])
    named = [audience] if isinstance(audience, str) else audience
    if not isinstance(named, list) or not all(isinstance(name, str) for name in named):
        raise TokenRefused(Reason.INVALID_CLAIM)
    if audiences is None or (not audiences and not named):
        return
    if not set(named) & set(audiences):
        raise TokenRefused(Reason.WRONG_AUDIENCE)


def caller(claims: Mapping[str, Any], provider: Provider) -> Caller:
    """
    Say who the checked *claims* of *provider* are about.

    Raises:
        TokenRefused: They name nobody, or in a way that is no name.
    """
    return Caller(
        provider=provider.name,
        id_scope=provider.id_scope,
        plain=provider.plain,
        subject=_subject(claims.get(provider.subject_claim)),
        name=_first_text(claims, provider.name_claims),
        expires=int(claims["exp"]),
    )


def _time(claims: Mapping[str, Any], name: str) -> float | None:
    """Read a NumericDate (RFC 7519, 2). Python takes true for 1; JSON does not."""
    if name not in claims:
        return None
    value = claims[name]
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= LATEST_TIME:
        raise TokenRefused(Reason.INVALID_CLAIM)
    return value


def _subject(value: object) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or not 1 <= len(value) <= LONGEST_SUBJECT:
        raise TokenRefused(Reason.INVALID_SUBJECT)
    return value


def _first_text(claims: Mapping[str, Any], names: tuple[str, ...]) -> str:
    """A name that is no text is no reason to keep somebody out."""
    candidates = (claims.get(name) for name in names)
    return next((text for text in candidates if isinstance(text, str) and text.strip()), "")
