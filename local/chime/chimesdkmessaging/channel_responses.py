"""Channels over HTTP: one method for each operation, named after it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from moto.core.responses import ActionResult, EmptyResult

from ..chime_responses import page_of  # noqa: TID252 - relative, because both are imported below `moto`
from .messaging_response import MessagingResponse

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .channels import Channel


class ChannelResponse(MessagingResponse):
    """The operations on channels."""

    def create_channel(self) -> ActionResult:
        """CreateChannel."""
        return ActionResult({"ChannelArn": self.backend.channels.create(self._parameters())})

    def describe_channel(self) -> ActionResult:
        """DescribeChannel."""
        return ActionResult({"Channel": self.backend.channels.describe(self._parameters()).details()})

    def list_channels(self) -> ActionResult:
        """ListChannels."""
        parameters = self._parameters()
        return self._page(self.backend.channels.list(parameters), parameters)

    def search_channels(self) -> ActionResult:
        """SearchChannels."""
        parameters = self._parameters()
        return self._page(self.backend.channels.search(parameters), parameters)

    def update_channel(self) -> ActionResult:
        """UpdateChannel."""
        return ActionResult({"ChannelArn": self.backend.channels.update(self._parameters())})

    def delete_channel(self) -> ActionResult:
        """DeleteChannel."""
        self.backend.channels.delete(self._parameters())
        return EmptyResult()

    @staticmethod
    def _page(channels: Sequence[Channel], parameters: dict[str, Any]) -> ActionResult:
        page, next_token = page_of(channels, parameters)
        return ActionResult({"Channels": [channel.summary() for channel in page], "NextToken": next_token})
