"""The edge: API Gateway's proxy event in, an answer out."""

from __future__ import annotations

import functools
import gc
import os
import random
import time
from concurrent.futures import ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, Any

from signin import answers, snapshot, telemetry
from signin.caller import caller
from signin.chime import ChimeUsers
from signin.cors import add_cors_headers, allowed_headers
from signin.deadline import SECONDS, Deadline
from signin.exchange import Exchange
from signin.revocation import CachedRevokedUsers, NobodyRevoked
from signin.settings import SigninSettings, log_level
from signin.ssm import RevocationList
from signin.sts import StsSessions

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from signin.revocation import RevokedUsers

THREADS = 8
"""Three for one sign-in; the rest is for those of earlier ones that hang still."""
CONNECT_SECONDS = 2.0


class SignIn:
    """Signs callers in one at a time, by settings that were checked at start."""

    def __init__(self, settings: SigninSettings, clock: Callable[[], float], seconds: float = SECONDS) -> None:
        """Sign in by *settings*, within *seconds*, at the time that *clock* tells in seconds since the epoch."""
        self._settings = settings
        self._clock = clock
        self._seconds = seconds
        self._executor = ThreadPoolExecutor(THREADS)
        self._users = ChimeUsers(settings.app_instance_arn)
        self._sessions = StsSessions(source_identity=settings.source_identity)
        self._revoked = RevocationList(settings.revoked_users) if settings.revoked_users else None
        self._exchange = Exchange(
            self._remembered(self._revoked), self._users, self._sessions, settings.session_policy, self._executor
        )

    def connect(self) -> None:
        """
        Open the connections that the first sign-in will use; one that takes long is left to it.

        What is needed for the first time after that is loaded while they open.
        """
        opening = [self._executor.submit(adapter.connect) for adapter in self._adapters()]
        telemetry.load()
        wait(opening, timeout=CONNECT_SECONDS)

    def disconnect(self) -> None:
        """Close them. The next sign-in, or `connect`, opens others."""
        for adapter in self._adapters():
            adapter.close()

    def answer(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """
        Return the answer to a proxy *event*: a preflight's, or the outcome of a sign-in. Raises nothing.

        Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
        """
        origins = self._settings.allowed_origins
        asks = event.get("httpMethod") == "OPTIONS"
        answer = answers.preflight(allowed_headers(event, origins)) if asks else self._outcome(event)
        return add_cors_headers(event, origins, answer)

    def _adapters(self) -> list[ChimeUsers | StsSessions | RevocationList]:
        return [adapter for adapter in (self._users, self._sessions, self._revoked) if adapter]

    def _remembered(self, revoked: RevocationList | None) -> RevokedUsers:
        if revoked is None:
            return NobodyRevoked()
        return CachedRevokedUsers(revoked, self._executor, self._settings.revoked_users_seconds)

    def _outcome(self, event: Mapping[str, Any]) -> dict[str, Any]:
        request_id = str((event.get("requestContext") or {}).get("requestId", ""))
        deadline = Deadline(time.monotonic, time.sleep, random.random, self._seconds)
        try:
            return self._signed_in(event, deadline, request_id)
        except Exception as failure:  # noqa: BLE001 - whatever it is, the client gets JSON, and no stack trace
            telemetry.not_signed_in(failure, deadline, request_id)
            return answers.error(failure, request_id)

    def _signed_in(self, event: Mapping[str, Any], deadline: Deadline, request_id: str) -> dict[str, Any]:
        verified = caller(event)
        outcome = deadline.timed("total", lambda: self._exchange(verified, self._clock(), deadline))
        telemetry.signed_in(verified, outcome, deadline, request_id)
        return answers.signed_in(outcome, self._settings, self._clock())


def handler(event: Mapping[str, Any], context: object) -> dict[str, Any]:  # noqa: ARG001 - Lambda's signature
    """Answer API Gateway; see `SignIn.answer`."""
    return _sign_in().answer(event)


@functools.cache
def _sign_in() -> SignIn:
    telemetry.log_from(log_level(os.environ))
    sign_in = SignIn(SigninSettings.from_environ(os.environ), clock=time.time)
    sign_in.connect()
    return sign_in


# In Lambda, wrong settings stop the start, and connections are opened while the start lends a whole processor.
if "AWS_LAMBDA_FUNCTION_NAME" in os.environ:
    _sign_in()
    gc.freeze()  # what is here now is not looked through later, either
    gc.enable()
if os.environ.get("AWS_LAMBDA_INITIALIZATION_TYPE") == "snap-start":
    snapshot.prepare(_sign_in())
