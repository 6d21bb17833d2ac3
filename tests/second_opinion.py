"""A test oracle: a second, slow and simple implementation of the claim checks, written without reading the first."""

from __future__ import annotations

import itertools
import json
import re
import unicodedata
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from authorizer.providers import ClaimConstraints, Provider, TokenPattern

GUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
ABSENT, AMBIGUOUS = object(), object()


def values_at_every_split(held: Any, path: str) -> list[Any]:
    """Return the values at *path* for each split at dots, longest names first: `a.b`, then `b` in `a`."""
    names = path.split(".")
    results = []
    for number in range(len(names)):
        for cuts in itertools.combinations(range(1, len(names)), number):
            ends = (0, *cuts, len(names))
            steps = [".".join(names[start:end]) for start, end in itertools.pairwise(ends)]
            value = held
            for step in steps:
                value = value.get(step, ABSENT) if isinstance(value, dict) else ABSENT
            if value is not ABSENT:
                results.append(([end - start for start, end in itertools.pairwise(ends)], value))
    return [value for _, value in sorted(results, key=lambda result: result[0], reverse=True)]


def unique_value(claims: Mapping[str, Any], path: str) -> Any:
    """Return the one value at *path*, or ABSENT, or AMBIGUOUS if there are values that differ."""
    meanings = {json.dumps(value, sort_keys=True): value for value in values_at_every_split(claims, path)}
    if len(meanings) > 1:
        return AMBIGUOUS
    return next(iter(meanings.values()), ABSENT)


def objections(provider: Provider, claims: Mapping[str, Any], now: float) -> list[str]:
    """Return the names of the checks of *provider* that *claims* fail. The signature is not checked here."""
    return [
        what
        for what, good in (
            ("issuer", _issuer_is_known(provider, claims)),
            ("times", _times_are_right(provider, claims, now)),
            ("nameless", _is_named_or_short(provider, claims, now)),
            ("audience", _is_for_us(provider, claims)),
            ("profile", _has_the_profile(provider, claims)),
            ("subject", _names_somebody(provider, claims)),
            ("role", unique_value(claims, provider.user_roles.claim) is not AMBIGUOUS or not provider.user_roles.names),
            ("access", _may_sign_in(provider, claims)),
        )
        if not good
    ]


def _issuer_is_known(provider: Provider, claims: Mapping[str, Any]) -> bool:
    issuer = claims.get("iss")
    if issuer is None or not isinstance(issuer, str):
        return issuer is None and not provider.issuers and "{tid}" not in provider.namespace
    patterns = (re.escape(known).replace(re.escape("{tenantid}"), GUID) for known in provider.issuers)
    tid = claims.get("tid")
    of_the_tenant = isinstance(tid, str) and re.fullmatch(GUID, tid) and f"/{tid}/" in issuer
    known = any(re.fullmatch(pattern, issuer) for pattern in patterns)
    return known and bool("{tid}" not in provider.namespace or of_the_tenant)


def _times_are_right(provider: Provider, claims: Mapping[str, Any], now: float) -> bool:
    times = {name: claims[name] for name in ("exp", "nbf", "iat") if name in claims}
    if any(type(time) not in (int, float) or not 0 <= time <= 253_402_300_799 for time in times.values()):
        return False
    ends, made = times.get("exp"), times.get("iat")
    if ends is None or now >= ends + provider.clock_skew:
        return False
    if provider.min_remaining_seconds > 0 and ends < now + provider.min_remaining_seconds:
        return False
    if any(time > now + provider.clock_skew for name, time in times.items() if name != "exp"):
        return False
    return provider.max_lifetime is None or (made is not None and ends - made <= provider.max_lifetime)


def _is_named_or_short(provider: Provider, claims: Mapping[str, Any], now: float) -> bool:
    limit, ends, made = (
        provider.max_lifetime_without_name,
        claims.get("exp"),
        claims.get("iat", now + provider.clock_skew),
    )
    if limit is None or type(ends) not in (int, float) or type(made) not in (int, float):
        return True
    paths = {part for form in provider.name_claims for part in (form, form.removesuffix("@"), *form.split(" + "))}
    names = (value for path in paths for value in values_at_every_split(claims, path))
    return ends - made <= limit or any(isinstance(name, str) and name.strip() for name in names)


def _is_for_us(provider: Provider, claims: Mapping[str, Any]) -> bool:
    audience = unique_value(claims, provider.audience_claim)
    named = [] if audience is ABSENT else [audience] if isinstance(audience, str) else audience
    if not isinstance(named, list) or not all(isinstance(name, str) for name in named):
        return False
    if provider.audiences is not None and (named or provider.audiences) and not set(named) & set(provider.audiences):
        return False
    clients = [unique_value(claims, path) for path in provider.client_claims]
    asked = next((client for client in clients if client not in (None, ABSENT)), None)
    return not provider.clients or (asked is not AMBIGUOUS and _holds(asked, provider.clients))


def _has_the_profile(provider: Provider, claims: Mapping[str, Any]) -> bool:
    profile = provider.token_profile
    forbidden = [(unique_value(claims, path), values) for path, values in profile.forbidden_claim_values.items()]
    return (
        _meets(claims, profile.required_claim_values)
        and not any(value is AMBIGUOUS or _holds(value, values) for value, values in forbidden)
        and not any(_matches(claims, pattern) for pattern in profile.refused_patterns)
    )


def _matches(claims: Mapping[str, Any], pattern: TokenPattern) -> bool:
    def text(path: str) -> str:
        value = unique_value(claims, path)
        return value if isinstance(value, str) else ""

    same = {text(path) for path in pattern.equal_claims}
    tells: Iterator[bool] = itertools.chain(
        (_holds(unique_value(claims, path), values) for path, values in pattern.values.items()),
        (text(path).startswith(start) for path, start in pattern.prefixes.items()),
        (text(path).endswith(end) for path, end in pattern.suffixes.items()),
        ([len(same) == 1 and same != {""}] if pattern.equal_claims else []),
        (unique_value(claims, path) not in (None, ABSENT) for path in pattern.present),
        (unique_value(claims, path) in (None, ABSENT) for path in pattern.absent),
    )
    return all(tells)


def _names_somebody(provider: Provider, claims: Mapping[str, Any]) -> bool:
    subject = unique_value(claims, provider.subject_claim)
    if type(subject) is int:
        subject = str(subject)
    if not isinstance(subject, str) or any(unicodedata.category(character) == "Cc" for character in subject):
        return False
    return len(subject.strip()) > 0 and len(subject) <= provider.max_subject_length


def _may_sign_in(provider: Provider, claims: Mapping[str, Any]) -> bool:
    requirements = provider.access_requirements
    scopes = set()
    for name in ("scope", "scp"):
        held = claims.get(name)
        scopes |= set(held.split(" ") if isinstance(held, str) else _texts(held))
    roles = unique_value(claims, requirements.roles_claim)
    has_role = not requirements.roles or (roles is not AMBIGUOUS and _holds(roles, requirements.roles))
    return set(requirements.scopes) <= scopes and has_role and _meets(claims, requirements.claims)


def _texts(held: Any) -> Iterator[str]:
    return (one for one in held if isinstance(one, str)) if isinstance(held, list) else iter(())


def _meets(claims: Mapping[str, Any], constraints: ClaimConstraints) -> bool:
    return all(
        _holds(next(iter(values_at_every_split(claims, path)), ABSENT), values) for path, values in constraints.items()
    )


def _holds(held: Any, values: Iterable[object]) -> bool:
    listed = held if isinstance(held, list) else [held]
    wanted = {json.dumps(value) for value in values}
    return any(json.dumps(one) in wanted for one in listed if isinstance(one, (str, int, bool)))
