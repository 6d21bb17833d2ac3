"""Chime SDK messaging over HTTP; operations without a method here are not implemented, and moto says so."""

from __future__ import annotations

from moto.core.responses import ActionResult, BaseResponse

from .models import chimesdkmessaging_backends


class ChimeSDKMessagingResponse(BaseResponse):
    """One method for each operation, named after it."""

    def __init__(self) -> None:
        """Let moto parse parameters by the model."""
        super().__init__(service_name="chime-sdk-messaging")
        self.automated_parameter_parsing = True

    def get_messaging_session_endpoint(self) -> ActionResult:
        """GetMessagingSessionEndpoint."""
        backend = chimesdkmessaging_backends[self.current_account][self.region]
        return ActionResult({"Endpoint": {"Url": backend.get_messaging_session_endpoint()}})
