"""Channels with their members and messages, and how an event tells of them."""

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
    """A user's place in a channel."""

    def __init__(self, channel_arn: str, member: Identity, invited_by: Identity, kind: str) -> None:
        """Take *kind*, DEFAULT or HIDDEN."""
        self.channel_arn = channel_arn
        self.member = member
        self.invited_by = invited_by
        self.type = kind
        self.created_timestamp = self.last_updated_timestamp = utcnow()

    def event(self) -> str:
        """Tell of its creation."""
        details = {
            "ChannelArn": self.channel_arn,
            "Member": self.member,
            "InvitedBy": self.invited_by,
            "Type": self.type,
            "CreatedTimestamp": _iso(self.created_timestamp),
            "LastUpdatedTimestamp": _iso(self.last_updated_timestamp),
        }
        return event("CREATE_CHANNEL_MEMBERSHIP", "SYSTEM", details)


class Message(BaseModel):
    """What a member said; List shows its attributes under their AWS names."""

    def __init__(self, parameters: dict[str, Any], sender: Identity) -> None:
        """Take the parameters of SendChannelMessage, already checked."""
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
        """Tell of its creation."""
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
            "CreatedTimestamp": _iso(self.created_timestamp),
            "LastUpdatedTimestamp": _iso(self.last_updated_timestamp),
        }
        return event("CREATE_CHANNEL_MESSAGE", self.type, details)


class Channel(BaseModel):
    """Who is in it, who moderates it, and what was said; Describe shows its attributes under their AWS names."""

    def __init__(self, parameters: dict[str, Any], creator: Identity) -> None:
        """Take the parameters of CreateChannel, already checked."""
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
        # That whoever creates a channel moderates it, and is no member of it by that, is inferred from public code.
        self.moderators = {creator["Arn"]}
        self.members: dict[str, Membership] = {}
        """By the members' ARNs."""
        self.messages: list[Message] = []
        self.sent: dict[tuple[str, str], Message] = {}
        """What was sent, by its sender and their token."""

    def summary(self) -> dict[str, Any]:
        """Return what lists show of it."""
        return {
            "ChannelArn": self.channel_arn,
            "Name": self.name,
            "Mode": self.mode,
            "Privacy": self.privacy,
            "Metadata": self.metadata,
            "LastMessageTimestamp": self.last_message_timestamp,
        }

    def keep(self, message: Message) -> None:
        """Remember a message that is to last."""
        self.messages.append(message)
        self.last_message_timestamp = message.created_timestamp


def event(kind: str, message_type: str, details: dict[str, Any] | None = None) -> str:
    """
    Return an event as it goes over the WebSocket: headers, and a payload that is JSON in a string.

    Source: https://docs.aws.amazon.com/chime-sdk/latest/dg/websockets.html. That times are ISO 8601 is inferred.
    """
    told: dict[str, Any] = {"Headers": {"x-amz-chime-event-type": kind, "x-amz-chime-message-type": message_type}}
    if details is not None:
        told["Payload"] = json.dumps({name: value for name, value in details.items() if value is not None})
    return json.dumps(told)


def _iso(moment: datetime) -> str:
    # moto's times are UTC without a zone.
    return moment.replace(tzinfo=UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
