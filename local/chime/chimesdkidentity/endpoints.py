"""The user endpoints of AppInstances: devices that receive push notifications."""

from __future__ import annotations

from typing import Any

from moto.core.common_models import BaseModel
from moto.core.utils import utcnow
from moto.moto_api._internal import mock_random

from .exceptions import ConflictError, ForbiddenError, ResourceLimitExceededError

ENDPOINT_LIMIT = 10
"""Endpoints of one user. Inferred: the model names a limit and not its number."""


class AppInstanceUserEndpoint(BaseModel):
    """A device of a user. Describe and List show its attributes under their AWS names; nothing is pushed to it here."""

    def __init__(self, parameters: dict[str, Any]) -> None:
        """Take the valid parameters of RegisterAppInstanceUserEndpoint."""
        self.endpoint_id = str(mock_random.uuid4())
        self.app_instance_user_arn: str = parameters["AppInstanceUserArn"]
        self.name: str | None = parameters.get("Name")
        self.type: str = parameters["Type"]
        self.resource_arn: str = parameters["ResourceArn"]
        self.endpoint_attributes: dict[str, str] = parameters["EndpointAttributes"]
        # That an endpoint receives messages unless it is told otherwise is inferred.
        self.allow_messages: str = parameters.get("AllowMessages") or "ALL"
        self.client_request_token: str = parameters["ClientRequestToken"]
        # AWS learns from a failed push that a device token or an application is not valid.
        self.endpoint_state = {"Status": "ACTIVE"}
        self.created_timestamp = self.last_updated_timestamp = utcnow()

    def same_as(self, other: AppInstanceUserEndpoint) -> bool:
        """Tell whether a request asks for *other* with the same data."""
        return self._data() == other._data()

    def update(self, name: str | None, allow_messages: str | None) -> None:
        """Replace what is given."""
        self.name = self.name if name is None else name
        self.allow_messages = allow_messages or self.allow_messages
        self.last_updated_timestamp = utcnow()

    def _data(self) -> tuple[object, ...]:
        return self.name, self.type, self.resource_arn, self.endpoint_attributes, self.allow_messages


class AppInstanceUserEndpoints:
    """The endpoints of one user. Their owner holds a lock around each call."""

    def __init__(self) -> None:
        """Start without endpoints."""
        self._endpoints: dict[str, AppInstanceUserEndpoint] = {}

    def register(self, new: AppInstanceUserEndpoint) -> AppInstanceUserEndpoint:
        """
        Add an endpoint, or return the one that a request with the same token registered before.

        Raises:
            ConflictError: That request had other data. Inferred from how other AWS services treat a token.
            ResourceLimitExceededError: The user has ENDPOINT_LIMIT endpoints.
        """
        for old in self._endpoints.values():
            if old.client_request_token == new.client_request_token:
                if not old.same_as(new):
                    raise ConflictError("The ClientRequestToken was used for another AppInstanceUserEndpoint.")
                return old
        if len(self._endpoints) >= ENDPOINT_LIMIT:
            raise ResourceLimitExceededError(f"A user has {ENDPOINT_LIMIT} endpoints at most.")
        self._endpoints[new.endpoint_id] = new
        return new

    def describe(self, endpoint_id: str) -> AppInstanceUserEndpoint:
        """
        Return an endpoint.

        Raises:
            ForbiddenError: The user has none with this id. The model lists no NotFoundException.
        """
        endpoint = self._endpoints.get(endpoint_id)
        if endpoint is None:
            raise ForbiddenError("The AppInstanceUserEndpoint does not exist or you may not access it.")
        return endpoint

    def list(self) -> list[AppInstanceUserEndpoint]:
        """Return all, the oldest first."""
        return list(self._endpoints.values())

    def deregister(self, endpoint_id: str) -> None:
        """Remove an endpoint; raises as `describe`."""
        del self._endpoints[self.describe(endpoint_id).endpoint_id]
