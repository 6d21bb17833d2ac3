"""The state of Chime SDK messaging, which is none."""

from __future__ import annotations

from moto.core.base_backend import BackendDict, BaseBackend


class ChimeSDKMessagingBackend(BaseBackend):
    """One account's messaging in one region."""

    def get_messaging_session_endpoint(self) -> str:
        """
        Return the host that a session would connect to.

        On AWS it is like `node001.ue1.ws-messaging.chime.aws`. Nobody plays that here, and local credentials must not
        go to the real one: the name is one that never exists (RFC 6761, 6.4).
        """
        return f"node001.{self.region_name}.ws-messaging.invalid"


# botocore knows the regions: us-east-1 and eu-central-1.
chimesdkmessaging_backends = BackendDict(ChimeSDKMessagingBackend, "chime-sdk-messaging")
