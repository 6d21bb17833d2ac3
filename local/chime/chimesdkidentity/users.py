"""The users of AppInstances, and the tags that users and AppInstances have."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from moto.core.common_models import BaseModel
from moto.core.utils import utcnow

from .endpoints import AppInstanceUserEndpoints
from .exceptions import ResourceLimitExceededError

TAG_LIMIT = 50
"""Tags on one resource. The model has this limit for one request; that it is the resource's limit too is inferred."""
DELETION_DELAY = timedelta(hours=6)
"""
How long an expired user is still there. The API reference says that a background process deletes them "within 6 hours",
and that until then they "appear as active". That it always takes all of these hours is inferred.
"""


class Tagged:
    """A resource with tags: `tags` has their values by key."""

    def __init__(self, parameters: dict[str, Any]) -> None:
        """Take the parameters of the operation that creates the resource."""
        self.tags: dict[str, str] = {}
        self.tag(parameters.get("Tags") or [])

    def tag(self, tags: list[dict[str, str]]) -> None:
        """
        Add *tags*; one with a key that is there replaces the old value.

        Raises:
            ResourceLimitExceededError: There would be more than TAG_LIMIT.
        """
        tagged = {**self.tags, **{tag["Key"]: tag["Value"] for tag in tags}}
        if len(tagged) > TAG_LIMIT:
            raise ResourceLimitExceededError(f"A resource has {TAG_LIMIT} tags at most.")
        self.tags = tagged

    def untag(self, keys: list[str]) -> None:
        """Remove the tags with these keys; a key that is not there is ignored."""
        self.tags = {key: value for key, value in self.tags.items() if key not in keys}


class AppInstanceUser(Tagged, BaseModel):
    """A user of an AppInstance; Describe and List show its attributes under their AWS names."""

    def __init__(self, app_instance_arn: str, parameters: dict[str, Any]) -> None:
        """Take the valid parameters of CreateAppInstanceUser."""
        super().__init__(parameters)
        self.app_instance_user_arn = f"{app_instance_arn}/user/{parameters['AppInstanceUserId']}"
        self.name: str = parameters["Name"]
        self.metadata: str | None = parameters.get("Metadata")
        self.expiration_settings: dict[str, Any] | None = parameters.get("ExpirationSettings")
        self.endpoints = AppInstanceUserEndpoints()
        self.created_timestamp = utcnow()
        self.last_updated_timestamp = self.created_timestamp

    def same_as(self, other: AppInstanceUser) -> bool:
        """Tell whether *other*, which is to be created, is the same user as this one."""
        # That a changed Name conflicts is known from three code bases; which other attributes AWS compares is inferred,
        # and so is that it does not compare ExpirationSettings.
        return (self.name, self.metadata or "") == (other.name, other.metadata or "")

    def is_to_be_deleted(self, now: datetime) -> bool:
        """
        Tell whether the user expired so long before *now* that the background process has deleted them.

        The days count from the creation, to the second; that they are no calendar days is inferred.
        """
        if not self.expiration_settings:
            return False
        expired = self.created_timestamp + timedelta(days=self.expiration_settings["ExpirationDays"])
        return now >= expired + DELETION_DELAY

    def date_back(self, seconds: float) -> None:
        """Let the user be so much older, in the place of waiting."""
        self.created_timestamp -= timedelta(seconds=seconds)
        self.last_updated_timestamp -= timedelta(seconds=seconds)

    def update(self, name: str, metadata: str) -> None:
        """Replace both. Metadata that the request does not repeat is lost, as on AWS."""
        self.name, self.metadata = name, metadata
        self.last_updated_timestamp = utcnow()
