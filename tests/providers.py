"""Providers that together use every rule of the authorizer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from authorizer.algorithms import ASYMMETRIC
from authorizer.errors import KeysUnavailable
from authorizer.key_sources import FixedKeys
from authorizer.keys import key_set, secret_key
from authorizer.providers import (
    AccessRequirements,
    Provider,
    Providers,
    RoomRules,
    TokenPattern,
    TokenProfile,
    UserRoles,
)
from tests.tokens import AUDIENCE, ISSUER, SECRET, ed25519_signer, hmac_signer

if TYPE_CHECKING:
    from authorizer.keys import VerificationKey

OURS, SECRETS = ed25519_signer(), hmac_signer()
TID = "8a6ac6dc-5d5b-4a9c-8d0b-0f0a0a2a5e11"
TENANTS = "https://login.example/{tenantid}/v2.0"


class Secrets:
    """A key source that has one secret, for every kid and issuer."""

    def candidates(self, kid: str | None, algorithm: str, issuer: str | None) -> tuple[VerificationKey, ...]:
        return (secret_key(SECRET, algorithm),)

    def warm_up(self) -> None:
        pass


class OutOfReach(Secrets):
    """Keys that cannot be fetched."""

    def candidates(self, kid: str | None, algorithm: str, issuer: str | None) -> tuple[VerificationKey, ...]:
        raise KeysUnavailable("out of reach")


def provider(name: str, *issuers: str, **changes: Any) -> Provider:
    """Return a provider that uses every rule, with *changes*."""
    strict: dict[str, Any] = {
        "audiences": (AUDIENCE,),
        "audience_claim": "aud",
        "algorithms": ASYMMETRIC,
        "keys": FixedKeys(key_set({"keys": [dict(OURS.jwk)]}, ASYMMETRIC)),
        "token_profile": TokenProfile(
            frozenset({"jwt"}),
            {"use.kind": ("id",)},
            {"sts": ("pending",)},
            (TokenPattern(suffixes={"sub": "@clients"}),),
        ),
        "access_requirements": AccessRequirements(("chat",), ("staff",), "access.roles", {"verified": (True,)}),
        "subject_claim": "sub",
        "max_subject_length": 255,
        "name_claims": ("name", "profile.name"),
        "namespace": name,
        "keep_subject": False,
        "clock_skew": 60,
        "max_lifetime": 86400,
        "user_roles": UserRoles("groups", ("owner", "moderator")),
        "room_rules": RoomRules("rooms", ("owner",), ("guest",), "groups"),
        "min_remaining_seconds": 0,
    }
    return Provider(name=name, issuers=issuers, **{**strict, **changes})


LENIENT: dict[str, Any] = {
    "token_profile": TokenProfile(frozenset({"jwt"})),
    "access_requirements": AccessRequirements(),
    "max_lifetime": None,
}
OUT_OF_REACH = "https://out-of-reach.example"
PROVIDERS = Providers(
    (
        provider("strict", "https://strict.example"),
        provider("lenient", ISSUER, **LENIENT),
        provider("lasting", "https://lasting.example", **LENIENT, min_remaining_seconds=900),
        provider("guests", "https://guests.example", **LENIENT, guests=True, min_remaining_seconds=900),
        provider("any-audience", "https://any.example", **LENIENT, audiences=None),
        provider("tenants", TENANTS, **{**LENIENT, "namespace": "https://login.example/{tid}"}),
        provider("own", **{**LENIENT, "algorithms": ("HS256",), "keys": Secrets()}),
        provider("out-of-reach", OUT_OF_REACH, keys=OutOfReach()),
    )
)
