"""See to it that the caller is an AppInstanceUser, under the name that they have now."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from signin.errors import SigninError, UserExists, UserMissing

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from signin.budget import Budget

RENAME_SECONDS = 2.0
"""How long a sign-in waits for a new name to be taken over."""

Wanted = Callable[[], bool]
"""Whether a request is wanted still: asked at the last moment, when there is a connection to send it on."""


@dataclass(frozen=True, slots=True)
class AppInstanceUser:
    """A user as Chime has it. `metadata` is the deployer's own, and stays as it is."""

    arn: str
    name: str
    metadata: str


@dataclass(frozen=True, slots=True)
class Ensured:
    """A user who is there now, and what it took: "found", "created", "renamed" or "not renamed"."""

    user: AppInstanceUser
    how: str


class AppInstanceUsers(Protocol):
    """The users of one AppInstance."""

    def describe(self, user_id: str) -> AppInstanceUser:
        """Return the user. Raises UserMissing."""

    def create(self, user_id: str, name: str, request_token: str, wanted: Wanted) -> None:
        """Make the user if that is *wanted* still; the same request again changes nothing. Raises UserExists."""

    def rename(self, user: AppInstanceUser, name: str, wanted: Wanted) -> None:
        """Give the user another name if that is *wanted* still."""

    def arn(self, user_id: str) -> str:
        """Return the ARN that the user has or would have."""


def ensure(users: AppInstanceUsers, user_id: str, name: str, budget: Budget, executor: Executor) -> Ensured:
    """
    Return the user *user_id*, created if need be, and renamed to *name* if there is time.

    Raises:
        SigninError: Chime throttles, fails or refuses.
    """
    try:
        user = budget.spend(lambda: users.describe(user_id))
    except UserMissing:
        return _created(users, user_id, name, budget)
    return Ensured(user, "found") if user.name == name else _renamed(users, user, name, budget, executor)


def _created(users: AppInstanceUsers, user_id: str, name: str, budget: Budget) -> Ensured:
    # One for all attempts, and never the same twice: a remembered success would stand for a user deleted since.
    request_token = str(uuid.uuid4())
    try:
        budget.spend(lambda: users.create(user_id, name, request_token, lambda: budget.remaining() > 0))
    except UserExists:
        # Another device of the same new user was faster.
        return Ensured(budget.spend(lambda: users.describe(user_id)), "found")
    return Ensured(AppInstanceUser(users.arn(user_id), name, metadata=""), "created")


def _renamed(users: AppInstanceUsers, user: AppInstanceUser, name: str, budget: Budget, executor: Executor) -> Ensured:
    """
    Rename as well as may be: one attempt, left when it hangs. Yesterday's name is no reason to keep somebody out.

    What is left is not sent later, when a newer name and other metadata may be there: neither from the executor's
    queue, nor when a connection opens at last, nor when Lambda, which stops all threads between two events, lets them
    go on. No clock would do for that: Lambda stops the monotonic one, too.
    """
    left = threading.Event()
    renaming = executor.submit(users.rename, user, name, lambda: not left.is_set() and budget.remaining() > 0)
    try:
        renaming.result(timeout=min(RENAME_SECONDS, budget.remaining() / 2))
    except (SigninError, TimeoutError):
        return Ensured(user, "not renamed")
    finally:
        left.set()
        renaming.cancel()
    return Ensured(AppInstanceUser(user.arn, name, user.metadata), "renamed")
