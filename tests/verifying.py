"""A provider whose tokens are accepted, tokens for it, and the reasons for which they are refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from authorizer.algorithms import ASYMMETRIC
from authorizer.errors import KeysUnavailable, TokenRefused
from authorizer.key_sources import FixedKeys
from authorizer.keys import key_set, secret_key
from authorizer.providers import AccessRequirements, Provider, Providers, RoomRules, TokenProfile, UserRoles
from authorizer.verifier import verify
from tests.tokens import (
    AUDIENCE,
    ISSUER,
    NOW,
    SECRET,
    Signer,
    claims,
    ec_signer,
    ed25519_signer,
    rsa_signer,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

RSA = rsa_signer()
EC = ec_signer()
ED = ed25519_signer()
STRANGER = rsa_signer(number=2)
PROFILE = TokenProfile(token_types=frozenset({"jwt", "at+jwt"}))


def keys_of(*signers: Signer) -> FixedKeys:
    return FixedKeys(key_set({"keys": [signer.jwk for signer in signers]}, ASYMMETRIC))


def provider(**changes: Any) -> Provider:
    good: dict[str, Any] = {
        "name": "main",
        "issuers": (ISSUER,),
        "audiences": (AUDIENCE,),
        "audience_claim": "aud",
        "algorithms": ASYMMETRIC,
        "keys": keys_of(RSA, EC),
        "token_profile": PROFILE,
        "access_requirements": AccessRequirements(),
        "subject_claim": "sub",
        "max_subject_length": 255,
        "name_claims": ("name", "nickname"),
        "namespace": ISSUER,
        "keep_subject": True,
        "user_roles": UserRoles(),
        "room_rules": RoomRules(),
        "clock_skew": 60,
        "max_lifetime": None,
        "min_remaining_seconds": 0,
    }
    return Provider(**{**good, **changes})


def shared_secret(**changes: Any) -> Provider:
    own: dict[str, Any] = {
        "name": "own",
        "issuers": (),
        "audiences": (),
        "algorithms": ("HS256",),
        "keys": SecretVersions(SECRET),
        "subject_claim": "id",
        "name_claims": ("full_name",),
        "namespace": "own",
    }
    return provider(**{**own, **changes})


class SecretVersions:
    """A key source that holds secrets."""

    def __init__(self, *secrets: bytes) -> None:
        self._keys = tuple(secret_key(secret, "HS256") for secret in secrets)

    def candidates(self, kid: str | None, algorithm: str, issuer: str | None) -> Iterator[Any]:
        assert kid is None
        assert algorithm == "HS256"
        return iter(self._keys)

    def warm_up(self) -> None:
        pass


class OutOfReach:
    """A key source that cannot be asked."""

    def candidates(self, kid: str | None, algorithm: str, issuer: str | None) -> Iterator[Any]:
        raise KeysUnavailable("out of reach")

    def warm_up(self) -> None:
        pass


def signed_by(signer: Signer, **changes: Any) -> str:
    return signer.token(claims(**changes))


def refusal(token: str, *providers: Provider, now: float = NOW) -> str:
    with pytest.raises(TokenRefused) as caught:
        verify(token, Providers(providers or (provider(),)), now)
    return caught.value.reason.code
