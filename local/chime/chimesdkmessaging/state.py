"""What the operations share: the channels, the users, who is connected, and one lock around all of it."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from moto.core.utils import get_service_model

from ..chimesdkidentity.exceptions import (  # noqa: TID252 - relative, because both are imported below `moto`
    ForbiddenError,
    NotFoundError,
)
from .events import Events
from .roles import is_allowed, may_list
from .users import Users, app_instance_of

if TYPE_CHECKING:
    from .channels import Channel


class State:
    """
    The state of messaging in one account and region.

    An operation holds `lock` while it looks at the channels, changes them and announces the change, so that everybody
    gets the events in the order of the changes.
    """

    def __init__(self, account_id: str, region_name: str) -> None:
        """Start without channels and connections."""
        self.lock = threading.RLock()
        self.users = Users(account_id, region_name)
        self.events = Events()
        self.channels: dict[str, Channel] = {}
        """By their ARNs."""

    def channel_for(self, operation: str, channel_arn: str, bearer_arn: str, owner_arn: str | None = None) -> Channel:
        """
        Return the channel in which the bearer may do *operation*.

        *owner_arn* is whose the thing is that the operation is about (see `roles.is_allowed`).

        Raises:
            ForbiddenError: The bearer may not, or is no user of the channel's AppInstance.
            NotFoundError: There is no such channel. It is a ForbiddenError if the model does not list NotFoundException
                for the operation.
        """
        channel = self.channel(operation, channel_arn, bearer_arn)
        self.check(operation, channel, bearer_arn, owner_arn)
        return channel

    def channel(self, operation: str, channel_arn: str, bearer_arn: str) -> Channel:
        """
        Return a channel, before it is known whose the thing is that *operation* is about. `check` has to follow.

        Raises:
            ForbiddenError: The bearer is no user of the channel's AppInstance.
            NotFoundError: As above.
        """
        self.users.identity_in(app_instance_of(channel_arn), bearer_arn)
        channel = self.channels.get(channel_arn)
        if channel is None:
            raise missing(operation, "channel")
        return channel

    def check(self, operation: str, channel: Channel, bearer_arn: str, owner_arn: str | None = None) -> None:
        """
        Return if the bearer may do *operation* in the channel.

        Raises:
            ForbiddenError: The bearer may not.
        """
        if not is_allowed(operation, channel, bearer_arn, owner_arn, self.users):
            raise ForbiddenError("The channel does not exist or you may not do this in it.")

    def check_list(self, operation: str, bearer_arn: str, user_arn: str) -> None:
        """
        Return if the bearer may list the channels of a user by *operation*.

        Raises:
            ForbiddenError: The bearer may not, or one of the two does not exist, or they have not the same AppInstance.
        """
        self.users.identity(bearer_arn)
        self.users.identity_in(app_instance_of(bearer_arn), user_arn)
        if not may_list(operation, bearer_arn, user_arn, self.users):
            raise ForbiddenError("Only an administrator may list the channels of another user.")

    def sorted_channels(self) -> list[Channel]:
        """Return all channels, in the order of their ARNs. That AWS lists them so is inferred."""
        return [self.channels[arn] for arn in sorted(self.channels)]


def missing(operation: str, what: str) -> ForbiddenError | NotFoundError:
    """Return the error of *operation* for what does not exist; *what* is a word, such as channel."""
    listed = get_service_model("chime-sdk-messaging").operation_model(operation).error_shapes
    if any(shape.name == NotFoundError.code for shape in listed):
        return NotFoundError(f"There is no such {what}.")
    return ForbiddenError(f"The {what} does not exist or you may not do this with it.")
