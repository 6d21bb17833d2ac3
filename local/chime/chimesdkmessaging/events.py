"""
Announce every change to the users who are connected: one method for each event.

Sources: https://docs.aws.amazon.com/chime-sdk/latest/dg/message-structures.html for the events and their payloads, and
system-messages.html there. That times are ISO 8601 is inferred.
"""

from __future__ import annotations

import json
from collections import defaultdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from .channels import Channel
    from .memberships import Membership
    from .messages import Message

    Receive = Callable[[str], None]
    """Takes an event. It must not block."""


class Events:
    """The users who are connected, and what they are told. All of it is called with the lock of `State` held."""

    def __init__(self) -> None:
        """Start with nobody connected."""
        self._connected: dict[str, list[Receive]] = defaultdict(list)

    def connect(self, user_arn: str, receive: Receive) -> Callable[[], None]:
        """Pass the user's events to *receive*, until the function that is returned is called."""
        receivers = self._connected[user_arn]
        receivers.append(receive)
        return lambda: receivers.remove(receive)

    def channel_updated(self, channel: Channel) -> None:
        """Announce the channel's new attributes."""
        self._announce("UPDATE_CHANNEL", channel.details(), channel.members)

    def channel_deleted(self, channel: Channel) -> None:
        """Announce that a channel was deleted, to those who were its members."""
        self._announce("DELETE_CHANNEL", channel.details(), channel.members)

    def membership_created(self, channel: Channel, membership: Membership) -> None:
        """Announce a new member. That AWS sends this event to all members is inferred."""
        self._announce("CREATE_CHANNEL_MEMBERSHIP", membership.details(), channel.members)

    def membership_deleted(self, channel: Channel, membership: Membership) -> None:
        """Announce that a member is gone, also to that former member. That they get it too is inferred."""
        recipients = {*channel.members, membership.member["Arn"]}
        self._announce("DELETE_CHANNEL_MEMBERSHIP", membership.details(), recipients)

    def message_created(self, channel: Channel, message: Message) -> None:
        """Announce a message."""
        self._announce("CREATE_CHANNEL_MESSAGE", message.details(), channel.members, message.type)

    def _announce(
        self, event_type: str, payload: dict[str, Any], recipients: Iterable[str], message_type: str = "SYSTEM"
    ) -> None:
        text = event(event_type, message_type, payload)
        for user_arn in recipients:
            for receive in self._connected.get(user_arn, ()):
                receive(text)


def event(event_type: str, message_type: str, payload: dict[str, Any]) -> str:
    """Return an event as it is sent over the WebSocket: headers, and a payload that is JSON in a string."""
    headers = {"x-amz-chime-event-type": event_type, "x-amz-chime-message-type": message_type}
    given = {name: value for name, value in payload.items() if value is not None}
    return json.dumps({"Headers": headers, "Payload": json.dumps(given, default=_iso_text)})


def _iso_text(time: datetime) -> str:
    # moto's times are UTC without a time zone.
    return time.replace(tzinfo=UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
