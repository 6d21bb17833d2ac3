"""
Revoke users: first the list, then a pause, then their sessions and their places in meetings.

In any other order a session could escape: during the pause, a process of the function that has cached the list of
before may still open one. It would be newer than the Deny policy, which denies sessions issued before the policy. In
the same way, during the pause they may still enter a room.
"""

from __future__ import annotations

from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from operations import revoked_users
from operations.deny_policies import DenyPolicy, is_over
from operations.errors import OperationError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from datetime import datetime

    from operations.deny_policies import IamRole
    from operations.revoked_users import RevocationListParameter, UserListHistory
    from operations.rooms import MeetingsOfRooms

PAUSE_SECONDS = 45.0
"""30 s for which the function caches a list, 8 s that a sign-in under way may take, and 7 s for clocks and caches."""

OUT_OF_REACH = """\
Out of reach: a messaging connection that is open receives until it ends, a meeting that is no room's goes on, push
notifications and memberships stay, and so do sessions of roles that were assumed further. What to do about each:
docs/revocation.md."""

FEW = 20
"""With room for fewer users than that, the operator is told, because making room takes its time."""

AGAIN = "Once that is corrected, the same command again does what is left."
SIGN_INS_UNSURE = f"Not done, or not for certain: refusing their sign-ins, and denying their sessions. {AGAIN}"
SESSIONS_GO_ON = f"Not done: their sessions of the roles named here go on until they end, within the hour. {AGAIN}"
IN_MEETINGS = (
    f"Not done, or not for certain: taking them out of the meetings named here, which end within 24 h. {AGAIN}"
)
STILL_DENIED = f"Not done: the roles named here still deny their earlier sessions. New sessions are not denied. {AGAIN}"
STILL_REVOKED = f"Not done, or not for certain: letting them sign in again. {AGAIN}"


class Revocation:
    """Revokes and restores users, and prints what was done by *print_line*. *pause* waits for a number of seconds."""

    def __init__(
        self,
        parameter: RevocationListParameter,
        roles: Sequence[IamRole],
        pause: Callable[[float], None],
        print_line: Callable[[str], None],
        rooms: MeetingsOfRooms | None = None,
    ) -> None:
        """Take the list (`parameter`), the `roles` whose sessions users may have, and the `rooms`, if there are any."""
        self.parameter = parameter
        self.roles = roles
        self.rooms = rooms
        self._pause = pause
        self._print = print_line

    def revoke(self, ids: Iterable[str], seconds: float = PAUSE_SECONDS) -> None:
        """
        Refuse new sign-ins of the users *ids*, deny the sessions that they have, and take them out of the rooms.

        To repeat it changes nothing.

        Raises:
            OperationError: Something could not be done; everything else was, the other roles' sessions included.
        """
        users = revoked_users.checked(ids)
        with errors_ending_in(SIGN_INS_UNSURE):
            now = self.refuse_sign_ins(users, seconds)
        _do_all([lambda: self._deny_in_each_role(users, now), lambda: self.remove_from_meetings(users)])
        self._print(OUT_OF_REACH)

    def remove_from_meetings(self, users: frozenset[str]) -> None:
        """
        Take *users* out of the meetings of all rooms, if the stack has rooms.

        Raises:
            OperationError: Some meetings could not be reached; everybody was taken out of the others.
        """
        if self.rooms:
            with errors_ending_in(IN_MEETINGS):
                self.rooms.remove(users, self._print)

    def restore(self, ids: Iterable[str]) -> None:
        """
        Let the users *ids* sign in again, and their earlier sessions act again.

        Raises:
            OperationError: Something could not be done; everything else was.
        """
        users = revoked_users.checked(ids)
        with errors_ending_in(STILL_REVOKED):
            changed = revoked_users.change(self.parameter, lambda revoked: revoked - users)
            now = self.parameter.read().read_at
        self._print(f"{'Restored, within 30 s' if changed else 'Not revoked before'}: {_joined(users)}.")
        with errors_ending_in(STILL_DENIED):
            self._for_each_role(lambda role: self._stop_denying(role, users, now))

    def show(self) -> None:
        """
        Print who is revoked, and which policies still deny.

        Raises:
            OperationError: A role or one of its policies cannot be read; those of the other roles were printed.
        """
        revoked = self.parameter.read().newest
        self._print(f"Revoked: {_joined(revoked) or 'nobody'}.")
        self._print(f"The list has room for about {revoked_users.room(revoked)} more.")
        self._for_each_role(self._show_role)

    def _show_role(self, role: IamRole) -> None:
        for name in role.deny_policies():
            policy = role.deny_policy(name)
            if policy:
                before = policy.before.isoformat()
                self._print(f"{role.name} denies sessions issued before {before}: {_joined(policy.users)}.")

    def refuse_sign_ins(self, users: frozenset[str], seconds: float) -> datetime:
        """
        Put *users* on the list, and wait until it holds everywhere.

        Return a time, by AWS's clock, after which no process of the function opens a session for them.
        """
        while True:
            changed = revoked_users.change(self.parameter, lambda revoked: revoked | users)
            self._print(f"Revoked{'' if changed else ' before this run'}: {_joined(users)}.")
            remaining = seconds if changed else _remaining_pause(self.parameter.read(), seconds)
            if remaining > 0:
                self._print(f"Waiting {remaining:.0f} s, until no process of the function uses an older list.")
                self._pause(remaining)
            history = self.parameter.read()
            if users <= history.newest:
                self._warn(revoked_users.room(history.newest))
                return history.read_at
            self._print("Another run has overwritten the list. It is written again.")

    def _warn(self, room: int) -> None:
        if room < FEW:
            self._print(
                f"The list has room for about {room} more. docs/revocation.md#limits says what to do before it is full."
            )

    def deny(self, role: IamRole, policy: DenyPolicy, now: datetime) -> None:
        """Add *policy* to *role*, and delete those that are of no use any more at *now*."""
        try:
            self._prune(role, now)
        except OperationError as error:
            # Without pruning there may be room for the new policy all the same.
            self._print(f"{role.name} keeps its old policies for now: {error}")
        role.put(policy)
        self._print(f"{role.name} denies everything to their sessions issued before {policy.before.isoformat()}.")

    def _deny_in_each_role(self, users: frozenset[str], now: datetime) -> None:
        with errors_ending_in(SESSIONS_GO_ON):
            self._for_each_role(lambda role: self.deny(role, DenyPolicy.of(users, now), now))

    def _stop_denying(self, role: IamRole, users: frozenset[str], now: datetime) -> None:
        self._prune(role, now)
        rewritten: set[str] = set()
        number = -1
        while number != self.parameter.read().number:
            # IAM has no versions, so of two runs that rewrite a policy at once one overwrites the other. But each run
            # changes the list first. So if the list has changed meanwhile, what was written here may be outdated.
            number = self.parameter.read().number
            for name in role.deny_policies():
                policy = role.deny_policy(name)
                if policy and (policy.users & users or name in rewritten):
                    rewritten.add(name)
                    self._rewrite(role, policy)
        self._print(f"{role.name} denies them nothing.")

    def _rewrite(self, role: IamRole, policy: DenyPolicy) -> None:
        """
        Leave only users in *policy* who are on the list.

        The list is read after the policy, because users are put on the list before a policy denies them.
        """
        left = policy.without(policy.users - self.parameter.read().merged)
        if left != policy:
            role.put(left) if left.users else role.delete(left.name)

    def _prune(self, role: IamRole, now: datetime) -> None:
        for name in role.deny_policies():
            if is_over(name, now):
                role.delete(name)

    def _for_each_role(self, work: Callable[[IamRole], None]) -> None:
        _do_all([partial(self._named, role, work) for role in self.roles])

    @staticmethod
    def _named(role: IamRole, work: Callable[[IamRole], None]) -> None:
        try:
            work(role)
        except OperationError as error:
            raise OperationError(f"{role.name}: {error}") from error


def _do_all(steps: Iterable[Callable[[], None]]) -> None:
    """Do each of *steps*, whatever fails of the others. Raise one OperationError for all that failed."""
    failures = []
    for step in steps:
        try:
            step()
        except OperationError as error:
            failures.append(str(error))
    if failures:
        raise OperationError("\n".join(failures))


@contextmanager
def errors_ending_in(text: str) -> Iterator[None]:
    """Append *text*, which says what is left to do, to an OperationError."""
    try:
        yield
    except OperationError as error:
        raise OperationError(f"{error}\n{text}") from error


def _remaining_pause(history: UserListHistory, seconds: float) -> float:
    return (history.written_at + timedelta(seconds=seconds) - history.read_at).total_seconds()


def _joined(users: frozenset[str]) -> str:
    return ", ".join(sorted(users))
