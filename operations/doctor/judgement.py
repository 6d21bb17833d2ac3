"""Judge a token by the authorizer's own code, and say what it found, what it wanted, and what to do."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from authorizer.errors import CallerForbidden, ForbiddenReason, KeysUnavailable, NoToken, Reason, TokenRefused
from authorizer.keys import VerificationKey
from authorizer.presets import PRESETS
from authorizer.providers import TokenPattern
from authorizer.request import unverified_token
from authorizer.verifier import verify

if TYPE_CHECKING:
    from collections.abc import Mapping

    from authorizer.claims import Caller
    from authorizer.settings import Settings

NO_TOKEN, UNAVAILABLE = "unauthorized", "unavailable"
"""What API Gateway answers where the authorizer raises."""
LONGEST = 300
"""Characters of a value that are shown."""
DEPLOY = "Then make deploy."
MENDS: dict[str, str] = {
    Reason.TWO_HEADERS.code: "Send exactly one Authorization header.",
    Reason.TOKEN_TOO_LARGE.code: f"Ask for fewer claims at the identity provider, or raise LongestToken. {DEPLOY}",
    Reason.MALFORMED_TOKEN.code: (
        "Send the JWT as the identity provider gave it: three parts with dots, not encrypted (that has five), not an "
        "opaque access token (Auth0 gives one where no audience is asked for), without quotes and line breaks."
    ),
    Reason.UNSUPPORTED_HEADER.code: "Have the identity provider sign plain JWTs, without crit, b64, zip and enc.",
    Reason.WRONG_TYPE.code: (
        "Send the kind of token that the provider's preset asks for: an ID token or an access token of a person, as "
        "docs/identity-providers.md has it. If this kind is meant, set token_use, token_types or also_accept in "
        f"Providers. {DEPLOY}"
    ),
    Reason.UNKNOWN_ISSUER.code: (
        f'If this is your identity provider, write its "iss" into Providers as issuer, letter for letter. {DEPLOY} '
        "If not, the token is of another application or environment."
    ),
    Reason.WRONG_ALGORITHM.code: (
        f"Have the identity provider sign with one that is wanted, or write this one into algorithms. {DEPLOY}"
    ),
    Reason.UNKNOWN_KEY.code: (
        "Sign in again for a token of today's keys. If that does not help, the token was signed by another environment "
        "or with a key that the issuer does not publish: compare the kid with its key set."
    ),
    Reason.BAD_SIGNATURE.code: (
        "Sign in again, and take care that nothing changes the token on its way. With a shared secret, compare the one "
        "that the application signs with, and secret_encoding."
    ),
    Reason.INVALID_CLAIM.code: "Have the identity provider write this claim as it is wanted, once.",
    Reason.TOKEN_EXPIRED.code: "Get a fresh token, and have the app do so before each call.",
    Reason.LIVES_TOO_LONG.code: (
        "Have the identity provider issue tokens that end sooner, or raise max_lifetime_seconds, where it is set. "
        "Without one, a token needs a display name or a short life, unless Providers has an audience."
    ),
    Reason.ENDS_TOO_SOON.code: (
        "Get a fresh token. If all of them live too briefly, have them live longer, or set SessionEndsWithToken to "
        f"false. {DEPLOY}"
    ),
    Reason.NOT_YET_VALID.code: (
        "Set the clock of whoever signs the tokens by NTP; clock_skew_seconds forgives 300 seconds at most."
    ),
    Reason.WRONG_AUDIENCE.code: (
        "Ask the identity provider for a token for the audience and application that are wanted; or, if this one is "
        f"yours too, write it into Providers as audience, client_id or clients. {DEPLOY}"
    ),
    Reason.INVALID_SUBJECT.code: (
        "Have the identity provider write the user's id into this claim, or name another one by subject_claim. "
        f"{DEPLOY}"
    ),
    ForbiddenReason.MISSING_SCOPE.value: "Have the app ask for these scopes, or leave required_scopes out.",
    ForbiddenReason.MISSING_ROLE.value: "Give the user one of these roles at the identity provider.",
    ForbiddenReason.MISSING_CLAIM.value: "Have the identity provider write this claim, or change required_claims.",
    ForbiddenReason.INVITATION_ENDS.value: (
        "Invite the guest anew, if they may stay: a session ends with its invitation, and lasts 900 seconds at least."
    ),
    NO_TOKEN: "Send the header Authorization: Bearer <JWT>.",
    UNAVAILABLE: (
        "See keys. While they cannot be had, sign-ins are answered with 503. If a shared secret may not be read from "
        "here, whoever runs this needs secretsmanager:GetSecretValue on it."
    ),
}
"""What to do, by the reason."""


@dataclass(frozen=True)
class Judgement:
    """
    What the authorizer says of a token: a *caller*, or the *reason* why there is none.

    *reason* is a code of the authorizer, `unauthorized` or `unavailable`; empty if the caller may sign in. *what* was
    looked at, *found* and *wanted* are for people.
    """

    reason: str = ""
    what: str = ""
    found: str = ""
    wanted: str = ""
    caller: Caller | None = None

    @property
    def mend(self) -> str:
        """What to do about it."""
        return MENDS.get(self.reason, "")


def judge(token: str, settings: Settings, now: float) -> Judgement:
    """Return what the authorizer with *settings* says of a request with *token* at *now* (seconds since the epoch)."""
    event = {"headers": {"Authorization": f"Bearer {token}"}}
    try:
        sent = unverified_token(event, settings.max_token_length, accept_base64=settings.accept_base64)
        return Judgement(caller=verify(sent, settings.providers, now))
    except NoToken:
        return Judgement(NO_TOKEN, "the Authorization header", "no bearer token", "Bearer <JWT>")
    except TokenRefused as refused:
        found, wanted = _explained(refused, now)
        if refused.reason is Reason.MALFORMED_TOKEN and _is_wrapped(event, settings):
            found, wanted = "a JWT in base64 as a whole", "the JWT itself, or AcceptBase64Tokens=true"
        return Judgement(refused.reason.code, refused.what, found, wanted)
    except CallerForbidden as forbidden:
        return Judgement(forbidden.reason.value, forbidden.what, *_lacked(forbidden))
    except KeysUnavailable as error:
        return Judgement(UNAVAILABLE, "the keys of its issuer", str(error), "keys to check the signature with")


def _is_wrapped(event: Mapping[str, Any], settings: Settings) -> bool:
    """Tell whether the token would be decoded if AcceptBase64Tokens were true; the public web demo sends such."""
    length = settings.max_token_length
    return unverified_token(event, length, accept_base64=True) != unverified_token(event, length)


def _lacked(forbidden: CallerForbidden) -> tuple[str, str]:
    """Return what was found and wanted, in words."""
    if forbidden.reason is ForbiddenReason.INVITATION_ENDS:
        return _seconds(forbidden.found), f"{_seconds(forbidden.wanted)} at least"
    return shown(forbidden.found), f"some of {shown(forbidden.wanted)}"


def _explained(refused: TokenRefused, now: float) -> tuple[str, str]:
    """Return what was found and wanted, in words."""
    found, wanted = refused.found, refused.wanted
    match refused.reason:
        case Reason.TOKEN_EXPIRED:
            return f"expired {_seconds(now - found)} ago", "a token that is valid now"
        case Reason.ENDS_TOO_SOON:
            return f"{_seconds(found)}", f"{_seconds(wanted)} at least"
        case Reason.NOT_YET_VALID:
            return f"valid in {_seconds(found - now)}", "a token that is valid now"
        case Reason.UNKNOWN_ISSUER:
            return shown(found), f"{_one_of(wanted)}{_nearly(found, wanted)}"
        case Reason.UNKNOWN_KEY:
            return f"kid {shown(found)}", f"one of the issuer's keys: {_one_of(wanted)}"
    return shown(found), _one_of(wanted) if isinstance(wanted, (tuple, frozenset, list)) else shown(wanted)


def shown(value: Any) -> str:
    """Return a value of a token as people read it: JSON, and not too long of it."""
    if isinstance(value, TokenPattern):
        return _kind(value)
    if isinstance(value, VerificationKey):
        return f"{value.kid or 'without a name'} ({value.algorithm})"
    if value is None:
        return "nothing"
    # With quotes where nothing, or a space, would not be seen.
    is_plain = isinstance(value, str) and value and value == value.strip()
    text = value if is_plain else json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def _one_of(values: Any) -> str:
    listed = sorted(shown(value) for value in values)
    return " or ".join(listed) if listed else "none at all"


def _nearly(found: Any, wanted: list[str | None]) -> str:
    """Return what the issuer differs in, if that is hard to see."""
    if not isinstance(found, str):
        return ""
    for issuer in filter(None, wanted):
        if found.rstrip("/") == issuer.rstrip("/"):
            return " (they differ in the slash at the end)"
        if found.strip().lower() == issuer.lower():
            return " (they differ in capitals or spaces)"
        if found.partition("://")[2] == issuer.partition("://")[2]:
            return " (they differ in http and https)"
    return ""


def _kind(pattern: TokenPattern) -> str:
    """Return what the presets call the tokens of a *pattern*: machines, say."""
    kinds = {
        kind
        for preset in PRESETS.values()
        for kind, patterns in preset.refused_token_patterns.items()
        if pattern in patterns
    }
    if kinds:
        return f"a token of {' or '.join(sorted(kinds))}, which {'is' if len(kinds) == 1 else 'are'} refused"
    if pattern.absent:
        return f"no claim {' or '.join(pattern.absent)}"
    if pattern.present:
        return f"a claim {' and '.join(pattern.present)}, which no token may have"
    return f"a subject that ends in {' or '.join(pattern.suffixes.values())}"


def _seconds(seconds: float) -> str:
    return f"{seconds:,.0f} s"
