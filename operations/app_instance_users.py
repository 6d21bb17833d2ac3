"""The users of the AppInstance in Amazon Chime SDK: who there is, who administers it, and how to delete one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from operations.aws import aws_errors_as_operation_errors, pages

if TYPE_CHECKING:
    import boto3

MISSING = {"ForbiddenException", "NotFoundException", "Forbidden", "NotFound"}
"""The codes that mean a missing user: AWS's documents disagree on which of the two Chime answers."""


class AppInstanceUsers:
    """The AppInstanceUsers of the AppInstance *app_instance_arn*. Each method raises OperationError if AWS refuses."""

    def __init__(self, session: boto3.Session, app_instance_arn: str) -> None:
        """Take the credentials to reach them with."""
        # The AppInstance's region may differ from the stack's, and botocore does not notice a wrong one.
        region: Any = app_instance_arn.split(":")[3]
        with aws_errors_as_operation_errors():
            self._identity: Any = session.client("chime-sdk-identity", region_name=region)
            self._messaging: Any = session.client("chime-sdk-messaging", region_name=region)
        self._arn = app_instance_arn

    def exists(self, user: str) -> bool:
        """Tell whether there is such a user. Chime answers the same for one whom the caller may not look at."""
        with aws_errors_as_operation_errors():
            try:
                self._identity.describe_app_instance_user(AppInstanceUserArn=self._user_arn(user))
            except ClientError as error:
                if error.response["Error"]["Code"] not in MISSING:
                    raise
                return False
        return True

    def is_admin(self, user: str) -> bool:
        """Tell whether the user is an AppInstanceAdmin."""
        with aws_errors_as_operation_errors():
            found = pages(self._identity.list_app_instance_admins, AppInstanceArn=self._arn)
            admins = {admin["Admin"]["Arn"] for page in found for admin in page["AppInstanceAdmins"]}
        return self._user_arn(user) in admins

    def leave_channels(self, user: str) -> int:
        """Take the user out of all their channels, in their own name as Chime demands, and return of how many."""
        own = self._user_arn(user)
        with aws_errors_as_operation_errors():
            found = pages(self._messaging.list_channel_memberships_for_app_instance_user, ChimeBearer=own)
            # All of them first, because a page may be counted from the beginning of what is left.
            channels = [one["ChannelSummary"]["ChannelArn"] for page in found for one in page["ChannelMemberships"]]
            for channel in channels:
                self._messaging.delete_channel_membership(ChannelArn=channel, MemberArn=own, ChimeBearer=own)
        return len(channels)

    def delete(self, user: str) -> None:
        """Delete the user. Chime keeps the messages that they sent."""
        with aws_errors_as_operation_errors():
            self._identity.delete_app_instance_user(AppInstanceUserArn=self._user_arn(user))

    def command_to_remove_admin(self, user: str) -> str:
        """Return the command that makes an administrator an ordinary user."""
        return (
            f"aws chime-sdk-identity delete-app-instance-admin --app-instance-arn {self._arn} "
            f"--app-instance-admin-arn {self._user_arn(user)}"
        )

    def _user_arn(self, user: str) -> str:
        return f"{self._arn}/user/{user}"
