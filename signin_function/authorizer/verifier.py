"""Turn an unverified JWT into a caller, or refuse it: all checks, in their order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from authorizer import algorithms, claims, compact
from authorizer.errors import AuthorizerError, Reason, TokenRefused

if TYPE_CHECKING:
    from collections.abc import Mapping

    from authorizer.claims import Caller
    from authorizer.compact import UnverifiedToken
    from authorizer.providers import Provider, Providers

UNSUPPORTED_HEADER_PARAMETERS = frozenset({"crit", "b64", "zip", "enc"})
"""Each demands that a token is read in a way that is not implemented (RFC 7515, 4.1.11; RFC 7797; RFC 7516)."""


def verify(unverified_token: str, providers: Providers, now: float) -> Caller:
    """
    Return the caller whose token *unverified_token* is. Cheap checks come first. *now* is in seconds since the epoch.

    Raises:
        TokenRefused: The token is not accepted; `reason` says why.
        CallerForbidden: The token is good, but its user may not sign in; `reason` says why.
        KeysUnavailable: The keys that could decide cannot be fetched now.

    Each of them has the provider's name, once the token's issuer is known.
    """
    token = compact.parse(unverified_token)
    _check_parameters(token.header)
    provider = providers.of(token.claims.get("iss"))
    try:
        return _caller_of(token, provider, now)
    except AuthorizerError as error:
        error.provider = provider.name
        raise


def _caller_of(token: UnverifiedToken, provider: Provider, now: float) -> Caller:
    _check_type(token.header, provider)
    _check_signature(token, provider)
    return _signed_caller(token.claims, provider, now)


def _check_parameters(header: Mapping[str, Any]) -> None:
    """
    Check the header's parameters.

    Keys in the token, or that it points to (jwk, jku, x5c, x5u), are ignored: a forger chooses them (RFC 8725, 3.10).
    """
    unsupported = UNSUPPORTED_HEADER_PARAMETERS & header.keys()
    if unsupported:
        raise TokenRefused(Reason.UNSUPPORTED_HEADER, "the header's parameters", sorted(unsupported), "none of these")
    if not isinstance(header.get("kid", ""), str):
        raise TokenRefused(Reason.MALFORMED_TOKEN, "kid", header["kid"], "a text")


def _check_type(header: Mapping[str, Any], provider: Provider) -> None:
    """Check `typ` (RFC 7519, 5.1; RFC 8725, 3.11). A token without it counts as a JWT; its claims tell the rest."""
    token_type = header.get("typ", "JWT")
    if (
        not isinstance(token_type, str)
        or token_type.lower().removeprefix("application/") not in provider.token_profile.token_types
    ):
        raise TokenRefused(Reason.WRONG_TYPE, "typ", token_type, provider.token_profile.token_types)


def _check_signature(token: UnverifiedToken, provider: Provider) -> None:
    algorithm = algorithms.one_name(token.header.get("alg"))
    if not isinstance(algorithm, str) or algorithm not in provider.algorithms:
        raise TokenRefused(Reason.WRONG_ALGORITHM, "alg", token.header.get("alg"), provider.algorithms)
    # `any` stops at the first key that has signed. That saves fetches: later candidates may have to be fetched.
    candidates = provider.keys.candidates(token.header.get("kid"), algorithm, token.claims.get("iss"))
    if not any(key.verifies(token.signing_input, token.signature) for key in candidates):
        wanted = "a signature by the key that it names"
        raise TokenRefused(Reason.BAD_SIGNATURE, "the signature", "one by another key, or of other text", wanted)


def _signed_caller(signed_claims: Mapping[str, Any], provider: Provider, now: float) -> Caller:
    claims.check_times(signed_claims, provider, now)
    # Before the audience: a token of another profile has another audience too, and wrong_type explains more.
    claims.check_token_profile(signed_claims, provider.token_profile)
    claims.check_audience(signed_claims, provider)
    claims.check_client(signed_claims, provider)
    caller = claims.caller(signed_claims, provider)
    claims.check_access(signed_claims, provider.access_requirements)
    claims.check_invitation(signed_claims, provider, now)
    return caller
