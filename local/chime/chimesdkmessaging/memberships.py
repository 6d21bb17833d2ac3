"""Memberships: which users are in which channel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from moto.core.common_models import BaseModel
from moto.core.utils import utcnow

from ..chimesdkidentity.exceptions import (  # noqa: TID252 - relative, because both are imported below `moto`
    ConflictError,
    ForbiddenError,
)
from .users import app_instance_of

if TYPE_CHECKING:
    from datetime import datetime

    from .channels import Channel
    from .state import State
    from .users import Identity


class Membership(BaseModel):
    """A user's membership of a channel."""

    def __init__(self, channel_arn: str, member: Identity, invited_by: Identity, kind: str) -> None:
        """Take as *kind* DEFAULT or HIDDEN."""
        self.channel_arn = channel_arn
        self.member = member
        self.invited_by = invited_by
        self.type = kind
        # That a member gets all notifications until they choose is inferred.
        self.preferences: dict[str, Any] = {"PushNotifications": {"AllowNotifications": "ALL"}}
        self.read_marker_timestamp: datetime | None = None
        self.created_timestamp = self.last_updated_timestamp = utcnow()

    def details(self) -> dict[str, Any]:
        """Return the ChannelMembership of the model."""
        return {
            "ChannelArn": self.channel_arn,
            "Member": self.member,
            "InvitedBy": self.invited_by,
            "Type": self.type,
            "CreatedTimestamp": self.created_timestamp,
            "LastUpdatedTimestamp": self.last_updated_timestamp,
        }

    def summary_for_app_instance_user(self) -> dict[str, Any]:
        """Return the AppInstanceUserMembershipSummary of the model."""
        return {"Type": self.type, "ReadMarkerTimestamp": self.read_marker_timestamp}


class Memberships:
    """The operations on memberships. All take the valid parameters of their request."""

    def __init__(self, state: State) -> None:
        """Take what the operations share."""
        self._state = state

    def create(self, parameters: dict[str, Any]) -> Membership:
        """
        Add a user to a channel.

        Raises:
            ForbiddenError: The bearer may not, or the member is no user. NotFoundError: There is no such channel.
            ConflictError: The user is a member already.
        """
        bearer_arn, member_arn = parameters["ChimeBearer"], parameters["MemberArn"]
        with self._state.lock:
            channel = self._state.channel_for(
                "CreateChannelMembership", parameters["ChannelArn"], bearer_arn, member_arn
            )
            member = self._state.users.identity_in(app_instance_of(channel.channel_arn), member_arn)
            if member_arn in channel.members:
                raise ConflictError("The user is a member of this channel.")
            inviter = self._state.users.identity(bearer_arn)
            membership = Membership(channel.channel_arn, member, inviter, parameters["Type"])
            join(self._state, channel, membership)
        return membership

    def list_for_app_instance_user(self, parameters: dict[str, Any]) -> list[tuple[Channel, Membership]]:
        """
        Return the channels of which a user is a member, each with the membership, in the order of the channels' ARNs.

        Raises:
            ForbiddenError: The bearer does not exist, or is neither that user nor an administrator.
        """
        bearer_arn = parameters["ChimeBearer"]
        user_arn = parameters.get("AppInstanceUserArn") or bearer_arn
        with self._state.lock:
            self._state.users.identity(bearer_arn)
            if user_arn != bearer_arn and not self._state.users.is_admin(bearer_arn):
                raise ForbiddenError("Only an administrator may list the channels of another user.")
            channels = [self._state.channels[arn] for arn in sorted(self._state.channels)]
            return [(channel, channel.members[user_arn]) for channel in channels if user_arn in channel.members]


def join(state: State, channel: Channel, membership: Membership) -> None:
    """Add a member to a channel, and announce it."""
    channel.members[membership.member["Arn"]] = membership
    state.events.membership_created(channel, membership)
