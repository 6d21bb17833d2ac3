"""ENV=local: the stack that `make run` has started on this machine, as the account's owner."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import urllib3

from operations.errors import OperationError

if TYPE_CHECKING:
    from collections.abc import MutableMapping

NAME = "local"
"""The environment, and the stack's name there."""
AWS, REGION = "http://127.0.0.1:3002", "us-east-1"
"""Where `make run` listens unless it is told otherwise."""
ENDPOINT = "AWS_ENDPOINT_URL"
OK = 200
NOT_RUNNING = (
    "No local stack answers at {}. Start it with make run; if its AWS has another port, say AWS_ENDPOINT_URL=http://…"
)


def use(environ: MutableMapping[str, str], variable: str = "ENV") -> None:
    """
    Have all that reads *environ* mean the local stack, if *variable* is "local" there; else do nothing.

    Raises:
        OperationError: No local stack is running.
    """
    if environ.get(variable) != NAME:
        return
    endpoint = environ.get(ENDPOINT) or AWS
    keys = _owner(endpoint)
    for name in (variable, "AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SESSION_TOKEN", "AWS_REGION"):
        environ.pop(name, None)
    environ.update(
        {
            ENDPOINT: endpoint,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_SAM_STACK_NAME": NAME,
            "AWS_ACCESS_KEY_ID": keys["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": keys["SecretAccessKey"],
        }
    )


def _owner(endpoint: str) -> dict[str, str]:
    """Return the credentials of the account's owner, whom AWS has no way to be given."""
    body, timeout = json.dumps({"owner": True}), urllib3.Timeout(total=3)
    try:
        answer = urllib3.request(
            "POST", f"{endpoint}/local/credentials", body=body, timeout=timeout, retries=False, redirect=False
        )
        given: dict[str, str] = json.loads(answer.data) if answer.status == OK else {}
    except (urllib3.exceptions.HTTPError, ValueError):
        given = {}
    if "AccessKeyId" not in given:
        raise OperationError(NOT_RUNNING.format(endpoint))
    return given
