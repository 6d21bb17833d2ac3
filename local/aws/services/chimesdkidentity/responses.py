"""Chime SDK identity over HTTP: parameters and results in the shapes of botocore's model."""

from __future__ import annotations

import base64
import binascii
import json
from typing import TYPE_CHECKING, Any, TypeVar

from botocore.exceptions import EndpointConnectionError
from moto.core.exceptions import ServiceException
from moto.core.responses import ActionResult, BaseResponse, EmptyResult
from moto.core.utils import get_service_model

from ..constraints import refusal  # noqa: TID252 - both are below `moto` when they run
from .exceptions import BadRequestError
from .models import AppInstanceUser, ChimeSDKIdentityBackend, chimesdkidentity_backends

if TYPE_CHECKING:
    from collections.abc import Sequence

    from moto.core.common_types import TYPE_RESPONSE

PAGE_SIZE = 50
"""Items in a page without MaxResults: inferred; the model allows 50 at most."""

_Item = TypeVar("_Item")


class ChimeSDKIdentityResponse(BaseResponse):
    """One method for each operation, named after it."""

    def __init__(self) -> None:
        """Let moto parse parameters by the model."""
        super().__init__(service_name="chime-sdk-identity")
        self.automated_parameter_parsing = True

    @property
    def backend(self) -> ChimeSDKIdentityBackend:
        """
        The state of the caller's account in the request's region.

        Raises:
            EndpointConnectionError: The service is not there; on AWS that region's host name does not exist.

        """
        backends = chimesdkidentity_backends[self.current_account]
        if self.region not in backends:
            raise EndpointConnectionError(endpoint_url=f"https://identity-chime.{self.region}.amazonaws.com")
        return backends[self.region]

    def create_app_instance(self) -> ActionResult:
        """CreateAppInstance."""
        return ActionResult({"AppInstanceArn": self.backend.create_app_instance(self._valid())})

    def describe_app_instance(self) -> ActionResult:
        """DescribeAppInstance."""
        return ActionResult({"AppInstance": self.backend.describe_app_instance(self._valid()["AppInstanceArn"])})

    def list_app_instances(self) -> ActionResult:
        """ListAppInstances."""
        page, next_token = _page(self.backend.list_app_instances(), self._valid())
        return ActionResult({"AppInstances": page, "NextToken": next_token})

    def update_app_instance(self) -> ActionResult:
        """UpdateAppInstance."""
        given = self._valid()
        arn = self.backend.update_app_instance(given["AppInstanceArn"], given["Name"], given["Metadata"])
        return ActionResult({"AppInstanceArn": arn})

    def delete_app_instance(self) -> ActionResult:
        """DeleteAppInstance."""
        self.backend.delete_app_instance(self._valid()["AppInstanceArn"])
        return EmptyResult()

    def create_app_instance_user(self) -> ActionResult:
        """CreateAppInstanceUser."""
        return ActionResult({"AppInstanceUserArn": self.backend.create_app_instance_user(self._valid())})

    def describe_app_instance_user(self) -> ActionResult:
        """DescribeAppInstanceUser."""
        user = self.backend.describe_app_instance_user(self._valid()["AppInstanceUserArn"])
        return ActionResult({"AppInstanceUser": user})

    def list_app_instance_users(self) -> ActionResult:
        """ListAppInstanceUsers."""
        given = self._valid()
        page, next_token = _page(self.backend.list_app_instance_users(given["AppInstanceArn"]), given)
        return ActionResult(
            {"AppInstanceArn": given["AppInstanceArn"], "AppInstanceUsers": page, "NextToken": next_token}
        )

    def update_app_instance_user(self) -> ActionResult:
        """UpdateAppInstanceUser."""
        given = self._valid()
        arn = self.backend.update_app_instance_user(given["AppInstanceUserArn"], given["Name"], given["Metadata"])
        return ActionResult({"AppInstanceUserArn": arn})

    def delete_app_instance_user(self) -> ActionResult:
        """DeleteAppInstanceUser."""
        self.backend.delete_app_instance_user(self._valid()["AppInstanceUserArn"])
        return EmptyResult()

    def put_app_instance_user_expiration_settings(self) -> ActionResult:
        """PutAppInstanceUserExpirationSettings."""
        given = self._valid()
        arn, settings = given["AppInstanceUserArn"], given.get("ExpirationSettings")
        user = self.backend.put_app_instance_user_expiration_settings(arn, settings)
        return ActionResult({"AppInstanceUserArn": arn, "ExpirationSettings": user.expiration_settings})

    def create_app_instance_admin(self) -> ActionResult:
        """CreateAppInstanceAdmin."""
        given = self._valid()
        admin = self.backend.create_app_instance_admin(given["AppInstanceArn"], given["AppInstanceAdminArn"])
        return ActionResult({"AppInstanceAdmin": _identity(admin), "AppInstanceArn": given["AppInstanceArn"]})

    def describe_app_instance_admin(self) -> ActionResult:
        """DescribeAppInstanceAdmin."""
        given = self._valid()
        admin, since = self.backend.describe_app_instance_admin(given["AppInstanceArn"], given["AppInstanceAdminArn"])
        described = {"Admin": _identity(admin), "AppInstanceArn": given["AppInstanceArn"], "CreatedTimestamp": since}
        return ActionResult({"AppInstanceAdmin": described})

    def list_app_instance_admins(self) -> ActionResult:
        """ListAppInstanceAdmins."""
        given = self._valid()
        page, next_token = _page(self.backend.list_app_instance_admins(given["AppInstanceArn"]), given)
        admins = [{"Admin": _identity(admin)} for admin in page]
        return ActionResult(
            {"AppInstanceArn": given["AppInstanceArn"], "AppInstanceAdmins": admins, "NextToken": next_token}
        )

    def delete_app_instance_admin(self) -> ActionResult:
        """DeleteAppInstanceAdmin."""
        given = self._valid()
        self.backend.delete_app_instance_admin(given["AppInstanceArn"], given["AppInstanceAdminArn"])
        return EmptyResult()

    def tag_resource(self) -> ActionResult:
        """TagResource."""
        given = self._valid()
        self.backend.tag_resource(given["ResourceARN"], given["Tags"])
        return EmptyResult()

    def untag_resource(self) -> ActionResult:
        """UntagResource."""
        given = self._valid()
        self.backend.untag_resource(given["ResourceARN"], given["TagKeys"])
        return EmptyResult()

    def list_tags_for_resource(self) -> ActionResult:
        """ListTagsForResource."""
        return ActionResult({"Tags": self.backend.list_tags_for_resource(self._valid()["ResourceARN"])})

    def serialized(self, action_result: ActionResult) -> TYPE_RESPONSE:
        """Serialise by the model; an error's body is Code and Message, without the `__type` that moto adds."""
        status, headers, body = super().serialized(action_result)
        if isinstance(action_result.result, ServiceException):
            content = json.loads(body)
            content.pop("__type", None)
            body = json.dumps(content)
        return status, headers, body

    def _valid(self) -> dict[str, Any]:
        operation = get_service_model("chime-sdk-identity").operation_model(self._get_action())
        parameters: dict[str, Any] = self._get_params()
        wrong = refusal(operation.input_shape, parameters)
        if wrong:
            raise BadRequestError(wrong)
        return parameters


def _identity(user: AppInstanceUser) -> dict[str, str]:
    return {"Arn": user.app_instance_user_arn, "Name": user.name}


def _page(items: Sequence[_Item], parameters: dict[str, Any]) -> tuple[Sequence[_Item], str | None]:
    start = _offset(parameters.get("NextToken"))
    end = start + (parameters.get("MaxResults") or PAGE_SIZE)
    next_token = base64.urlsafe_b64encode(str(end).encode()).decode() if end < len(items) else None
    return items[start:end], next_token


def _offset(next_token: str | None) -> int:
    try:
        return int(base64.urlsafe_b64decode(next_token)) if next_token else 0
    except (ValueError, binascii.Error) as error:
        raise BadRequestError("The NextToken is not one of ours.") from error
