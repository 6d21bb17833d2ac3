"""Messages over HTTP: one method for each operation, named after it."""

from __future__ import annotations

from moto.core.responses import ActionResult

from ..chime_responses import page_of  # noqa: TID252 - relative, because both are imported below `moto`
from .messaging_response import MessagingResponse


class MessageResponse(MessagingResponse):
    """The operations on messages."""

    def send_channel_message(self) -> ActionResult:
        """SendChannelMessage."""
        message = self.backend.messages.send(self._parameters())
        sent = {"ChannelArn": message.channel_arn, "MessageId": message.message_id, "Status": {"Value": "SENT"}}
        return ActionResult(sent)

    def list_channel_messages(self) -> ActionResult:
        """ListChannelMessages: the newest first, unless SortOrder is ASCENDING."""
        parameters = self._parameters()
        page, next_token = page_of(self.backend.messages.list(parameters), parameters)
        messages = [message.details() for message in page]
        return ActionResult(
            {"ChannelArn": parameters["ChannelArn"], "ChannelMessages": messages, "NextToken": next_token}
        )
