"""The command `make doctor`: find out what is to be looked at, look, print, and return the exit status."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from operations import answers
from operations.aws import aws_errors_as_operation_errors, session
from operations.cloudformation import stack
from operations.doctor.doctor import SECONDS, Within, all_checks, examine
from operations.doctor.finding import ok, unknown
from operations.doctor.places import Inside, Outside
from operations.doctor.report import as_json, exit_status, text
from operations.doctor.token_input import token_of_file, token_of_standard_input
from operations.doctor.withheld import Withheld
from operations.errors import OperationError
from operations.samconfig import environment
from operations.target import target
from operations.template import Template

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, MutableMapping

    import boto3

    from operations.cloudformation import DeployedStack
    from operations.doctor.checks import Place
    from operations.doctor.report import Findings

CALL_SECONDS = 3
"""For one attempt to ask AWS."""
FOR_STACK = 0.5
"""The part of the time after which the stack is no longer waited for, and the checks from outside begin without it."""
PROFILE = "AWS_PROFILE"
STACK = "stack"
"""The name under which it is said which stack is looked at, or why CloudFormation cannot be asked."""


@dataclass(frozen=True)
class Asked:
    """What was asked for; what is empty is found out."""

    url: str = ""
    origin: str = ""
    token_file: str = ""
    is_json: bool = False


def run(asked: Asked, environ: MutableMapping[str, str], say: Callable[[str], None], seconds: float = SECONDS) -> int:
    """
    Look at the stack that *environ* means, say what was found, and return the exit status.

    Raises:
        OperationError: The file with the token cannot be read.
    """
    end, template, held = time.monotonic() + seconds, Template(), [""]
    finding_stack = Within(lambda: _stack(environ, held))
    held[0] = token_of_file(asked.token_file) if asked.token_file else token_of_standard_input()
    findings: Findings = {}
    try:
        found: tuple[boto3.Session, DeployedStack] | None = finding_stack.result(seconds * FOR_STACK)
        findings[STACK] = [replace(ok(str(found[1])), check=STACK)] if found else []
    except OperationError as error:
        found, findings[STACK] = None, [replace(unknown(str(error)), check=STACK)]
    outside = _outside(asked, environ, template, found[1] if found else None, held[0])
    given: dict[Place, Outside | Inside] = {"outside": outside}
    if found:
        given["inside"] = Inside(*found, template, time.time, outside)
    findings |= examine(all_checks(), given, max(0.0, end - time.monotonic()))
    say((as_json if asked.is_json else text)(findings, Withheld(held)))
    return exit_status(findings)


def _stack(environ: MutableMapping[str, str], held: list[str]) -> tuple[boto3.Session, DeployedStack]:
    """Return what to ask AWS with, and the stack. The credentials are added to *held*."""
    with aws_errors_as_operation_errors():
        chosen = target(environ)
        if chosen.profile:
            environ[PROFILE] = (
                chosen.profile
            )  # the authorizer's code, which reads a shared secret, knows no samconfig.toml
        aws_session = session(chosen.region, chosen.profile, CALL_SECONDS)
        credentials = aws_session.get_credentials()
        if credentials:
            frozen = credentials.get_frozen_credentials()
            held += [each for each in (frozen.access_key, frozen.secret_key, frozen.token) if each]
        return aws_session, stack(aws_session, chosen.stack)


def _outside(
    asked: Asked, environ: Mapping[str, str], template: Template, deployed: DeployedStack | None, token: str
) -> Outside:
    values = deployed.parameters if deployed else _answers(environ)
    first = next((each for each in values.get("AllowedOrigins", "").split(",") if each), "")
    url = asked.url or (deployed.signin_url if deployed else "")
    return Outside(url, asked.origin or first, values, template, time.time, token)


def _answers(environ: Mapping[str, str]) -> Mapping[str, str]:
    """Return the parameters that the next deployment would have; none if they cannot be read."""
    try:
        file = environment(environ).answers
        return answers.read(file).values if file else {}
    except OperationError:
        return {}
