"""
The state of Chime SDK messaging: channels, and the users who are connected.

Source for who may do what in a channel: https://docs.aws.amazon.com/chime-sdk/latest/dg/auth-by-role.html.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from moto.core.base_backend import BackendDict, BaseBackend

from ..chimesdkidentity.exceptions import (  # noqa: TID252 - relative, because both are imported below `moto`
    ConflictError,
    ForbiddenError,
    NotFoundError,
)
from ..chimesdkidentity.models import chimesdkidentity_backends  # noqa: TID252 - as above
from .channels import Channel, Identity, Membership, Message

if TYPE_CHECKING:
    from collections.abc import Callable

    Receive = Callable[[str], None]
    """Takes an event. It must not block."""


class ChimeSDKMessagingBackend(BaseBackend):
    """The messaging of one account in one region."""

    def __init__(self, region_name: str, account_id: str) -> None:
        """Start without channels and connections."""
        super().__init__(region_name, account_id)
        self._lock = threading.RLock()
        self._channels: dict[str, Channel] = {}
        self._connected: dict[str, list[Receive]] = defaultdict(list)

    def check_user(self, user_arn: str) -> None:
        """
        Return if the user exists, and so may connect.

        Raises:
            ForbiddenError: There is no such user.
        """
        self._identity(user_arn)

    def connect(self, user_arn: str, receive: Receive) -> Callable[[], None]:
        """Pass the events of the user's channels to *receive*, until the function that is returned is called."""
        receivers = self._connected[user_arn]
        with self._lock:
            receivers.append(receive)

        def disconnect() -> None:
            with self._lock:
                receivers.remove(receive)

        return disconnect

    def create_channel(self, parameters: dict[str, Any]) -> str:
        """
        Return the ARN of a new channel, or of the one that the same user created with this ClientRequestToken.

        Raises:
            ForbiddenError: The bearer, a member or a moderator is not a user of the AppInstance.
            ConflictError: A channel with this ChannelId exists.
        """
        app_instance, bearer = parameters["AppInstanceArn"], self._identity(parameters["ChimeBearer"])
        members = [self._user_of(app_instance, arn) for arn in parameters.get("MemberArns") or []]
        moderators = [self._user_of(app_instance, arn) for arn in parameters.get("ModeratorArns") or []]
        new = Channel(parameters, self._user_of(app_instance, bearer["Arn"]))
        with self._lock:
            for old in self._channels.values():
                if (old.client_request_token, old.created_by["Arn"]) == (new.client_request_token, bearer["Arn"]):
                    return old.channel_arn
            if new.channel_arn in self._channels:
                raise ConflictError("There is a channel with this ChannelId.")
            self._channels[new.channel_arn] = new
            new.moderators |= {moderator["Arn"] for moderator in moderators}
            for member in members:
                self._join(new, Membership(new.channel_arn, member, bearer, "DEFAULT"))
        return new.channel_arn

    def describe_channel(self, channel_arn: str, bearer_arn: str) -> Channel:
        """
        Return a channel that the bearer may read.

        Raises:
            ForbiddenError: It does not exist, or it is private and the bearer is neither a member, nor a moderator, nor
                an administrator.
        """
        return self._readable(channel_arn, bearer_arn)

    def create_channel_membership(self, channel_arn: str, member_arn: str, kind: str, bearer_arn: str) -> Membership:
        """
        Add a user to a channel.

        Raises:
            ForbiddenError: The bearer may not: only administrators, moderators, and members of an unrestricted channel
                may. NotFoundError: There is no such channel. ConflictError: The user is a member already.
        """
        channel = self._channel(channel_arn)
        allowed = self._may_moderate(channel, bearer_arn) or (
            channel.mode == "UNRESTRICTED" and bearer_arn in channel.members
        )
        if not allowed:
            raise ForbiddenError("The bearer may not add members to this channel.")
        member = self._user_of(_app_instance_of(channel_arn), member_arn)
        with self._lock:
            if member_arn in channel.members:
                raise ConflictError("The user is a member of this channel.")
            membership = Membership(channel_arn, member, self._identity(bearer_arn), kind)
            self._join(channel, membership)
        return membership

    def list_channel_memberships_for_app_instance_user(
        self, user_arn: str, bearer_arn: str
    ) -> list[tuple[Channel, Membership]]:
        """
        Return the channels of which a user is a member, each with the membership, in the order of the channels' ARNs.

        Raises:
            ForbiddenError: The bearer does not exist, or is neither that user nor an administrator.
        """
        self._identity(bearer_arn)
        if user_arn != bearer_arn and not self._is_admin(bearer_arn):
            raise ForbiddenError("Only an administrator may list the channels of another user.")
        with self._lock:
            channels = [self._channels[arn] for arn in sorted(self._channels)]
            return [(channel, channel.members[user_arn]) for channel in channels if user_arn in channel.members]

    def send_channel_message(self, parameters: dict[str, Any]) -> Message:
        """
        Send a message to all members who are connected, and store it if it is persistent.

        A repeated ClientRequestToken sends nothing: the message that was sent with it before is returned.

        Raises:
            ForbiddenError: The bearer is not a member.
        """
        channel, bearer_arn = (
            self._readable(parameters["ChannelArn"], parameters["ChimeBearer"]),
            parameters["ChimeBearer"],
        )
        with self._lock:
            if bearer_arn not in channel.members:
                raise ForbiddenError("Only members may send messages to a channel.")
            sent = (bearer_arn, parameters["ClientRequestToken"])
            if sent not in channel.sent:
                channel.sent[sent] = message = Message(parameters, self._identity(bearer_arn))
                if message.persistence == "PERSISTENT":
                    channel.keep(message)
                self._send(channel, message.event())
            return channel.sent[sent]

    def list_channel_messages(self, channel_arn: str, bearer_arn: str) -> list[Message]:
        """
        Return the stored messages of a channel, the oldest first.

        Raises:
            ForbiddenError: As `describe_channel`.
        """
        with self._lock:
            return list(self._readable(channel_arn, bearer_arn).messages)

    def _join(self, channel: Channel, membership: Membership) -> None:
        channel.members[membership.member["Arn"]] = membership
        # That AWS sends this event to all members is inferred.
        self._send(channel, membership.event())

    def _send(self, channel: Channel, event: str) -> None:
        for member_arn in channel.members:
            for receive in self._connected.get(member_arn, ()):
                receive(event)

    def _channel(self, channel_arn: str) -> Channel:
        channel = self._channels.get(channel_arn)
        if channel is None:
            raise NotFoundError("There is no such channel.")
        return channel

    def _readable(self, channel_arn: str, bearer_arn: str) -> Channel:
        self._user_of(_app_instance_of(channel_arn), bearer_arn)
        channel = self._channels.get(channel_arn)
        # Forbidden, because the model lists no NotFoundException for the operations that read.
        if channel is None:
            raise ForbiddenError("The channel does not exist or you may not access it.")
        if channel.privacy == "PUBLIC" or bearer_arn in channel.members or self._may_moderate(channel, bearer_arn):
            return channel
        raise ForbiddenError("The channel does not exist or you may not access it.")

    def _may_moderate(self, channel: Channel, user_arn: str) -> bool:
        same_app_instance = _app_instance_of(user_arn) == _app_instance_of(channel.channel_arn)
        return user_arn in channel.moderators or (same_app_instance and self._is_admin(user_arn))

    def _is_admin(self, user_arn: str) -> bool:
        app_instance = self._identities.app_instances.get(_app_instance_of(user_arn))
        return app_instance is not None and user_arn.partition("/user/")[2] in app_instance.admins

    def _user_of(self, app_instance_arn: str, user_arn: str) -> Identity:
        if not user_arn.startswith(f"{app_instance_arn}/user/"):
            raise ForbiddenError("The user is not one of this AppInstance.")
        return self._identity(user_arn)

    def _identity(self, user_arn: str) -> Identity:
        return {"Arn": user_arn, "Name": self._identities.describe_app_instance_user(user_arn).name}

    @property
    def _identities(self) -> Any:
        return chimesdkidentity_backends[self.account_id][self.region_name]


def _app_instance_of(arn: str) -> str:
    return "/".join(arn.split("/")[:2])


# In the regions that botocore lists for the service: us-east-1 and eu-central-1.
chimesdkmessaging_backends = BackendDict(ChimeSDKMessagingBackend, "chime-sdk-messaging")
