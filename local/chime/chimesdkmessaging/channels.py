"""Channels: what they are called, who sees them, who may add members."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from moto.core.common_models import BaseModel
from moto.core.utils import utcnow
from moto.moto_api._internal import mock_random

from ..chimesdkidentity.exceptions import (  # noqa: TID252 - relative, because both are imported below `moto`
    BadRequestError,
    ConflictError,
    ForbiddenError,
)
from .memberships import DEFAULT, Membership
from .moderators import Moderator
from .roles import sees_hidden_members
from .users import app_instance_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from .bans import Ban
    from .messages import Message
    from .state import State
    from .users import Identity


class Channel(BaseModel):
    """A channel with its members, moderators and messages."""

    def __init__(self, parameters: dict[str, Any], creator: Identity) -> None:
        """Take the valid parameters of CreateChannel."""
        channel_id = parameters.get("ChannelId") or mock_random.uuid4()
        self.channel_arn = f"{parameters['AppInstanceArn']}/channel/{channel_id}"
        self.creation = parameters
        """The parameters of its creation, by which a repeated request is known."""
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
        self.bans: dict[str, Ban] = {}
        """By the ARNs of the users who are banned."""
        self.messages: dict[str, Message] = {}
        """Those that are stored, by their ids, the oldest first."""
        self.sent: dict[tuple[str, str], Message] = {}
        """The messages that were sent, by the sender's ARN and the ClientRequestToken."""

    def update(self, parameters: dict[str, Any]) -> None:
        """Take the valid parameters of UpdateChannel. That what is left out stays as it is, is inferred."""
        self.name = parameters.get("Name", self.name)
        self.mode = parameters.get("Mode", self.mode)
        self.metadata = parameters.get("Metadata", self.metadata)
        self.last_updated_timestamp = utcnow()

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
            ConflictError: A channel with this ChannelId exists, or one with this ClientRequestToken and other data.
        """
        app_instance, users = parameters["AppInstanceArn"], self._state.users
        creator = users.identity_in(app_instance, parameters["ChimeBearer"])
        members, moderators = (
            [creator, *(users.identity_in(app_instance, arn) for arn in parameters.get(name) or [])]
            for name in ("MemberArns", "ModeratorArns")
        )
        channel = Channel(parameters, creator)
        with self._state.lock:
            old = self._created_before(channel)
            if old is not None:
                return old.channel_arn
            if channel.channel_arn in self._state.channels:
                raise ConflictError("There is a channel with this ChannelId.")
            self._state.channels[channel.channel_arn] = channel
            for moderator in moderators:
                channel.moderators[moderator["Arn"]] = Moderator(channel.channel_arn, moderator, creator)
            for member in members:
                channel.members[member["Arn"]] = Membership(channel.channel_arn, member, creator, DEFAULT)
            for membership in channel.members.values():
                self._state.events.membership_created(channel, membership)
        return channel.channel_arn

    def list(self, parameters: dict[str, Any]) -> Sequence[Channel]:
        """
        Return the channels of an AppInstance that have the Privacy, in the order of their ARNs.

        Without a Privacy an administrator gets all, and other users the public ones. That is inferred from the guide,
        by which they may list public channels only.

        Raises:
            ForbiddenError: The bearer is not a user of the AppInstance, or asks for private channels and is no
                administrator.
        """
        app_instance, bearer_arn = parameters["AppInstanceArn"], parameters["ChimeBearer"]
        with self._state.lock:
            self._state.users.identity_in(app_instance, bearer_arn)
            is_admin = self._state.users.is_admin(bearer_arn)
            privacy = parameters.get("Privacy") or (None if is_admin else "PUBLIC")
            if privacy == "PRIVATE" and not is_admin:
                raise ForbiddenError("Only an administrator may list private channels.")
            return [
                channel
                for channel in self._state.sorted_channels()
                if app_instance_of(channel.channel_arn) == app_instance and privacy in {None, channel.privacy}
            ]

    def search(self, parameters: dict[str, Any]) -> Sequence[Channel]:
        """
        Return the channels for which all Fields hold, in the order of their ARNs.

        An administrator searches all channels of the AppInstance, other users those of which they are members. Hidden
        members are found only by those who may list them; that is inferred.

        Raises:
            BadRequestError: There is no bearer. The model lets it out, but the guide says that it is mandatory.
            ForbiddenError: The bearer does not exist.
        """
        bearer_arn = parameters.get("ChimeBearer")
        if bearer_arn is None:
            raise BadRequestError("The header x-amz-chime-bearer is missing.")
        with self._state.lock:
            self._state.users.identity(bearer_arn)
            is_admin, app_instance = self._state.users.is_admin(bearer_arn), app_instance_of(bearer_arn)
            searched = [
                channel
                for channel in self._state.sorted_channels()
                if app_instance_of(channel.channel_arn) == app_instance and (is_admin or bearer_arn in channel.members)
            ]
            return [channel for channel in searched if self._is_found(channel, parameters["Fields"], bearer_arn)]

    def update(self, parameters: dict[str, Any]) -> str:
        """
        Change a channel's attributes, and return its ARN.

        Raises:
            ForbiddenError: It does not exist, or the bearer may not.
        """
        with self._state.lock:
            channel = self._state.channel_for("UpdateChannel", parameters["ChannelArn"], parameters["ChimeBearer"])
            channel.update(parameters)
            self._state.events.channel_updated(channel)
        return channel.channel_arn

    def delete(self, parameters: dict[str, Any]) -> None:
        """
        Delete a channel with all that is in it.

        Raises:
            ForbiddenError: It does not exist, or the bearer may not.
        """
        with self._state.lock:
            channel = self._state.channel_for("DeleteChannel", parameters["ChannelArn"], parameters["ChimeBearer"])
            del self._state.channels[channel.channel_arn]
            self._state.events.channel_deleted(channel)

    def describe(self, parameters: dict[str, Any]) -> Channel:
        """
        Return a channel.

        Raises:
            ForbiddenError: It does not exist, or the bearer may not read it.
        """
        with self._state.lock:
            return self._state.channel_for("DescribeChannel", parameters["ChannelArn"], parameters["ChimeBearer"])

    def _created_before(self, channel: Channel) -> Channel | None:
        token, creator_arn = channel.creation["ClientRequestToken"], channel.created_by["Arn"]
        for old in self._state.channels.values():
            if (old.creation["ClientRequestToken"], old.created_by["Arn"]) == (token, creator_arn):
                if old.creation != channel.creation:
                    raise ConflictError("The ClientRequestToken was used for another channel.")
                return old
        return None

    def _is_found(self, channel: Channel, fields: Sequence[dict[str, Any]], bearer_arn: str) -> bool:
        sees_hidden = sees_hidden_members(channel, bearer_arn, self._state.users)
        members = {arn for arn, each in channel.members.items() if sees_hidden or each.type == DEFAULT}
        return all(_holds(field["Operator"], members, set(field["Values"])) for field in fields)


def _holds(operator: str, members: set[str], values: set[str]) -> bool:
    """Tell whether the members of a channel equal, or include, the values of a field whose key is MEMBERS."""
    return members == values if operator == "EQUALS" else values <= members
