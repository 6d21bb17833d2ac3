"""A world for the operators' commands: a list, roles, users in Chime, and a clock that only pauses move."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from operations.app_instance_users import AppInstanceUsers
from operations.deny_policies import DenyPolicy, IamRole, is_deny_policy
from operations.errors import OperationError
from operations.revocation import Revocation
from operations.revoked_users import RevocationListParameter, UserListHistory, UserListVersion

if TYPE_CHECKING:
    from collections.abc import Callable

START = datetime(2027, 1, 15, 8, 0, tzinfo=UTC)


@dataclass
class World(RevocationListParameter):
    """A list in versions, roles, and a clock that only pauses move. `log` has what was done, in order."""

    versions: list[UserListVersion] = field(default_factory=list)
    now: datetime = START
    written_at: datetime = START
    log: list[str] = field(default_factory=list)
    printed: list[str] = field(default_factory=list)
    during_pause: list[Callable[[], object]] = field(default_factory=list)
    """What other runs do during a pause, one after the other."""
    after_read: list[Callable[[], object]] = field(default_factory=list)

    name: str = "/chime-signin/chime-signin/revoked-users"

    def read(self) -> UserListHistory:
        history = UserListHistory(tuple(self.versions), self.written_at, self.now)
        if self.after_read:
            self.after_read.pop(0)()
        return history

    def write(self, users: frozenset[str], base: int) -> int:
        self.log.append("list")
        number = len(self.versions) + 1
        self.versions.append(UserListVersion(number, users, base))
        self.written_at = self.now
        return number

    def pause(self, seconds: float) -> None:
        self.log.append(f"pause {seconds:.0f}")
        self.now += timedelta(seconds=seconds)
        if self.during_pause:
            self.during_pause.pop(0)()

    def users(self) -> set[str]:
        return set(self.versions[-1].users)


class Role(IamRole):
    """A role's inline policies."""

    def __init__(self, world: World, name: str = "UserRole", failure: str = "") -> None:
        self.name = name
        self._elsewhere = ""
        self.policies: dict[str, str] = {}
        self._world = world
        self._failure = failure

    def deny_policies(self) -> list[str]:
        if self._failure:
            raise OperationError(self._failure)
        return sorted(name for name in self.policies if is_deny_policy(name))

    def deny_policy(self, name: str) -> DenyPolicy | None:
        return DenyPolicy.read(name, json.loads(self.policies[name])) if name in self.policies else None

    def put(self, policy: DenyPolicy) -> None:
        if self._failure:
            raise OperationError(self._failure)
        self._world.log.append(f"deny {self.name}")
        self.policies[policy.name] = policy.document()

    def delete(self, name: str) -> None:
        del self.policies[name]

    def denied(self) -> dict[str, datetime]:
        """Return, for each denied user, the time before which the denied sessions were issued."""
        policies = [policy for name in self.deny_policies() if (policy := self.deny_policy(name))]
        return {
            user: policy.before for policy in sorted(policies, key=lambda each: each.before) for user in policy.users
        }


def revocation(world: World, *roles: Role) -> Revocation:
    return Revocation(world, roles, world.pause, world.printed.append)


class Users(AppInstanceUsers):
    """The users in Chime."""

    def __init__(self, world: World, *present: str, admins: frozenset[str] = frozenset()) -> None:
        self._arn = "arn:aws:chime:us-east-1:123456789012:app-instance/1"
        self.present = set(present)
        self._admins = admins
        self._world = world

    def exists(self, user: str) -> bool:
        return user in self.present

    def is_admin(self, user: str) -> bool:
        return user in self._admins

    def leave_channels(self, user: str) -> int:
        assert user in self.present
        return 0

    def delete(self, user: str) -> None:
        self._world.log.append(f"delete {user}")
        self.present.remove(user)
