"""
Cut users off: first the list, then a pause, then the sessions.

In any other order somebody slips through: a session that is opened after the Deny was written, by a process of the
function that still believes the list of before, is one that the Deny does not mean.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

from operations import users as lists
from operations.denials import Denial, is_over
from operations.errors import OperationError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import datetime

    from operations.users import UserList

PAUSE_SECONDS = 45.0
"""The 30 s for which a list is believed, the 8 s that a sign-in under way may take, and 7 s for clocks and caches."""

OUT_OF_REACH = """\
Out of reach: a messaging connection that is open receives until it ends, a meeting that was joined goes on, push
notifications and memberships stay, and so do sessions of roles that were assumed further. What to do about each:
docs/revocation.md."""


class UserRole(Protocol):
    """A role that users assume, and its policies that deny."""

    name: str

    def denials(self) -> list[str]:
        """Return the names of those policies."""

    def denial(self, name: str) -> Denial:
        """Return one of them."""

    def put(self, denial: Denial) -> None:
        """Add one, or replace the one of that name."""

    def delete(self, name: str) -> None:
        """Take one away; it may be gone already."""


class Revocation:
    """Cuts users off and takes it back, telling *say* what was done. *pause* waits for a number of seconds."""

    def __init__(
        self, users: UserList, roles: Sequence[UserRole], pause: Callable[[float], None], say: Callable[[str], None]
    ) -> None:
        """Take the list, and the roles whose sessions users may have."""
        self._users = users
        self._roles = roles
        self._pause = pause
        self._say = say

    def revoke(self, ids: Iterable[str], seconds: float = PAUSE_SECONDS) -> None:
        """
        Refuse new sign-ins of the users *ids*, and deny the sessions that they have. Again is as good as once.

        Raises:
            OperationError: Something could not be done; what could be was, the other roles' sessions included.
        """
        users = lists.checked(ids)
        now = self._refused(users, seconds)
        self._each_role(lambda role: self._deny(role, Denial.of(users, now), now))
        self._say(OUT_OF_REACH)

    def restore(self, ids: Iterable[str]) -> None:
        """
        Let the users *ids* sign in again, and their sessions of before act again.

        Raises:
            OperationError: Something could not be done; what could be was.
        """
        users = lists.checked(ids)
        changed = lists.change(self._users, lambda listed: listed - users)
        self._say(f"{'Let in again, within 30 s' if changed else 'Not refused before'}: {_all(users)}.")
        now = self._users.read().read
        self._each_role(lambda role: self._allow(role, users, now))

    def tell(self) -> None:
        """Say who is cut off, and which policies still deny."""
        self._say(f"Refused at sign-in: {_all(self._users.read().users) or 'nobody'}.")
        for role in self._roles:
            for name in role.denials():
                denial = role.denial(name)
                self._say(f"{role.name} denies sessions of before {denial.before.isoformat()}: {_all(denial.users)}.")

    def _refused(self, users: frozenset[str], seconds: float) -> datetime:
        """Return a time, by AWS's clock, after which no process of the function opens a session for *users*."""
        while True:
            changed = lists.change(self._users, lambda listed: listed | users)
            self._say(f"Refused at sign-in{'' if changed else ' before this run'}: {_all(users)}.")
            left = seconds if changed else _left(self._users.read(), seconds)
            if left > 0:
                self._say(f"Waiting {left:.0f} s, until no process of the function believes an older list.")
                self._pause(left)
            listed = self._users.read()
            if users <= listed.users:
                return listed.read
            self._say("Another run has overwritten the list. Once more.")

    def _deny(self, role: UserRole, denial: Denial, now: datetime) -> None:
        self._prune(role, now)
        role.put(denial)
        self._say(f"{role.name} denies everything to their sessions of before {denial.before.isoformat()}.")

    def _allow(self, role: UserRole, users: frozenset[str], now: datetime) -> None:
        self._prune(role, now)
        for denial in [role.denial(name) for name in role.denials()]:
            if denial.users & users:
                left = denial.without(users)
                role.put(left) if left.users else role.delete(left.name)
        self._say(f"{role.name} denies them nothing.")

    def _prune(self, role: UserRole, now: datetime) -> None:
        for name in role.denials():
            if is_over(name, now):
                role.delete(name)

    def _each_role(self, work: Callable[[UserRole], None]) -> None:
        failures = []
        for role in self._roles:
            try:
                work(role)
            except OperationError as error:
                failures.append(f"{role.name}: {error}")
        if failures:
            raise OperationError("\n".join(failures))


def _left(listed: lists.Listed, seconds: float) -> float:
    return (listed.written + timedelta(seconds=seconds) - listed.read).total_seconds()


def _all(users: frozenset[str]) -> str:
    return ", ".join(sorted(users))
