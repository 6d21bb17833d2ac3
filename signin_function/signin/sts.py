"""Sessions of the user roles, from AWS STS."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from signin.aws import aws_errors_translated, client, open_connection
from signin.identity import session_name
from signin.sessions import Credentials

if TYPE_CHECKING:
    from signin.sessions import UserSession

USER_TAG = "UserUUID"
"""The session tag that the user roles' trust and permissions are pinned to."""


class StsSessions:
    """Sessions tagged with the user; with *source_identity*, it stays with whatever roles they assume next."""

    def __init__(self, *, source_identity: bool) -> None:
        """Open no connection yet."""
        self._client: Any = client("sts")
        self._source_identity = source_identity

    def connect(self) -> None:
        """Open a connection, for the first sign-in to find."""
        open_connection(self._client)

    def close(self) -> None:
        """Close the connections that no call is using; the next call opens another."""
        self._client.close()

    def open(self, session: UserSession) -> Credentials:
        """
        Return credentials of a new session.

        Source: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html

        Raises:
            SigninError: STS throttles, fails or refuses.
        """
        name = session_name(session.user_id)
        identity = {"SourceIdentity": name} if self._source_identity else {}
        with aws_errors_translated():
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
