"""See to it that the caller is an AppInstanceUser, under the name that they have now."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from signin.errors import SigninError, UserExists, UserMissing

if TYPE_CHECKING:
    from signin.budget import Budget

RENAME_SECONDS = 6.0
"""What a rename that hangs may take. With less time than that left it waits for the next sign-in."""


@dataclass(frozen=True, slots=True)
class AppInstanceUser:
    """A user as Chime has it. `metadata` is the deployer's own, and stays as it is."""

    arn: str
    name: str
    metadata: str


class AppInstanceUsers(Protocol):
    """The users of one AppInstance."""

    def describe(self, user_id: str) -> AppInstanceUser:
        """Return the user. Raises UserMissing."""

    def create(self, user_id: str, name: str) -> None:
        """Make the user; the same again changes nothing. Raises UserExists."""

    def rename(self, user: AppInstanceUser, name: str) -> None:
        """Give the user another name."""

    def arn(self, user_id: str) -> str:
        """Return the ARN that the user has or would have."""


def ensure(users: AppInstanceUsers, user_id: str, name: str, budget: Budget) -> AppInstanceUser:
    """
    Return the user *user_id*, created if need be, and renamed to *name* if there is time.

    Raises:
        SigninError: Chime throttles, fails or refuses.
    """
    try:
        user = budget.spend(lambda: users.describe(user_id))
    except UserMissing:
        return _created(users, user_id, name, budget)
    if user.name == name or budget.remaining() < RENAME_SECONDS:
        return user
    return _renamed(users, user, name)


def _created(users: AppInstanceUsers, user_id: str, name: str, budget: Budget) -> AppInstanceUser:
    try:
        budget.spend(lambda: users.create(user_id, name))
    except UserExists:
        # Another device of the same new user was faster.
        return budget.spend(lambda: users.describe(user_id))
    return AppInstanceUser(users.arn(user_id), name, metadata="")


def _renamed(users: AppInstanceUsers, user: AppInstanceUser, name: str) -> AppInstanceUser:
    """Rename as well as may be: one attempt, and yesterday's name is no reason to keep somebody out."""
    with contextlib.suppress(SigninError):
        users.rename(user, name)
        return AppInstanceUser(user.arn, name, user.metadata)
    return user
