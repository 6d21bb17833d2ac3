"""See to it that the caller is an AppInstanceUser, under the name that they have now."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from signin.errors import SigninError, UserExists, UserMissing
from signin.names import display_name

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from signin.deadline import Deadline

RENAME_SECONDS = 2.0
"""How long a sign-in waits for a new name to be taken over."""

Wanted = Callable[[], bool]
"""Whether a request is wanted still: asked at the last moment, when there is a connection to send it on."""


@dataclass(frozen=True, slots=True)
class ChimeUser:
    """A user as Chime has it. `metadata` is the deployer's own, and stays as it is."""

    arn: str
    name: str
    metadata: str


@dataclass(frozen=True, slots=True)
class Name:
    """What a user is called: as their provider says, which may be nothing, and what they are called then."""

    told: str
    fallback: str

    def given(self, stored: str, user_id: str) -> str:
        """Return what a user is called who has a name already: a fallback takes nobody's name away."""
        return self.told or (stored if _names(stored, user_id) else self.fallback)


@dataclass(frozen=True, slots=True)
class Ensured:
    """A user who is there now, and what it took: "found", "created", "renamed" or "not renamed"."""

    user: ChimeUser
    outcome: str


class AppInstanceUsers(Protocol):
    """The users of one AppInstance."""

    def describe(self, user_id: str) -> ChimeUser:
        """Return the user. Raises UserMissing."""

    def create(self, user_id: str, name: str, request_token: str, wanted: Wanted) -> None:
        """Make the user if that is *wanted* still; the same request again changes nothing. Raises UserExists."""

    def rename(self, user: ChimeUser, name: str, wanted: Wanted) -> None:
        """Give the user another name if that is *wanted* still."""

    def arn(self, user_id: str) -> str:
        """Return the ARN that the user has or would have."""


def ensure(users: AppInstanceUsers, user_id: str, name: Name, deadline: Deadline, executor: Executor) -> Ensured:
    """
    Return the user *user_id*, created if need be, and renamed by *name* if there is time.

    Raises:
        SigninError: Chime throttles, fails or refuses.
    """
    try:
        user = deadline.retry(lambda: users.describe(user_id))
    except UserMissing:
        return _created(users, user_id, name.told or name.fallback, deadline)
    renamed = replace(user, name=name.given(user.name, user_id))
    if renamed == user:
        return Ensured(user, "found")
    if _is_renamed(users, user, renamed.name, deadline, executor):
        return Ensured(renamed, "renamed")
    # Nobody is shown an id.
    return Ensured(user if _names(user.name, user_id) else renamed, "not renamed")


def _names(stored: str, user_id: str) -> bool:
    """Say whether the name that is *stored* is one. The id was, where there was none."""
    return stored != user_id and bool(display_name(stored))


def _created(users: AppInstanceUsers, user_id: str, name: str, deadline: Deadline) -> Ensured:
    # One for all attempts, and never the same twice: a remembered success would stand for a user deleted since.
    request_token = str(uuid.uuid4())
    try:
        deadline.retry(lambda: users.create(user_id, name, request_token, lambda: deadline.remaining() > 0))
    except UserExists:
        # Another device of the same new user was faster.
        return Ensured(deadline.retry(lambda: users.describe(user_id)), "found")
    return Ensured(ChimeUser(users.arn(user_id), name, metadata=""), "created")


def _is_renamed(users: AppInstanceUsers, user: ChimeUser, name: str, deadline: Deadline, executor: Executor) -> bool:
    """
    Rename as well as may be: one attempt, left when it hangs. Yesterday's name is no reason to keep somebody out.

    What is left is not sent later, when a newer name and other metadata may be there: neither from the executor's
    queue, nor when a connection opens at last, nor when Lambda, which stops all threads between two events, lets them
    go on. No clock would do for that: Lambda stops the monotonic one, too.
    """
    left = threading.Event()
    renaming = executor.submit(users.rename, user, name, lambda: not left.is_set() and deadline.remaining() > 0)
    try:
        renaming.result(timeout=min(RENAME_SECONDS, deadline.remaining() / 2))
    except (SigninError, TimeoutError):
        return False
    finally:
        left.set()
        renaming.cancel()
    return True
