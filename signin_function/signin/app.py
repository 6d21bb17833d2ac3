"""The edge: API Gateway's proxy event in, an answer out."""

from __future__ import annotations

import functools
import hashlib
import os
import random
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.logging import Logger

from signin import answers
from signin.budget import Budget
from signin.caller import caller
from signin.chime import ChimeUsers
from signin.cors import shared_with
from signin.errors import SigninError
from signin.exchange import exchange
from signin.settings import Settings
from signin.sts import RoleSessions

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

logger = Logger(service="signin", utc=True)

# Two calls at a time; the rest is for those of earlier events that hang still.
THREADS = 8


class SignIn:
    """Signs callers in one at a time, by settings that were checked at start."""

    def __init__(self, settings: Settings, clock: Callable[[], float]) -> None:
        """Sign in by *settings*, at the time that *clock* tells in seconds since the epoch."""
        self._settings = settings
        self._clock = clock
        self._users = ChimeUsers(settings.app_instance_arn)
        self._sessions = RoleSessions(settings.user_role_arn, settings.session_seconds)
        self._executor = ThreadPoolExecutor(THREADS)

    def answer(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """
        Return the answer to a proxy *event*: a preflight's, or the outcome of a sign-in. Raises nothing.

        Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
        """
        answer = answers.preflight() if event.get("httpMethod") == "OPTIONS" else self._outcome(event)
        return shared_with(event, self._settings.allowed_origins, answer)

    def _outcome(self, event: Mapping[str, Any]) -> dict[str, Any]:
        try:
            return self._signed_in(event)
        except Exception as failure:  # noqa: BLE001 - whatever it is, the client gets JSON, and no stack trace
            _log_failure(failure)
            return answers.error(failure, (event.get("requestContext") or {}).get("requestId", ""))

    def _signed_in(self, event: Mapping[str, Any]) -> dict[str, Any]:
        verified = caller(event)
        budget = Budget(time.monotonic, time.sleep, random.random)
        outcome = exchange(verified, self._users, self._sessions, budget, self._executor)
        logger.info("signed in", provider=verified.provider, user_sha256=_sha256(outcome.user_id))
        return answers.signed_in(outcome, self._settings, self._clock())


def handler(event: Mapping[str, Any], context: object) -> dict[str, Any]:  # noqa: ARG001 - Lambda's signature
    """Answer API Gateway; see `SignIn.answer`."""
    return _sign_in().answer(event)


@functools.cache
def _sign_in() -> SignIn:
    return SignIn(Settings.from_environ(os.environ), clock=time.time)


def _log_failure(failure: Exception) -> None:
    """Log what failed and where, never the message or the event: they may hold names."""
    if isinstance(failure, SigninError):
        logger.warning("not signed in", kind=type(failure).__name__, code=failure.code)
        return
    trace, frames = failure.__traceback__, []
    while trace:
        frames.append(f"{trace.tb_frame.f_code.co_qualname}:{trace.tb_lineno}")
        trace = trace.tb_next
    logger.error("not signed in", kind=type(failure).__name__, frames=frames)


def _sha256(user_id: str) -> str:
    """Name a user in logs without telling who it is."""
    return hashlib.sha256(user_id.encode()).hexdigest()


# In Lambda, wrong settings stop the start, and clients are made while the start lends a whole processor.
if "AWS_LAMBDA_FUNCTION_NAME" in os.environ:
    _sign_in()
