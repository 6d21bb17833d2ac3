"""
Cut users off: first the list, then a pause, then the sessions.

In any other order somebody slips through: a session that is opened after the Deny was written, by a process of the
function that still believes the list of before, is one that the Deny does not mean.
"""

from __future__ import annotations

from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

from operations import users as lists
from operations.denials import Denial, is_over
from operations.errors import OperationError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from datetime import datetime

    from operations.users import UserList

PAUSE_SECONDS = 45.0
"""The 30 s for which a list is believed, the 8 s that a sign-in under way may take, and 7 s for clocks and caches."""

OUT_OF_REACH = """\
Out of reach: a messaging connection that is open receives until it ends, a meeting that was joined goes on, push
notifications and memberships stay, and so do sessions of roles that were assumed further. What to do about each:
docs/revocation.md."""


AGAIN = "Once that is mended, the same command again does what is left."
SIGN_INS_UNSURE = f"Not done, or not for certain: refusing their sign-ins, and denying their sessions. {AGAIN}"
SESSIONS_GO_ON = f"Not done: their sessions of the roles named here go on until they end, within the hour. {AGAIN}"
STILL_DENIED = (
    f"Not done: the roles named here still deny their sessions of before. New sessions are not denied. {AGAIN}"
)
STILL_REFUSED = f"Not done, or not for certain: letting them in again. {AGAIN}"


class UserRole(Protocol):
    """A role that users assume, and its policies that deny."""

    name: str

    def denials(self) -> list[str]:
        """Return the names of those policies."""

    def denial(self, name: str) -> Denial | None:
        """Return one of them; None if another run has taken it away."""

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
        with _or_left(SIGN_INS_UNSURE):
            now = self._refused(users, seconds)
        with _or_left(SESSIONS_GO_ON):
            self._each_role(lambda role: self._deny(role, Denial.of(users, now), now))
        self._say(OUT_OF_REACH)

    def restore(self, ids: Iterable[str]) -> None:
        """
        Let the users *ids* sign in again, and their sessions of before act again.

        Raises:
            OperationError: Something could not be done; what could be was.
        """
        users = lists.checked(ids)
        with _or_left(STILL_REFUSED):
            changed = lists.change(self._users, lambda listed: listed - users)
            now = self._users.read().read
        self._say(f"{'Let in again, within 30 s' if changed else 'Not refused before'}: {_all(users)}.")
        with _or_left(STILL_DENIED):
            self._each_role(lambda role: self._allow(role, users, now))

    def tell(self) -> None:
        """
        Say who is cut off, and which policies still deny.

        Raises:
            OperationError: A role or one of its policies cannot be read; the other roles' were told.
        """
        self._say(f"Refused at sign-in: {_all(self._users.read().stands) or 'nobody'}.")
        self._each_role(self._tell)

    def _tell(self, role: UserRole) -> None:
        for name in role.denials():
            denial = role.denial(name)
            if denial:
                since = denial.before.isoformat()
                self._say(f"{role.name} denies sessions of before {since}: {_all(denial.users)}.")

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
            if users <= listed.stands:
                return listed.read
            self._say("Another run has overwritten the list. Once more.")

    def _deny(self, role: UserRole, denial: Denial, now: datetime) -> None:
        try:
            self._prune(role, now)
        except OperationError as error:
            # Making room for the Deny is no reason to leave it out: there may be room.
            self._say(f"{role.name} keeps its old policies for now: {error}")
        role.put(denial)
        self._say(f"{role.name} denies everything to their sessions of before {denial.before.isoformat()}.")

    def _allow(self, role: UserRole, users: frozenset[str], now: datetime) -> None:
        self._prune(role, now)
        rewritten: set[str] = set()
        number = -1
        while number != self._users.read().number:
            # IAM knows no versions, so of two runs that rewrite a policy at once one overwrites the other. But each has
            # changed the list before. If the list is another one now, what was written here may be of before.
            number = self._users.read().number
            for name in role.denials():
                denial = role.denial(name)
                if denial and (denial.users & users or name in rewritten):
                    rewritten.add(name)
                    self._rewrite(role, denial)
        self._say(f"{role.name} denies them nothing.")

    def _rewrite(self, role: UserRole, denial: Denial) -> None:
        """Leave in a policy who is on the list, read after the policy, as whoever is denied was put on it before."""
        left = denial.without(denial.users - self._users.read().users)
        if left != denial:
            role.put(left) if left.users else role.delete(left.name)

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


@contextmanager
def _or_left(what: str) -> Iterator[None]:
    """Add to an error *what* is left to do."""
    try:
        yield
    except OperationError as error:
        raise OperationError(f"{error}\n{what}") from error


def _left(listed: lists.Listed, seconds: float) -> float:
    return (listed.written + timedelta(seconds=seconds) - listed.read).total_seconds()


def _all(users: frozenset[str]) -> str:
    return ", ".join(sorted(users))
