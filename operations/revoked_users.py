"""The list of revoked users in Parameter Store: what it may hold, and how runs at the same time lose no change."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from operations.aws import aws_errors_as_operation_errors
from operations.errors import OperationError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime

    import boto3

LIST_NAME = "/chime-signin/{}/revoked-users"
"""The name of the parameter that template.yaml lets a stack's function read, with {} for the stack's name."""

PUNCTUATION, UUID_LENGTH = 3, 36
"""Characters around each id in the list, and of an id that is a UUID."""
MAX_LENGTH = 8192
"""Characters that an advanced parameter holds: some 200 users with UUIDs as ids."""

WRITTEN_BY = "Chime sign-in: who may not sign in. Written by make revoke and make restore"
_BASE = re.compile(rf"{re.escape(WRITTEN_BY)}, over version (\d{{1,9}})\.(?: Ids are made by((?: [0-9a-f]{{8}})+)\.)?")

# The ids that `signin.identity` makes.
_ID = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_.@-]{0,56}[A-Za-z0-9])?", re.ASCII)


@dataclass(frozen=True)
class UserListVersion:
    """
    The list as one run wrote it after it had read the version `base`, which is 0 if there was no list.

    `written_at` is by AWS's clock. `id_marks` say how user ids were made then (`user_ids`); none if that was not noted.
    """

    number: int
    users: frozenset[str]
    base: int
    written_at: datetime | None = None
    id_marks: frozenset[str] = frozenset()


@dataclass(frozen=True)
class UserListHistory:
    """
    The list's versions, oldest first, as AWS keeps them. There are none before the list is written the first time.

    `written_at` is when the newest was written and `read_at` when all were read, both by AWS's clock.
    """

    versions: tuple[UserListVersion, ...]
    written_at: datetime
    read_at: datetime

    @property
    def number(self) -> int:
        """The number of the newest version, or 0."""
        return self.versions[-1].number if self.versions else 0

    @property
    def newest(self) -> frozenset[str]:
        """The users in the newest version. This is what the function reads."""
        return self.versions[-1].users if self.versions else frozenset()

    def revoked_in(self, user: str) -> UserListVersion | None:
        """Return the version that put *user* on the list as it is now; None if the user is not on it."""
        found = None
        for version in self.versions:
            found = (found or version) if user in version.users else None
        return found

    @property
    def merged(self) -> frozenset[str]:
        """The users after every run's change, in the order in which the runs wrote."""
        return merged(self.versions)


class RevocationListParameter:
    """The list in the parameter *name*. Each time that it is written it gets a new version."""

    def __init__(self, session: boto3.Session, name: str, id_marks: frozenset[str] = frozenset()) -> None:
        """Take the credentials to reach it with, and how user ids are made now, which is noted with each version."""
        with aws_errors_as_operation_errors():
            self._client: Any = session.client("ssm")
        self.name = name
        self._id_marks = id_marks

    def read(self) -> UserListHistory:
        """
        Return the list as it is now.

        Raises:
            OperationError: AWS refuses, or the newest version is no list.
        """
        with aws_errors_as_operation_errors():
            try:
                pages = list(self._client.get_paginator("get_parameter_history").paginate(Name=self.name))
            except self._client.exceptions.ParameterNotFound as error:
                now = _date(error.response)
                return UserListHistory((), now, now)
        found = sorted((each for page in pages for each in page["Parameters"]), key=lambda each: each["Version"])
        # An older version that is no list is left out, because nobody can tell what it was to change.
        versions = [_version(each) for each in found[:-1] if _is_list(each["Value"])]
        return UserListHistory(
            (*versions, _version(found[-1])), written_at=found[-1]["LastModifiedDate"], read_at=_date(pages[-1])
        )

    def write(self, users: frozenset[str], base: int) -> int:
        """Write the list, after having read the version *base*, and return the number of the new version."""
        with aws_errors_as_operation_errors():
            answer = self._client.put_parameter(
                Name=self.name,
                Description=f"{WRITTEN_BY}, over version {base}.{_note(self._id_marks)}",
                Type="String",
                Tier="Intelligent-Tiering",  # beyond 4 KB it becomes an advanced parameter
                Value=serialized(users),
                Overwrite=True,
            )
        number: int = answer["Version"]
        return number


def merged(versions: Iterable[UserListVersion]) -> frozenset[str]:
    """
    Return the users after every version's change, those included that another run overwrote without having read them.

    A run's change is the difference between its version and its `base`, the version that it had read. If AWS no longer
    keeps the base, or if somebody wrote by other means, it is the difference to the previous version.
    """
    users: frozenset[str] = frozenset()
    before = UserListVersion(0, users, 0)
    known = {0: users}
    for version in versions:
        base = known.get(version.base, before.users)
        users = (users | (version.users - base)) - (base - version.users) if before.number else version.users
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


def serialized(users: frozenset[str]) -> str:
    """
    Return the list as the function reads it.

    Raises:
        OperationError: It is too long.
    """
    text = json.dumps(sorted(users), separators=(",", ":"))
    if len(text) > MAX_LENGTH:
        shortest = min(len(user) for user in users) + PUNCTUATION
        surplus = -(-(len(text) - MAX_LENGTH) // shortest)
        raise OperationError(
            f"The list is full: it holds {MAX_LENGTH} characters, and {len(users)} users need {len(text)}. It was not "
            f"written. Everybody on it stays revoked. Restore {surplus} whom your identity provider no longer lets in, "
            "whose tokens have expired, and run this again; or block these users there."
        )
    return text


def room(users: frozenset[str]) -> int:
    """Return how many more users fit on a list of *users*, if their ids are as long as those (or are UUIDs)."""
    text = json.dumps(sorted(users), separators=(",", ":"))
    usual = -(-sum(map(len, users)) // len(users)) if users else UUID_LENGTH
    return max(0, (MAX_LENGTH - len(text)) // (usual + PUNCTUATION))


def change(parameter: RevocationListParameter, edit: Callable[[frozenset[str]], frozenset[str]]) -> bool:
    """
    Write the list as *edit* returns it for the list as it is; return whether anything had to be written.

    Parameter Store has no conditional write: of runs that have read the same version, each overwrites the one before.
    The number of its own version tells a run whether another version came between. If so, the run reads the history
    and writes the list with every run's change in it. So the last version has all changes, however many runs there are.

    Raises:
        OperationError: AWS refuses, or the list is full.
    """
    history = parameter.read()
    users = edit(history.merged)
    needed = users != history.newest
    while users != history.newest:
        number, base = parameter.write(users, history.number), history.number
        if number == base + 1:
            break
        history = parameter.read()
        if history.number < number:
            raise OperationError("Parameter Store does not return yet what was just written. Run it again.")
        users = history.merged
    return needed


def _version(found: Mapping[str, Any]) -> UserListVersion:
    number = found["Version"]
    base = _BASE.search(found.get("Description", ""))
    # Without our description somebody wrote the version by other means, and meant all of it.
    marks = frozenset((base[2] or "").split()) if base else frozenset()
    return UserListVersion(
        number, _ids(found["Value"]), int(base[1]) if base else number - 1, found.get("LastModifiedDate"), marks
    )


def _note(id_marks: frozenset[str]) -> str:
    """Return a sentence for the description, which Parameter Store shows and keeps with each version."""
    # A description has 1,024 characters; a list of providers takes 4 KB at most, and so has far fewer than 80 entries.
    return f" Ids are made by {' '.join(sorted(id_marks))}." if id_marks else ""


def _is_list(text: str) -> bool:
    try:
        ids = json.loads(text)
    except (ValueError, RecursionError):
        return False
    return isinstance(ids, list) and all(isinstance(each, str) for each in ids)


def _ids(text: str) -> frozenset[str]:
    if not _is_list(text):
        raise OperationError(
            "The list is no JSON list of ids: somebody wrote it by other means. Nobody can sign in until it is one."
        )
    return frozenset(json.loads(text))


def _date(answer: Mapping[str, Any]) -> datetime:
    # AWS's clock, because AWS dates sessions by it, and the clock of this machine may be minutes off.
    return parsedate_to_datetime(answer["ResponseMetadata"]["HTTPHeaders"]["date"])
