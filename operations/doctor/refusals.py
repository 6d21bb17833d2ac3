"""Say why AWS could not be asked: a permission is missing, the local AWS does not play it, or something else."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from operations.doctor.finding import Finding, skipped, unknown

if TYPE_CHECKING:
    from operations.errors import OperationError

REFUSALS = (
    "AccessDenied",
    "AccessDeniedException",
    "AuthorizationError",
    "ForbiddenException",
    "UnauthorizedOperation",
)
"""Codes of answers to somebody who may not ask."""
ACTION = re.compile(r"not authorized to perform:? ([a-z0-9-]+:[A-Za-z]+)")
MEND = "Whoever runs this needs a policy as docs/permissions.md has it under Looking."


def not_looked(error: OperationError) -> Finding:
    """Return what *error*, which one of AWS or boto3 has caused, says of a check."""
    cause = error.__cause__
    if not isinstance(cause, ClientError):
        return unknown(str(error))
    if is_not_played(cause):
        return skipped(f"the local AWS does not play {cause.operation_name}")
    if code_of(cause) in REFUSALS:
        return unknown(f"whoever runs this may not call {_action(cause)}", mend=MEND)
    return unknown(str(error))


def is_not_played(error: ClientError) -> bool:
    """Tell whether the local AWS answered that it does not play this. AWS itself has no such status."""
    answer: dict[str, Any] = dict(error.response.get("ResponseMetadata", {}))
    return answer.get("HTTPStatusCode") == HTTPStatus.NOT_IMPLEMENTED


def code_of(error: ClientError) -> str:
    """Return AWS's code for the error."""
    return str(error.response.get("Error", {}).get("Code", ""))


def _action(error: ClientError) -> str:
    """Return the action as AWS names it, with its service; AWS may leave it out, and then it is the operation alone."""
    named = ACTION.search(str(error))
    return named[1] if named else error.operation_name
