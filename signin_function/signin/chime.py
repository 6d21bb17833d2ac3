"""The users of one AppInstance, in Amazon Chime SDK identity."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from signin.aws import aws_errors_translated, client, code_of, open_connection, sent_if
from signin.errors import UserExists, UserMissing
from signin.users import ChimeUser

if TYPE_CHECKING:
    from collections.abc import Iterator

    from signin.users import Wanted

MISSING = {"Forbidden", "NotFound"}
"""AWS's own documents disagree on which of them a missing user gives."""


class ChimeUsers:
    """The AppInstanceUsers of the AppInstance *app_instance_arn*."""

    def __init__(self, app_instance_arn: str) -> None:
        """Open no connection yet."""
        # The AppInstance's region need not be ours, and botocore does not notice a wrong one.
        self._client: Any = client("chime-sdk-identity", region=app_instance_arn.split(":")[3])
        self._app_instance_arn = app_instance_arn

    def connect(self) -> None:
        """Open a connection, for the first sign-in to find."""
        open_connection(self._client)

    def close(self) -> None:
        """Close the connections that no call is using; the next call opens another."""
        self._client.close()

    def arn(self, user_id: str) -> str:
        """Return the ARN that the user has or would have."""
        return f"{self._app_instance_arn}/user/{user_id}"

    def describe(self, user_id: str) -> ChimeUser:
        """
        Return the user.

        Source: https://docs.aws.amazon.com/chime-sdk/latest/APIReference/API_identity-chime_DescribeAppInstanceUser.html

        Raises:
            UserMissing: There is none, or Chime does not want to say.
            SigninError: Chime throttles, fails or refuses.
        """
        with aws_errors_translated(), _expected_errors(MISSING, UserMissing):
            answer = self._client.describe_app_instance_user(AppInstanceUserArn=self.arn(user_id))
            user = answer["AppInstanceUser"]
        return ChimeUser(self.arn(user_id), user.get("Name", ""), user.get("Metadata", ""))

    def create(self, user_id: str, name: str, request_token: str, wanted: Wanted) -> None:
        """
        Make the user if that is *wanted* still. The same data again is a success; Conflict means other data.

        Source: https://docs.aws.amazon.com/chime-sdk/latest/APIReference/API_identity-chime_CreateAppInstanceUser.html

        Raises:
            UserExists: The user is there already.
            SigninError: Chime throttles, fails or refuses.
        """
        with aws_errors_translated(), sent_if(wanted), _expected_errors({"Conflict"}, UserExists):
            answer = self._client.create_app_instance_user(
                AppInstanceArn=self._app_instance_arn,
                AppInstanceUserId=user_id,
                Name=name,
                ClientRequestToken=request_token,
            )
            if answer["AppInstanceUserArn"] != self.arn(user_id):
                raise ValueError("Chime made another user than it was asked for")

    def rename(self, user: ChimeUser, name: str, wanted: Wanted) -> None:
        """
        Give the user another name if that is *wanted* still.

        Chime wants the metadata too, and would wipe it if it were left out.

        Source: https://docs.aws.amazon.com/chime-sdk/latest/APIReference/API_identity-chime_UpdateAppInstanceUser.html

        Raises:
            SigninError: Chime throttles, fails or refuses, or the name is not wanted any more.
        """
        with aws_errors_translated(), sent_if(wanted):
            self._client.update_app_instance_user(AppInstanceUserArn=user.arn, Name=name, Metadata=user.metadata)


@contextmanager
def _expected_errors(codes: set[str], meaning: type[UserExists | UserMissing]) -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        code = code_of(error)
        if code in codes:
            raise meaning(code) from error
        raise
