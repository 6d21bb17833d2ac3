"""Preferences and read markers: what a member sets for themselves in a channel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from moto.core.utils import utcnow

from ..chimesdkidentity.exceptions import BadRequestError  # noqa: TID252 - relative, both are imported below `moto`
from .filter_rules import check_filter_rule

if TYPE_CHECKING:
    from .memberships import Membership
    from .state import State


class Preferences:
    """The operations on preferences and read markers. All take the valid parameters of their request."""

    def __init__(self, state: State) -> None:
        """Take what the operations share."""
        self._state = state

    def put(self, parameters: dict[str, Any]) -> Membership:
        """
        Replace the preferences of the bearer's membership, and return that.

        Raises:
            ForbiddenError: The membership is not the bearer's, or there is none.
            BadRequestError: The filter rule breaks a limit, or is missing where notifications are to be filtered.
        """
        _check(parameters["Preferences"])
        with self._state.lock:
            membership = self._own_membership("PutChannelMembershipPreferences", parameters)
            membership.preferences = parameters["Preferences"]
        return membership

    def get(self, parameters: dict[str, Any]) -> Membership:
        """
        Return the bearer's membership, with its preferences.

        Raises:
            ForbiddenError: The membership is not the bearer's, or there is none.
        """
        with self._state.lock:
            return self._own_membership("GetChannelMembershipPreferences", parameters)

    def update_read_marker(self, parameters: dict[str, Any]) -> Membership:
        """
        Record that the bearer has read the channel until now, and return the bearer's membership.

        Raises:
            ForbiddenError: The bearer is not a member.
        """
        bearer_arn = parameters["ChimeBearer"]
        with self._state.lock:
            channel = self._state.channel_for("UpdateChannelReadMarker", parameters["ChannelArn"], bearer_arn)
            membership = channel.members[bearer_arn]
            membership.read_marker_timestamp = utcnow()
        return membership

    def _own_membership(self, operation: str, parameters: dict[str, Any]) -> Membership:
        bearer_arn, member_arn = parameters["ChimeBearer"], parameters["MemberArn"]
        channel = self._state.channel_for(operation, parameters["ChannelArn"], bearer_arn, member_arn)
        return channel.members[bearer_arn]


def _check(preferences: dict[str, Any]) -> None:
    notifications = preferences.get("PushNotifications") or {}
    rule = notifications.get("FilterRule")
    # That a filter needs a rule is inferred from the meaning of FILTERED.
    if notifications.get("AllowNotifications") == "FILTERED" and rule is None:
        raise BadRequestError("FILTERED notifications need a FilterRule.")
    if rule is not None:
        check_filter_rule(rule)
