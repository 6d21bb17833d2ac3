"""Whose tokens are accepted, and on what terms."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from authorizer.errors import Reason, TokenRefused
from authorizer.tenants import ANY_TENANT, pattern

if TYPE_CHECKING:
    import re

    from authorizer.keys import VerificationKey

ClaimConstraints = Mapping[str, tuple[object, ...]]
"""Claims by name or path, and the values of which each must hold one (or none)."""


class KeySource(Protocol):
    """Where a provider's keys come from."""

    def candidates(self, kid: str | None, algorithm: str, issuer: str | None) -> Iterator[VerificationKey]:
        """
        Give the keys that may have signed, at least one: an issuer's one, or a secret's versions.

        Whoever goes on to the next says that the one before has not signed: the source may be asked again then, and
        gives what has changed.

        Raises:
            TokenRefused: No key fits.
            KeysUnavailable: The keys cannot be had now.
        """

    def warm_up(self) -> None:
        """Get the keys ahead of the first token. A failure here is the first token's to report."""


@dataclass(frozen=True)
class TokenPattern:
    """What a kind of token is told by, all of it at once. Claims are named by their paths."""

    values: ClaimConstraints = field(default_factory=dict)
    prefixes: Mapping[str, str] = field(default_factory=dict)
    suffixes: Mapping[str, str] = field(default_factory=dict)
    equal_claims: tuple[str, ...] = ()
    """Claims that hold the same text as each other."""
    present: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()


@dataclass(frozen=True)
class TokenProfile:
    """What tells the tokens that sign users in from an issuer's other tokens (RFC 8725, 3.12)."""

    token_types: frozenset[str]
    """Accepted `typ` headers, in lower case and without "application/"."""
    required_claim_values: ClaimConstraints = field(default_factory=dict)
    forbidden_claim_values: ClaimConstraints = field(default_factory=dict)
    refused_patterns: tuple[TokenPattern, ...] = ()
    """What the tokens of machines, anonymous users and other strangers are told by."""


@dataclass(frozen=True)
class AccessRequirements:
    """What a user must have to sign in, besides a good token."""

    scopes: tuple[str, ...] = ()
    """All of these."""
    roles: tuple[str, ...] = ()
    """One of these, in the claim `roles_claim`."""
    roles_claim: str = "roles"
    claims: ClaimConstraints = field(default_factory=dict)


@dataclass(frozen=True)
class UserRoles:
    """Names of other user roles than everybody's, best first, given to those whose `claim` holds one."""

    claim: str = ""
    names: tuple[str, ...] = ()


@dataclass(frozen=True)
class Provider:
    """
    An identity provider whose tokens are accepted, and the terms.

    `issuers` is empty for the one provider whose tokens name none; an issuer with "{tenantid}" in it stands for
    those of all tenants. `audiences` is None if any will do, and empty if a token must name none. `namespace` sets
    its users apart from those of other providers, with the claims `tid` and `iss` in place of "{tid}" and "{iss}";
    `keep_subject` passes user ids on unchanged where they fit. If `clients` are named, one of them must be the first of
    `client_claims` that the token has: who asked for it. `clock_skew`,
    `max_lifetime` and `min_remaining_seconds` (of a token's life) are in seconds.
    """

    name: str
    issuers: tuple[str, ...]
    audiences: tuple[str, ...] | None
    audience_claim: str
    algorithms: tuple[str, ...]
    keys: KeySource
    token_profile: TokenProfile
    access_requirements: AccessRequirements
    subject_claim: str
    max_subject_length: int
    name_claims: tuple[str, ...]
    namespace: str
    keep_subject: bool
    user_roles: UserRoles
    clock_skew: int
    max_lifetime: int | None
    min_remaining_seconds: int
    clients: tuple[str, ...] = ()
    client_claims: tuple[str, ...] = ()
    max_lifetime_without_name: int | None = None
    """The longest life of a token that does not say its user's name, in seconds: since `iat`, or else from now on."""


class Providers:
    """The providers, found by the issuer that a token claims."""

    def __init__(self, providers: tuple[Provider, ...]) -> None:
        """Take *providers* whose issuers differ, one of them without any at most."""
        self.all = providers
        self._by_issuer: dict[str | None, Provider] = {}
        self._of_tenants: list[tuple[re.Pattern[str], Provider]] = []
        for provider in providers:
            for issuer in provider.issuers or (None,):
                if issuer and ANY_TENANT in issuer:
                    self._of_tenants.append((pattern(issuer), provider))
                else:
                    self._by_issuer[issuer] = provider

    def of(self, unverified_issuer: object) -> Provider:
        """
        Return the provider whose issuer is *unverified_issuer*, letter for letter (RFC 8725, 3.8).

        Raises:
            TokenRefused: There is none. Nobody is asked over the network.
        """
        provider = None
        if unverified_issuer is None or isinstance(unverified_issuer, str):
            provider = self._by_issuer.get(unverified_issuer) or self._of_tenant(unverified_issuer or "")
        if provider is None:
            raise TokenRefused(Reason.UNKNOWN_ISSUER)
        return provider

    def _of_tenant(self, issuer: str) -> Provider | None:
        return next((provider for issuers, provider in self._of_tenants if issuers.fullmatch(issuer)), None)
