"""Channels: what they are called, who sees them, who may add members."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from moto.core.common_models import BaseModel
from moto.core.utils import utcnow
from moto.moto_api._internal import mock_random

from ..chimesdkidentity.exceptions import ConflictError  # noqa: TID252 - relative, both are imported below `moto`
from .memberships import Membership, join
from .moderators import Moderator

if TYPE_CHECKING:
    from datetime import datetime

    from .messages import Message
    from .state import State
    from .users import Identity


class Channel(BaseModel):
    """A channel with its members, moderators and messages."""

    def __init__(self, parameters: dict[str, Any], creator: Identity) -> None:
        """Take the valid parameters of CreateChannel."""
        channel_id = parameters.get("ChannelId") or mock_random.uuid4()
        self.channel_arn = f"{parameters['AppInstanceArn']}/channel/{channel_id}"
        self.client_request_token: str = parameters["ClientRequestToken"]
        self.name: str = parameters["Name"]
        # https://docs.aws.amazon.com/chime-sdk/latest/APIReference/API_messaging-chime_CreateChannel.html
        self.mode: str = parameters.get("Mode") or "RESTRICTED"
        self.privacy: str = parameters.get("Privacy") or "PRIVATE"
        self.metadata: str | None = parameters.get("Metadata")
        self.created_by = creator
        self.created_timestamp = self.last_updated_timestamp = utcnow()
        self.last_message_timestamp: datetime | None = None
        self.members: dict[str, Membership] = {}
        """By the ARNs of the members."""
        self.moderators: dict[str, Moderator] = {}
        """By the ARNs of the moderators."""
        self.messages: dict[str, Message] = {}
        """Those that are stored, by their ids, the oldest first."""
        self.sent: dict[tuple[str, str], Message] = {}
        """The messages that were sent, by the sender's ARN and the ClientRequestToken."""

    def summary(self) -> dict[str, Any]:
        """Return the ChannelSummary of the model."""
        return {
            "ChannelArn": self.channel_arn,
            "Name": self.name,
            "Mode": self.mode,
            "Privacy": self.privacy,
            "Metadata": self.metadata,
            "LastMessageTimestamp": self.last_message_timestamp,
        }

    def details(self) -> dict[str, Any]:
        """Return the Channel of the model."""
        return {
            **self.summary(),
            "CreatedBy": self.created_by,
            "CreatedTimestamp": self.created_timestamp,
            "LastUpdatedTimestamp": self.last_updated_timestamp,
        }


class Channels:
    """The operations on channels. All take the valid parameters of their request."""

    def __init__(self, state: State) -> None:
        """Take what the operations share."""
        self._state = state

    def create(self, parameters: dict[str, Any]) -> str:
        """
        Return the ARN of a new channel, or of the one that the same user created with this ClientRequestToken.

        The creator is its first moderator and member: Amazon's demo writes at once into a channel that it has created.

        Raises:
            ForbiddenError: The bearer, a member or a moderator is not a user of the AppInstance.
            ConflictError: A channel with this ChannelId exists.
        """
        app_instance, users = parameters["AppInstanceArn"], self._state.users
        creator = users.identity_in(app_instance, parameters["ChimeBearer"])
        members, moderators = (
            [creator, *(users.identity_in(app_instance, arn) for arn in parameters.get(name) or [])]
            for name in ("MemberArns", "ModeratorArns")
        )
        channel = Channel(parameters, creator)
        with self._state.lock:
            for old in self._state.channels.values():
                if (old.client_request_token, old.created_by["Arn"]) == (channel.client_request_token, creator["Arn"]):
                    return old.channel_arn
            if channel.channel_arn in self._state.channels:
                raise ConflictError("There is a channel with this ChannelId.")
            self._state.channels[channel.channel_arn] = channel
            for moderator in moderators:
                channel.moderators[moderator["Arn"]] = Moderator(channel.channel_arn, moderator, creator)
            for member in {member["Arn"]: member for member in members}.values():
                join(self._state, channel, Membership(channel.channel_arn, member, creator, "DEFAULT"))
        return channel.channel_arn

    def describe(self, parameters: dict[str, Any]) -> Channel:
        """
        Return a channel.

        Raises:
            ForbiddenError: It does not exist, or the bearer may not read it.
        """
        with self._state.lock:
            return self._state.channel_for("DescribeChannel", parameters["ChannelArn"], parameters["ChimeBearer"])
