"""Play here what an answers file says of the deployer's own account: its providers, their secrets, its AppInstance."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from local.issuer.issuer import JWKS
from local.issuer.providers import StoredSecret, new_secret, play
from operations.answers import read
from operations.errors import OperationError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from local.issuer.providers import PlayedProvider

OF_ANOTHER_ACCOUNT = {
    "ChimeAppInstanceArn": "the local AWS has an AppInstance of its own",
    "SharedSecretKeyArn": "the local AWS has no keys of yours",
}
"""Parameters that name what only the deployer's account has, and why they are left out."""
_SECRET = re.compile(r"arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:([A-Za-z0-9/_+=.@-]+)")
_SUFFIX = re.compile(r"-[A-Za-z0-9]{6}$")
"""What Secrets Manager adds to a secret's name in its ARN."""


class AnswersError(Exception):
    """The answers cannot be played; the text says why, and what to write instead."""


@dataclass(frozen=True)
class PlayedAnswers:
    """The parameters to deploy here, whose tokens the local issuer makes, and what is told of the difference."""

    parameters: dict[str, str]
    providers: list[PlayedProvider]
    notes: list[str]


def read_answers(path: Path) -> dict[str, str]:
    """
    Return the parameters in the file *path* by name, as `make deploy` reads them.

    Raises:
        AnswersError: There is no such file, or SAM would read it as something else than it says.
    """
    if not path.is_file():
        raise AnswersError(f"There is no file {path}. Run make deploy, or copy one of environments/examples/.")
    try:
        return dict(read(path).values)
    except OperationError as error:
        raise AnswersError(str(error)) from error


def play_answers(
    answers: Mapping[str, str], issuer_url: str, create_secret: Callable[[str, str], str]
) -> PlayedAnswers:
    """
    Return what to deploy here for *answers*, parameters by name as `read_answers` gives them.

    Args:
        answers: The parameters as they would be deployed.
        issuer_url: The address of the local issuer.
        create_secret: Makes a secret, of a name and a value, in the local Secrets Manager; returns its ARN.

    Raises:
        AnswersError: There are no providers in them, or a secret is named that the authorizer could not read.
    """
    asked = _entries(answers.get("Providers", ""))
    stored = _stored(asked, answers.get("SharedSecretArn", ""), create_secret)
    entries, providers = [], []
    for entry in asked:
        here, played = play(entry, issuer_url + JWKS, stored) or (entry, None)
        entries.append(here)
        providers += [played] if played else []
    parameters = {name: value for name, value in answers.items() if name not in OF_ANOTHER_ACCOUNT}
    parameters["Providers"] = json.dumps(entries)
    for secret in stored.values():
        parameters["SharedSecretArn"] = secret.arn
    left_out = [name for name in OF_ANOTHER_ACCOUNT if answers.get(name)]
    return PlayedAnswers(parameters, providers, [f"{name}: {OF_ANOTHER_ACCOUNT[name]}." for name in left_out])


def _entries(text: str) -> list[dict[str, Any]]:
    if not text:
        raise AnswersError(
            "The answers name no Providers. Write whose tokens sign in: see environments/examples/, or run make deploy."
        )
    try:
        entries = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise AnswersError(f"Providers is no JSON: {error}. Write it as text, below Providers: >-") from error
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise AnswersError('Providers is no JSON list of objects. Write [{"name": "main", …}].')
    return entries


def _stored(
    entries: list[dict[str, Any]], shared_secret_arn: str, create_secret: Callable[[str, str], str]
) -> dict[str, StoredSecret]:
    """Return the secrets that *entries* name, which is one at most, as they are here."""
    of_secret = [entry for entry in entries if isinstance(entry.get("secret_arn"), str)]
    names = {entry["secret_arn"]: _secret_name(entry["secret_arn"], shared_secret_arn) for entry in of_secret}
    fields = {entry["secret_json_field"] for entry in of_secret if isinstance(entry.get("secret_json_field"), str)}
    text = new_secret(fields)
    return {arn: StoredSecret(create_secret(name, text), text) for arn, name in names.items()}


def _secret_name(arn: str, shared_secret_arn: str) -> str:
    found = _SECRET.fullmatch(arn)
    if found is None:
        raise AnswersError(f"Providers has the secret_arn {arn}, which is no ARN of a secret. Write it in full.")
    if arn != shared_secret_arn:
        raise AnswersError(
            f"Providers has the secret_arn {arn}, and SharedSecretArn is {shared_secret_arn or 'not there'}: the "
            "authorizer may read the latter only. Write the same ARN in both."
        )
    return _SUFFIX.sub("", found[1])
