"""
The events that arrive over a messaging WebSocket: what each tells, and whom.

`EVENTS` is the table of https://docs.aws.amazon.com/chime-sdk/latest/dg/message-structures.html (the types and their
payloads), with the recipients of sending-msgs.html, system-messages.html and websocket-messages-elastic.html there.
Read markers, preferences, moderators and bans are not in it: their changes are announced to nobody.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Recipients(Enum):
    """Who gets an event. Administrators and moderators get none, unless they are members too."""

    CONNECTION = "the connection that was opened"
    MEMBERS = "the members of the channel"
    VIEWERS = "the members of the channel; of a message with a target, the target and the sender alone"
    CONCERNED = "the members of the channel and the user who is removed; of a hidden member, that user alone"
    SENDER = "the sender of the message"
    TRANSFERRED = "the member who was transferred"


@dataclass(frozen=True)
class EventType:
    """A row of the table."""

    payload: str | None
    """A structure of botocore's model, or of the guide; None if there is no payload."""
    recipients: Recipients
    inferred: str = ""
    """What of the row no source says."""
    only_with: str = ""
    """What the local AWS does not have, and without which AWS does not send the event either."""


_FLOWS = "channel flows"
_TARGETS = "that the sender gets it too where the message has a target"

EVENTS: dict[str, EventType] = {
    "SESSION_ESTABLISHED": EventType(None, Recipients.CONNECTION),
    "CHANNEL_DETAILS": EventType("CHANNEL_DETAILS", Recipients.CONNECTION),
    "CREATE_CHANNEL_MESSAGE": EventType("ChannelMessage", Recipients.VIEWERS),
    "UPDATE_CHANNEL_MESSAGE": EventType("ChannelMessage", Recipients.VIEWERS),
    "REDACT_CHANNEL_MESSAGE": EventType("ChannelMessage", Recipients.VIEWERS, "the recipients"),
    "DELETE_CHANNEL_MESSAGE": EventType(
        "ChannelMessage", Recipients.VIEWERS, "the recipients, and that the payload has no content"
    ),
    "PENDING_CREATE_CHANNEL_MESSAGE": EventType("ChannelMessage", Recipients.SENDER, only_with=_FLOWS),
    "PENDING_UPDATE_CHANNEL_MESSAGE": EventType("ChannelMessage", Recipients.SENDER, only_with=_FLOWS),
    "FAILED_CREATE_CHANNEL_MESSAGE": EventType("ChannelMessage", Recipients.SENDER, only_with=_FLOWS),
    "FAILED_UPDATE_CHANNEL_MESSAGE": EventType("ChannelMessage", Recipients.SENDER, only_with=_FLOWS),
    "DENIED_CREATE_CHANNEL_MESSAGE": EventType("ChannelMessage", Recipients.SENDER, only_with=_FLOWS),
    "DENIED_UPDATE_CHANNEL_MESSAGE": EventType("ChannelMessage", Recipients.SENDER, only_with=_FLOWS),
    "UPDATE_CHANNEL": EventType("Channel", Recipients.MEMBERS),
    "DELETE_CHANNEL": EventType("Channel", Recipients.MEMBERS),
    "BATCH_CREATE_CHANNEL_MEMBERSHIP": EventType(
        "BatchChannelMemberships", Recipients.CONCERNED, "that nobody else is told of hidden members"
    ),
    "CREATE_CHANNEL_MEMBERSHIP": EventType(
        "ChannelMembership", Recipients.CONCERNED, "that nobody else is told of hidden members"
    ),
    "DELETE_CHANNEL_MEMBERSHIP": EventType(
        "ChannelMembership",
        Recipients.CONCERNED,
        "that nobody else is told of hidden members; that who is removed is told, too, is from Amazon's demo",
    ),
    "UPDATE_CHANNEL_MEMBERSHIP": EventType("ChannelMembership", Recipients.TRANSFERRED, only_with="elastic channels"),
}
