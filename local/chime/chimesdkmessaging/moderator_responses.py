"""Moderators over HTTP: one method for each operation, named after it."""

from __future__ import annotations

from moto.core.responses import ActionResult, EmptyResult

from ..chime_responses import page_of  # noqa: TID252 - relative, because both are imported below `moto`
from .messaging_response import MessagingResponse


class ModeratorResponse(MessagingResponse):
    """The operations on moderators."""

    def create_channel_moderator(self) -> ActionResult:
        """CreateChannelModerator."""
        made = self.backend.moderators.create(self._parameters())
        return ActionResult({"ChannelArn": made.channel_arn, "ChannelModerator": made.moderator})

    def list_channel_moderators(self) -> ActionResult:
        """ListChannelModerators."""
        parameters = self._parameters()
        page, next_token = page_of(self.backend.moderators.list(parameters), parameters)
        moderators = [{"Moderator": each.moderator} for each in page]
        return ActionResult(
            {"ChannelArn": parameters["ChannelArn"], "ChannelModerators": moderators, "NextToken": next_token}
        )

    def describe_channel_moderator(self) -> ActionResult:
        """DescribeChannelModerator."""
        return ActionResult({"ChannelModerator": self.backend.moderators.describe(self._parameters()).details()})

    def delete_channel_moderator(self) -> ActionResult:
        """DeleteChannelModerator."""
        self.backend.moderators.delete(self._parameters())
        return EmptyResult()

    def list_channels_moderated_by_app_instance_user(self) -> ActionResult:
        """ListChannelsModeratedByAppInstanceUser."""
        parameters = self._parameters()
        page, next_token = page_of(self.backend.moderators.list_channels(parameters), parameters)
        channels = [{"ChannelSummary": channel.summary()} for channel in page]
        return ActionResult({"Channels": channels, "NextToken": next_token})

    def describe_channel_moderated_by_app_instance_user(self) -> ActionResult:
        """DescribeChannelModeratedByAppInstanceUser."""
        channel = self.backend.moderators.describe_channel(self._parameters())
        return ActionResult({"Channel": {"ChannelSummary": channel.summary()}})
