"""Moderators: the users who look after a channel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from moto.core.common_models import BaseModel
from moto.core.utils import utcnow

if TYPE_CHECKING:
    from .users import Identity


class Moderator(BaseModel):
    """A moderator of a channel."""

    def __init__(self, channel_arn: str, moderator: Identity, created_by: Identity) -> None:
        """Take who becomes a moderator, and by whom."""
        self.channel_arn = channel_arn
        self.moderator = moderator
        self.created_by = created_by
        self.created_timestamp = utcnow()

    def details(self) -> dict[str, Any]:
        """Return the ChannelModerator of the model."""
        return {
            "ChannelArn": self.channel_arn,
            "Moderator": self.moderator,
            "CreatedBy": self.created_by,
            "CreatedTimestamp": self.created_timestamp,
        }
