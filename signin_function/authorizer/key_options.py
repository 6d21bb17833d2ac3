"""Read the options about the keys of a provider: where they come from, and for which algorithms."""

from __future__ import annotations

import re
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from authorizer import algorithms
from authorizer.https import IssuerDocuments, is_allowed
from authorizer.key_sources import SECRET_LIFETIME, FixedKeys, IssuerKeys, KeysBesideSecret, SecretKeys
from authorizer.refreshing_cache import RefreshingCache

if TYPE_CHECKING:
    from collections.abc import Callable

    from authorizer.clock import Clock
    from authorizer.key_sources import SecretVersion
    from authorizer.keys import KeySet
    from authorizer.options import ProviderOptions
    from authorizer.providers import KeySource
    from authorizer.refreshing_cache import Fetch, Fetched

KEY_OPTIONS = ("jwks", "jwks_uri", "pem", "secret_arn")
SECRET_ARN = re.compile(
    r"arn:aws[a-z-]*:secretsmanager:[a-z]{2,8}(?:-[a-z]{2,16}){1,2}-[0-9]{1,2}:[0-9]{12}:secret:[!-~]+"
)
SECRET_OPTIONS = ("secret_encoding", "secret_json_field", "previous_secret_seconds", "secret_until")
HOUR = 3600
MAX_PREVIOUS_SECONDS = 31 * 24 * HOUR
"""The most that `previous_secret_seconds` may be."""
MAX_SECONDS_BESIDE_KEYS = 8 * 24 * HOUR
"""How far ahead `secret_until` may be."""


def not_from_preset(options: ProviderOptions) -> tuple[str, ...]:
    """Return the options that must not come from the preset, because the entry itself says where the keys are."""
    given = options.given(KEY_OPTIONS)
    beside = given == ["secret_arn"] and options.has("secret_until")
    return KEY_OPTIONS if given and not beside else ()


def algorithms_of(options: ProviderOptions) -> tuple[str, ...]:
    """Return the accepted algorithms, or raise SettingsError."""
    secret, keys = _signed_with(options)
    known = (*(algorithms.ASYMMETRIC if keys else ()), *(algorithms.HMAC if secret else ()))
    # Of the algorithms of a secret only the first is a default, because a secret is used with one.
    default = (*(algorithms.ASYMMETRIC if keys else ()), *(tuple(algorithms.HMAC)[:1] if secret else ()))
    given = options.texts("algorithms", f"Write some of: {', '.join(known)}.", default)
    unfit = [algorithm for algorithm in given if algorithms.one_name(algorithm) not in known]
    if unfit:
        raise options.wrong("algorithms", f"has {unfit[0]}, which does not go with its keys. Use: {', '.join(known)}.")
    accepted = tuple(dict.fromkeys(map(algorithms.one_name, given)))
    if len(_of_secret(accepted)) > 1:
        raise options.wrong("algorithms", "names several, and a secret is for one alone (RFC 8725, 3.1). Keep one.")
    # With keys and a secret, an entry may name algorithms for one of them only: then the other keeps its default.
    missing = (
        *(_of_keys(default) if keys and not _of_keys(accepted) else ()),
        *(_of_secret(default) if secret and not _of_secret(accepted) else ()),
    )
    return tuple(dict.fromkeys((*accepted, *missing))) if secret and keys else accepted


def _signed_with(options: ProviderOptions) -> tuple[bool, bool]:
    """Return whether tokens may be signed with a secret, and whether with keys."""
    secret = options.has("secret_arn") or options.raw("preset") == "shared-secret"
    return secret, not secret or options.has("secret_until")


def _of_secret(accepted: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name for name in accepted if name in algorithms.HMAC)


def _of_keys(accepted: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name for name in accepted if name not in algorithms.HMAC)


def keys_of(
    options: ProviderOptions,
    issuers: tuple[str, ...],
    accepted: tuple[str, ...],
    clock: Clock,
    on_fetch: Callable[[Fetch], None],
) -> KeySource:
    """Return the source of the keys, for *accepted* algorithms, or raise SettingsError."""
    has_secret, has_keys = _signed_with(options)
    if not has_secret:
        _check_not_of_secret(options)
    elif not options.has("secret_arn"):
        raise options.wrong("secret_arn", "is missing. Write the ARN of the secret in Secrets Manager.")
    if not has_keys:
        return _secret(options, accepted, clock, on_fetch)
    keys = _keys(options, issuers, _of_keys(accepted), clock, on_fetch)
    if not has_secret:
        return keys
    seconds = _seconds_beside(options, clock)
    secret = _secret(options, _of_secret(accepted), clock, on_fetch) if seconds > 0 else None
    return KeysBesideSecret(keys, secret, seconds, clock)


def _check_not_of_secret(options: ProviderOptions) -> None:
    of_secret = options.given(SECRET_OPTIONS)
    if of_secret:
        raise options.wrong(
            of_secret[0], "is about a secret, but there is no secret_arn. Write secret_arn, or leave this out."
        )


def _secret(
    options: ProviderOptions, accepted: tuple[str, ...], clock: Clock, on_fetch: Callable[[Fetch], None]
) -> SecretKeys:
    given = options.given(KEY_OPTIONS)
    if len(given) > 1 and not options.has("secret_until"):
        raise options.wrong(
            given[0],
            f"and {given[-1]} are both given. Keep one of them. Or, while your project moves from a secret to keys, "
            'write until when both sign its tokens: "secret_until": "2026-12-31T00:00:00Z".',
        )
    return SecretKeys(RefreshingCache(_versions(options, accepted[0], clock), clock, on_fetch, SECRET_LIFETIME), clock)


def _keys(
    options: ProviderOptions,
    issuers: tuple[str, ...],
    accepted: tuple[str, ...],
    clock: Clock,
    on_fetch: Callable[[Fetch], None],
) -> KeySource:
    given = [option for option in options.given(KEY_OPTIONS) if option != "secret_arn"]
    if len(given) > 1:
        raise options.wrong(given[1], f"and {given[0]} are both given. Keep one of them.")
    if not issuers:
        raise options.wrong(
            "issuer", "is missing, and keys are found by the issuer that a token names. Write it, or secret_arn alone."
        )
    if given and given[0] in ("jwks", "pem"):
        return _fixed_keys(options, given[0], accepted)
    return IssuerKeys(RefreshingCache(_fetch_of_key_set(options, issuers[0], accepted), clock, on_fetch), clock)


def _seconds_beside(options: ProviderOptions, clock: Clock) -> float:
    """Return how many seconds the secret is still accepted beside the keys: 0 or less, with a note, if no longer."""
    hint = "Write a date and a time with its zone: 2026-12-31T00:00:00Z."
    text = options.text("secret_until", hint)
    try:
        until = datetime.fromisoformat(text)
    except ValueError:
        raise options.wrong("secret_until", f"is no date and time. {hint}") from None
    if until.tzinfo is None:
        raise options.wrong("secret_until", f"names no zone. {hint}")
    seconds = until.timestamp() - clock.wall_clock()
    if seconds > MAX_SECONDS_BESIDE_KEYS:
        raise options.wrong(
            "secret_until",
            "is more than eight days ahead, and until then everybody with the old secret can sign in. Write when the "
            "last token that it signed will have expired.",
        )
    if seconds <= 0:
        options.note("secret_until", "is over, and the secret is ignored. Leave it and secret_arn out.")
    return seconds


def _fixed_keys(options: ProviderOptions, option: str, accepted: tuple[str, ...]) -> FixedKeys:
    # Imported here, because a provider whose keys are fetched loads cryptography while its issuer answers.
    from authorizer.keys import key_set, key_set_of_pem  # noqa: PLC0415

    try:
        if option == "jwks":
            return FixedKeys(key_set(options.raw(option), accepted))
        return FixedKeys(key_set_of_pem(options.text(option, "Write a public key in PEM."), accepted))
    except ValueError as error:
        raise options.wrong(option, f"cannot be used: {error}.") from None


def _fetch_of_key_set(
    options: ProviderOptions, issuer: str, accepted: tuple[str, ...]
) -> Callable[[], Fetched[KeySet]]:
    documents = IssuerDocuments(accepted)
    if options.has("jwks_uri"):
        return partial(documents.key_set_at, options.url("jwks_uri", "Write the address of the issuer's key set."))
    # Checked here only: an issuer from which nothing is fetched may be any text, as http://…/trust (ADFS) or urn:….
    if not is_allowed(issuer):
        hint = "Write https://…, or give its keys by jwks_uri, jwks or pem."
        raise options.wrong(
            "issuer", f"is not an https URL without credentials, so that its keys cannot be fetched. {hint}"
        )
    return partial(documents.discovered_key_set, issuer)


def _versions(
    options: ProviderOptions, algorithm: str, clock: Clock
) -> Callable[[], Fetched[tuple[SecretVersion, ...]]]:
    # Imported here, because loading botocore takes long, and most providers have no secret.
    from authorizer.keys import SECRET_ENCODINGS, secret_decoder  # noqa: PLC0415
    from authorizer.secrets import SharedSecret  # noqa: PLC0415

    arn = options.text("secret_arn", "")
    if not SECRET_ARN.fullmatch(arn):
        raise options.wrong("secret_arn", "is not an ARN such as arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME.")
    encoding = options.choice("secret_encoding", tuple(SECRET_ENCODINGS), "raw")
    json_field = (
        options.text("secret_json_field", "Write the field's name.") if options.has("secret_json_field") else None
    )
    previous = options.whole_number("previous_secret_seconds", 0, MAX_PREVIOUS_SECONDS, HOUR)
    return SharedSecret(arn, algorithm, secret_decoder(encoding, json_field), clock, previous).versions
