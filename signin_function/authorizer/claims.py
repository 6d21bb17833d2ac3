"""Check the claims of a token whose signature is right, and read its caller from them."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from authorizer import claim_paths, names
from authorizer.errors import CallerForbidden, ForbiddenReason, Reason, TokenRefused
from authorizer.tenants import TENANT

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from authorizer.providers import (
        AccessRequirements,
        ClaimConstraints,
        Provider,
        RoomRules,
        TokenPattern,
        TokenProfile,
        UserRoles,
    )

MAX_NAME_LENGTH = 400
"""In characters. Chime takes a hundred; how long an authorizer's answer may be is not documented."""
MAX_TIME = 253_402_300_799
"""The last second of the year 9999. A limit is needed because JSON numbers have none: 1e999 is infinite."""

MAX_ROOMS_BYTES = 2048
"""How long the list of rooms may be, as JSON, so that the authorizer's answer stays small."""

_SECONDS = "a number of seconds since 1970"
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


class Caller(NamedTuple):
    """The caller of a verified token. Code that gets one need check nothing more."""

    provider: str
    namespace: str
    keep_subject: bool
    subject: str
    name: str
    role: str
    """The name of a user role other than the default one, or an empty text."""
    expires: int
    """When the token expires, in seconds since the epoch."""
    rooms: str = ""
    """A JSON list of the rooms that the caller may enter; empty if tokens of the provider list none."""
    host: bool = False
    listens: bool = False
    guest: bool = False
    """Whether the token is an invitation: see `Provider.guests`."""


def check_times(claims: Mapping[str, Any], provider: Provider, now: float) -> None:
    """
    Check `exp`, which must be there, `nbf` and `iat` against *now* (RFC 7519, 4.1.4 to 4.1.6).

    Raises:
        TokenRefused: The token has expired ("on or after" `exp`), expires too soon for a session, is not valid yet,
            is valid for too long, or a time is no number.
    """
    expires, not_before, issued = (_time(claims, name) for name in ("exp", "nbf", "iat"))
    if expires is None or (issued is None and provider.max_lifetime is not None):
        raise TokenRefused(Reason.INVALID_CLAIM, "exp" if expires is None else "iat", None, _SECONDS)
    if now >= expires + provider.clock_skew:
        raise TokenRefused(Reason.TOKEN_EXPIRED, "exp", expires, now - provider.clock_skew)
    # What is left of an invitation is looked at last: there is no fresh one to ask for, so it is no reason for a 401.
    least = 0 if provider.guests else provider.min_remaining_seconds
    if least and expires - now < least:
        raise TokenRefused(Reason.ENDS_TOO_SOON, "the seconds left", expires - now, least)
    for name, time in (("nbf", not_before), ("iat", issued)):
        if time is not None and now < time - provider.clock_skew:
            raise TokenRefused(Reason.NOT_YET_VALID, name, time, now + provider.clock_skew)
    if provider.max_lifetime is not None and issued is not None and expires - issued > provider.max_lifetime:
        raise TokenRefused(Reason.LIVES_TOO_LONG, "exp - iat, in seconds", expires - issued, provider.max_lifetime)
    since = now + provider.clock_skew if issued is None else issued
    if provider.max_lifetime_without_name is not None and expires - since > provider.max_lifetime_without_name:
        _check_named(claims, provider)


def check_audience(claims: Mapping[str, Any], provider: Provider) -> None:
    """
    Check that the token is meant for us: `aud` (RFC 7519, 4.1.3), or the claim that this provider uses instead.

    Raises:
        TokenRefused: It is meant for others; or the claim is neither a text nor a list of texts, or is ambiguous.
    """
    audience = claim_paths.only_value(claims, provider.audience_claim, [])
    named = [audience] if isinstance(audience, str) else audience
    if not isinstance(named, list) or not all(isinstance(name, str) for name in named):
        raise TokenRefused(Reason.INVALID_CLAIM, provider.audience_claim, audience, "a text, or a list of texts")
    if provider.audiences is None or (not provider.audiences and not named):
        return
    if not set(named) & set(provider.audiences):
        raise TokenRefused(Reason.WRONG_AUDIENCE, provider.audience_claim, named, provider.audiences)


def check_client(claims: Mapping[str, Any], provider: Provider) -> None:
    """
    Check which application asked for the token, where all applications get tokens with the same audience.

    Raises:
        TokenRefused: It is none of ours, or the token does not say which.
    """
    held = (claim_paths.only_value(claims, path) for path in provider.client_claims)
    client = next((one for one in held if one is not None), None)
    if provider.clients and not _holds_any(client, provider.clients):
        raise TokenRefused(Reason.WRONG_AUDIENCE, " or ".join(provider.client_claims), client, provider.clients)


def check_token_profile(claims: Mapping[str, Any], token_profile: TokenProfile) -> None:
    """
    Check that the token has the profile of those that sign users in (RFC 8725, 3.12).

    Raises:
        TokenRefused: It has not: it is a machine's, say, or for another use, or of a session that is not signed in yet.
            Or a claim that decides this is ambiguous.
    """
    for path, found, values in _unmet(claims, token_profile.required_claim_values):
        raise TokenRefused(Reason.WRONG_TYPE, path, found, values)
    for path, values in token_profile.forbidden_claim_values.items():
        found = claim_paths.only_value(claims, path)
        if _holds_any(found, values):
            raise TokenRefused(Reason.WRONG_TYPE, path, found, "another value")
    for pattern in token_profile.refused_patterns:
        if _matches(pattern, claims):
            raise TokenRefused(Reason.WRONG_TYPE, "the kind of token", pattern, "one that signs a user in")


def check_access(claims: Mapping[str, Any], requirements: AccessRequirements) -> None:
    """
    Check that the user of a good token may sign in.

    Raises:
        CallerForbidden: A scope, role or claim is missing.
        TokenRefused: The claim with the roles is ambiguous.
    """
    if requirements.scopes:
        scopes = _scopes(claims)
        if not set(requirements.scopes) <= scopes:
            raise CallerForbidden(ForbiddenReason.MISSING_SCOPE, "scope or scp", sorted(scopes), requirements.scopes)
    if requirements.roles:
        held = claim_paths.only_value(claims, requirements.roles_claim)
        if not _holds_any(held, requirements.roles):
            raise CallerForbidden(ForbiddenReason.MISSING_ROLE, requirements.roles_claim, held, requirements.roles)
    for path, found, values in _unmet(claims, requirements.claims):
        raise CallerForbidden(ForbiddenReason.MISSING_CLAIM, path, found, values)


def check_invitation(claims: Mapping[str, Any], provider: Provider, now: float) -> None:
    """
    Check that enough is left at *now* of the invitation of a guest: their session ends with it.

    Raises:
        CallerForbidden: Less is left than the shortest session. A client that was told to get a fresh token would loop.
    """
    left = claims["exp"] - now
    if provider.guests and left < provider.min_remaining_seconds:
        wanted = provider.min_remaining_seconds
        raise CallerForbidden(ForbiddenReason.INVITATION_ENDS, "the seconds left", left, wanted)


def caller(claims: Mapping[str, Any], provider: Provider) -> Caller:
    """
    Return the caller that the checked *claims* of *provider* are about.

    Raises:
        TokenRefused: The subject is missing, malformed or ambiguous, or the tenant is not the issuer's.
    """
    subject = _subject(claim_paths.only_value(claims, provider.subject_claim), provider)
    return Caller(
        provider=provider.name,
        namespace=_namespace(claims, provider),
        keep_subject=provider.keep_subject,
        subject=subject,
        name=names.display_name(claims, provider.name_claims, subject)[:MAX_NAME_LENGTH],
        role=_role(claims, provider.user_roles),
        expires=int(claims["exp"]),
        # Without a claim that lists rooms, users enter each that they know the name of, but guests none.
        rooms=_rooms(claims, provider.room_rules.claim) or ("[]" if provider.guests else ""),
        **_parts_in_rooms(claims, provider.room_rules),
        guest=provider.guests,
    )


def _unmet(claims: Mapping[str, Any], constraints: ClaimConstraints) -> Iterator[tuple[str, Any, tuple[object, ...]]]:
    """Yield the *constraints* that *claims* do not meet: the path, what is there, and what may be there."""
    for path, values in constraints.items():
        found = claim_paths.best_value(claims, path)
        if not _holds_any(found, values):
            yield path, found, values


def _check_named(claims: Mapping[str, Any], provider: Provider) -> None:
    if not names.display_name(claims, provider.name_claims, ""):
        wanted = f"one in {', '.join(provider.name_claims)}, or a life of {provider.max_lifetime_without_name} seconds"
        raise TokenRefused(Reason.LIVES_TOO_LONG, "the display name", None, wanted)


def _matches(pattern: TokenPattern, claims: Mapping[str, Any]) -> bool:
    """Say whether *claims* match all conditions of *pattern*; the most common ones come first, to end early."""
    only, text = claim_paths.only_value, _text
    # Most patterns have one kind of condition. To look whether there are any is faster than to search among none.
    return not (
        (pattern.equal_claims and not _are_one_text(claims, pattern.equal_claims))
        or (pattern.prefixes and any(not text(claims, path).startswith(it) for path, it in pattern.prefixes.items()))
        or (pattern.suffixes and any(not text(claims, path).endswith(it) for path, it in pattern.suffixes.items()))
        or (pattern.values and any(not _holds_any(only(claims, path), held) for path, held in pattern.values.items()))
        or (pattern.present and any(only(claims, path) is None for path in pattern.present))
        or (pattern.absent and any(only(claims, path) is not None for path in pattern.absent))
    )


def _are_one_text(claims: Mapping[str, Any], paths: Iterable[str]) -> bool:
    same = {_text(claims, path) for path in paths}
    return len(same) == 1 and "" not in same


def _text(claims: Mapping[str, Any], path: str) -> str:
    claim = claim_paths.only_value(claims, path)
    return claim if isinstance(claim, str) else ""


def _holds_any(claim: Any, values: Iterable[object]) -> bool:
    held = claim if isinstance(claim, list) else [claim]
    for one in held:
        for value in values:
            # Types are compared too, because in Python true equals 1.
            if type(one) is type(value) and one == value:
                return True
    return False


def _scopes(claims: Mapping[str, Any]) -> set[str]:
    """Return the scopes, which are a text with spaces (RFC 9068, 2.2.3) or a list (`scp` of Okta)."""
    held: set[str] = set()
    for name in ("scope", "scp"):
        claim = claims.get(name, [])
        listed = claim.split(" ") if isinstance(claim, str) else claim
        held |= {scope for scope in listed if isinstance(scope, str)} if isinstance(listed, list) else set()
    return held


def _time(claims: Mapping[str, Any], name: str) -> float | None:
    """Read a NumericDate (RFC 7519, 2). A boolean is refused: in Python it is a number, in JSON not."""
    if name not in claims:
        return None
    value = claims[name]
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= MAX_TIME:
        raise TokenRefused(Reason.INVALID_CLAIM, name, value, _SECONDS)
    return value


def _subject(value: object, provider: Provider) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or len(value) > provider.max_subject_length or not _is_acceptable(value):
        wanted = f"a text with a visible character, of {provider.max_subject_length} at most, or a whole number"
        raise TokenRefused(Reason.INVALID_SUBJECT, provider.subject_claim, value, wanted)
    return value


def _is_acceptable(subject: str) -> bool:
    """
    Say whether *subject* has a visible character, and no control character.

    Fail closed: a blank subject is most likely an issuer's mistake, and would make all its users one user.
    """
    return not _CONTROL.search(subject) and names.is_visible(subject)


def _namespace(claims: Mapping[str, Any], provider: Provider) -> str:
    issuer = claims.get("iss") or ""  # null counts as absent
    if "{tid}" not in provider.namespace:
        return provider.namespace.replace("{iss}", issuer)
    tenant = claims.get("tid")
    # The issuer is checked already. Entra's documentation asks to check too that the tenant is the issuer's.
    if not isinstance(tenant, str) or not TENANT.fullmatch(tenant) or f"/{tenant}/" not in issuer:
        raise TokenRefused(Reason.INVALID_CLAIM, "tid", tenant, f"the tenant in {issuer}")
    return provider.namespace.replace("{tid}", tenant)


def _role(claims: Mapping[str, Any], roles: UserRoles) -> str:
    if not roles.names:
        return ""
    held = claim_paths.only_value(claims, roles.claim)
    return next((name for name in roles.names if _holds_any(held, (name,))), "")


def _rooms(claims: Mapping[str, Any], claim: str) -> str:
    """Return the rooms that *claim* lists, as JSON. A token without the claim lists none, so its user enters none."""
    if not claim:
        return ""
    held = claim_paths.only_value(claims, claim)
    # A text with spaces, as scopes are written; no room's name has one.
    listed = held.split() if isinstance(held, str) else [] if held is None else held
    wanted = f"a list of texts, of {MAX_ROOMS_BYTES} bytes at most as JSON"
    if not isinstance(listed, list) or not all(isinstance(room, str) for room in listed):
        raise TokenRefused(Reason.INVALID_CLAIM, claim, held, wanted)
    rooms = json.dumps(listed)
    if len(rooms) > MAX_ROOMS_BYTES:
        raise TokenRefused(Reason.INVALID_CLAIM, claim, f"{len(rooms)} bytes", wanted)
    return rooms


def _parts_in_rooms(claims: Mapping[str, Any], rules: RoomRules) -> dict[str, bool]:
    """Return whether the caller is a host, and whether they only listen. A host does not only listen."""
    if not rules.host_roles and not rules.listen_only_roles:
        return {}
    held = claim_paths.only_value(claims, rules.roles_claim)
    host = _holds_any(held, rules.host_roles)
    return {"host": host, "listens": not host and _holds_any(held, rules.listen_only_roles)}
