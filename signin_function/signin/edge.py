"""
What every function behind the authorizer does with a proxy event, whatever it is for.

It answers preflights, reads the verified caller, gives the work a deadline, and answers and logs errors.
`app` adds what the sign-in does; a further function adds something else and imports nothing of the sign-in.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from signin import answers, telemetry
from signin.caller import VerifiedCaller, caller
from signin.deadline import SECONDS, Deadline

if TYPE_CHECKING:
    from collections.abc import Mapping

Work = Callable[[VerifiedCaller, Deadline, str], dict[str, Any]]
"""Returns the answer for a caller, before a deadline. The string is API Gateway's id of the request."""


def answer(
    event: Mapping[str, Any], allowed_origins: frozenset[str], work: Work, seconds: float = SECONDS
) -> dict[str, Any]:
    """
    Return the answer to a proxy *event*: a preflight's, or what *work* returns within *seconds*. Raises nothing.

    Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
    """
    is_preflight = event.get("httpMethod") == "OPTIONS"
    answered = answers.preflight(event, allowed_origins) if is_preflight else _outcome(event, work, seconds)
    return answers.add_cors_headers(answered, event, allowed_origins)


def _outcome(event: Mapping[str, Any], work: Work, seconds: float) -> dict[str, Any]:
    request_id = str((event.get("requestContext") or {}).get("requestId", ""))
    deadline = Deadline(time.monotonic, time.sleep, random.random, seconds)
    try:
        return work(caller(event), deadline, request_id)
    except Exception as failure:  # noqa: BLE001 - for any error at all the client gets JSON, and no stack trace
        telemetry.failed(failure, deadline, request_id)
        return answers.error(failure, request_id)
