"""The command `make doctor`: find out what is to be looked at, look, print, and return the exit status."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from operations import answers
from operations.aws import aws_errors_as_operation_errors, session
from operations.cloudformation import stack
from operations.doctor.doctor import SECONDS, all_checks, examine
from operations.doctor.finding import unknown
from operations.doctor.places import Inside, Outside
from operations.doctor.report import as_json, exit_status, text
from operations.doctor.token_input import token_of_file, token_of_standard_input
from operations.doctor.withheld import Withheld
from operations.errors import OperationError
from operations.samconfig import environment
from operations.target import target
from operations.template import Template

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from operations.doctor.checks import Place
    from operations.doctor.report import Findings

CALL_SECONDS = 3
"""For one attempt to ask AWS."""
STACK = "stack"
"""The name under which it is said that CloudFormation cannot be asked."""


@dataclass(frozen=True)
class Asked:
    """What was asked for; what is empty is found out."""

    url: str = ""
    origin: str = ""
    token_file: str = ""
    is_json: bool = False


def run(asked: Asked, environ: Mapping[str, str], say: Callable[[str], None], seconds: float = SECONDS) -> int:
    """
    Look at the stack that *environ* means, say what was found, and return the exit status.

    Raises:
        OperationError: The file with the token cannot be read.
    """
    end = time.monotonic() + seconds
    token = token_of_file(asked.token_file) if asked.token_file else token_of_standard_input()
    template, findings = Template(), {}
    inside: Inside | None = None
    try:
        inside = _inside(environ, template)
    except OperationError as error:
        findings[STACK] = [replace(unknown(str(error)), check=STACK)]
    given: dict[Place, Outside | Inside] = {"outside": _outside(asked, environ, template, inside, token)}
    if inside:
        given["inside"] = inside
    findings |= examine(all_checks(), given, max(0.0, end - time.monotonic()))
    _print(findings, Withheld(_secrets(token, inside)), asked, say)
    return exit_status(findings)


def _print(findings: Findings, withheld: Withheld, asked: Asked, say: Callable[[str], None]) -> None:
    say((as_json if asked.is_json else text)(findings, withheld))


def _inside(environ: Mapping[str, str], template: Template) -> Inside:
    with aws_errors_as_operation_errors():
        chosen = target(environ)
        aws_session = session(chosen.region, chosen.profile, CALL_SECONDS)
        return Inside(aws_session, stack(aws_session, chosen.stack), template, time.time)


def _outside(
    asked: Asked, environ: Mapping[str, str], template: Template, inside: Inside | None, token: str
) -> Outside:
    values = inside.stack.parameters if inside else _answers(environ)
    first = next((each for each in values.get("AllowedOrigins", "").split(",") if each), "")
    url = asked.url or (inside.stack.signin_url if inside else "")
    return Outside(url, asked.origin or first, values, template, time.time, token)


def _answers(environ: Mapping[str, str]) -> Mapping[str, str]:
    """Return the parameters that the next deployment would have; none if they cannot be read."""
    try:
        file = environment(environ).answers
        return answers.read(file).values if file else {}
    except OperationError:
        return {}


def _secrets(token: str, inside: Inside | None) -> list[str]:
    credentials = inside.session.get_credentials() if inside else None
    if credentials is None:
        return [token]
    held = credentials.get_frozen_credentials()
    return [each for each in (token, held.secret_key, held.token, held.access_key) if each]
