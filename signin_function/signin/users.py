"""Ensure that the caller is an AppInstanceUser in Amazon Chime SDK identity, under their present name."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from signin.aws import AwsAdapter, aws_errors_translated, sent_if
from signin.errors import Rejected, SigninError, Unavailable, UserExists, UserMissing
from signin.names import display_name

if TYPE_CHECKING:
    from collections.abc import Iterator
    from concurrent.futures import Executor

    from signin.deadline import Deadline

RENAME_SECONDS = 2.0
"""How long a sign-in waits for Chime to change a name."""
MISSING = {"Forbidden", "NotFound"}
"""The codes that mean a missing user: AWS's documents disagree on which of the two Chime answers."""

Wanted = Callable[[], bool]
"""Tells whether a request is still wanted. It is asked at the last moment, when there is a connection to send it on."""


@dataclass(frozen=True, slots=True)
class ChimeUser:
    """An AppInstanceUser as Chime has it. `metadata` belongs to the deployer and is never changed."""

    arn: str
    name: str
    metadata: str


@dataclass(frozen=True, slots=True)
class Name:
    """What to call a user: the name that their token `claims`, which may be empty, or else the `fallback`."""

    claimed: str
    fallback: str

    def replacing(self, stored: str, user_id: str) -> str:
        """Return the name for a user whose *stored* name is in Chime. The fallback never replaces a real name."""
        return self.claimed or (stored if _is_real_name(stored, user_id) else self.fallback)


@dataclass(frozen=True, slots=True)
class Ensured:
    """
    A user of Chime. `outcome` says what happened to them.

    It is "found", "created", "renamed" or "not renamed" for a user who exists in Chime now, and "renewed" for one whose
    client says that they do.

    `failure` is why a user was not renamed; None in every other case.
    """

    user: ChimeUser
    outcome: str
    failure: SigninError | None = field(default=None, compare=False)


class ChimeUsers(AwsAdapter):
    """The AppInstanceUsers of the AppInstance *app_instance_arn*."""

    def __init__(self, app_instance_arn: str) -> None:
        """Open no connection yet."""
        # The AppInstance's region may differ from the function's, and botocore does not notice a wrong one.
        super().__init__("chime-sdk-identity", region=app_instance_arn.split(":")[3])
        self._app_instance_arn = app_instance_arn

    def arn(self, user_id: str) -> str:
        """Return the ARN that the user has or would have."""
        return f"{self._app_instance_arn}/user/{user_id}"

    def describe(self, user_id: str) -> ChimeUser:
        """
        Return the user.

        Source: https://docs.aws.amazon.com/chime-sdk/latest/APIReference/API_identity-chime_DescribeAppInstanceUser.html

        Raises:
            UserMissing: There is no such user, or Chime answers Forbidden, which may mean the same.
            SigninError: Chime throttles, fails or refuses.
        """
        with _expected_errors(MISSING, UserMissing), aws_errors_translated("DescribeAppInstanceUser"):
            answer = self._client.describe_app_instance_user(AppInstanceUserArn=self.arn(user_id))
            user = answer["AppInstanceUser"]
            return ChimeUser(self.arn(user_id), user.get("Name", ""), user.get("Metadata", ""))

    def create(self, user_id: str, name: str, request_token: str, wanted: Wanted) -> None:
        """
        Create the user, if that is still *wanted*. The same request twice changes nothing.

        Source: https://docs.aws.amazon.com/chime-sdk/latest/APIReference/API_identity-chime_CreateAppInstanceUser.html

        Raises:
            UserExists: The user exists, with other data (Conflict).
            SigninError: Chime throttles, fails or refuses.
        """
        creating = aws_errors_translated("CreateAppInstanceUser")
        with _expected_errors({"Conflict"}, UserExists), creating, sent_if(wanted):
            answer = self._client.create_app_instance_user(
                AppInstanceArn=self._app_instance_arn,
                AppInstanceUserId=user_id,
                Name=name,
                ClientRequestToken=request_token,
            )
            if answer["AppInstanceUserArn"] != self.arn(user_id):
                raise ValueError("Chime created another user than it was asked for")

    def rename(self, user: ChimeUser, name: str, wanted: Wanted) -> None:
        """
        Give the user another name, if that is still *wanted*.

        The request has the user's metadata as well, because Chime wipes the metadata of a user if it is left out.

        Source: https://docs.aws.amazon.com/chime-sdk/latest/APIReference/API_identity-chime_UpdateAppInstanceUser.html

        Raises:
            SigninError: Chime throttles, fails or refuses, or the name is no longer wanted.
        """
        with aws_errors_translated("UpdateAppInstanceUser"), sent_if(wanted):
            self._client.update_app_instance_user(AppInstanceUserArn=user.arn, Name=name, Metadata=user.metadata)


def ensure(users: ChimeUsers, user_id: str, name: Name, deadline: Deadline, executor: Executor) -> Ensured:
    """
    Return the user *user_id*: create them if they are missing, and rename them by *name* if there is time.

    Raises:
        SigninError: Chime throttles, fails or refuses.
    """
    try:
        user = deadline.retry(lambda: users.describe(user_id))
    except UserMissing:
        return _created(users, user_id, name.claimed or name.fallback, deadline)
    renamed = replace(user, name=name.replacing(user.name, user_id))
    if renamed == user:
        return Ensured(user, "found")
    failure = _rename_failure(users, user, renamed.name, deadline, executor)
    if failure is None:
        return Ensured(renamed, "renamed")
    # A name that is the user's id is not answered, even if Chime still has it.
    return Ensured(user if _is_real_name(user.name, user_id) else renamed, "not renamed", failure)


def renewed(users: ChimeUsers, user_id: str, name: Name) -> Ensured:
    """Return the user *user_id* without asking Chime, under the name that their token claims."""
    return Ensured(ChimeUser(users.arn(user_id), name.claimed or name.fallback, metadata=""), "renewed")


def _is_real_name(stored: str, user_id: str) -> bool:
    """Tell whether the *stored* name was chosen for the user. Users without a name once got their id as name."""
    return stored != user_id and bool(display_name(stored))


def _created(users: ChimeUsers, user_id: str, name: str, deadline: Deadline) -> Ensured:
    # One token for all attempts, so that a retry creates nobody twice. A new token for each sign-in, because Chime
    # would answer a known token with the earlier success, even if that user has been deleted since.
    request_token = str(uuid.uuid4())
    try:
        deadline.retry(lambda: users.create(user_id, name, request_token, lambda: deadline.remaining() > 0))
    except UserExists:
        # Another device of the same new user was faster.
        return Ensured(deadline.retry(lambda: users.describe(user_id)), "found")
    return Ensured(ChimeUser(users.arn(user_id), name, metadata=""), "created")


def _rename_failure(
    users: ChimeUsers, user: ChimeUser, name: str, deadline: Deadline, executor: Executor
) -> SigninError | None:
    """
    Try once to rename the user, and return why it failed: an old name is no reason to refuse a sign-in, or to wait.

    A rename that nobody waits for must not be sent later, because by then Chime may have a newer name or other
    metadata. It could be sent from the executor's queue, when a connection opens late, or when Lambda, which stops all
    threads between two events, lets them run again. An event object prevents all three. A time limit would not: Lambda
    stops the monotonic clock as well.
    """
    given_up = threading.Event()
    renaming = executor.submit(users.rename, user, name, lambda: not given_up.is_set() and deadline.remaining() > 0)
    try:
        renaming.result(timeout=min(RENAME_SECONDS, deadline.remaining() / 2))
    except SigninError as failure:
        return failure
    except TimeoutError:
        return Unavailable("out_of_time", operation="UpdateAppInstanceUser")
    finally:
        given_up.set()
        renaming.cancel()
    return None


@contextmanager
def _expected_errors(codes: set[str], meaning: type[UserExists | UserMissing]) -> Iterator[None]:
    """Raise *meaning* in place of a refusal by AWS with one of these *codes*."""
    try:
        yield
    except Rejected as error:
        if error.code in codes:
            raise meaning(error.code, operation=error.operation) from error
        raise
