"""The users whom the operations name: who they are, and which of them administer their AppInstance."""

from __future__ import annotations

from typing import Any

from ..chimesdkidentity.exceptions import ForbiddenError  # noqa: TID252 - relative, both are imported below `moto`
from ..chimesdkidentity.models import chimesdkidentity_backends  # noqa: TID252 - as above

Identity = dict[str, str]
"""Arn and Name of a user."""


class Users:
    """The users of Chime SDK identity in one account and region."""

    def __init__(self, account_id: str, region_name: str) -> None:
        """Take where they are."""
        self._account_id = account_id
        self._region_name = region_name
        self._identities: dict[str, Identity] = {}

    def identity(self, user_arn: str) -> Identity:
        """
        Return ARN and name of a user, as one object for each user, whose name `rename` changes wherever it is shown.

        Raises:
            ForbiddenError: There is no such user.
        """
        name: str = self._backend.describe_app_instance_user(user_arn).name
        return self._identities.setdefault(user_arn, {"Arn": user_arn, "Name": name})

    def identity_in(self, app_instance_arn: str, user_arn: str) -> Identity:
        """
        Return ARN and name of a user of that AppInstance.

        Raises:
            ForbiddenError: The AppInstance has no such user.
        """
        if app_instance_of(user_arn) != app_instance_arn:
            raise ForbiddenError("The user is not one of this AppInstance.")
        return self.identity(user_arn)

    def rename(self, user_arn: str, name: str) -> None:
        """Show the user's new name, also in what was there before. That AWS does so is inferred."""
        if user_arn in self._identities:
            self._identities[user_arn]["Name"] = name

    def forget(self, user_arn: str) -> None:
        """Let what names a user who was deleted have that name, whoever gets the same ARN later."""
        self._identities.pop(user_arn, None)

    def delete_expired(self) -> None:
        """Delete those who have expired. The caller holds no lock, because channels are changed then, too."""
        self._backend.delete_expired_users()

    def is_admin(self, user_arn: str) -> bool:
        """Tell whether a user is an administrator of its AppInstance."""
        app_instance = self._backend.app_instances.get(app_instance_of(user_arn))
        return app_instance is not None and user_arn.partition("/user/")[2] in app_instance.admins

    @property
    def _backend(self) -> Any:
        return chimesdkidentity_backends[self._account_id][self._region_name]


def app_instance_of(arn: str) -> str:
    """Return the ARN of the AppInstance in which a user or a channel is."""
    return "/".join(arn.split("/")[:2])
