"""Ask each identity provider of an answers file for its keys, as the authorizer will."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from authorizer.algorithms import HMAC
from authorizer.clock import Clock
from authorizer.errors import AuthorizerError
from authorizer.settings import Settings

if TYPE_CHECKING:
    from authorizer.providers import Provider
    from authorizer.refreshing_cache import Fetch

OUT_OF_REACH = ("no answer in time", "the answer is not whole", "status 408", "status 429", "status 5")
"""How an outcome begins that says nothing about the answer being wrong."""
UNREADABLE = {"JSONDecodeError": "its answer is no JSON", "UnicodeDecodeError": "its answer is no text"}
SAID = {
    "gaierror": "its name leads to no address",
    "ConnectionRefusedError": "nobody answers there",
    "TimeoutError": "no answer in time",
    "SSLCertVerificationError": "its certificate is not valid here",
}
"""What exceptions' names mean, for those that people meet."""


@dataclass(frozen=True)
class KeyProblem:
    """
    Why the keys of a provider could not be had.

    `is_wrong` says that an answer came and is not what it has to be; else nothing, or an outage, was met from here.
    """

    provider: str
    issuer: str
    why: str
    is_wrong: bool

    def __str__(self) -> str:
        """Say it in a sentence, with the mend where the answer is wrong."""
        where = f"The keys of {self.provider} ({self.issuer})"
        if not self.is_wrong:
            return f"{where} could not be had from here: {self.why}."
        return (
            f"{where} cannot be used: {self.why}. Compare the provider's values with a token of yours: issuer is its "
            '"iss" claim, letter for letter.'
        )


def key_problems(providers: str) -> list[KeyProblem]:
    """Return what is wrong with the keys of *providers*, a JSON list that starts the authorizer. No secret is read."""
    outcomes: dict[str, Fetch] = {}
    settings = Settings.from_environ({"PROVIDERS": providers}, Clock(), outcomes.__setitem__)
    for provider in settings.providers.all:
        _ask(provider)
    named = {provider.name: provider for provider in settings.providers.all}
    return [_problem(named[name], fetch) for name, fetch in outcomes.items() if not fetch.succeeded]


def _ask(provider: Provider) -> None:
    algorithm = next((name for name in provider.algorithms if name not in HMAC), None)
    if algorithm is None:
        return
    issuer = provider.issuers[0] if provider.issuers else None
    try:
        next(iter(provider.keys.candidates(None, algorithm, issuer)), None)
    except AuthorizerError:
        return  # whoever watches was told, and a set of several keys is no trouble


def _problem(provider: Provider, fetch: Fetch) -> KeyProblem:
    outcome = fetch.outcome
    is_answer = outcome in UNREADABLE or (" " in outcome and not outcome.startswith(OUT_OF_REACH))
    why = UNREADABLE.get(outcome) or SAID.get(outcome) or outcome
    issuer = provider.issuers[0] if provider.issuers else "no issuer"
    return KeyProblem(provider.name, issuer, why, is_answer)
