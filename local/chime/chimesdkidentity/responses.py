"""Chime SDK identity over HTTP: parameters and results in the shapes of botocore's model."""

from __future__ import annotations

from moto.core.responses import ActionResult, EmptyResult

from ..chime_responses import ChimeResponse, page_of  # noqa: TID252 - both are below `moto` when they run
from .models import AppInstanceUser, ChimeSDKIdentityBackend, chimesdkidentity_backends


class ChimeSDKIdentityResponse(ChimeResponse[ChimeSDKIdentityBackend]):
    """One method for each operation, named after it."""

    def __init__(self) -> None:
        """Serve identity."""
        super().__init__("chime-sdk-identity", chimesdkidentity_backends)

    def create_app_instance(self) -> ActionResult:
        """CreateAppInstance."""
        return ActionResult({"AppInstanceArn": self.backend.create_app_instance(self.valid())})

    def describe_app_instance(self) -> ActionResult:
        """DescribeAppInstance."""
        return ActionResult({"AppInstance": self.backend.describe_app_instance(self.valid()["AppInstanceArn"])})

    def list_app_instances(self) -> ActionResult:
        """ListAppInstances."""
        page, next_token = page_of(self.backend.list_app_instances(), self.valid())
        return ActionResult({"AppInstances": page, "NextToken": next_token})

    def update_app_instance(self) -> ActionResult:
        """UpdateAppInstance."""
        given = self.valid()
        arn = self.backend.update_app_instance(given["AppInstanceArn"], given["Name"], given["Metadata"])
        return ActionResult({"AppInstanceArn": arn})

    def delete_app_instance(self) -> ActionResult:
        """DeleteAppInstance."""
        self.backend.delete_app_instance(self.valid()["AppInstanceArn"])
        return EmptyResult()

    def create_app_instance_user(self) -> ActionResult:
        """CreateAppInstanceUser."""
        return ActionResult({"AppInstanceUserArn": self.backend.create_app_instance_user(self.valid())})

    def describe_app_instance_user(self) -> ActionResult:
        """DescribeAppInstanceUser."""
        user = self.backend.describe_app_instance_user(self.valid()["AppInstanceUserArn"])
        return ActionResult({"AppInstanceUser": user})

    def list_app_instance_users(self) -> ActionResult:
        """ListAppInstanceUsers."""
        given = self.valid()
        page, next_token = page_of(self.backend.list_app_instance_users(given["AppInstanceArn"]), given)
        return ActionResult(
            {"AppInstanceArn": given["AppInstanceArn"], "AppInstanceUsers": page, "NextToken": next_token}
        )

    def update_app_instance_user(self) -> ActionResult:
        """UpdateAppInstanceUser."""
        given = self.valid()
        arn = self.backend.update_app_instance_user(given["AppInstanceUserArn"], given["Name"], given["Metadata"])
        return ActionResult({"AppInstanceUserArn": arn})

    def delete_app_instance_user(self) -> ActionResult:
        """DeleteAppInstanceUser."""
        self.backend.delete_app_instance_user(self.valid()["AppInstanceUserArn"])
        return EmptyResult()

    def put_app_instance_user_expiration_settings(self) -> ActionResult:
        """PutAppInstanceUserExpirationSettings."""
        given = self.valid()
        arn, settings = given["AppInstanceUserArn"], given.get("ExpirationSettings")
        user = self.backend.put_app_instance_user_expiration_settings(arn, settings)
        return ActionResult({"AppInstanceUserArn": arn, "ExpirationSettings": user.expiration_settings})

    def create_app_instance_admin(self) -> ActionResult:
        """CreateAppInstanceAdmin."""
        given = self.valid()
        admin = self.backend.create_app_instance_admin(given["AppInstanceArn"], given["AppInstanceAdminArn"])
        return ActionResult({"AppInstanceAdmin": _identity(admin), "AppInstanceArn": given["AppInstanceArn"]})

    def describe_app_instance_admin(self) -> ActionResult:
        """DescribeAppInstanceAdmin."""
        given = self.valid()
        admin, since = self.backend.describe_app_instance_admin(given["AppInstanceArn"], given["AppInstanceAdminArn"])
        described = {"Admin": _identity(admin), "AppInstanceArn": given["AppInstanceArn"], "CreatedTimestamp": since}
        return ActionResult({"AppInstanceAdmin": described})

    def list_app_instance_admins(self) -> ActionResult:
        """ListAppInstanceAdmins."""
        given = self.valid()
        page, next_token = page_of(self.backend.list_app_instance_admins(given["AppInstanceArn"]), given)
        admins = [{"Admin": _identity(admin)} for admin in page]
        return ActionResult(
            {"AppInstanceArn": given["AppInstanceArn"], "AppInstanceAdmins": admins, "NextToken": next_token}
        )

    def delete_app_instance_admin(self) -> ActionResult:
        """DeleteAppInstanceAdmin."""
        given = self.valid()
        self.backend.delete_app_instance_admin(given["AppInstanceArn"], given["AppInstanceAdminArn"])
        return EmptyResult()

    def tag_resource(self) -> ActionResult:
        """TagResource."""
        given = self.valid()
        self.backend.tag_resource(given["ResourceARN"], given["Tags"])
        return EmptyResult()

    def untag_resource(self) -> ActionResult:
        """UntagResource."""
        given = self.valid()
        self.backend.untag_resource(given["ResourceARN"], given["TagKeys"])
        return EmptyResult()

    def list_tags_for_resource(self) -> ActionResult:
        """ListTagsForResource."""
        return ActionResult({"Tags": self.backend.list_tags_for_resource(self.valid()["ResourceARN"])})


def _identity(user: AppInstanceUser) -> dict[str, str]:
    return {"Arn": user.app_instance_user_arn, "Name": user.name}
