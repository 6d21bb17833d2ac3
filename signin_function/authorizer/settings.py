"""Build the authorizer from environment variables, or say which one is wrong, why, and what to write instead."""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

from authorizer.errors import SettingsError
from authorizer.guests import MIN_SESSION_SECONDS, check_invitations_are_apart, guests_of
from authorizer.identity_options import (
    audiences_of,
    check_namespaces_differ,
    check_no_tenant_editable_claims,
    check_no_user_editable_claims,
    issuers_of,
    keeps_subject,
    namespace_of,
    room_rules_of,
    user_roles_of,
)
from authorizer.key_options import KEY_OPTIONS, SECRET_OPTIONS, algorithms_of, keys_of, not_from_preset
from authorizer.options import ProviderOptions, boolean, whole_number
from authorizer.presets import ACCESS_OR_ID, OIDC_NAMES, PRESETS
from authorizer.providers import AccessRequirements, Provider, Providers, TokenPattern, TokenProfile

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from authorizer.clock import Clock
    from authorizer.preset import Preset
    from authorizer.refreshing_cache import Fetch

OPTIONS = {
    *("name", "preset", "issuer", "issuers_share_users", "audience", "audience_claim", "any_audience"),
    *("algorithms", *KEY_OPTIONS, *SECRET_OPTIONS),
    *("clock_skew_seconds", "max_lifetime_seconds", "clients", "client_claims"),
    *("token_types", "required_claim_values", "forbidden_claim_values", "required_claim_names"),
    *("forbidden_claim_names", "machine_subject_suffix", "also_accept"),
    *("required_scopes", "required_roles", "roles_claim", "required_claims"),
    *("subject_claim", "max_subject_length", "name_claims", "namespace", "keep_subject"),
    *("user_roles", "user_roles_claim"),
    *("rooms_claim", "host_roles", "listen_only_roles", "guests"),
}
"""The options that every entry may have; a preset adds its own."""
NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")
MAX_SUBJECT_LENGTH = 255
"""In characters (OpenID Connect Core 1.0, 2)."""
DEFAULT_CLOCK_SKEW, MAX_CLOCK_SKEW = 60, 300
TOKEN_LENGTHS = 8192, 1024, 10_000
"""The default, the least and the most of LONGEST_TOKEN, in characters. API Gateway accepts 10,240 bytes of headers."""
MAX_SESSION_SECONDS = 3600
"""The most that LEAST_TOKEN_SECONDS may ask for: no session lasts longer, so that no token needs to."""
YEAR = 366 * 24 * 3600
MAX_LIFETIME_WITHOUT_NAME = 900
"""In seconds; for tokens under a shared secret that no option tells from those for password resets and the like."""
CLIENT_CLAIMS = ("azp", "client_id", "cid", "appid")
"""The claim with the application that asked for a token, in OpenID Connect, RFC 9068, Okta, and Entra ID version 1."""


class Settings(NamedTuple):
    """What the authorizer's environment variables say."""

    providers: Providers
    accept_base64: bool
    max_token_length: int
    notes: tuple[str, ...] = ()
    """What is odd in the settings, but no error; for operators."""

    @classmethod
    def from_environ(
        cls, environ: Mapping[str, str], clock: Clock, on_fetch: Callable[[str, Fetch], None] = lambda *_: None
    ) -> Settings:
        """
        Read the variables that docs/settings.md lists from *environ*.

        Ages of keys are read from *clock*. *on_fetch* is called after every fetch, with the provider's name.

        Raises:
            SettingsError: One of them is wrong.
        """
        min_remaining_seconds = _whole_number(environ, "LEAST_TOKEN_SECONDS", 0, 0, MAX_SESSION_SECONDS)
        notes: list[str] = []
        return cls(
            providers=_providers(_entries(environ.get("PROVIDERS", ""), notes), clock, on_fetch, min_remaining_seconds),
            accept_base64=_boolean(environ, "ACCEPT_BASE64_TOKENS", "false"),
            max_token_length=_whole_number(environ, "LONGEST_TOKEN", *TOKEN_LENGTHS),
            notes=tuple(notes),
        )


def _boolean(environ: Mapping[str, str], name: str, default: str) -> bool:
    text = environ.get(name, default)
    return boolean(name, {"true": True, "false": False}.get(text, text))


def _whole_number(environ: Mapping[str, str], name: str, default: int, least: int, most: int) -> int:
    text = environ.get(name, str(default))
    # Digits alone, because int() would also take spaces, underscores and digits of other scripts.
    return whole_number(name, int(text) if re.fullmatch("[0-9]{1,9}", text) else text, least, most)


def _entries(text: str, notes: list[str]) -> list[ProviderOptions]:
    try:
        entries = json.loads(text, object_pairs_hook=_unique)
    except SettingsError:
        raise
    except (ValueError, RecursionError) as error:
        raise SettingsError(f"PROVIDERS is not JSON ({error}). Write a list of objects.") from None
    if not isinstance(entries, list) or not entries or not all(isinstance(entry, dict) for entry in entries):
        raise SettingsError("PROVIDERS is not a list of objects. Write at least one, in [ ].")
    users = [entry for entry in entries if not entry.get("guests")]
    if len(users) > 1 and not any("keep_subject" in entry for entry in users):
        raise SettingsError(
            'PROVIDERS: there are several, so say whose users keep their ids. Write "keep_subject": true in the entry '
            'that was alone before, or "keep_subject": false in any if there was none.'
        )
    return [ProviderOptions(f"PROVIDERS[{position}]", entry, notes) for position, entry in enumerate(entries)]


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse a name that is there twice: JSON would silently keep the last, and a requirement could be lost."""
    twice = [name for name, times in Counter(name for name, _ in pairs).items() if times > 1]
    if twice:
        raise SettingsError(f"PROVIDERS: one object has {twice[0]} twice. Keep one of them.")
    return dict(pairs)


def _providers(
    entries: list[ProviderOptions], clock: Clock, on_fetch: Callable[[str, Fetch], None], min_remaining_seconds: int
) -> Providers:
    # Guests do not count, because they never keep their subjects: inviting some changes no user's id.
    only_one = sum(not entry.raw("guests") for entry in entries) == 1
    filled_in = [_filled_in(entry) for entry in entries]
    providers = tuple(
        _provider(entry, clock, on_fetch, min_remaining_seconds, only_one=only_one) for entry in filled_in
    )
    check_invitations_are_apart(zip(filled_in, providers, strict=True))
    _check_together(providers)
    return Providers(providers)


def _check_together(providers: tuple[Provider, ...]) -> None:
    for what, values in (
        ("names", [provider.name for provider in providers]),
        ("issuers", [issuer for provider in providers for issuer in provider.issuers or ("(none)",)]),
    ):
        twice = [value for value, times in Counter(values).items() if times > 1]
        if twice:
            raise SettingsError(f"PROVIDERS: two have the same {what}, {twice[0]}. Make them differ.")
    if sum(provider.keep_subject for provider in providers) > 1:
        raise SettingsError(
            'PROVIDERS: "keep_subject" is true more than once: equal ids would become one user. Keep one.'
        )
    check_namespaces_differ(providers)


def _filled_in(options: ProviderOptions) -> ProviderOptions:
    """Return *options* with the defaults of the preset."""
    preset = _preset(options)
    options.check_known(OPTIONS | preset.option_names)
    if options.has("audience") and options.boolean("any_audience", default=False):
        raise options.wrong("any_audience", "is true, and there is an audience, which would not be checked. Keep one.")
    return preset.fill_in(options, not_from_preset(options))


def _preset(options: ProviderOptions) -> Preset:
    return PRESETS[options.choice("preset", tuple(PRESETS), "oidc")]


def _provider(
    options: ProviderOptions,
    clock: Clock,
    on_fetch: Callable[[str, Fetch], None],
    min_remaining_seconds: int,
    *,
    only_one: bool,
) -> Provider:
    name = options.text("name", "Give it a short name, for logs and for the ids of users without an issuer.")
    if not NAME.fullmatch(name):
        raise options.wrong("name", "is not a name. Write up to 32 of a-z, 0-9 and -.")
    issuers, accepted = issuers_of(options), algorithms_of(options)
    guests = guests_of(options, issuers)
    check_no_user_editable_claims(options, _preset(options).user_editable_claims, _preset(options).unverified_claims)
    check_no_tenant_editable_claims(options, issuers, _preset(options).tenant_editable_claims)
    return Provider(
        name=name,
        issuers=issuers,
        audiences=audiences_of(options),
        audience_claim=options.text("audience_claim", "Write the claim that names the audience.", "aud"),
        algorithms=accepted,
        keys=keys_of(options, issuers, accepted, clock, lambda fetch: on_fetch(name, fetch)),
        token_profile=_token_profile(options),
        access_requirements=_access_requirements(options),
        subject_claim=options.text("subject_claim", "Write the claim that holds the user's id.", "sub"),
        max_subject_length=options.whole_number("max_subject_length", 1, MAX_SUBJECT_LENGTH, MAX_SUBJECT_LENGTH),
        name_claims=options.texts("name_claims", "Write the claims that may hold the name, best first.", OIDC_NAMES),
        namespace=namespace_of(options, issuers, name),
        keep_subject=not guests and keeps_subject(options, issuers, only_one=only_one),
        user_roles=user_roles_of(options),
        room_rules=room_rules_of(options),
        clock_skew=options.whole_number("clock_skew_seconds", 0, MAX_CLOCK_SKEW, DEFAULT_CLOCK_SKEW),
        max_lifetime=_max_lifetime(options),
        max_lifetime_without_name=_max_lifetime_without_name(options),
        min_remaining_seconds=max(min_remaining_seconds, MIN_SESSION_SECONDS) if guests else min_remaining_seconds,
        guests=guests,
        clients=options.texts("clients", "Write the ids of the applications whose tokens are accepted.", ()),
        client_claims=options.texts(
            "client_claims", "Write the claims that name the application that asked for it.", CLIENT_CLAIMS
        ),
    )


def _max_lifetime(options: ProviderOptions) -> int | None:
    if not options.has("max_lifetime_seconds"):
        return None
    return options.whole_number("max_lifetime_seconds", 1, YEAR, YEAR)


def _max_lifetime_without_name(options: ProviderOptions) -> int | None:
    """Applications sign other tokens too with their secret: if no option tells them, a name or a short life must."""
    distinct = options.given(
        ("audience", "required_claim_values", "required_claim_names", "token_types", "max_lifetime_seconds")
    )
    return None if distinct or options.raw("preset") != "shared-secret" else MAX_LIFETIME_WITHOUT_NAME


def _token_profile(options: ProviderOptions) -> TokenProfile:
    return TokenProfile(
        token_types=frozenset(
            token_type.lower()
            for token_type in options.texts("token_types", "Write accepted typ headers.", ACCESS_OR_ID)
        ),
        required_claim_values=options.claim_constraints("required_claim_values"),
        forbidden_claim_values=options.claim_constraints("forbidden_claim_values"),
        refused_patterns=_refused_patterns(options),
    )


def _refused_patterns(options: ProviderOptions) -> tuple[TokenPattern, ...]:
    """Return the patterns of refused tokens: those of the preset, unless also accepted, and those of options."""
    preset = _preset(options)
    also_accept = options.texts("also_accept", _also_accept_hint(preset), ())
    if set(also_accept) - set(preset.refused_token_patterns):
        raise options.wrong("also_accept", f"names a kind of token that is not known here. {_also_accept_hint(preset)}")
    suffix = options.text("machine_subject_suffix", "Write how the subjects of machines end.", "")
    return (
        *(
            pattern
            for kind, patterns in preset.refused_token_patterns.items()
            if kind not in also_accept
            for pattern in patterns
        ),
        *((TokenPattern(suffixes={options.text("subject_claim", "", "sub"): suffix}),) if suffix else ()),
        *(
            TokenPattern(absent=(claim,))
            for claim in options.texts("required_claim_names", "Write claims that a token must have.", ())
        ),
        *(
            TokenPattern(present=(claim,))
            for claim in options.texts("forbidden_claim_names", "Write claims that it must not have.", ())
        ),
    )


def _also_accept_hint(preset: Preset) -> str:
    return (
        f"Write some of: {', '.join(preset.refused_token_patterns)}."
        if preset.refused_token_patterns
        else "Leave it out: this preset refuses none."
    )


def _access_requirements(options: ProviderOptions) -> AccessRequirements:
    return AccessRequirements(
        scopes=options.texts("required_scopes", "Write the scopes that users must have.", ()),
        roles=options.texts("required_roles", "Write the roles of which users must have one.", ()),
        roles_claim=options.text("roles_claim", "Write the claim that holds the user's roles.", "roles"),
        claims=options.claim_constraints("required_claims"),
    )
