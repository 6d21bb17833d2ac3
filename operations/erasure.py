"""
Erase a person: end what they have, delete them in Chime, and keep nothing that names them.

Their sessions are denied by a policy that names them, so the policy has to go as well; but not before the last session
that it denies is over. If it went at once, and the person signed in again, Chime would have a user with the old ARN,
and whoever still has old credentials could act as that new user. So the command waits for the longest session. A run
that is stopped is continued by the same command, and any later `make revoke` or `make restore` deletes the policy, too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from operations import revoked_users
from operations.deny_policies import MAX_SESSION, DenyPolicy
from operations.errors import OperationError
from operations.revocation import AGAIN, PAUSE_SECONDS, errors_ending_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime, timedelta

    from operations.app_instance_users import AppInstanceUsers
    from operations.deny_policies import IamRole
    from operations.revocation import Revocation
    from operations.revoked_users import UserListHistory

CHOOSE = """\
{user} is revoked. Say KEEP_OUT=1 to leave the id on the list, so that they stay out, or KEEP_OUT=0 to take it off the \
list at the end, so that nothing names them and they can sign in again."""
UNKNOWN = """\
Nothing was changed: Chime knows no user {user}, or does not let you look at them (it answers the same), and no policy
and no room names them. Ids are compared letter for letter. After a run that was finished, this is as it should be."""
STAYS = """\
What stays, and cannot be deleted here:
- messages: each carries its sender's ARN, which has the id, and the name. An administrator can redact or delete them.
- channels that they created, or in which they moderated, invited or were banned: Chime keeps who did what.
- a messaging connection that is open: it receives until it ends, within the hour. A meeting that is no room's goes on.
- CloudTrail: who was deleted, and every session, which is named after the id, for as long as your trails are kept.
- logs: a SHA-256 of the id, for as long as your logs are kept (LogRetentionDays). Whoever knows the id can find it.
- their account at your identity provider, and what your own systems have."""
IN_HISTORY = "- the history of the parameter {name}: AWS keeps its last 100 versions, and {count} of them have the id."
COMES_BACK = """\
A later sign-in of theirs makes a new user with the same id, without channels and messages. To prevent it, delete their
account at your identity provider first, or say KEEP_OUT=1."""
STAYS_OUT = (
    "A later sign-in of theirs is refused (403, revoked). So that it can be, the list of revoked users has the id."
)
NOT_ALL_DONE = f"Not all is done; what was done is printed above. {AGAIN}"
MAY_STOP = "You may stop here (Ctrl-C): later, the same command, make revoke or make restore deletes the policy."


@dataclass(frozen=True)
class Rhythm:
    """How long to wait: before the sessions are denied (in seconds), and for the longest session."""

    pause_seconds: float = PAUSE_SECONDS
    longest_session: timedelta = MAX_SESSION


class Erasure:
    """Erases one user, and prints what was done by *print_line*. *pause* waits for a number of seconds."""

    def __init__(
        self,
        users: AppInstanceUsers,
        revocation: Revocation,
        pause: Callable[[float], None],
        print_line: Callable[[str], None],
    ) -> None:
        """Take the users, and *revocation*, which knows the list and the roles."""
        self._users = users
        self._revocation = revocation
        self._parameter = revocation.parameter
        self._roles = revocation.roles
        self._pause = pause
        self._print = print_line

    def erase(self, user: str, *, keep_out: bool | None, confirmed: Callable[[], str], rhythm: Rhythm) -> None:
        """
        Erase *user* if *confirmed*, which is called after all has been printed, returns that id.

        With *keep_out* the id is put on the list of revoked users, or left on it. To repeat it changes nothing.

        Raises:
            OperationError: It was not confirmed; or the user is unknown, an administrator, or revoked and *keep_out* is
                None; or AWS refuses something. The same call does what is left.
        """
        [user] = revoked_users.checked([user])
        history = self._parameter.read()
        self._check(user, history, keep_out=keep_out)
        self._tell(user, history, keep_out=bool(keep_out))
        if confirmed() != user:
            raise OperationError(f"Nothing was changed. To confirm it, type the id once more, or say CONFIRM={user}.")
        with errors_ending_in(NOT_ALL_DONE):
            refused = None
            if keep_out:
                refused = self._revocation.refuse_sign_ins(frozenset({user}), rhythm.pause_seconds)
            self._leave_rooms(user)
            self._end(user, refused)
            self._forget(user, rhythm.longest_session)
            if not keep_out:
                self._take_off_the_list(user)
        self._conclude(user, keep_out=bool(keep_out))

    def _check(self, user: str, history: UserListHistory, *, keep_out: bool | None) -> None:
        if user in history.newest and keep_out is None:
            raise OperationError(CHOOSE.format(user=user))
        if self._users.is_admin(user):
            raise OperationError(
                f"Nothing was changed: {user} administers the AppInstance, and your own programs may act as that user. "
                f"If it is to go, take that away first: {self._users.command_to_remove_admin(user)}"
            )
        is_known = (
            self._users.exists(user) or user in history.newest or any(self._denials(user)) or self._is_in_rooms(user)
        )
        if not is_known:
            raise OperationError(UNKNOWN.format(user=user))

    def _tell(self, user: str, history: UserListHistory, *, keep_out: bool) -> None:
        but = ", but for the list of revoked users" if keep_out else ""
        self._print(
            f"make erase denies the sessions of {user}, deletes them in Chime, and keeps nothing that names them{but}."
        )
        self._print(STAYS)
        count = len([version for version in history.versions if user in version.users])
        if count and not keep_out:
            self._print(IN_HISTORY.format(name=self._parameter.name, count=count))
        self._print(STAYS_OUT if keep_out else COMES_BACK)

    def _end(self, user: str, refused: datetime | None) -> None:
        """
        End what a user has, who is given no session since *refused*, or may still sign in.

        There is nothing to be done if an earlier run has done so.
        """
        if not self._users.exists(user):
            self._print(f"Chime has no user {user} any more.")
            return
        now = refused or self._next_second()
        policy = DenyPolicy.of(frozenset({user}), now)
        for role in self._own_roles():
            self._revocation.deny(role, policy, now)
        # Before the user is deleted: afterwards nobody could leave in their name, and whether Chime takes a user who is
        # gone out of their channels is documented nowhere.
        self._print(f"Channels that {user} has left: {self._users.leave_channels(user)}.")
        self._users.delete(user)
        self._print(f"{user} is deleted in Chime.")

    def _next_second(self) -> datetime:
        """Return a time, by AWS's clock, before which every session was issued that there is now."""
        # AWS counts in whole seconds, and a policy denies what was issued in those before its own.
        self._pause(1)
        return self._parameter.read().read_at

    def _leave_rooms(self, user: str) -> None:
        self._revocation.remove_from_meetings(frozenset({user}))
        if self._revocation.rooms:
            self._revocation.rooms.forget(user)
            self._print(f"The table of rooms has nothing about {user}.")

    def _is_in_rooms(self, user: str) -> bool:
        return bool(self._revocation.rooms and self._revocation.rooms.know(user))

    def _forget(self, user: str, longest_session: timedelta) -> None:
        """Delete the policies that name a user, when the sessions that they deny are over."""
        while denials := list(self._denials(user)):
            until = max(policy.before for _, policy in denials) + longest_session
            remaining = (until - self._parameter.read().read_at).total_seconds()
            if remaining > 0:
                self._print(f"Waiting until {until:%H:%M:%S} UTC, when the last of their sessions is over. {MAY_STOP}")
                self._pause(remaining)
                continue
            for role, policy in denials:
                role.delete(policy.name)
                self._print(f"{role.name}: {policy.name} is deleted.")

    def _take_off_the_list(self, user: str) -> None:
        if revoked_users.change(self._parameter, lambda revoked: revoked - {user}):
            self._print(f"{user} is taken off the list of revoked users.")

    def _conclude(self, user: str, *, keep_out: bool) -> None:
        if self._users.exists(user) or self._is_in_rooms(user):
            raise OperationError(
                f"{user} has signed in again meanwhile, to chat or to a room. Delete their account at your "
                "identity provider, or say KEEP_OUT=1, and run this again."
            )
        what_is_left = "Only the list of revoked users names" if keep_out else "Nothing that can be deleted here names"
        self._print(f"Done. {what_is_left} {user}.")

    def _denials(self, user: str) -> Iterator[tuple[IamRole, DenyPolicy]]:
        for role in self._own_roles():
            for name in role.deny_policies():
                policy = role.deny_policy(name)
                if policy and user in policy.users:
                    yield role, policy

    def _own_roles(self) -> list[IamRole]:
        # Sessions of roles in other accounts cannot be denied from here. They too are over when this has waited.
        return [role for role in self._roles if not role.is_elsewhere]
