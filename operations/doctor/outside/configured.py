"""What is deployed, as the authorizer reads it, and where each provider's documents are."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from authorizer.algorithms import HMAC
from authorizer.clock import Clock
from authorizer.errors import SettingsError
from authorizer.key_options import not_from_preset
from authorizer.options import ProviderOptions
from authorizer.presets import PRESETS
from authorizer.settings import Settings
from operations.errors import OperationError
from operations.functions import PROVIDERS, authorizer_variables

if TYPE_CHECKING:
    from authorizer.providers import Provider
    from authorizer.refreshing_cache import Fetch
    from operations.doctor.places import Outside

WRITTEN = ("jwks", "pem")
"""Options that hold the keys themselves."""


@dataclass(frozen=True)
class Configured:
    """The settings, each provider's options, and the outcomes of fetches of keys, which come while they are fetched."""

    settings: Settings
    options: dict[str, ProviderOptions]
    fetches: dict[str, Fetch] = field(default_factory=dict)

    def asymmetric(self) -> list[Provider]:
        """Return the providers that sign with keys of their own."""
        return [each for each in self.settings.providers.all if any(name not in HMAC for name in each.algorithms)]

    def discovery_address(self, provider: Provider) -> str:
        """Return where the discovery document is; empty if none is asked for."""
        if self.keys_address(provider) or self.has_written_keys(provider) or not provider.issuers:
            return ""
        return provider.issuers[0].removesuffix("/") + "/.well-known/openid-configuration"

    def keys_address(self, provider: Provider) -> str:
        """Return where the settings say that the key set is; empty if they do not."""
        return str(self.options[provider.name].raw("jwks_uri") or "")

    def has_written_keys(self, provider: Provider) -> bool:
        """Tell whether the keys stand in the settings."""
        return bool(self.options[provider.name].given(WRITTEN))


def configured(outside: Outside) -> Configured:
    """
    Return what the deployment of *outside* says of its providers. Nothing is fetched yet.

    Raises:
        OperationError: It is not known, or the authorizer would not start with it.
    """
    if not outside.values.get(PROVIDERS):
        raise OperationError("what is deployed is not known: neither the stack nor an answers file could be read")
    fetches: dict[str, Fetch] = {}
    variables = authorizer_variables(outside.values, outside.template)
    try:
        settings = Settings.from_environ(variables, Clock(), fetches.__setitem__)
        entries = [ProviderOptions("", entry) for entry in json.loads(variables["PROVIDERS"])]
        options = {str(entry.raw("name")): _filled_in(entry) for entry in entries}
    except SettingsError:
        raise OperationError("the authorizer does not start with these settings; see settings") from None
    return Configured(settings, options, fetches)


def _filled_in(options: ProviderOptions) -> ProviderOptions:
    preset = PRESETS[options.choice("preset", tuple(PRESETS), "oidc")]
    return preset.fill_in(options, not_from_preset(options))
