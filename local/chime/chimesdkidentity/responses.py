"""Chime SDK identity over HTTP. Operations without a method here are not implemented, and moto answers that."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from moto.core.responses import ActionResult, EmptyResult

from ..chime_responses import ChimeResponse, page_of  # noqa: TID252 - relative, because both are imported below `moto`
from .models import ChimeSDKIdentityBackend, chimesdkidentity_backends

if TYPE_CHECKING:
    from .endpoints import AppInstanceUserEndpoint
    from .users import AppInstanceUser


class ChimeSDKIdentityResponse(ChimeResponse[ChimeSDKIdentityBackend]):
    """The service over HTTP: one method for each operation, named after it."""

    def __init__(self) -> None:
        """Serve Chime SDK identity."""
        super().__init__("chime-sdk-identity", chimesdkidentity_backends)

    def valid_parameters(self) -> dict[str, Any]:
        """Return the request's parameters, as `ChimeResponse` does, after users who have expired are deleted."""
        self.backend.delete_expired_users()
        return super().valid_parameters()

    def create_app_instance(self) -> ActionResult:
        """CreateAppInstance."""
        return ActionResult({"AppInstanceArn": self.backend.create_app_instance(self.valid_parameters())})

    def describe_app_instance(self) -> ActionResult:
        """DescribeAppInstance."""
        return ActionResult(
            {"AppInstance": self.backend.describe_app_instance(self.valid_parameters()["AppInstanceArn"])}
        )

    def list_app_instances(self) -> ActionResult:
        """ListAppInstances."""
        page, next_token = page_of(self.backend.list_app_instances(), self.valid_parameters())
        return ActionResult({"AppInstances": page, "NextToken": next_token})

    def update_app_instance(self) -> ActionResult:
        """UpdateAppInstance."""
        parameters = self.valid_parameters()
        arn = self.backend.update_app_instance(parameters["AppInstanceArn"], parameters["Name"], parameters["Metadata"])
        return ActionResult({"AppInstanceArn": arn})

    def delete_app_instance(self) -> ActionResult:
        """DeleteAppInstance."""
        self.backend.delete_app_instance(self.valid_parameters()["AppInstanceArn"])
        return EmptyResult()

    def create_app_instance_user(self) -> ActionResult:
        """CreateAppInstanceUser."""
        return ActionResult({"AppInstanceUserArn": self.backend.create_app_instance_user(self.valid_parameters())})

    def describe_app_instance_user(self) -> ActionResult:
        """DescribeAppInstanceUser."""
        user = self.backend.describe_app_instance_user(self.valid_parameters()["AppInstanceUserArn"])
        return ActionResult({"AppInstanceUser": user})

    def list_app_instance_users(self) -> ActionResult:
        """ListAppInstanceUsers."""
        parameters = self.valid_parameters()
        page, next_token = page_of(self.backend.list_app_instance_users(parameters["AppInstanceArn"]), parameters)
        return ActionResult(
            {"AppInstanceArn": parameters["AppInstanceArn"], "AppInstanceUsers": page, "NextToken": next_token}
        )

    def update_app_instance_user(self) -> ActionResult:
        """UpdateAppInstanceUser."""
        parameters = self.valid_parameters()
        arn = self.backend.update_app_instance_user(
            parameters["AppInstanceUserArn"], parameters["Name"], parameters["Metadata"]
        )
        return ActionResult({"AppInstanceUserArn": arn})

    def delete_app_instance_user(self) -> ActionResult:
        """DeleteAppInstanceUser."""
        self.backend.delete_app_instance_user(self.valid_parameters()["AppInstanceUserArn"])
        return EmptyResult()

    def put_app_instance_user_expiration_settings(self) -> ActionResult:
        """PutAppInstanceUserExpirationSettings."""
        parameters = self.valid_parameters()
        arn, settings = parameters["AppInstanceUserArn"], parameters.get("ExpirationSettings")
        user = self.backend.put_app_instance_user_expiration_settings(arn, settings)
        return ActionResult({"AppInstanceUserArn": arn, "ExpirationSettings": user.expiration_settings})

    def register_app_instance_user_endpoint(self) -> ActionResult:
        """RegisterAppInstanceUserEndpoint."""
        return _endpoint_result(self.backend.register_app_instance_user_endpoint(self.valid_parameters()))

    def describe_app_instance_user_endpoint(self) -> ActionResult:
        """DescribeAppInstanceUserEndpoint."""
        parameters = self.valid_parameters()
        endpoint = self.backend.describe_app_instance_user_endpoint(
            parameters["AppInstanceUserArn"], parameters["EndpointId"]
        )
        return ActionResult({"AppInstanceUserEndpoint": endpoint})

    def list_app_instance_user_endpoints(self) -> ActionResult:
        """ListAppInstanceUserEndpoints."""
        parameters = self.valid_parameters()
        page, next_token = page_of(
            self.backend.list_app_instance_user_endpoints(parameters["AppInstanceUserArn"]), parameters
        )
        return ActionResult({"AppInstanceUserEndpoints": page, "NextToken": next_token})

    def update_app_instance_user_endpoint(self) -> ActionResult:
        """UpdateAppInstanceUserEndpoint."""
        return _endpoint_result(self.backend.update_app_instance_user_endpoint(self.valid_parameters()))

    def deregister_app_instance_user_endpoint(self) -> ActionResult:
        """DeregisterAppInstanceUserEndpoint."""
        parameters = self.valid_parameters()
        self.backend.deregister_app_instance_user_endpoint(parameters["AppInstanceUserArn"], parameters["EndpointId"])
        return EmptyResult()

    def create_app_instance_admin(self) -> ActionResult:
        """CreateAppInstanceAdmin."""
        parameters = self.valid_parameters()
        admin = self.backend.create_app_instance_admin(parameters["AppInstanceArn"], parameters["AppInstanceAdminArn"])
        return ActionResult({"AppInstanceAdmin": _identity(admin), "AppInstanceArn": parameters["AppInstanceArn"]})

    def describe_app_instance_admin(self) -> ActionResult:
        """DescribeAppInstanceAdmin."""
        parameters = self.valid_parameters()
        admin, since = self.backend.describe_app_instance_admin(
            parameters["AppInstanceArn"], parameters["AppInstanceAdminArn"]
        )
        described = {
            "Admin": _identity(admin),
            "AppInstanceArn": parameters["AppInstanceArn"],
            "CreatedTimestamp": since,
        }
        return ActionResult({"AppInstanceAdmin": described})

    def list_app_instance_admins(self) -> ActionResult:
        """ListAppInstanceAdmins."""
        parameters = self.valid_parameters()
        page, next_token = page_of(self.backend.list_app_instance_admins(parameters["AppInstanceArn"]), parameters)
        admins = [{"Admin": _identity(admin)} for admin in page]
        return ActionResult(
            {"AppInstanceArn": parameters["AppInstanceArn"], "AppInstanceAdmins": admins, "NextToken": next_token}
        )

    def delete_app_instance_admin(self) -> ActionResult:
        """DeleteAppInstanceAdmin."""
        parameters = self.valid_parameters()
        self.backend.delete_app_instance_admin(parameters["AppInstanceArn"], parameters["AppInstanceAdminArn"])
        return EmptyResult()

    def tag_resource(self) -> ActionResult:
        """TagResource."""
        parameters = self.valid_parameters()
        self.backend.tag_resource(parameters["ResourceARN"], parameters["Tags"])
        return EmptyResult()

    def untag_resource(self) -> ActionResult:
        """UntagResource."""
        parameters = self.valid_parameters()
        self.backend.untag_resource(parameters["ResourceARN"], parameters["TagKeys"])
        return EmptyResult()

    def list_tags_for_resource(self) -> ActionResult:
        """ListTagsForResource."""
        return ActionResult({"Tags": self.backend.list_tags_for_resource(self.valid_parameters()["ResourceARN"])})


def _endpoint_result(endpoint: AppInstanceUserEndpoint) -> ActionResult:
    return ActionResult({"AppInstanceUserArn": endpoint.app_instance_user_arn, "EndpointId": endpoint.endpoint_id})


def _identity(user: AppInstanceUser) -> dict[str, str]:
    return {"Arn": user.app_instance_user_arn, "Name": user.name}
