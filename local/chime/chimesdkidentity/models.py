"""The state of Chime SDK identity: AppInstances with their users and administrators."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, ClassVar, cast

from moto.backends import get_backend
from moto.core.base_backend import BackendDict, BaseBackend
from moto.core.common_models import CloudFormationModel
from moto.core.utils import utcnow
from moto.moto_api._internal import mock_random

from .endpoints import AppInstanceUserEndpoint
from .exceptions import ChimeError, ConflictError, ForbiddenError
from .users import AppInstanceUser, Tagged

if TYPE_CHECKING:
    from datetime import datetime


class AppInstance(Tagged, CloudFormationModel):
    """An AppInstance: `users` by their ids, and by the ids of `admins` the time when each became one."""

    def __init__(self, region_name: str, account_id: str, parameters: dict[str, Any]) -> None:
        """Take the valid parameters of CreateAppInstance."""
        super().__init__(parameters)
        self.app_instance_arn = f"arn:aws:chime:{region_name}:{account_id}:app-instance/{mock_random.uuid4()}"
        self.name: str = parameters["Name"]
        self.metadata: str | None = parameters.get("Metadata")
        self.client_request_token: str = parameters["ClientRequestToken"]
        self.created_timestamp = utcnow()
        self.last_updated_timestamp = self.created_timestamp
        self.users: dict[str, AppInstanceUser] = {}
        self.admins: dict[str, datetime] = {}

    def update(self, name: str, metadata: str) -> None:
        """Replace both."""
        self.name, self.metadata = name, metadata
        self.last_updated_timestamp = utcnow()

    def remove(self, user_id: str) -> str:
        """Remove a user, also from the administrators, and return the ARN that they had."""
        self.admins.pop(user_id, None)
        return self.users.pop(user_id).app_instance_user_arn

    @property
    def physical_resource_id(self) -> str:
        """What CloudFormation's `Ref` returns."""
        return self.app_instance_arn

    @staticmethod
    def cloudformation_name_type() -> str:
        """Return nothing: CloudFormation generates no Name, because it is required and need not be unique."""
        return ""

    @staticmethod
    def cloudformation_type() -> str:
        """Return the resource type."""
        return "AWS::Chime::AppInstance"

    @classmethod
    def has_cfn_attr(cls, attr: str) -> bool:
        """Tell whether `Fn::GetAtt` knows *attr*."""
        return attr == "AppInstanceArn"

    def get_cfn_attribute(self, attribute_name: str) -> str:
        """Answer `Fn::GetAtt`."""
        return {"AppInstanceArn": self.app_instance_arn}[attribute_name]

    @classmethod
    def create_from_cloudformation_json(
        cls,
        resource_name: str,  # noqa: ARG003 - moto's interface: the name that CloudFormation would generate
        cloudformation_json: dict[str, Any],
        account_id: str,
        region_name: str,
        **_: object,
    ) -> AppInstance:
        """Create the AppInstance that a template describes."""
        properties = {"ClientRequestToken": str(mock_random.uuid4()), **cloudformation_json["Properties"]}
        backend = chimesdkidentity_backends[account_id][region_name]
        return backend.describe_app_instance(backend.create_app_instance(properties))

    @classmethod
    def update_from_cloudformation_json(
        cls,
        original_resource: AppInstance,
        new_resource_name: str,  # noqa: ARG003 - as above, and moto passes all of these by name
        cloudformation_json: dict[str, Any],
        account_id: str,  # noqa: ARG003
        region_name: str,  # noqa: ARG003
    ) -> AppInstance:
        """Update the AppInstance to a changed template; it keeps its ARN."""
        properties = cloudformation_json["Properties"]
        original_resource.update(properties["Name"], properties.get("Metadata") or "")
        return original_resource

    @classmethod
    def delete_from_cloudformation_json(
        cls,
        resource_name: str,
        cloudformation_json: dict[str, Any],  # noqa: ARG003 - moto's interface
        account_id: str,
        region_name: str,
    ) -> None:
        """Delete the AppInstance whose ARN is *resource_name*."""
        chimesdkidentity_backends[account_id][region_name].delete_app_instance(resource_name)

    def is_created(self) -> bool:
        """Return true, because creation takes no time."""
        return True


class ChimeSDKIdentityBackend(BaseBackend):
    """The AppInstances of one account in one region."""

    missing_resource: ClassVar[type[ChimeError]] = ForbiddenError
    """
    The error for an AppInstance or user that does not exist. A test can set NotFoundError instead.

    Inferred: botocore's model lists ForbiddenException (and no NotFoundException) for every operation here, but a page
    of AWS's guide names NotFoundException for DescribeAppInstanceUser.
    """

    def __init__(self, region_name: str, account_id: str) -> None:
        """Start without AppInstances."""
        super().__init__(region_name, account_id)
        self._lock = threading.RLock()
        self.app_instances: dict[str, AppInstance] = {}

    def create_app_instance(self, parameters: dict[str, Any]) -> str:
        """Return the ARN of a new AppInstance, or of the one that a request with the same token created before."""
        new = AppInstance(self.region_name, self.account_id, parameters)
        with self._lock:
            for old in self.app_instances.values():
                if old.client_request_token == new.client_request_token:
                    return self._created_before(old, new)
            self.app_instances[new.app_instance_arn] = new
        return new.app_instance_arn

    @staticmethod
    def _created_before(old: AppInstance, new: AppInstance) -> str:
        # Inferred from how other AWS services treat an idempotency token.
        if (old.name, old.metadata) != (new.name, new.metadata):
            raise ConflictError("The ClientRequestToken was used for another AppInstance.")
        return old.app_instance_arn

    def describe_app_instance(self, app_instance_arn: str) -> AppInstance:
        """
        Return the AppInstance.

        Raises:
            ForbiddenError: It does not exist in this region and account (see `missing_resource`).

        """
        app_instance = self.app_instances.get(app_instance_arn)
        if app_instance is None:
            raise self.missing_resource("The AppInstance does not exist or you may not access it.")
        return app_instance

    def list_app_instances(self) -> list[AppInstance]:
        """Return all AppInstances, in the order of their ARNs."""
        with self._lock:
            return [self.app_instances[arn] for arn in sorted(self.app_instances)]

    def update_app_instance(self, app_instance_arn: str, name: str, metadata: str) -> str:
        """Replace name and metadata."""
        with self._lock:
            self.describe_app_instance(app_instance_arn).update(name, metadata)
        return app_instance_arn

    def delete_app_instance(self, app_instance_arn: str) -> None:
        """Remove the AppInstance, its users and its channels."""
        with self._lock:
            self.describe_app_instance(app_instance_arn)
            del self.app_instances[app_instance_arn]
        self._messaging.forget_app_instance(app_instance_arn)

    def create_app_instance_user(self, parameters: dict[str, Any]) -> str:
        """
        Return the ARN of a new user, or of the same user if it exists.

        Raises:
            ConflictError: A user with this id and other data exists.

        """
        app_instance = self.describe_app_instance(parameters["AppInstanceArn"])
        new = AppInstanceUser(app_instance.app_instance_arn, parameters)
        with self._lock:
            user = app_instance.users.setdefault(parameters["AppInstanceUserId"], new)
        if not user.same_as(new):
            raise ConflictError("An AppInstanceUser with this AppInstanceUserId and other data exists.")
        return user.app_instance_user_arn

    def describe_app_instance_user(self, app_instance_user_arn: str) -> AppInstanceUser:
        """
        Return the user.

        Raises:
            ForbiddenError: The user or the AppInstance does not exist (see `missing_resource`).

        """
        user = self._app_instance_of(app_instance_user_arn).users.get(_user_id(app_instance_user_arn))
        if user is None:
            raise self.missing_resource("The AppInstanceUser does not exist or you may not access it.")
        return user

    def list_app_instance_users(self, app_instance_arn: str) -> list[AppInstanceUser]:
        """Return the AppInstance's users, in the order of their ids."""
        with self._lock:
            users = self.describe_app_instance(app_instance_arn).users
            return [users[user_id] for user_id in sorted(users)]

    def update_app_instance_user(self, app_instance_user_arn: str, name: str, metadata: str) -> str:
        """Replace name and metadata."""
        with self._lock:
            self.describe_app_instance_user(app_instance_user_arn).update(name, metadata)
        self._messaging.rename_user(app_instance_user_arn, name)
        return app_instance_user_arn

    def delete_app_instance_user(self, app_instance_user_arn: str) -> None:
        """
        Remove the user, also from the administrators, and from all channels with their moderators and bans.

        Messages of the user stay. That AWS leaves them is inferred; that bans go is from CreateChannelBan.
        """
        with self._lock:
            self.describe_app_instance_user(app_instance_user_arn)
            self._app_instance_of(app_instance_user_arn).remove(_user_id(app_instance_user_arn))
        self._messaging.forget_user(app_instance_user_arn)

    def put_app_instance_user_expiration_settings(
        self, app_instance_user_arn: str, expiration_settings: dict[str, Any] | None
    ) -> AppInstanceUser:
        """
        Replace the settings; None removes them.

        They hold for a user who has expired and is still there, too: "the system honors the new settings" (API
        reference). Whether they may lie in the past is not said; that they may, and that the user is then deleted, is
        inferred.
        """
        user = self.describe_app_instance_user(app_instance_user_arn)
        user.expiration_settings = expiration_settings
        return user

    def delete_expired_users(self) -> None:
        """Delete the users whose time is over, as the background process of AWS does."""
        now, deleted = utcnow(), []
        with self._lock:
            for app_instance in self.app_instances.values():
                expired = [user_id for user_id, user in app_instance.users.items() if user.is_to_be_deleted(now)]
                deleted += [app_instance.remove(user_id) for user_id in expired]
        for user_arn in deleted:
            self._messaging.forget_user(user_arn)

    def date_users_back(self, seconds: float) -> None:
        """Let all users be so much older, and delete those whose time is over then."""
        with self._lock:
            for app_instance in self.app_instances.values():
                for user in app_instance.users.values():
                    user.date_back(seconds)
        self.delete_expired_users()

    def register_app_instance_user_endpoint(self, parameters: dict[str, Any]) -> AppInstanceUserEndpoint:
        """Register a device of a user; raises as `describe_app_instance_user` and `AppInstanceUserEndpoints`."""
        with self._lock:
            user = self.describe_app_instance_user(parameters["AppInstanceUserArn"])
            return user.endpoints.register(AppInstanceUserEndpoint(parameters))

    def describe_app_instance_user_endpoint(self, user_arn: str, endpoint_id: str) -> AppInstanceUserEndpoint:
        """Return a device of a user; raises as above."""
        with self._lock:
            return self.describe_app_instance_user(user_arn).endpoints.describe(endpoint_id)

    def list_app_instance_user_endpoints(self, user_arn: str) -> list[AppInstanceUserEndpoint]:
        """Return the devices of a user, in the order in which they were registered."""
        with self._lock:
            return self.describe_app_instance_user(user_arn).endpoints.list()

    def update_app_instance_user_endpoint(self, parameters: dict[str, Any]) -> AppInstanceUserEndpoint:
        """Replace the Name or the AllowMessages of a device; raises as above."""
        with self._lock:
            endpoint = self.describe_app_instance_user_endpoint(
                parameters["AppInstanceUserArn"], parameters["EndpointId"]
            )
            endpoint.update(parameters.get("Name"), parameters.get("AllowMessages"))
            return endpoint

    def deregister_app_instance_user_endpoint(self, user_arn: str, endpoint_id: str) -> None:
        """Forget a device of a user; raises as above."""
        with self._lock:
            self.describe_app_instance_user(user_arn).endpoints.deregister(endpoint_id)

    def create_app_instance_admin(self, app_instance_arn: str, admin_arn: str) -> AppInstanceUser:
        """
        Make a user an administrator and return it.

        Raises:
            ConflictError: It is one already. Inferred from the errors that the model lists.
        """
        with self._lock:
            app_instance, user = self._with_user(app_instance_arn, admin_arn)
            if _user_id(admin_arn) in app_instance.admins:
                raise ConflictError("The AppInstanceUser is an administrator already.")
            app_instance.admins[_user_id(admin_arn)] = utcnow()
        return user

    def describe_app_instance_admin(self, app_instance_arn: str, admin_arn: str) -> tuple[AppInstanceUser, datetime]:
        """
        Return the administrator and the time when it became one.

        Raises:
            ForbiddenError: The user is not an administrator (see `missing_resource`).
        """
        app_instance, user = self._with_user(app_instance_arn, admin_arn)
        since = app_instance.admins.get(_user_id(admin_arn))
        if since is None:
            raise self.missing_resource("The AppInstanceAdmin does not exist or you may not access it.")
        return user, since

    def list_app_instance_admins(self, app_instance_arn: str) -> list[AppInstanceUser]:
        """Return the AppInstance's administrators, in the order of their ids."""
        with self._lock:
            app_instance = self.describe_app_instance(app_instance_arn)
            return [app_instance.users[user_id] for user_id in sorted(app_instance.admins)]

    def delete_app_instance_admin(self, app_instance_arn: str, admin_arn: str) -> None:
        """Remove the user from the administrators; it stays a user."""
        with self._lock:
            self.describe_app_instance_admin(app_instance_arn, admin_arn)
            del self.describe_app_instance(app_instance_arn).admins[_user_id(admin_arn)]

    def tag_resource(self, resource_arn: str, tags: list[dict[str, str]]) -> None:
        """Add tags to an AppInstance or a user."""
        with self._lock:
            self._tagged(resource_arn).tag(tags)

    def untag_resource(self, resource_arn: str, tag_keys: list[str]) -> None:
        """Remove tags from an AppInstance or a user."""
        with self._lock:
            self._tagged(resource_arn).untag(tag_keys)

    def list_tags_for_resource(self, resource_arn: str) -> list[dict[str, str]]:
        """Return the tags of an AppInstance or a user."""
        return [{"Key": key, "Value": value} for key, value in self._tagged(resource_arn).tags.items()]

    @property
    def _messaging(self) -> Any:
        # By its name in moto, because messaging imports this module.
        return get_backend(cast("Any", "chimesdkmessaging"))[self.account_id][self.region_name]

    def _tagged(self, arn: str) -> AppInstance | AppInstanceUser:
        return self.describe_app_instance_user(arn) if "/user/" in arn else self.describe_app_instance(arn)

    def _with_user(self, app_instance_arn: str, user_arn: str) -> tuple[AppInstance, AppInstanceUser]:
        if not user_arn.startswith(f"{app_instance_arn}/user/"):
            raise self.missing_resource("The AppInstanceUser is not one of this AppInstance.")
        return self.describe_app_instance(app_instance_arn), self.describe_app_instance_user(user_arn)

    def _app_instance_of(self, app_instance_user_arn: str) -> AppInstance:
        return self.describe_app_instance(app_instance_user_arn.partition("/user/")[0])


def _user_id(app_instance_user_arn: str) -> str:
    return app_instance_user_arn.partition("/user/")[2]


# In the regions that botocore lists for the service: us-east-1 and eu-central-1.
chimesdkidentity_backends = BackendDict(ChimeSDKIdentityBackend, "chime-sdk-identity")
