"""The identity providers whose tokens are accepted, and what is demanded of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple, Protocol

from authorizer.errors import Reason, TokenRefused
from authorizer.tenants import ANY_TENANT, pattern

if TYPE_CHECKING:
    import re

    from authorizer.keys import VerificationKey

ClaimConstraints = Mapping[str, tuple[object, ...]]
"""Claims by name or path, with the values of which each must hold one (or none, where they are forbidden)."""


class KeySource(Protocol):
    """Where the keys of a provider come from."""

    def candidates(self, kid: str | None, algorithm: str, issuer: str | None) -> Iterator[VerificationKey]:
        """
        Give the keys that may have signed a token, one at least: the key of an issuer, or the versions of a secret.

        To ask for the next one means that the one before has not signed. The keys may be fetched again then, and those
        that are new are given too.

        Raises:
            TokenRefused: No key fits.
            KeysUnavailable: The keys cannot be fetched now.
        """

    def warm_up(self) -> None:
        """Fetch the keys before the first token comes. A failure is not reported here: the first token will meet it."""


class TokenPattern(NamedTuple):
    """Conditions on claims that tokens to be refused meet, all of them. Claims are given by their paths."""

    values: ClaimConstraints = MappingProxyType({})
    prefixes: Mapping[str, str] = MappingProxyType({})
    suffixes: Mapping[str, str] = MappingProxyType({})
    equal_claims: tuple[str, ...] = ()
    """Claims that all hold the same text."""
    present: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()


class TokenProfile(NamedTuple):
    """What tells the tokens that sign users in from an issuer's other tokens (RFC 8725, 3.12)."""

    token_types: frozenset[str]
    """Accepted `typ` headers, in lower case and without "application/"."""
    required_claim_values: ClaimConstraints = MappingProxyType({})
    forbidden_claim_values: ClaimConstraints = MappingProxyType({})
    refused_patterns: tuple[TokenPattern, ...] = ()
    """Patterns of the tokens that are refused: those of machines and anonymous users, say."""


class AccessRequirements(NamedTuple):
    """What the user of a good token must have to sign in."""

    scopes: tuple[str, ...] = ()
    """All of these are required."""
    roles: tuple[str, ...] = ()
    """One of these is required, in the claim `roles_claim`."""
    roles_claim: str = "roles"
    claims: ClaimConstraints = MappingProxyType({})


class UserRoles(NamedTuple):
    """Names of further user roles, best first. A user gets the first that `claim` holds, and else the default role."""

    claim: str = ""
    names: tuple[str, ...] = ()


class RoomRules(NamedTuple):
    """
    What tokens say of rooms, if anything.

    `claim` lists the rooms that the user may enter; without it, whoever knows a room's name may. Who has one of
    `host_roles` opens and ends rooms; who has one of `listen_only_roles` and none of those gets no microphone.
    """

    claim: str = ""
    host_roles: tuple[str, ...] = ()
    listen_only_roles: tuple[str, ...] = ()
    roles_claim: str = "roles"


class Provider(NamedTuple):
    """
    An identity provider whose tokens are accepted.

    - `issuers` is empty for the one provider whose tokens name none. An issuer with "{tenantid}" in it stands for the
      issuers of all tenants.
    - `audiences` is None if any audience will do, and empty if a token must name none.
    - `clients`, if there are any: one of them must be the first of `client_claims` that a token has. These claims say
      which application asked for the token.
    - `namespace` keeps its users apart from those of other providers. "{tid}" and "{iss}" in it stand for the claims.
    - `keep_subject`: subjects that fit are user ids unchanged; others are hashed within the namespace.
    - `guests`: its tokens are invitations, each with an issuer and an end. Whoever has one is a guest, with an id, a
      role and a session of their own kind.
    - `clock_skew`, `max_lifetime`, `max_lifetime_without_name` and `min_remaining_seconds` are in seconds.
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
    room_rules: RoomRules
    clock_skew: int
    max_lifetime: int | None
    min_remaining_seconds: int
    clients: tuple[str, ...] = ()
    client_claims: tuple[str, ...] = ()
    max_lifetime_without_name: int | None = None
    """The longest life of a token without a display name, counted from `iat`, or from now if it has no `iat`."""
    guests: bool = False


class Providers:
    """All providers, found by the issuer that a token names."""

    def __init__(self, providers: tuple[Provider, ...]) -> None:
        """Take *providers* whose issuers differ; one at most has no issuers."""
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
            TokenRefused: There is none. Nothing is fetched for an unknown issuer.
        """
        provider = None
        if unverified_issuer is None or isinstance(unverified_issuer, str):
            provider = self._by_issuer.get(unverified_issuer) or self._of_tenant(unverified_issuer or "")
        if provider is None:
            issuers = [issuer for known in self.all for issuer in known.issuers or (None,)]
            raise TokenRefused(Reason.UNKNOWN_ISSUER, "iss", unverified_issuer, issuers)
        return provider

    def _of_tenant(self, issuer: str) -> Provider | None:
        return next((provider for issuers, provider in self._of_tenants if issuers.fullmatch(issuer)), None)
