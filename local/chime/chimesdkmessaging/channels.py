"""Channels with their members and messages, and the events that announce them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from moto.core.common_models import BaseModel
from moto.core.utils import utcnow
from moto.moto_api._internal import mock_random

Identity = dict[str, str]
"""Arn and Name of a user."""


class Membership(BaseModel):
    """A user's membership of a channel."""

    def __init__(self, channel_arn: str, member: Identity, invited_by: Identity, kind: str) -> None:
        """Take as *kind* DEFAULT or HIDDEN."""
        self.channel_arn = channel_arn
        self.member = member
        self.invited_by = invited_by
        self.type = kind
        self.created_timestamp = self.last_updated_timestamp = utcnow()

    def event(self) -> str:
        """Return the event of its creation."""
        details = {
            "ChannelArn": self.channel_arn,
            "Member": self.member,
            "InvitedBy": self.invited_by,
            "Type": self.type,
            "CreatedTimestamp": _iso_text(self.created_timestamp),
            "LastUpdatedTimestamp": _iso_text(self.last_updated_timestamp),
        }
        return event("CREATE_CHANNEL_MEMBERSHIP", "SYSTEM", details)


class Message(BaseModel):
    """A message; ListChannelMessages shows its attributes under their AWS names."""

    def __init__(self, parameters: dict[str, Any], sender: Identity) -> None:
        """Take the valid parameters of SendChannelMessage."""
        self.channel_arn: str = parameters["ChannelArn"]
        self.message_id = f"{mock_random.uuid4().hex}{mock_random.uuid4().hex}"
        self.content: str = parameters["Content"]
        self.content_type: str | None = parameters.get("ContentType")
        self.metadata: str | None = parameters.get("Metadata")
        self.type: str = parameters["Type"]
        self.persistence: str = parameters["Persistence"]
        self.message_attributes: dict[str, Any] | None = parameters.get("MessageAttributes")
        self.sender = sender
        self.redacted = False
        self.created_timestamp = self.last_updated_timestamp = utcnow()

    def event(self) -> str:
        """Return the event of its creation."""
        details = {
            "ChannelArn": self.channel_arn,
            "MessageId": self.message_id,
            "Content": self.content,
            "ContentType": self.content_type,
            "Metadata": self.metadata,
            "Type": self.type,
            "Persistence": self.persistence,
            "MessageAttributes": self.message_attributes,
            "Sender": self.sender,
            "Redacted": self.redacted,
            "CreatedTimestamp": _iso_text(self.created_timestamp),
            "LastUpdatedTimestamp": _iso_text(self.last_updated_timestamp),
        }
        return event("CREATE_CHANNEL_MESSAGE", self.type, details)


class Channel(BaseModel):
    """A channel: members, moderators, messages. DescribeChannel shows its attributes under their AWS names."""

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
        # That the creator of a channel is its moderator, and not a member, is inferred from public code.
        self.moderators = {creator["Arn"]}
        self.members: dict[str, Membership] = {}
        """By the ARNs of the members."""
        self.messages: list[Message] = []
        self.sent: dict[tuple[str, str], Message] = {}
        """The messages that were sent, by the sender's ARN and the ClientRequestToken."""

    def summary(self) -> dict[str, Any]:
        """Return the channel's ChannelSummary, as lists have it."""
        return {
            "ChannelArn": self.channel_arn,
            "Name": self.name,
            "Mode": self.mode,
            "Privacy": self.privacy,
            "Metadata": self.metadata,
            "LastMessageTimestamp": self.last_message_timestamp,
        }

    def keep(self, message: Message) -> None:
        """Store a message that is persistent."""
        self.messages.append(message)
        self.last_message_timestamp = message.created_timestamp


def event(kind: str, message_type: str, details: dict[str, Any] | None = None) -> str:
    """
    Return an event as it is sent over the WebSocket: headers, and a payload that is JSON in a string.

    Source: https://docs.aws.amazon.com/chime-sdk/latest/dg/websockets.html. That times are ISO 8601 is inferred.
    """
    content: dict[str, Any] = {"Headers": {"x-amz-chime-event-type": kind, "x-amz-chime-message-type": message_type}}
    if details is not None:
        content["Payload"] = json.dumps({name: value for name, value in details.items() if value is not None})
    return json.dumps(content)


def _iso_text(time: datetime) -> str:
    # moto's times are UTC without a time zone.
    return time.replace(tzinfo=UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
