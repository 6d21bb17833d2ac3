"""
Announce every change to the users who are connected: one method for each event.

`event_types` is the table of who gets which; a test compares the two. Source of the form: message-structures.html of
the developer guide. That times are ISO 8601 is inferred; Amazon's demo passes them to JavaScript's Date.
"""

from __future__ import annotations

import json
from collections import defaultdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

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
        """Announce a new member."""
        self._announce("CREATE_CHANNEL_MEMBERSHIP", membership.details(), _concerned(channel, [membership]))

    def memberships_created(self, channel: Channel, memberships: Sequence[Membership]) -> None:
        """Announce new members, one or more, whom one user has added at once and with the same type."""
        self._announce("BATCH_CREATE_CHANNEL_MEMBERSHIP", batch_details(memberships), _concerned(channel, memberships))

    def membership_deleted(self, channel: Channel, membership: Membership) -> None:
        """Announce that a member is gone, also to that former member."""
        self._announce("DELETE_CHANNEL_MEMBERSHIP", membership.details(), _concerned(channel, [membership]))

    def message_created(self, channel: Channel, message: Message) -> None:
        """Announce a message."""
        self._announce_message("CREATE_CHANNEL_MESSAGE", channel, message)

    def message_updated(self, channel: Channel, message: Message) -> None:
        """Announce that a message was edited."""
        self._announce_message("UPDATE_CHANNEL_MESSAGE", channel, message)

    def message_redacted(self, channel: Channel, message: Message) -> None:
        """Announce that a message was redacted."""
        self._announce_message("REDACT_CHANNEL_MESSAGE", channel, message)

    def message_deleted(self, channel: Channel, message: Message) -> None:
        """Announce that a message was deleted."""
        self._announce_message("DELETE_CHANNEL_MESSAGE", channel, message)

    def _announce_message(self, event_type: str, channel: Channel, message: Message) -> None:
        viewers = [member for member in channel.members if message.is_visible_to(member)]
        self._announce(event_type, message.details(), viewers, message.type)

    def _announce(
        self, event_type: str, payload: dict[str, Any], recipients: Iterable[str], message_type: str = "SYSTEM"
    ) -> None:
        text = event(event_type, payload, message_type)
        for user_arn in recipients:
            for receive in self._connected.get(user_arn, ()):
                receive(text)


def batch_details(memberships: Sequence[Membership]) -> dict[str, Any]:
    """Return the BatchChannelMemberships of the model, for memberships that one user has created at once."""
    first = memberships[0]
    return {
        "ChannelArn": first.channel_arn,
        "InvitedBy": first.invited_by,
        "Type": first.type,
        "Members": [membership.member for membership in memberships],
    }


def _concerned(channel: Channel, memberships: Sequence[Membership]) -> set[str]:
    concerned = {membership.member["Arn"] for membership in memberships}
    return concerned if memberships[0].type == "HIDDEN" else concerned.union(channel.members)


def event(event_type: str, payload: dict[str, Any] | None = None, message_type: str = "SYSTEM") -> str:
    """Return an event as it is sent over the WebSocket: headers, and a payload that is JSON in a string."""
    content: dict[str, Any] = {
        "Headers": {"x-amz-chime-event-type": event_type, "x-amz-chime-message-type": message_type}
    }
    if payload is not None:
        content["Payload"] = json.dumps(_given(payload), default=_iso_text)
    return json.dumps(content)


def _given(value: Any) -> Any:
    """Return a payload without the members that have no value."""
    if isinstance(value, dict):
        return {name: _given(member) for name, member in value.items() if member is not None}
    return [_given(item) for item in value] if isinstance(value, list) else value


def _iso_text(time: datetime) -> str:
    # moto's times are UTC without a time zone.
    return time.replace(tzinfo=UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
