"""Channels over HTTP: one method for each operation, named after it."""

from __future__ import annotations

from moto.core.responses import ActionResult

from .messaging_response import MessagingResponse


class ChannelResponse(MessagingResponse):
    """The operations on channels."""

    def create_channel(self) -> ActionResult:
        """CreateChannel."""
        return ActionResult({"ChannelArn": self.backend.channels.create(self._parameters())})

    def describe_channel(self) -> ActionResult:
        """DescribeChannel."""
        return ActionResult({"Channel": self.backend.channels.describe(self._parameters()).details()})
