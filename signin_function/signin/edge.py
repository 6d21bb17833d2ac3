"""
What every function behind the authorizer does with a proxy event, whatever it is for.

It answers preflights, reads the verified caller, gives the work a deadline, and answers and logs errors.
`app` adds the sign-in to it, and `rooms.app` the rooms. `rooms` imports nothing of the sign-in itself.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from signin import answers, telemetry
from signin.caller import VerifiedCaller, caller
from signin.deadline import Deadline

if TYPE_CHECKING:
    from collections.abc import Mapping

Work = Callable[[VerifiedCaller, Deadline, str], dict[str, Any]]
"""Returns the answer for a caller, before a deadline. The string is API Gateway's id of the request."""


def new_deadline() -> Deadline:
    """Return the deadline of a request that has come now."""
    return Deadline(time.monotonic, time.sleep, random.random)


class Edge(NamedTuple):
    """
    The edge of one function.

    `errors` has the answers to its errors, as `answers.ERRORS` has; `methods` are those of its routes, for preflights;
    `failed` is the message of the log entry of a request that did not work; `new_deadline` is called for each request.
    """

    allowed_origins: frozenset[str]
    errors: answers.Errors
    methods: tuple[str, ...] = ("POST",)
    failed: str = "not signed in"
    new_deadline: Callable[[], Deadline] = new_deadline

    def answer(self, event: Mapping[str, Any], work: Work) -> dict[str, Any]:
        """
        Return the answer to a proxy *event*: a preflight's, or what *work* returns in time. Raises nothing.

        Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
        """
        if event.get("httpMethod") == "OPTIONS":
            answered = answers.preflight(event, self.allowed_origins, self.methods)
        else:
            answered = self._outcome(event, work)
        return answers.add_cors_headers(answered, event, self.allowed_origins)

    def _outcome(self, event: Mapping[str, Any], work: Work) -> dict[str, Any]:
        request_id = str((event.get("requestContext") or {}).get("requestId", ""))
        deadline = self.new_deadline()
        telemetry.load_soon()
        try:
            return work(caller(event), deadline, request_id)
        except Exception as failure:  # noqa: BLE001 - for any error at all the client gets JSON, and no stack trace
            telemetry.failed(self.failed, failure, deadline, request_id)
            return answers.error(failure, request_id, self.errors)
