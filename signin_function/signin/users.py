"""Ensure that the caller is an AppInstanceUser in Amazon Chime SDK identity, under their present name."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from signin.aws import AwsAdapter, aws_errors_translated, sent_if
from signin.errors import Rejected, SigninError, Unavailable, UserExists, UserMissing
from signin.guests import Expiration, expiration_settings
from signin.names import display_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from concurrent.futures import Executor

    from signin.deadline import Deadline
    from signin.guests import Stay

CHANGE_SECONDS = 2.0
"""How long a sign-in waits for Chime to change a user whom it has."""
MISSING = {"Forbidden", "NotFound"}
"""The codes that mean a missing user: AWS's documents disagree on which of the two Chime answers."""

Wanted = Callable[[], bool]
"""Tells whether a request is still wanted. It is asked at the last moment, when there is a connection to send it on."""


@dataclass(frozen=True, slots=True)
class ChimeUser:
    """
    An AppInstanceUser as Chime has it. `metadata` belongs to the deployer and is never changed.

    `expiration` is None where Chime does not say when the user was created.
    """

    arn: str
    name: str
    metadata: str
    expiration: Expiration | None = field(default=None, compare=False)


class Name(NamedTuple):
    """What to call a user: the name that their token `claims`, which may be empty, or else the `fallback`."""

    claimed: str
    fallback: str

    def replacing(self, stored: str, user_id: str) -> str:
        """Return the name for a user whose *stored* name is in Chime. The fallback never replaces a real name."""
        return self.claimed or (stored if _is_real_name(stored, user_id) else self.fallback)


class NamedUser(NamedTuple):
    """Who is to be a user of Chime, and what to call them. With a `stay` they are a guest."""

    user_id: str
    name: Name
    stay: Stay | None = None

    @property
    def new_name(self) -> str:
        """The name under which they are created."""
        return self.name.claimed or self.name.fallback


@dataclass(frozen=True, slots=True)
class Ensured:
    """
    A user of Chime. `outcome` says what happened to them.

    It is "found", "created", "renamed" or "not renamed" for a user who exists in Chime now, and "renewed" for one whose
    client says that they do.

    `failure` is why a user was not renamed; None in every other case. `extension` is what became of the attempt to keep
    a guest longer; None without one.
    """

    user: ChimeUser
    outcome: str
    failure: SigninError | None = field(default=None, compare=False)
    extension: Extension | None = None


class Extension(NamedTuple):
    """An attempt to let Chime keep a guest longer, and its `failure`, or None."""

    failure: SigninError | None = None


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
            return ChimeUser(self.arn(user_id), user.get("Name", ""), user.get("Metadata", ""), _expiration(user))

    def create(self, user_id: str, name: str, request_token: str, wanted: Wanted, stay: Stay | None = None) -> None:
        """
        Create the user, if that is still *wanted*. With a *stay* Chime deletes them after its days.

        The same request twice changes nothing.

        Source: https://docs.aws.amazon.com/chime-sdk/latest/APIReference/API_identity-chime_CreateAppInstanceUser.html

        Raises:
            UserExists: The user exists, with other data (Conflict).
            SigninError: Chime throttles, fails or refuses.
        """
        creating = aws_errors_translated("CreateAppInstanceUser")
        expiration = {"ExpirationSettings": expiration_settings(stay.days)} if stay else {}
        with _expected_errors({"Conflict"}, UserExists), creating, sent_if(wanted):
            answer = self._client.create_app_instance_user(
                AppInstanceArn=self._app_instance_arn,
                AppInstanceUserId=user_id,
                Name=name,
                ClientRequestToken=request_token,
                **expiration,
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

    def extend(self, user: ChimeUser, days: int, wanted: Wanted) -> None:
        """
        Let Chime delete the user *days* after their creation, if that is still *wanted*.

        Source: https://docs.aws.amazon.com/chime-sdk/latest/APIReference/API_PutAppInstanceUserExpirationSettings.html

        Raises:
            UserMissing: The user has been deleted meanwhile, or Chime answers Forbidden, which may mean the same.
            SigninError: Chime throttles, fails or refuses, or the change is no longer wanted.
        """
        operation = "PutAppInstanceUserExpirationSettings"
        with _expected_errors(MISSING, UserMissing), aws_errors_translated(operation), sent_if(wanted):
            self._client.put_app_instance_user_expiration_settings(
                AppInstanceUserArn=user.arn, ExpirationSettings=expiration_settings(days)
            )


def ensure(users: ChimeUsers, named: NamedUser, deadline: Deadline, executor: Executor) -> Ensured:
    """
    Return the user that *named* is: create them if they are missing, and rename them if there is time.

    A guest who expires soon is kept longer.

    Raises:
        SigninError: Chime throttles, fails or refuses.
    """
    try:
        user = deadline.retry(lambda: users.describe(named.user_id))
        extension = _extension(users, user, named.stay, deadline, executor) if named.stay else None
    except UserMissing:
        return _created(users, named, deadline)
    return replace(_renamed(users, user, named, deadline, executor), extension=extension)


def renewed(users: ChimeUsers, named: NamedUser) -> Ensured:
    """Return the user that *named* is without asking Chime, under the name that their token claims."""
    return Ensured(ChimeUser(users.arn(named.user_id), named.new_name, metadata=""), "renewed")


def _is_real_name(stored: str, user_id: str) -> bool:
    """Tell whether the *stored* name was chosen for the user. Users without a name once got their id as name."""
    return stored != user_id and bool(display_name(stored))


def _extension(
    users: ChimeUsers, user: ChimeUser, stay: Stay, deadline: Deadline, executor: Executor
) -> Extension | None:
    """
    Let Chime keep a guest longer, if they expire soon.

    Raises:
        UserMissing: Chime has deleted the guest since they were described.
        SigninError: It failed, and Chime may delete the guest during the session. While there is time, a failure is no
            reason to refuse the sign-in: the next one tries again.
    """
    days = stay.extended(user.expiration) if user.expiration else None
    if user.expiration is None or days is None:
        return None
    failure = _failure(
        lambda wanted: users.extend(user, days, wanted), "PutAppInstanceUserExpirationSettings", deadline, executor
    )
    if failure and (isinstance(failure, UserMissing) or stay.is_urgent(user.expiration)):
        raise failure
    return Extension(failure)


def _renamed(users: ChimeUsers, user: ChimeUser, named: NamedUser, deadline: Deadline, executor: Executor) -> Ensured:
    renamed = replace(user, name=named.name.replacing(user.name, named.user_id))
    if renamed == user:
        return Ensured(user, "found")
    failure = _failure(
        lambda wanted: users.rename(user, renamed.name, wanted), "UpdateAppInstanceUser", deadline, executor
    )
    if failure is None:
        return Ensured(renamed, "renamed")
    # A name that is the user's id is not answered, even if Chime still has it.
    return Ensured(user if _is_real_name(user.name, named.user_id) else renamed, "not renamed", failure)


def _created(users: ChimeUsers, named: NamedUser, deadline: Deadline) -> Ensured:
    # One token for all attempts, so that a retry creates nobody twice. A new token for each sign-in, because Chime
    # would answer a known token with the earlier success, even if that user has been deleted since.
    token = str(uuid.uuid4())
    return deadline.retry(lambda: _created_or_found(users, named, token, lambda: deadline.remaining() > 0))


def _created_or_found(users: ChimeUsers, named: NamedUser, token: str, wanted: Wanted) -> Ensured:
    try:
        users.create(named.user_id, named.new_name, token, wanted, named.stay)
    except UserExists:
        try:
            return Ensured(users.describe(named.user_id), "found")  # another device of the same new user was faster
        except UserMissing as error:
            # Chime says both that they exist and that they do not: it is deleting a guest, say. That passes.
            raise Unavailable(error.code, operation=error.operation) from error
    return Ensured(ChimeUser(users.arn(named.user_id), named.new_name, metadata=""), "created")


def _failure(
    change: Callable[[Wanted], None], operation: str, deadline: Deadline, executor: Executor
) -> SigninError | None:
    """
    Try once to *change* a user, and return why it failed: an old name is no reason to refuse a sign-in, or to wait.

    A change that nobody waits for must not be sent later, because by then Chime may have a newer name or other
    metadata. It could be sent from the executor's queue, when a connection opens late, or when Lambda, which stops all
    threads between two events, lets them run again. An event object prevents all three. A time limit would not: Lambda
    stops the monotonic clock as well.
    """
    given_up = threading.Event()
    changing = executor.submit(change, lambda: not given_up.is_set() and deadline.remaining() > 0)
    try:
        changing.result(timeout=min(CHANGE_SECONDS, deadline.remaining() / 2))
    except SigninError as failure:
        return failure
    except TimeoutError:
        return Unavailable("out_of_time", operation=operation)
    finally:
        given_up.set()
        changing.cancel()
    return None


def _expiration(user: Mapping[str, Any]) -> Expiration | None:
    """Return the expiration of a user as Chime describes them."""
    if not user.get("CreatedTimestamp"):
        return None
    expiration = user.get("ExpirationSettings") or {}
    return Expiration(user["CreatedTimestamp"].timestamp(), expiration.get("ExpirationDays", 0))


@contextmanager
def _expected_errors(codes: set[str], meaning: type[UserExists | UserMissing]) -> Iterator[None]:
    """Raise *meaning* in place of a refusal by AWS with one of these *codes*."""
    try:
        yield
    except Rejected as error:
        if error.code in codes:
            raise meaning(error.code, operation=error.operation) from error
        raise
