"""Chime SDK messaging over HTTP. Operations without a method in any of the classes are not implemented."""

from __future__ import annotations

from moto.core.responses import ActionResult

from .ban_responses import BanResponse
from .channel_responses import ChannelResponse
from .membership_responses import MembershipResponse
from .message_responses import MessageResponse
from .moderator_responses import ModeratorResponse
from .preference_responses import PreferenceResponse


class ChimeSDKMessagingResponse(
    ChannelResponse, MembershipResponse, ModeratorResponse, BanResponse, MessageResponse, PreferenceResponse
):
    """The whole service: a class for each noun, and what belongs to none."""

    def get_messaging_session_endpoint(self) -> ActionResult:
        """
        GetMessagingSessionEndpoint: the host and port at which this request arrived.

        On AWS it is a name like `node001.ue1.ws-messaging.chime.aws`. Under `mock_aws` no server could take the
        WebSocket, so the answer is a name that never exists (RFC 6761, 6.4): a client must not connect to the real AWS.
        """
        host = self.headers.get("X-Forwarded-Host") or f"node001.{self.region}.ws-messaging.invalid"
        return ActionResult({"Endpoint": {"Url": host}})
