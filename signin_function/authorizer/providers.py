"""Whose tokens are accepted, and on what terms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from authorizer.errors import Reason, TokenRefused

if TYPE_CHECKING:
    from authorizer.keys import VerificationKey


class KeySource(Protocol):
    """Where a provider's keys come from."""

    def candidates(self, kid: str | None, algorithm: str) -> tuple[VerificationKey, ...]:
        """
        Return the keys that may have signed, at least one: an issuer's one, or a secret's versions.

        Raises:
            TokenRefused: No key fits.
            KeysUnavailable: The keys cannot be had now.
        """

    def warm_up(self) -> None:
        """Get the keys ahead of the first token. A failure here is the first token's to report."""


@dataclass(frozen=True)
class Provider:
    """
    An identity provider whose tokens are accepted, and the terms.

    `issuers` is empty for the one provider whose tokens name none; `audiences` is None if any will do,
    and empty if a token must name none. `id_scope` sets its users apart from those of other providers;
    `plain` passes user ids on unchanged where they fit.
    """

    name: str
    issuers: tuple[str, ...]
    audiences: tuple[str, ...] | None
    algorithms: tuple[str, ...]
    keys: KeySource
    subject_claim: str
    name_claims: tuple[str, ...]
    id_scope: str
    plain: bool


class Providers:
    """The providers, found by the issuer that a token claims."""

    def __init__(self, providers: tuple[Provider, ...]) -> None:
        """Take *providers* whose issuers differ, one of them without any at most."""
        self._by_issuer = {issuer: provider for provider in providers for issuer in provider.issuers or (None,)}
        self.all = providers

    def of(self, unverified_issuer: object) -> Provider:
        """
        Return the provider whose issuer is *unverified_issuer*, letter for letter (RFC 8725, 3.8).

        Raises:
            TokenRefused: There is none. Nobody is asked over the network.
        """
        provider = None
        if unverified_issuer is None or isinstance(unverified_issuer, str):
            provider = self._by_issuer.get(unverified_issuer)
        if provider is None:
            raise TokenRefused(Reason.UNKNOWN_ISSUER)
        return provider
