"""Read which keys a provider's tokens are signed with, and by which algorithms."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING

from authorizer import algorithms
from authorizer.https import IssuerDocuments, is_allowed
from authorizer.key_sources import SECRET_LIFETIME, FixedKeys, IssuerKeys, SecretKeys
from authorizer.remembered import Remembered
from authorizer.secret_encodings import ENCODINGS, decoder

if TYPE_CHECKING:
    from collections.abc import Callable

    from authorizer.clock import Clock
    from authorizer.key_sources import SecretVersion
    from authorizer.keys import KeySet
    from authorizer.options import Options
    from authorizer.providers import KeySource
    from authorizer.remembered import Fetch, Fetched

KEY_OPTIONS = ("jwks", "jwks_uri", "pem", "secret_arn")
SECRET_ARN = re.compile(
    r"arn:aws[a-z-]*:secretsmanager:[a-z]{2,8}(?:-[a-z]{2,16}){1,2}-[0-9]{1,2}:[0-9]{12}:secret:[!-~]+"
)
SECRET_OPTIONS = ("secret_encoding", "secret_json_field", "previous_secret_seconds")
HOUR = 3600
LONGEST_PREVIOUS = 31 * 24 * HOUR
"""In seconds."""


def algorithms_of(options: Options) -> tuple[str, ...]:
    """Return the algorithms that are accepted, or raise SettingsError."""
    secret = options.has("secret_arn") or options.any("preset") == "shared-secret"
    known = tuple(algorithms.HMAC) if secret else algorithms.ASYMMETRIC
    given = options.texts("algorithms", f"Write some of: {', '.join(known)}.", known[:1] if secret else known)
    accepted = tuple(dict.fromkeys(map(algorithms.one_name, given)))
    unfit = [algorithm for algorithm in given if algorithms.one_name(algorithm) not in known]
    if unfit:
        raise options.wrong("algorithms", f"has {unfit[0]}, which does not go with its keys. Use: {', '.join(known)}.")
    if secret and len(accepted) > 1:
        raise options.wrong("algorithms", "names several, and a secret is for one alone (RFC 8725, 3.1). Keep one.")
    return accepted


def keys_of(
    options: Options, issuers: tuple[str, ...], accepted: tuple[str, ...], clock: Clock, watch: Callable[[Fetch], None]
) -> KeySource:
    """Return where the keys come from that *accepted* algorithms are used with, or raise SettingsError."""
    given = options.given(KEY_OPTIONS)
    of_secret = options.given(SECRET_OPTIONS)
    if of_secret and "secret_arn" not in given:
        raise options.wrong(of_secret[0], "is for a secret, and there is no secret_arn. Write that, or leave this out.")
    if len(given) > 1:
        raise options.wrong(given[1], f"and {given[0]} are both given. Keep one of them.")
    if "secret_arn" in given:
        return SecretKeys(Remembered(_versions(options, accepted[0], clock), clock, watch, SECRET_LIFETIME), clock)
    if options.any("preset") == "shared-secret" or not issuers:
        raise options.wrong("secret_arn", "is missing. Write the ARN of the secret in Secrets Manager.")
    if given and given[0] in ("jwks", "pem"):
        return _fixed_keys(options, given[0], accepted)
    return IssuerKeys(Remembered(_fetch_of_key_set(options, issuers[0], accepted), clock, watch), clock)


def _fixed_keys(options: Options, option: str, accepted: tuple[str, ...]) -> FixedKeys:
    # Not at the top: whose keys have to be fetched, loads cryptography while the issuer answers.
    from authorizer.keys import key_set, key_set_of_pem  # noqa: PLC0415

    try:
        if option == "jwks":
            return FixedKeys(key_set(options.any(option), accepted))
        return FixedKeys(key_set_of_pem(options.text(option, "Write a public key in PEM."), accepted))
    except ValueError as error:
        raise options.wrong(option, f"cannot be used: {error}.") from None


def _fetch_of_key_set(options: Options, issuer: str, accepted: tuple[str, ...]) -> Callable[[], Fetched[KeySet]]:
    documents = IssuerDocuments(accepted)
    if options.has("jwks_uri"):
        return partial(documents.key_set_at, options.url("jwks_uri", "Write the address of the issuer's key set."))
    # Here alone: an issuer that is not asked for keys may have any name, http://…/trust (ADFS), urn:… or a bare word.
    if not is_allowed(issuer):
        mend = "Write https://…, or say by jwks_uri, jwks or pem where its keys are."
        raise options.wrong(
            "issuer", f"is not an https URL without credentials, and is to be asked for its keys. {mend}"
        )
    return partial(documents.discovered_key_set, issuer)


def _versions(options: Options, algorithm: str, clock: Clock) -> Callable[[], Fetched[tuple[SecretVersion, ...]]]:
    # Who needs no secret does not wait for botocore to load.
    from authorizer.secrets import SharedSecret  # noqa: PLC0415

    arn = options.text("secret_arn", "")
    if not SECRET_ARN.fullmatch(arn):
        raise options.wrong("secret_arn", "is not an ARN such as arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME.")
    encoding = options.choice("secret_encoding", tuple(ENCODINGS), "raw")
    json_field = (
        options.text("secret_json_field", "Write the field's name.") if options.has("secret_json_field") else None
    )
    previous = options.number("previous_secret_seconds", 0, LONGEST_PREVIOUS, HOUR)
    return SharedSecret(arn, algorithm, decoder(encoding, json_field), clock, previous).versions
