"""The list of the users who may not sign in: what it may hold, and how two runs at once both get their way."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from operations.errors import OperationError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

LIST_NAME = "/chime-signin/{}/revoked-users"
"""The parameter that template.yaml lets a stack's function read, with the stack's name in it."""

LARGEST = 8192
"""Characters: what an advanced parameter holds, some 200 users by UUIDs."""

# As `signin.identity` makes them.
_ID = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_.@-]{0,56}[A-Za-z0-9])?", re.ASCII)


@dataclass(frozen=True)
class Version:
    """The list as one run wrote it, having seen the version `base`; 0 is no list at all."""

    number: int
    users: frozenset[str]
    base: int


@dataclass(frozen=True)
class Listed:
    """
    The list as it was `read` from AWS, and when it was `written`, both by AWS's clock.

    `versions` are those that are kept, oldest first; none at all is an empty list that nobody has written yet.
    """

    versions: tuple[Version, ...]
    written: datetime
    read: datetime

    @property
    def number(self) -> int:
        """The newest version; 0: there is none."""
        return self.versions[-1].number if self.versions else 0

    @property
    def stands(self) -> frozenset[str]:
        """What the newest version says, and so what the function reads."""
        return self.versions[-1].users if self.versions else frozenset()

    @property
    def users(self) -> frozenset[str]:
        """What it has to say: every run's change, in the order in which they were written."""
        return merged(self.versions)


class UserList(Protocol):
    """The list, with a new version for each time that it is written."""

    def read(self) -> Listed:
        """Return the list as it is now."""

    def write(self, users: frozenset[str], base: int) -> int:
        """Write the list, having seen the version *base*, and return the version that this is."""


def merged(versions: Iterable[Version]) -> frozenset[str]:
    """
    Return the list with the change of each version, also of those that another run overwrote without having seen them.

    A run's change is how its version differs from the one that it had seen. A version whose base is not kept any more,
    or that somebody has written by other means, is taken as it is.
    """
    users: frozenset[str] = frozenset()
    before = Version(0, users, 0)
    known = {0: users}
    for version in versions:
        seen = known.get(version.base, before.users)
        users = (users | (version.users - seen)) - (seen - version.users) if before.number else version.users
        known[version.number] = version.users
        before = version
    return users


def checked(ids: Iterable[str]) -> frozenset[str]:
    """
    Return *ids*, which are what sign-in answers as ChimeUserId.

    Raises:
        OperationError: There is none, or one that no user can have.
    """
    users = frozenset(ids)
    for user in sorted(users):
        if not _ID.fullmatch(user):
            raise OperationError(f"{user} is no ChimeUserId. Write it letter for letter as sign-in answers it.")
    if not users:
        raise OperationError("Say whom, by their ChimeUserId.")
    return users


def written(users: frozenset[str]) -> str:
    """
    Return the list as the function reads it.

    Raises:
        OperationError: It is too long.
    """
    text = json.dumps(sorted(users), separators=(",", ":"))
    if len(text) > LARGEST:
        raise OperationError(
            f"The list is full: {len(text)} characters for {len(users)} users, of {LARGEST}. Nothing was changed. Keep "
            "them out at your identity provider, then restore those whom it no longer lets in."
        )
    return text


def change(users: UserList, to: Callable[[frozenset[str]], frozenset[str]]) -> bool:
    """
    Write what *to* makes of the list; return whether anything had to be written.

    Parameter Store writes whatever comes, so of runs that have read the same version each overwrites the one before.
    Each sees by its version's number whether another came between, and then writes the list with every run's change
    in it. What the last one writes has therefore all of them, however many there are.

    Raises:
        OperationError: AWS refuses, or the list is full.
    """
    listed = users.read()
    wanted = to(listed.users)
    needed = wanted != listed.stands
    while wanted != listed.stands:
        number, base = users.write(wanted, listed.number), listed.number
        if number == base + 1:
            break
        listed = users.read()
        if listed.number < number:
            raise OperationError("Parameter Store does not tell yet what was written at the same time. Run it again.")
        wanted = listed.users
    return needed
