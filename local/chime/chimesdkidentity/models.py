"""The state of Chime SDK identity: AppInstances, their users, and what may be done to them."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, ClassVar

from moto.core.base_backend import BackendDict, BaseBackend
from moto.core.common_models import BaseModel, CloudFormationModel
from moto.core.utils import utcnow
from moto.moto_api._internal import mock_random

from .exceptions import ChimeError, ConflictError, ForbiddenError, ResourceLimitExceededError

if TYPE_CHECKING:
    from datetime import datetime

TAG_LIMIT = 50
"""Tags on one resource: the model's limit for one request; that it holds for the resource too is inferred."""


class _Tagged:
    """What has tags, by key."""

    def __init__(self, parameters: dict[str, Any]) -> None:
        """Take the tags that a creation has along."""
        self.tags: dict[str, str] = {}
        self.tag(parameters.get("Tags") or [])

    def tag(self, tags: list[dict[str, str]]) -> None:
        """
        Add *tags*, in place of those with the same keys.

        Raises:
            ResourceLimitExceededError: There would be too many.
        """
        tagged = {**self.tags, **{tag["Key"]: tag["Value"] for tag in tags}}
        if len(tagged) > TAG_LIMIT:
            raise ResourceLimitExceededError(f"A resource has {TAG_LIMIT} tags at most.")
        self.tags = tagged

    def untag(self, keys: list[str]) -> None:
        """Remove the tags with these keys, as far as they are there."""
        self.tags = {key: value for key, value in self.tags.items() if key not in keys}


class AppInstanceUser(_Tagged, BaseModel):
    """A user of an AppInstance; Describe and List show its attributes under their AWS names."""

    def __init__(self, app_instance_arn: str, parameters: dict[str, Any]) -> None:
        """Take the parameters of CreateAppInstanceUser, already checked; nobody goes when their time is over."""
        super().__init__(parameters)
        self.app_instance_user_arn = f"{app_instance_arn}/user/{parameters['AppInstanceUserId']}"
        self.name: str = parameters["Name"]
        self.metadata: str | None = parameters.get("Metadata")
        self.expiration_settings: dict[str, Any] | None = parameters.get("ExpirationSettings")
        self.created_timestamp = utcnow()
        self.last_updated_timestamp = self.created_timestamp

    def same_as(self, other: AppInstanceUser) -> bool:
        """Tell whether creating *other* asks for what is there already."""
        # Which attributes AWS compares is inferred; that a changed Name conflicts is known from three code bases.
        return (self.name, self.metadata or "") == (other.name, other.metadata or "")

    def update(self, name: str, metadata: str) -> None:
        """Replace both: metadata that is not handed back is gone."""
        self.name, self.metadata = name, metadata
        self.last_updated_timestamp = utcnow()


class AppInstance(_Tagged, CloudFormationModel):
    """An AppInstance with its users by id, and its administrators' ids with the time since when they are."""

    def __init__(self, region_name: str, account_id: str, parameters: dict[str, Any]) -> None:
        """Take the parameters of CreateAppInstance, already checked."""
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

    @property
    def physical_resource_id(self) -> str:
        """What CloudFormation's `Ref` returns."""
        return self.app_instance_arn

    @staticmethod
    def cloudformation_name_type() -> str:
        """Say that CloudFormation makes up no name: Name is required and need not be unique."""
        return ""

    @staticmethod
    def cloudformation_type() -> str:
        """Name the resource type."""
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
        resource_name: str,  # noqa: ARG003 - moto's interface; the name CloudFormation would give it
        cloudformation_json: dict[str, Any],
        account_id: str,
        region_name: str,
        **_: object,
    ) -> AppInstance:
        """Create the resource that a template describes."""
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
        """Follow a changed template; the ARN stays."""
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
        """Delete the resource, its ARN being *resource_name*."""
        chimesdkidentity_backends[account_id][region_name].delete_app_instance(resource_name)

    def is_created(self) -> bool:
        """Say that creation takes no time."""
        return True


class ChimeSDKIdentityBackend(BaseBackend):
    """One account's AppInstances in one region."""

    missing_resource: ClassVar[type[ChimeError]] = ForbiddenError
    """What a missing AppInstance or user gets. botocore's model lists Forbidden (and no NotFound) for every operation
    here, one page of AWS's guide says NotFound for DescribeAppInstanceUser: inferred, set NotFoundError to switch."""

    def __init__(self, region_name: str, account_id: str) -> None:
        """Start empty."""
        super().__init__(region_name, account_id)
        self._lock = threading.RLock()
        self.app_instances: dict[str, AppInstance] = {}

    def create_app_instance(self, parameters: dict[str, Any]) -> str:
        """Return the ARN of a new AppInstance, or of the one that the same request made before."""
        new = AppInstance(self.region_name, self.account_id, parameters)
        with self._lock:
            for old in self.app_instances.values():
                if old.client_request_token == new.client_request_token:
                    return self._repeated(old, new)
            self.app_instances[new.app_instance_arn] = new
        return new.app_instance_arn

    @staticmethod
    def _repeated(old: AppInstance, new: AppInstance) -> str:
        # Inferred from what "idempotency token" means elsewhere in AWS.
        if (old.name, old.metadata) != (new.name, new.metadata):
            raise ConflictError("The ClientRequestToken was used for another AppInstance.")
        return old.app_instance_arn

    def describe_app_instance(self, app_instance_arn: str) -> AppInstance:
        """
        Return the AppInstance.

        Raises:
            ForbiddenError: There is none in this region and account (see `missing_resource`).

        """
        app_instance = self.app_instances.get(app_instance_arn)
        if app_instance is None:
            raise self.missing_resource("The AppInstance does not exist or you may not access it.")
        return app_instance

    def list_app_instances(self) -> list[AppInstance]:
        """Return all, by ARN."""
        with self._lock:
            return [self.app_instances[arn] for arn in sorted(self.app_instances)]

    def update_app_instance(self, app_instance_arn: str, name: str, metadata: str) -> str:
        """Replace name and metadata."""
        with self._lock:
            self.describe_app_instance(app_instance_arn).update(name, metadata)
        return app_instance_arn

    def delete_app_instance(self, app_instance_arn: str) -> None:
        """Remove the AppInstance and its users."""
        with self._lock:
            self.describe_app_instance(app_instance_arn)
            del self.app_instances[app_instance_arn]

    def create_app_instance_user(self, parameters: dict[str, Any]) -> str:
        """
        Return the new user's ARN, or an equal user's.

        Raises:
            ConflictError: The id is taken by a user with other data.

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
            ForbiddenError: The user or the AppInstance is missing (see `missing_resource`).

        """
        user = self._app_instance_of(app_instance_user_arn).users.get(_user_id(app_instance_user_arn))
        if user is None:
            raise self.missing_resource("The AppInstanceUser does not exist or you may not access it.")
        return user

    def list_app_instance_users(self, app_instance_arn: str) -> list[AppInstanceUser]:
        """Return the AppInstance's users, by ARN."""
        with self._lock:
            users = self.describe_app_instance(app_instance_arn).users
            return [users[user_id] for user_id in sorted(users)]

    def update_app_instance_user(self, app_instance_user_arn: str, name: str, metadata: str) -> str:
        """Replace name and metadata."""
        with self._lock:
            self.describe_app_instance_user(app_instance_user_arn).update(name, metadata)
        return app_instance_user_arn

    def delete_app_instance_user(self, app_instance_user_arn: str) -> None:
        """Remove the user, as an administrator too."""
        with self._lock:
            self.describe_app_instance_user(app_instance_user_arn)
            app_instance, user_id = self._app_instance_of(app_instance_user_arn), _user_id(app_instance_user_arn)
            del app_instance.users[user_id]
            app_instance.admins.pop(user_id, None)

    def put_app_instance_user_expiration_settings(
        self, app_instance_user_arn: str, expiration_settings: dict[str, Any] | None
    ) -> AppInstanceUser:
        """Replace the settings; None takes them away."""
        user = self.describe_app_instance_user(app_instance_user_arn)
        user.expiration_settings = expiration_settings
        return user

    def create_app_instance_admin(self, app_instance_arn: str, admin_arn: str) -> AppInstanceUser:
        """
        Make a user an administrator and return it.

        Raises:
            ConflictError: It is one; inferred from what the model lists.
        """
        with self._lock:
            app_instance, user = self._with_user(app_instance_arn, admin_arn)
            if _user_id(admin_arn) in app_instance.admins:
                raise ConflictError("The AppInstanceUser is an administrator already.")
            app_instance.admins[_user_id(admin_arn)] = utcnow()
        return user

    def describe_app_instance_admin(self, app_instance_arn: str, admin_arn: str) -> tuple[AppInstanceUser, datetime]:
        """
        Return the administrator and since when it is one.

        Raises:
            ForbiddenError: It is none (see `missing_resource`).
        """
        app_instance, user = self._with_user(app_instance_arn, admin_arn)
        since = app_instance.admins.get(_user_id(admin_arn))
        if since is None:
            raise self.missing_resource("The AppInstanceAdmin does not exist or you may not access it.")
        return user, since

    def list_app_instance_admins(self, app_instance_arn: str) -> list[AppInstanceUser]:
        """Return the AppInstance's administrators, by ARN."""
        with self._lock:
            app_instance = self.describe_app_instance(app_instance_arn)
            return [app_instance.users[user_id] for user_id in sorted(app_instance.admins)]

    def delete_app_instance_admin(self, app_instance_arn: str, admin_arn: str) -> None:
        """Make an administrator a user like any other."""
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


# botocore knows the regions: us-east-1 and eu-central-1.
chimesdkidentity_backends = BackendDict(ChimeSDKIdentityBackend, "chime-sdk-identity")
