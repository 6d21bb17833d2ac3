"""Memberships over HTTP: one method for each operation, named after it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from moto.core.responses import ActionResult, EmptyResult

from ..chime_responses import page_of  # noqa: TID252 - relative, because both are imported below `moto`
from .events import batch_details
from .messaging_response import MessagingResponse

if TYPE_CHECKING:
    from .channels import Channel
    from .memberships import Membership


class MembershipResponse(MessagingResponse):
    """The operations on memberships."""

    def create_channel_membership(self) -> ActionResult:
        """CreateChannelMembership."""
        membership = self.backend.memberships.create(self._parameters())
        return ActionResult({"ChannelArn": membership.channel_arn, "Member": membership.member})

    def batch_create_channel_membership(self) -> ActionResult:
        """BatchCreateChannelMembership."""
        parameters = self._parameters()
        created, failed = self.backend.memberships.create_batch(parameters)
        errors = [
            {"MemberArn": arn, "ErrorCode": error.Code, "ErrorMessage": error.message} for arn, error in failed.items()
        ]
        batch = batch_details(created) if created else {"ChannelArn": parameters["ChannelArn"]}
        return ActionResult({"BatchChannelMemberships": batch, "Errors": errors})

    def list_channel_memberships(self) -> ActionResult:
        """ListChannelMemberships."""
        parameters = self._parameters()
        page, next_token = page_of(self.backend.memberships.list(parameters), parameters)
        members = [{"Member": membership.member} for membership in page]
        return ActionResult(
            {"ChannelArn": parameters["ChannelArn"], "ChannelMemberships": members, "NextToken": next_token}
        )

    def describe_channel_membership(self) -> ActionResult:
        """DescribeChannelMembership."""
        return ActionResult({"ChannelMembership": self.backend.memberships.describe(self._parameters()).details()})

    def delete_channel_membership(self) -> ActionResult:
        """DeleteChannelMembership."""
        self.backend.memberships.delete(self._parameters())
        return EmptyResult()

    def list_channel_memberships_for_app_instance_user(self) -> ActionResult:
        """ListChannelMembershipsForAppInstanceUser."""
        parameters = self._parameters()
        page, next_token = page_of(self.backend.memberships.list_for_app_instance_user(parameters), parameters)
        return ActionResult({"ChannelMemberships": [_summary(*each) for each in page], "NextToken": next_token})

    def describe_channel_membership_for_app_instance_user(self) -> ActionResult:
        """DescribeChannelMembershipForAppInstanceUser."""
        found = self.backend.memberships.describe_for_app_instance_user(self._parameters())
        return ActionResult({"ChannelMembership": _summary(*found)})


def _summary(channel: Channel, membership: Membership) -> dict[str, Any]:
    return {
        "ChannelSummary": channel.summary(),
        "AppInstanceUserMembershipSummary": membership.summary_for_app_instance_user(),
    }
