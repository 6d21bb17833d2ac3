"""Memberships: which users are in which channel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from moto.core.common_models import BaseModel
from moto.core.utils import utcnow

from ..chimesdkidentity.exceptions import (  # noqa: TID252 - relative, because both are imported below `moto`
    ChimeError,
    ConflictError,
    ForbiddenError,
)
from .roles import sees_hidden_members
from .state import missing
from .users import app_instance_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from .channels import Channel
    from .state import State
    from .users import Identity


DEFAULT, HIDDEN = "DEFAULT", "HIDDEN"


class Membership(BaseModel):
    """A user's membership of a channel."""

    def __init__(self, channel_arn: str, member: Identity, invited_by: Identity, kind: str) -> None:
        """Take as *kind* DEFAULT, or HIDDEN for one who reads and is not listed."""
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
            ForbiddenError: The bearer may not, or the member is no user, or is banned. That AWS answers a ban so is
                inferred. NotFoundError: There is no such channel. ConflictError: The user is a member already.
        """
        bearer_arn, member_arn = parameters["ChimeBearer"], parameters["MemberArn"]
        with self._state.lock:
            channel = self._state.channel_for(
                "CreateChannelMembership", parameters["ChannelArn"], bearer_arn, member_arn
            )
            self._check_kind(channel, parameters["Type"], bearer_arn)
            membership = self._new(channel, member_arn, parameters["Type"], bearer_arn)
            channel.members[member_arn] = membership
            self._state.events.membership_created(channel, membership)
        return membership

    def create_batch(self, parameters: dict[str, Any]) -> tuple[Sequence[Membership], dict[str, ChimeError]]:
        """
        Add users to a channel; return the new memberships, and by the users' ARNs why others could not be added.

        Raises:
            ForbiddenError: The bearer may not. NotFoundError: There is no such channel.
        """
        bearer_arn, kind = parameters["ChimeBearer"], parameters.get("Type") or DEFAULT
        created: list[Membership] = []
        failed: dict[str, ChimeError] = {}
        with self._state.lock:
            channel = self._state.channel_for("BatchCreateChannelMembership", parameters["ChannelArn"], bearer_arn)
            self._check_kind(channel, kind, bearer_arn)
            for member_arn in dict.fromkeys(parameters["MemberArns"]):
                try:
                    created.append(self._new(channel, member_arn, kind, bearer_arn))
                except ChimeError as error:
                    failed[member_arn] = error
            channel.members.update({membership.member["Arn"]: membership for membership in created})
            if created:
                self._state.events.memberships_created(channel, created)
        return created, failed

    def list(self, parameters: dict[str, Any]) -> Sequence[Membership]:
        """
        Return the memberships of a channel that have the Type, in the order of the members' ARNs.

        Raises:
            ForbiddenError: The channel does not exist, or the bearer may not; hidden members are listed for moderators
                and administrators only.
        """
        bearer_arn, kind = parameters["ChimeBearer"], parameters.get("Type") or DEFAULT
        with self._state.lock:
            channel = self._state.channel_for("ListChannelMemberships", parameters["ChannelArn"], bearer_arn)
            self._check_kind(channel, kind, bearer_arn)
            memberships = [channel.members[arn] for arn in sorted(channel.members)]
        return [membership for membership in memberships if membership.type == kind]

    def describe(self, parameters: dict[str, Any]) -> Membership:
        """
        Return a user's membership of a channel.

        Raises:
            ForbiddenError: The bearer may not. NotFoundError: There is no such channel, or no such member in it. A
                hidden member is one for moderators, administrators and itself; that is inferred.
        """
        operation, bearer_arn = "DescribeChannelMembership", parameters["ChimeBearer"]
        with self._state.lock:
            channel = self._state.channel_for(operation, parameters["ChannelArn"], bearer_arn)
            membership = channel.members.get(parameters["MemberArn"])
            if membership is None or not self._is_seen(channel, membership, bearer_arn):
                raise missing(operation, "member")
        return membership

    def delete(self, parameters: dict[str, Any]) -> None:
        """
        Remove a user from a channel.

        Raises:
            ForbiddenError: The bearer may not, or the user is not a member. That AWS answers the latter so is inferred.
        """
        operation, member_arn = "DeleteChannelMembership", parameters["MemberArn"]
        with self._state.lock:
            channel = self._state.channel_for(
                operation, parameters["ChannelArn"], parameters["ChimeBearer"], member_arn
            )
            if not leave(self._state, channel, member_arn):
                raise missing(operation, "member")

    def list_for_app_instance_user(self, parameters: dict[str, Any]) -> Sequence[tuple[Channel, Membership]]:
        """
        Return the channels of which a user is a member, each with the membership, in the order of the channels' ARNs.

        Raises:
            ForbiddenError: The bearer does not exist, or is neither that user nor an administrator.
        """
        bearer_arn = parameters["ChimeBearer"]
        user_arn = parameters.get("AppInstanceUserArn") or bearer_arn
        with self._state.lock:
            self._state.check_list("ListChannelMembershipsForAppInstanceUser", bearer_arn, user_arn)
            channels = [channel for channel in self._state.sorted_channels() if user_arn in channel.members]
            return [(channel, channel.members[user_arn]) for channel in channels]

    def describe_for_app_instance_user(self, parameters: dict[str, Any]) -> tuple[Channel, Membership]:
        """
        Return a channel of which a user is a member, and the membership.

        Raises:
            ForbiddenError: The bearer may not ask for that user, or the user is not a member of such a channel.
        """
        operation, user_arn = "DescribeChannelMembershipForAppInstanceUser", parameters["AppInstanceUserArn"]
        with self._state.lock:
            channel = self._state.channel_for(operation, parameters["ChannelArn"], parameters["ChimeBearer"], user_arn)
            membership = channel.members.get(user_arn)
        if membership is None:
            raise missing(operation, "member")
        return channel, membership

    def _new(self, channel: Channel, member_arn: str, kind: str, bearer_arn: str) -> Membership:
        member = self._state.users.identity_in(app_instance_of(channel.channel_arn), member_arn)
        if member_arn in channel.bans:
            raise ForbiddenError("The user is banned from this channel.")
        if member_arn in channel.members:
            raise ConflictError("The user is a member of this channel.")
        return Membership(channel.channel_arn, member, self._state.users.identity(bearer_arn), kind)

    def _check_kind(self, channel: Channel, kind: str, bearer_arn: str) -> None:
        # "This is only supported by moderators", says the model of hidden members.
        if kind == HIDDEN and not sees_hidden_members(channel, bearer_arn, self._state.users):
            raise ForbiddenError("Only moderators and administrators deal with hidden members.")

    def _is_seen(self, channel: Channel, membership: Membership, bearer_arn: str) -> bool:
        shown = membership.type == DEFAULT or membership.member["Arn"] == bearer_arn
        return shown or sees_hidden_members(channel, bearer_arn, self._state.users)


def leave(state: State, channel: Channel, member_arn: str) -> bool:
    """Remove a user from a channel and announce it; return whether the user was a member."""
    membership = channel.members.pop(member_arn, None)
    if membership is not None:
        state.events.membership_deleted(channel, membership)
    return membership is not None
