"""Keep out the users who were cut off, by a list that is read anew every half minute."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from signin.errors import Forbidden, Rejected, Unavailable

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from signin.deadline import Deadline

REMEMBERED_SECONDS = 30.0
"""How long a list is believed unless the settings say otherwise; `make revoke` waits for longer than that."""


class RevokedUsers(Protocol):
    """Those who may not sign in any more."""

    def check(self, user_id: str, now: float, deadline: Deadline) -> None:
        """Return if the user may sign in at *now*. Raises Forbidden, or what kept the list from being read."""


class NobodyRevoked:
    """For those who do not use it: no list, no call."""

    def check(self, user_id: str, now: float, deadline: Deadline) -> None:
        """Let everybody in."""


class UserList(Protocol):
    """The ids of the users who were cut off, wherever they are kept."""

    def read(self) -> frozenset[str]:
        """Return them as they are now."""


class CachedRevokedUsers:
    """The users of *source*, read through *executor* once in *seconds*."""

    def __init__(self, source: UserList, executor: Executor, seconds: float = REMEMBERED_SECONDS) -> None:
        """Read nothing yet."""
        self._source = source
        self._executor = executor
        self._seconds = seconds
        self._users: frozenset[str] = frozenset()
        self._read_at: float | None = None

    def check(self, user_id: str, now: float, deadline: Deadline) -> None:
        """
        Return if the user may sign in at *now*, in seconds since the epoch.

        Raises:
            Forbidden: They were cut off.
            Throttled: AWS asks us to wait.
            Unavailable: The list cannot be read. It is no empty list, and the last one says nothing of who came since.
        """
        if not self._fresh(now):
            self._users = self._read(deadline)
            self._read_at = now
        if user_id in self._users:
            raise Forbidden("revoked")

    def _fresh(self, now: float) -> bool:
        # By the clock on the wall: between two events Lambda may stop every other. One set back proves nothing.
        return self._read_at is not None and 0 <= now - self._read_at < self._seconds

    def _read(self, deadline: Deadline) -> frozenset[str]:
        reading = self._executor.submit(deadline.timed, "revocation", lambda: deadline.retry(self._source.read))
        try:
            return reading.result(timeout=deadline.remaining())
        except TimeoutError as error:
            raise Unavailable("out_of_time") from error
        except Rejected as error:
            raise Unavailable(error.code) from error
