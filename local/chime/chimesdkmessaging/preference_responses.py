"""Preferences and read markers over HTTP: one method for each operation, named after it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from moto.core.responses import ActionResult

from .messaging_response import MessagingResponse

if TYPE_CHECKING:
    from .memberships import Membership


class PreferenceResponse(MessagingResponse):
    """The operations on preferences and read markers."""

    def put_channel_membership_preferences(self) -> ActionResult:
        """PutChannelMembershipPreferences."""
        return _preferences(self.backend.preferences.put(self._parameters()))

    def get_channel_membership_preferences(self) -> ActionResult:
        """GetChannelMembershipPreferences."""
        return _preferences(self.backend.preferences.get(self._parameters()))

    def update_channel_read_marker(self) -> ActionResult:
        """UpdateChannelReadMarker."""
        return ActionResult({"ChannelArn": self.backend.preferences.update_read_marker(self._parameters()).channel_arn})


def _preferences(membership: Membership) -> ActionResult:
    return ActionResult(
        {
            "ChannelArn": membership.channel_arn,
            "Member": membership.member,
            "Preferences": membership.preferences,
        }
    )
