"""Which session a caller gets (of which role, for how long), and its credentials, from AWS STS."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from signin.aws import AwsAdapter, aws_errors_translated
from signin.errors import Rejected
from signin.identity import session_name

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from signin.caller import VerifiedCaller

MIN_SECONDS = 900
MAX_SECONDS = 3600
"""STS allows no longer session, because a function's role that assumes another role is role chaining."""
USER_TAG = "UserUUID"
"""The session tag to which the user roles' trust policies and permissions are pinned."""


class UserSession(NamedTuple):
    """A session to be opened for a user, for `seconds`."""

    user_id: str
    role_arn: str
    seconds: int


@dataclass(frozen=True, slots=True)
class Credentials:
    """Temporary AWS credentials. `expiration` is in UTC."""

    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str = field(repr=False)
    expiration: datetime


class SessionSettings(NamedTuple):
    """
    Which role a caller's session is of, and for how long, as the deployer decided.

    `role_arn` is the role that everybody gets, unless the authorizer names another role for a caller;
    `other_role_arns` has the ARNs of those by their names. Guests get `guest_role_arn` and no other role; without it
    there are no guests. With `ends_with_token` no session outlives the token that it was opened with; that of a guest
    never does.
    """

    role_arn: str
    seconds: int
    other_role_arns: Mapping[str, str] = MappingProxyType({})
    ends_with_token: bool = False
    guest_role_arn: str = ""

    def session(self, caller: VerifiedCaller, user_id: str, now: float) -> UserSession:
        """
        Return the session of *caller*, at *now* in seconds since the epoch.

        Raises:
            Rejected: The authorizer gave the caller a role that is not on the list, or there is none for guests.
        """
        left = int(caller.expires - now) if self.ends_with_token or caller.guest else self.seconds
        # STS opens no session shorter than MIN_SECONDS. The authorizer refuses tokens that expire earlier, but a second
        # may have passed since then.
        return UserSession(user_id, self._role_arn(caller), max(MIN_SECONDS, min(self.seconds, left)))

    def _role_arn(self, caller: VerifiedCaller) -> str:
        if caller.guest:
            # Fail closed: no other role is a guest's, whatever else the context says.
            if not self.guest_role_arn:
                raise Rejected("no_guest_role")
            return self.guest_role_arn
        if caller.role and caller.role not in self.other_role_arns:
            raise Rejected("unknown_user_role")
        return self.other_role_arns[caller.role] if caller.role else self.role_arn


class StsSessions(AwsAdapter):
    """Sessions that are tagged with the user. With *source_identity*, a session keeps its name in later roles, too."""

    def __init__(self, *, source_identity: bool) -> None:
        """Open no connection yet."""
        super().__init__("sts")
        self._source_identity = source_identity

    def open(self, session: UserSession) -> Credentials:
        """
        Return credentials of a new session, whose session tag UserUUID is the user's id.

        Source: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html

        Raises:
            SigninError: STS throttles, fails or refuses.
        """
        name = session_name(session.user_id)
        identity = {"SourceIdentity": name} if self._source_identity else {}
        with aws_errors_translated("AssumeRole"):
            answer = self._client.assume_role(
                RoleArn=session.role_arn,
                RoleSessionName=name,
                DurationSeconds=session.seconds,
                Tags=[{"Key": USER_TAG, "Value": session.user_id}],
                **identity,
            )
            given = answer["Credentials"]
            return Credentials(
                given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"], given["Expiration"]
            )
