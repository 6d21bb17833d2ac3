"""Bans over HTTP: one method for each operation, named after it."""

from __future__ import annotations

from moto.core.responses import ActionResult, EmptyResult

from ..chime_responses import page_of  # noqa: TID252 - relative, because both are imported below `moto`
from .messaging_response import MessagingResponse


class BanResponse(MessagingResponse):
    """The operations on bans."""

    def create_channel_ban(self) -> ActionResult:
        """CreateChannelBan."""
        ban = self.backend.bans.create(self._parameters())
        return ActionResult({"ChannelArn": ban.channel_arn, "Member": ban.member})

    def list_channel_bans(self) -> ActionResult:
        """ListChannelBans."""
        parameters = self._parameters()
        page, next_token = page_of(self.backend.bans.list(parameters), parameters)
        bans = [{"Member": ban.member} for ban in page]
        return ActionResult({"ChannelArn": parameters["ChannelArn"], "ChannelBans": bans, "NextToken": next_token})

    def describe_channel_ban(self) -> ActionResult:
        """DescribeChannelBan."""
        return ActionResult({"ChannelBan": self.backend.bans.describe(self._parameters()).details()})

    def delete_channel_ban(self) -> ActionResult:
        """DeleteChannelBan."""
        self.backend.bans.delete(self._parameters())
        return EmptyResult()
