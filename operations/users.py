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

LARGEST = 8192
"""Characters: what an advanced parameter holds, some 200 users by UUIDs."""

# As `signin.identity` makes them.
_ID = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_.@-]{0,56}[A-Za-z0-9])?", re.ASCII)


@dataclass(frozen=True)
class Listed:
    """The list as it was `read` from AWS, and when it was `written`, both by AWS's clock. Version 0: there is none."""

    users: frozenset[str]
    version: int
    written: datetime
    read: datetime


class UserList(Protocol):
    """The list, with a new version for each time that it is written."""

    def read(self) -> Listed:
        """Return the list as it is now."""

    def version(self, number: int) -> frozenset[str]:
        """Return the users of an earlier version, which may be 0."""

    def write(self, users: frozenset[str]) -> int:
        """Write the list and return its version."""


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
    Write what *to* makes of the list; return whether that was needed.

    Parameter Store writes whatever comes, so of two runs that read the same version one overwrites the other. That one
    sees it by the version's number, and puts its own change on top of what it overwrote.

    Raises:
        OperationError: AWS refuses, or the list is full.
    """
    listed = users.read()
    before, number = listed.users, listed.version
    wanted = to(before)
    needed = wanted != before
    while wanted != before:
        given = users.write(wanted)
        if given == number + 1:
            break
        before, number = wanted, given
        wanted = to(users.version(given - 1))
    return needed
