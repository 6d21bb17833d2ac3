"""What the response classes of the nouns share: the parameters, without those that ask for what is not here."""

from __future__ import annotations

from typing import Any

from ..chime_responses import ChimeResponse  # noqa: TID252 - relative, because both are imported below `moto`
from .models import ChimeSDKMessagingBackend, chimesdkmessaging_backends

NOT_IMPLEMENTED = frozenset({"ElasticChannelConfiguration", "ExpirationSettings", "SubChannelId", "Tags"})
"""Parameters of implemented operations that ask for something that is not implemented."""


class MessagingResponse(ChimeResponse[ChimeSDKMessagingBackend]):
    """The base of the response classes."""

    def __init__(self) -> None:
        """Serve Chime SDK messaging."""
        super().__init__("chime-sdk-messaging", chimesdkmessaging_backends)

    def _parameters(self) -> dict[str, Any]:
        """
        Return the request's parameters.

        Raises:
            BadRequestError: A parameter breaks a limit of botocore's model.
            NotImplementedError: A parameter asks for something that is not implemented.
        """
        self.backend.delete_expired_users()
        parameters = self.valid_parameters()
        requested = {name for name in NOT_IMPLEMENTED if parameters.get(name)}
        if requested:
            raise NotImplementedError(f"{', '.join(sorted(requested))} is not available.")
        return parameters
