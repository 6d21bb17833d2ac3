"""The addresses of Chime SDK messaging."""

from __future__ import annotations

from .responses import ChimeSDKMessagingResponse

# One pattern for both hosts that moto uses: its server makes the host from the signing name, which both services share.
url_bases = [r"https?://(messaging-)?chime\.(.+)\.amazonaws\.com"]

# All paths, so that moto can tell an operation that is not implemented from one that does not exist.
url_paths = {"{0}/(?P<path>.+)$": ChimeSDKMessagingResponse.dispatch}
