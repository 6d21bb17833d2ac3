"""
Prefetch: what a user who connects is told about their channels, if they ask for it by `prefetch-on=connect`.

Sources: https://docs.aws.amazon.com/chime-sdk/latest/dg/prefetch.html, and amazon-chime-sdk-js for `prefetch-sort-by`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .channels import Channel

CHANNELS, MESSAGES, MEMBERS = 50, 20, 30
"""The most that are told: channels, messages of each, members of each."""

LAST_MESSAGE = "last-message-timestamp"
"""The sort order that does not look at what is unread. That `unread` is the default's other name is inferred."""


def channel_details(channels: Iterable[Channel], user_arn: str, sort_by: str) -> list[dict[str, Any]]:
    """Return the payloads of CHANNEL_DETAILS for the first of the user's channels."""
    joined = [channel for channel in channels if user_arn in channel.members]
    joined.sort(key=lambda channel: _rank(channel, user_arn, sort_by), reverse=True)
    return [_details(channel, user_arn) for channel in joined[:CHANNELS]]


def _rank(channel: Channel, user_arn: str, sort_by: str) -> tuple[bool, float]:
    last, read = channel.last_message_timestamp, channel.members[user_arn].read_marker_timestamp
    unread = last is not None and (read is None or read < last)
    return unread and sort_by != LAST_MESSAGE, last.timestamp() if last else 0.0


def _details(channel: Channel, user_arn: str) -> dict[str, Any]:
    visible = [message for message in channel.messages.values() if message.is_visible_to(user_arn)]
    shown = [membership for membership in channel.members.values() if membership.type == "DEFAULT"]
    return {
        "Channel": channel.summary(),
        "ChannelMessages": [message.summary() for message in visible[: -MESSAGES - 1 : -1]],
        "ChannelMessagesHasMore": len(visible) > MESSAGES,
        "ChannelMemberships": [{"Member": membership.member} for membership in shown[:MEMBERS]],
        "ReadMarkerTimestamp": channel.members[user_arn].read_marker_timestamp,
    }
