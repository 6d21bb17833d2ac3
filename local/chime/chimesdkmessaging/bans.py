"""Bans: the users who may not become members of a channel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from moto.core.common_models import BaseModel
from moto.core.utils import utcnow

from ..chimesdkidentity.exceptions import (  # noqa: TID252 - relative, because both are imported below `moto`
    ConflictError,
    ForbiddenError,
)
from .memberships import leave
from .state import missing
from .users import app_instance_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .state import State
    from .users import Identity


class Ban(BaseModel):
    """A user's ban from a channel."""

    def __init__(self, channel_arn: str, member: Identity, created_by: Identity) -> None:
        """Take who is banned, and by whom."""
        self.channel_arn = channel_arn
        self.member = member
        self.created_by = created_by
        self.created_timestamp = utcnow()

    def details(self) -> dict[str, Any]:
        """Return the ChannelBan of the model."""
        return {
            "ChannelArn": self.channel_arn,
            "Member": self.member,
            "CreatedBy": self.created_by,
            "CreatedTimestamp": self.created_timestamp,
        }


class Bans:
    """The operations on bans. All take the valid parameters of their request."""

    def __init__(self, state: State) -> None:
        """Take what the operations share."""
        self._state = state

    def create(self, parameters: dict[str, Any]) -> Ban:
        """
        Ban a user from a channel, and remove them from it.

        Raises:
            ForbiddenError: The bearer may not; or the user does not exist, or is a moderator of the channel or an
                administrator. That AWS answers the last two so is inferred.
            ConflictError: The user is banned already.
        """
        bearer_arn, member_arn = parameters["ChimeBearer"], parameters["MemberArn"]
        with self._state.lock:
            channel = self._state.channel_for("CreateChannelBan", parameters["ChannelArn"], bearer_arn)
            member = self._state.users.identity_in(app_instance_of(channel.channel_arn), member_arn)
            if member_arn in channel.moderators or self._state.users.is_admin(member_arn):
                raise ForbiddenError("Moderators of the channel and administrators cannot be banned.")
            if member_arn in channel.bans:
                raise ConflictError("The user is banned from this channel.")
            ban = Ban(channel.channel_arn, member, self._state.users.identity(bearer_arn))
            channel.bans[member_arn] = ban
            leave(self._state, channel, member_arn)
        return ban

    def list(self, parameters: dict[str, Any]) -> Sequence[Ban]:
        """
        Return the bans of a channel, in the order of the users' ARNs.

        Raises:
            ForbiddenError: The channel does not exist, or the bearer may not.
        """
        with self._state.lock:
            channel = self._state.channel_for("ListChannelBans", parameters["ChannelArn"], parameters["ChimeBearer"])
            return [channel.bans[arn] for arn in sorted(channel.bans)]

    def describe(self, parameters: dict[str, Any]) -> Ban:
        """
        Return a user's ban.

        Raises:
            ForbiddenError: The bearer may not. NotFoundError: There is no such channel, or no such ban in it.
        """
        return self._one("DescribeChannelBan", parameters)

    def delete(self, parameters: dict[str, Any]) -> None:
        """
        Lift a ban; the user does not become a member by it.

        Raises:
            ForbiddenError: The bearer may not, or there is no such ban.
        """
        with self._state.lock:
            self._one("DeleteChannelBan", parameters)
            del self._state.channels[parameters["ChannelArn"]].bans[parameters["MemberArn"]]

    def _one(self, operation: str, parameters: dict[str, Any]) -> Ban:
        with self._state.lock:
            channel = self._state.channel_for(operation, parameters["ChannelArn"], parameters["ChimeBearer"])
            ban = channel.bans.get(parameters["MemberArn"])
        if ban is None:
            raise missing(operation, "ban")
        return ban
