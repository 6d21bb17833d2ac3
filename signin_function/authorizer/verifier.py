"""Turn an unverified JWT into a caller we can name, or refuse it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from authorizer import algorithms, claims, compact
from authorizer.errors import Reason, TokenRefused

if TYPE_CHECKING:
    from collections.abc import Mapping

    from authorizer.claims import Caller
    from authorizer.compact import UnverifiedToken
    from authorizer.providers import Provider, Providers

UNSUPPORTED_HEADER_PARAMETERS = frozenset({"crit", "b64", "zip", "enc"})
"""Each asks for the token to be read in another way than here (RFC 7515, 4.1.11; RFC 7797; RFC 7516)."""


def verify(unverified_token: str, providers: Providers, now: float) -> Caller:
    """
    Return whom *unverified_token* speaks for at *now*, in seconds since the epoch. The cheap checks come first.

    Raises:
        TokenRefused: It is not a token that we accept; `reason` says why.
        CallerForbidden: It is a good token of a user who may not enter; `reason` says why.
        KeysUnavailable: The keys that could decide are out of reach.
    """
    token = compact.parse(unverified_token)
    _check_parameters(token.header)
    provider = providers.of(token.claims.get("iss"))
    _check_type(token.header, provider)
    _check_signature(token, provider)
    return _signed_caller(token.claims, provider, now)


def _check_parameters(header: Mapping[str, Any]) -> None:
    """Keys that the token itself brings or points to (jwk, jku, x5c, x5u) are never looked at (RFC 8725, 3.10)."""
    if UNSUPPORTED_HEADER_PARAMETERS & header.keys():
        raise TokenRefused(Reason.UNSUPPORTED_HEADER)
    if not isinstance(header.get("kid", ""), str):
        raise TokenRefused(Reason.MALFORMED_TOKEN)


def _check_type(header: Mapping[str, Any], provider: Provider) -> None:
    """RFC 7519, 5.1; RFC 8725, 3.11. A token without `typ` is told by its claims."""
    kind = header.get("typ", "JWT")
    if not isinstance(kind, str) or kind.lower().removeprefix("application/") not in provider.token_profile.token_types:
        raise TokenRefused(Reason.WRONG_TYPE)


def _check_signature(token: UnverifiedToken, provider: Provider) -> None:
    algorithm = algorithms.one_name(token.header.get("alg"))
    if not isinstance(algorithm, str) or algorithm not in provider.algorithms:
        raise TokenRefused(Reason.WRONG_ALGORITHM)
    # Each candidate is asked for only when none before it has signed: the last ones may cost a fetch.
    candidates = provider.keys.candidates(token.header.get("kid"), algorithm, token.claims.get("iss"))
    if not any(key.verifies(token.signing_input, token.signature) for key in candidates):
        raise TokenRefused(Reason.BAD_SIGNATURE)


def _signed_caller(signed_claims: Mapping[str, Any], provider: Provider, now: float) -> Caller:
    claims.check_times(signed_claims, provider, now)
    # Before the audience, because the wrong kind of token names another one, and says so less well.
    claims.check_token_profile(signed_claims, provider.token_profile)
    claims.check_audience(signed_claims, provider)
    claims.check_client(signed_claims, provider)
    caller = claims.caller(signed_claims, provider)
    claims.check_access(signed_claims, provider.access_requirements)
    return caller
