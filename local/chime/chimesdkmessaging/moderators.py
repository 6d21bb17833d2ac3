"""Moderators: the users who look after a channel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from moto.core.common_models import BaseModel
from moto.core.utils import utcnow

from ..chimesdkidentity.exceptions import ConflictError  # noqa: TID252 - relative, both are imported below `moto`
from .state import missing
from .users import app_instance_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .channels import Channel
    from .state import State
    from .users import Identity


class Moderator(BaseModel):
    """A moderator of a channel."""

    def __init__(self, channel_arn: str, moderator: Identity, created_by: Identity) -> None:
        """Take who becomes a moderator, and by whom."""
        self.channel_arn = channel_arn
        self.moderator = moderator
        self.created_by = created_by
        self.created_timestamp = utcnow()

    def details(self) -> dict[str, Any]:
        """Return the ChannelModerator of the model."""
        return {
            "ChannelArn": self.channel_arn,
            "Moderator": self.moderator,
            "CreatedBy": self.created_by,
            "CreatedTimestamp": self.created_timestamp,
        }


class Moderators:
    """The operations on moderators. All take the valid parameters of their request."""

    def __init__(self, state: State) -> None:
        """Take what the operations share."""
        self._state = state

    def create(self, parameters: dict[str, Any]) -> Moderator:
        """
        Make a user a moderator of a channel. They do not become a member by it.

        Raises:
            ForbiddenError: The bearer may not, or the user does not exist.
            ConflictError: The user is a moderator already.
        """
        bearer_arn, moderator_arn = parameters["ChimeBearer"], parameters["ChannelModeratorArn"]
        with self._state.lock:
            channel = self._state.channel_for("CreateChannelModerator", parameters["ChannelArn"], bearer_arn)
            user = self._state.users.identity_in(app_instance_of(channel.channel_arn), moderator_arn)
            if moderator_arn in channel.moderators:
                raise ConflictError("The user is a moderator of this channel.")
            moderator = Moderator(channel.channel_arn, user, self._state.users.identity(bearer_arn))
            channel.moderators[moderator_arn] = moderator
        return moderator

    def list(self, parameters: dict[str, Any]) -> Sequence[Moderator]:
        """
        Return the moderators of a channel, in the order of their ARNs.

        Raises:
            ForbiddenError: The channel does not exist, or the bearer may not.
        """
        with self._state.lock:
            channel = self._state.channel_for(
                "ListChannelModerators", parameters["ChannelArn"], parameters["ChimeBearer"]
            )
            return [channel.moderators[arn] for arn in sorted(channel.moderators)]

    def describe(self, parameters: dict[str, Any]) -> Moderator:
        """
        Return a moderator of a channel.

        Raises:
            ForbiddenError: The bearer may not. NotFoundError: There is no such channel, or no such moderator in it.
        """
        return self._one("DescribeChannelModerator", parameters)

    def delete(self, parameters: dict[str, Any]) -> None:
        """
        Take the role from a moderator, who stays a member if they are one.

        Raises:
            ForbiddenError: The bearer may not, or there is no such moderator.
        """
        with self._state.lock:
            self._one("DeleteChannelModerator", parameters)
            del self._state.channels[parameters["ChannelArn"]].moderators[parameters["ChannelModeratorArn"]]

    def list_channels(self, parameters: dict[str, Any]) -> Sequence[Channel]:
        """
        Return the channels that a user moderates, by default the bearer, in the order of the channels' ARNs.

        Raises:
            ForbiddenError: The bearer may not ask for that user.
        """
        bearer_arn = parameters["ChimeBearer"]
        user_arn = parameters.get("AppInstanceUserArn") or bearer_arn
        with self._state.lock:
            self._state.check_list("ListChannelsModeratedByAppInstanceUser", bearer_arn, user_arn)
            return [channel for channel in self._state.sorted_channels() if user_arn in channel.moderators]

    def describe_channel(self, parameters: dict[str, Any]) -> Channel:
        """
        Return a channel that a user moderates.

        Raises:
            ForbiddenError: The bearer may not ask for that user, or the user does not moderate such a channel.
        """
        operation, user_arn = "DescribeChannelModeratedByAppInstanceUser", parameters["AppInstanceUserArn"]
        with self._state.lock:
            channel = self._state.channel_for(operation, parameters["ChannelArn"], parameters["ChimeBearer"], user_arn)
            if user_arn not in channel.moderators:
                raise missing(operation, "moderator")
        return channel

    def _one(self, operation: str, parameters: dict[str, Any]) -> Moderator:
        with self._state.lock:
            channel = self._state.channel_for(operation, parameters["ChannelArn"], parameters["ChimeBearer"])
            moderator = channel.moderators.get(parameters["ChannelModeratorArn"])
        if moderator is None:
            raise missing(operation, "moderator")
        return moderator
