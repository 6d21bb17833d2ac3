"""Build the authorizer from environment variables, or say which one is wrong, why, and what to write."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from authorizer.errors import SettingsError
from authorizer.https import IssuerDocuments, is_allowed
from authorizer.key_sources import FixedKeys, IssuerKeys, SecretKeys
from authorizer.keys import ASYMMETRIC_ALGORITHMS, HMAC_ALGORITHMS, key_set, key_set_of_pem
from authorizer.providers import KeySource, Provider, Providers

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Clock = Callable[[], float]

PRESETS: dict[str, dict[str, Any]] = {
    "oidc": {
        "algorithms": list(ASYMMETRIC_ALGORITHMS),
        "subject_claim": "sub",
        "name_claims": ["name", "preferred_username", "nickname"],
    },
    "shared-secret": {
        "algorithms": ["HS256"],
        "subject_claim": "id",
        "name_claims": ["full_name"],
    },
}
"""What the users of each kind of provider need not know."""

KEY_OPTIONS = ("jwks", "jwks_uri", "pem", "secret_arn")
OPTIONS = {"name", "preset", "issuer", "audience", "any_audience", "plain", *KEY_OPTIONS, *PRESETS["oidc"]}
NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")
SECRET_ARN = re.compile(r"arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:.+")


@dataclass(frozen=True)
class Settings:
    """What the authorizer's environment variables say."""

    providers: Providers
    accept_base64: bool

    @classmethod
    def from_environ(cls, environ: Mapping[str, str], clock: Clock) -> Settings:
        """
        Read PROVIDERS and ACCEPT_BASE64_TOKENS from *environ*; keys will age by *clock*.

        Raises:
            SettingsError: One of them is wrong.
        """
        return cls(
            providers=_providers(environ.get("PROVIDERS", ""), clock),
            accept_base64=_boolean("ACCEPT_BASE64_TOKENS", environ.get("ACCEPT_BASE64_TOKENS", "false")),
        )


def _boolean(name: str, text: str) -> bool:
    if text not in ("true", "false"):
        raise SettingsError(f"{name} is neither true nor false. Write one of them.")
    return text == "true"


def _providers(text: str, clock: Clock) -> Providers:
    try:
        entries = json.loads(text)
    except ValueError as error:
        raise SettingsError(f"PROVIDERS is not JSON ({error}). Write a list of objects.") from None
    if not isinstance(entries, list) or not entries or not all(isinstance(entry, dict) for entry in entries):
        raise SettingsError("PROVIDERS is not a list of objects. Write at least one, in [ ].")
    providers = tuple(
        _provider(_Options(f"PROVIDERS[{position}]", entry), len(entries) == 1, clock)
        for position, entry in enumerate(entries)
    )
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
    if sum(provider.plain for provider in providers) > 1:
        raise SettingsError('PROVIDERS: "plain" is true more than once: equal ids would become one user. Keep one.')


class _Options:
    """One entry of PROVIDERS, read option by option, so that what is wrong can be named."""

    def __init__(self, path: str, entry: Mapping[str, Any]) -> None:
        self.path = path
        unknown = sorted(entry.keys() - OPTIONS)
        if unknown:
            raise SettingsError(f"{path}.{unknown[0]} is not an option. Options are: {', '.join(sorted(OPTIONS))}.")
        preset = entry.get("preset", "oidc")
        if not isinstance(preset, str) or preset not in PRESETS:
            raise self.wrong("preset", f"is not known. Write one of: {', '.join(PRESETS)}.")
        self.preset = preset
        # An empty text is how a template says that a parameter was not given.
        given = {name: value for name, value in entry.items() if value not in ("", None)}
        self._entry = {**PRESETS[preset], **given}

    def wrong(self, option: str, why: str) -> SettingsError:
        return SettingsError(f"{self.path}.{option} {why}")

    def has(self, option: str) -> bool:
        return option in self._entry

    def any(self, option: str) -> Any:
        return self._entry.get(option)

    def text(self, option: str, mend: str) -> str:
        value = self._entry.get(option)
        if not isinstance(value, str):
            raise self.wrong(option, f"is {'missing' if value is None else 'not a text'}. {mend}")
        return value

    def texts(self, option: str, mend: str) -> tuple[str, ...]:
        value = self._entry.get(option)
        listed = [value] if isinstance(value, str) else value
        if not isinstance(listed, list) or not listed or not all(isinstance(item, str) and item for item in listed):
            raise self.wrong(option, f"is neither a text nor a list of texts. {mend}")
        return tuple(listed)

    def flag(self, option: str, *, default: bool) -> bool:
        value = self._entry.get(option, default)
        if not isinstance(value, bool):
            raise self.wrong(option, "is neither true nor false. Write one of them, without quotes.")
        return value

    def url(self, option: str, mend: str) -> str:
        url = self.text(option, mend)
        if not is_allowed(url):
            raise self.wrong(option, "is not an https URL without credentials. Write https://…")
        return url


def _provider(options: _Options, only_one: bool, clock: Clock) -> Provider:  # noqa: FBT001 - private, called once
    name = options.text("name", "Give it a short name, for logs and for the ids of users without an issuer.")
    if not NAME.fullmatch(name):
        raise options.wrong("name", "is not a name. Write up to 32 of a-z, 0-9 and -.")
    issuer = _issuer(options)
    return Provider(
        name=name,
        issuers=(issuer,) if issuer else (),
        audiences=_audiences(options),
        keys=_keys(options, issuer, clock),
        algorithms=_algorithms(options),
        subject_claim=options.text("subject_claim", "Write the claim that holds the user's id."),
        name_claims=options.texts("name_claims", "Write the claims that may hold the user's name, best first."),
        id_scope=issuer or name,
        plain=options.flag("plain", default=only_one),
    )


def _issuer(options: _Options) -> str | None:
    if options.preset == "shared-secret" and not options.has("issuer"):
        return None
    if options.preset == "shared-secret":
        # An application that signs its own tokens names itself as it likes.
        return options.text("issuer", 'Write it as in the tokens\' "iss" claim.')
    return options.url("issuer", 'Write it as in the tokens\' "iss" claim, letter for letter.')


def _audiences(options: _Options) -> tuple[str, ...] | None:
    if options.flag("any_audience", default=False):
        return None
    if options.has("audience"):
        return options.texts("audience", 'Write it as in the tokens\' "aud" claim.')
    if options.preset == "shared-secret":
        return ()
    raise options.wrong(
        "audience",
        "is missing: tokens made for other applications would sign in here. "
        'Write the tokens\' "aud" claim, or "any_audience": true if you really mean it.',
    )


def _algorithms(options: _Options) -> tuple[str, ...]:
    known = HMAC_ALGORITHMS if options.has("secret_arn") else ASYMMETRIC_ALGORITHMS
    algorithms = options.texts("algorithms", f"Write some of: {', '.join(known)}.")
    unfit = [algorithm for algorithm in algorithms if algorithm not in known]
    if unfit:
        raise options.wrong("algorithms", f"has {unfit[0]}, which does not go with its keys. Use: {', '.join(known)}.")
    return algorithms


def _keys(options: _Options, issuer: str | None, clock: Clock) -> KeySource:
    given = [option for option in KEY_OPTIONS if options.has(option)]
    if len(given) > 1:
        raise options.wrong(given[1], f"and {given[0]} are both given. Keep one of them.")
    if "secret_arn" in given:
        return _secret_keys(options, clock)
    if options.preset == "shared-secret" or not issuer:
        raise options.wrong("secret_arn", "is missing. Write the ARN of the secret in Secrets Manager.")
    if given in (["jwks"], ["pem"]):
        return _fixed_keys(options, given[0])
    documents = IssuerDocuments()
    if "jwks_uri" in given:
        url = options.url("jwks_uri", "")
        return IssuerKeys(lambda: documents.key_set_at(url), clock)
    return IssuerKeys(lambda: documents.discovered_key_set(issuer), clock)


def _fixed_keys(options: _Options, option: str) -> FixedKeys:
    try:
        given = options.any(option)
        return FixedKeys(key_set(given) if option == "jwks" else key_set_of_pem(str(given)))
    except ValueError as error:
        raise options.wrong(option, f"cannot be used: {error}.") from None


def _secret_keys(options: _Options, clock: Clock) -> SecretKeys:
    # Who needs no secret does not wait for boto3 to load.
    from authorizer.secrets import SharedSecret  # noqa: PLC0415

    arn = options.text("secret_arn", "")
    if not SECRET_ARN.fullmatch(arn):
        raise options.wrong(
            "secret_arn", "is not the ARN of a secret: arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME."
        )
    return SecretKeys(SharedSecret(arn).versions, clock)
