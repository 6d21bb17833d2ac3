"""Memberships over HTTP: one method for each operation, named after it."""

from __future__ import annotations

from moto.core.responses import ActionResult

from ..chime_responses import page_of  # noqa: TID252 - relative, because both are imported below `moto`
from .messaging_response import MessagingResponse


class MembershipResponse(MessagingResponse):
    """The operations on memberships."""

    def create_channel_membership(self) -> ActionResult:
        """CreateChannelMembership."""
        membership = self.backend.memberships.create(self._parameters())
        return ActionResult({"ChannelArn": membership.channel_arn, "Member": membership.member})

    def list_channel_memberships_for_app_instance_user(self) -> ActionResult:
        """ListChannelMembershipsForAppInstanceUser."""
        parameters = self._parameters()
        page, next_token = page_of(self.backend.memberships.list_for_app_instance_user(parameters), parameters)
        summaries = [
            {
                "ChannelSummary": channel.summary(),
                "AppInstanceUserMembershipSummary": membership.summary_for_app_instance_user(),
            }
            for channel, membership in page
        ]
        return ActionResult({"ChannelMemberships": summaries, "NextToken": next_token})
