"""Exchange a verified caller for credentials that can act as their AppInstanceUser, and as nobody else."""

from __future__ import annotations

from concurrent.futures import FIRST_EXCEPTION, Executor, wait
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from signin import identity, users
from signin.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future
    from datetime import datetime

    from signin.budget import Budget
    from signin.caller import Caller
    from signin.users import AppInstanceUser, AppInstanceUsers


@dataclass(frozen=True, slots=True)
class Credentials:
    """Temporary AWS credentials. `expiration` is in UTC."""

    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str = field(repr=False)
    expiration: datetime


class UserSessions(Protocol):
    """Sessions of the role that users assume."""

    def open(self, user_id: str) -> Credentials:
        """Return credentials whose session tag UserUUID is *user_id*."""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """What a caller gets."""

    user_id: str
    user: AppInstanceUser
    credentials: Credentials


def exchange(
    caller: Caller, app_instance_users: AppInstanceUsers, sessions: UserSessions, budget: Budget, executor: Executor
) -> SignedIn:
    """
    Return what *caller* gets, in the time of the slower of two calls: their user ensured, and a session opened.

    Raises:
        SigninError: One of the two failed for good (the other is not waited for), or the time is over.
    """
    user_id = identity.app_instance_user_id(caller)
    name = identity.display_name(caller.name, user_id)
    try:
        user, credentials = _both(
            executor.submit(users.ensure, app_instance_users, user_id, name, budget),
            executor.submit(budget.spend, lambda: sessions.open(user_id)),
            budget.remaining,
        )
    finally:
        # What is left of a failed sign-in must not take threads, or rates of AWS, from the next.
        budget.end()
    return SignedIn(user_id, user, credentials)


def _both(first: Future[Any], second: Future[Any], remaining: Callable[[], float]) -> tuple[Any, Any]:
    done, pending = wait((first, second), timeout=remaining(), return_when=FIRST_EXCEPTION)
    failures = [error for future in (first, second) if future in done and (error := future.exception())]
    if failures:
        raise failures[0]
    if pending:
        raise Unavailable("out_of_time")
    return first.result(), second.result()
