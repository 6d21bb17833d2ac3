"""Exchange a verified caller for credentials that can act as their AppInstanceUser, and as nobody else."""

from __future__ import annotations

from concurrent.futures import FIRST_EXCEPTION, Executor, wait
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from signin import identity, names, users
from signin.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

    from signin.caller import VerifiedCaller
    from signin.deadline import Deadline
    from signin.revocation import RevokedUsers
    from signin.sessions import Credentials, SessionPolicy, UserSession, UserSessions
    from signin.users import AppInstanceUsers, Ensured


@dataclass(frozen=True, slots=True)
class SignedIn:
    """What a caller gets."""

    session: UserSession
    ensured: Ensured
    credentials: Credentials


@dataclass(frozen=True, slots=True)
class Exchange:
    """The exchange, with whom it deals: who was cut off, the AppInstance's users and STS, by the deployer's terms."""

    revoked_users: RevokedUsers
    app_instance_users: AppInstanceUsers
    sessions: UserSessions
    session_policy: SessionPolicy
    executor: Executor

    def __call__(self, caller: VerifiedCaller, now: float, deadline: Deadline) -> SignedIn:
        """
        Return what *caller* gets at *now*, in the time of the slower of two calls: user ensured, session opened.

        Before both, who was cut off is turned away; that costs a call only where the list is not remembered.

        Raises:
            Forbidden: The user was cut off.
            SigninError: A call failed for good (the other is not waited for), or the time is over.
        """
        user_id = identity.app_instance_user_id(caller)
        name = users.Name(names.display_name(caller.name), names.fallback_name(user_id))
        session = self.session_policy.session(caller, user_id, now)
        try:
            self.revoked_users.check(user_id, now, deadline)
            ensured, credentials = self._both(
                deadline,
                user=lambda: users.ensure(self.app_instance_users, user_id, name, deadline, self.executor),
                session=lambda: deadline.retry(lambda: self.sessions.open(session)),
            )
        finally:
            # What is left of a failed sign-in must not take threads, or rates of AWS, from the next.
            deadline.expire()
        return SignedIn(session, ensured, credentials)

    def _both(self, deadline: Deadline, **steps: Callable[[], Any]) -> list[Any]:
        futures: list[Future[Any]] = [self.executor.submit(deadline.timed, step, work) for step, work in steps.items()]
        done, pending = wait(futures, timeout=deadline.remaining(), return_when=FIRST_EXCEPTION)
        failures = [error for future in futures if future in done and (error := future.exception())]
        if failures:
            raise failures[0]
        if pending:
            raise Unavailable("out_of_time")
        return [future.result() for future in futures]
