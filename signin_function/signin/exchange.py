"""Exchange a verified caller for credentials that can act as the caller's AppInstanceUser, and as nobody else."""

from __future__ import annotations

import math
from concurrent.futures import FIRST_EXCEPTION, Executor, wait
from typing import TYPE_CHECKING, Any, NamedTuple

from signin import identity, names, users
from signin.errors import Unavailable
from signin.guests import DEFAULT_DAYS, Stay

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

    from signin.caller import VerifiedCaller
    from signin.deadline import Deadline
    from signin.revocation import RevokedUsers
    from signin.sessions import Credentials, SessionSettings, StsSessions, UserSession
    from signin.users import ChimeUsers, Ensured


class SignedIn(NamedTuple):
    """What a caller gets. `token_expires` is in seconds since the epoch."""

    session: UserSession
    ensured: Ensured
    credentials: Credentials
    guest: bool = False
    token_expires: float = math.inf


class Exchange(NamedTuple):
    """
    The exchange and what it needs.

    Without `revoked_users` nobody is revoked, and no call is made to find out. Chime keeps a guest who does not come
    back for `guest_days`.
    """

    revoked_users: RevokedUsers | None
    chime_users: ChimeUsers
    sessions: StsSessions
    session_settings: SessionSettings
    executor: Executor
    guest_days: int = DEFAULT_DAYS

    def __call__(self, caller: VerifiedCaller, now: float, deadline: Deadline, *, renewal: bool = False) -> SignedIn:
        """
        Return what *caller* gets at *now*, in seconds since the epoch.

        The user is ensured and the session opened at the same time. A revoked user is turned away before both; that
        costs a call of its own only when the cached list is stale.

        With *renewal* the client says that it holds credentials of this user already, so the user exists, and Chime is
        not called. A client that lies gets credentials of a user who may not exist, and harms nobody else: the id, the
        role and the session are those of the token, as ever.

        Raises:
            Forbidden: The user is revoked.
            SigninError: A call failed for good (the other one is not waited for), or the deadline has passed.
        """
        user_id = identity.app_instance_user_id(caller)
        name = users.Name(names.display_name(caller.name), names.fallback_name(user_id))
        named = users.NamedUser(user_id, name, Stay(self.guest_days, now) if caller.guest else None)
        session = self.session_settings.session(caller, user_id, now)
        try:
            if self.revoked_users:
                self.revoked_users.check(user_id, now, deadline)
            ensured, credentials = self._both(
                deadline,
                user=lambda: self._ensured(named, deadline, renewal=renewal),
                session=lambda: deadline.retry(lambda: self.sessions.open(session)),
            )
        finally:
            # After a sign-in that failed, the other call may still run. Without retries it leaves threads, and AWS's
            # rates, to the next sign-in.
            deadline.expire()
        return SignedIn(session, ensured, credentials, caller.guest, caller.expires)

    def _ensured(self, named: users.NamedUser, deadline: Deadline, *, renewal: bool) -> Ensured:
        if renewal:
            return users.renewed(self.chime_users, named)
        return users.ensure(self.chime_users, named, deadline, self.executor)

    def _both(self, deadline: Deadline, **steps: Callable[[], Any]) -> list[Any]:
        futures: list[Future[Any]] = [self.executor.submit(deadline.timed, step, work) for step, work in steps.items()]
        done, pending = wait(futures, timeout=deadline.remaining(), return_when=FIRST_EXCEPTION)
        failures = [error for future in futures if future in done and (error := future.exception())]
        if failures:
            raise failures[0]
        if pending:
            raise Unavailable("out_of_time")
        return [future.result() for future in futures]
