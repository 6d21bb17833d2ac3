"""The handler of the sign-in: API Gateway's proxy event in, an answer out."""

from __future__ import annotations

import functools
import gc
import os
import random
import time
from concurrent.futures import ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, Any

from signin import answers, signed_in, snapshot, telemetry
from signin.edge import Edge, new_deadline
from signin.environment import log_level
from signin.exchange import Exchange
from signin.revocation import RevocationList, RevokedUsers
from signin.sessions import StsSessions
from signin.settings import Settings
from signin.users import ChimeUsers

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from signin.caller import VerifiedCaller
    from signin.deadline import Deadline

THREADS = 8
"""One sign-in uses three. The others are for calls of earlier sign-ins that have not ended yet."""
CONNECT_SECONDS = 2.0


class SignIn:
    """Signs callers in, one at a time, by settings that were checked at start."""

    def __init__(
        self,
        settings: Settings,
        clock: Callable[[], float],
        new_deadline: Callable[[], Deadline] = new_deadline,
    ) -> None:
        """Sign in by *settings*, each time within a *new_deadline*. *clock* returns seconds since the epoch."""
        self._settings = settings
        self._clock = clock
        self._edge = Edge(settings.allowed_origins, answers.ERRORS, new_deadline=new_deadline)
        self._executor = ThreadPoolExecutor(THREADS)
        self._users = ChimeUsers(settings.app_instance_arn)
        self._sessions = StsSessions(source_identity=settings.source_identity)
        self._revocation_list = RevocationList(settings.revoked_users) if settings.revoked_users else None
        self._exchange = Exchange(
            revoked_users=self._revoked_users(),
            chime_users=self._users,
            sessions=self._sessions,
            session_settings=settings.session_settings,
            executor=self._executor,
            guest_days=settings.guest_days,
        )

    def connect(self) -> None:
        """Open the connections that the first sign-in will use. One that takes too long is left to that sign-in."""
        opening = [self._executor.submit(adapter.connect) for adapter in self._adapters()]
        wait(opening, timeout=CONNECT_SECONDS)

    def disconnect(self) -> None:
        """Close the connections. The next sign-in, or `connect`, opens others."""
        for adapter in self._adapters():
            adapter.close()

    def answer(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """Return the answer to a proxy *event*: a preflight's, or the outcome of a sign-in. Raises nothing."""
        return self._edge.answer(event, functools.partial(self._sign_in, renewal=_is_renewal(event)))

    def _sign_in(self, caller: VerifiedCaller, deadline: Deadline, request_id: str, *, renewal: bool) -> dict[str, Any]:
        outcome = deadline.timed("total", lambda: self._exchange(caller, self._clock(), deadline, renewal=renewal))
        signed_in.record(caller, outcome, deadline, request_id)
        return signed_in.answer(outcome, self._settings, self._clock(), random.random())  # noqa: S311 - no secret

    def _adapters(self) -> list[ChimeUsers | StsSessions | RevocationList]:
        return [adapter for adapter in (self._users, self._sessions, self._revocation_list) if adapter]

    def _revoked_users(self) -> RevokedUsers | None:
        if self._revocation_list is None:
            return None
        return RevokedUsers(self._revocation_list, self._executor, self._settings.revoked_users_seconds)


def _is_renewal(event: Mapping[str, Any]) -> bool:
    """Tell whether the query says `renewal=true`, once and exactly so. Anything else is a full sign-in."""
    query = event.get("multiValueQueryStringParameters")
    return isinstance(query, dict) and query.get("renewal") == ["true"]


def handler(event: Mapping[str, Any], context: object) -> dict[str, Any]:  # noqa: ARG001 - Lambda's signature
    """Answer API Gateway; see `SignIn.answer`."""
    return _started().answer(event)


@functools.cache
def _started() -> SignIn:
    telemetry.log_from(log_level(os.environ))
    sign_in = SignIn(Settings.from_environ(os.environ), clock=time.time)
    sign_in.connect()
    return sign_in


# In Lambda this happens at start, so that wrong settings stop the function, and because a start gets more processor
# time than an event does.
if "AWS_LAMBDA_FUNCTION_NAME" in os.environ:
    _started()
    gc.freeze()  # what a start made stays, so that the garbage collector need not look through it
    gc.enable()
if os.environ.get("AWS_LAMBDA_INITIALIZATION_TYPE") == "snap-start":
    telemetry.load()  # so that it is in the snapshot
    snapshot.prepare(_started().disconnect, _started().connect)
