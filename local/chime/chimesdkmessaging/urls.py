"""The addresses of Chime SDK messaging: all, so that what is not implemented is told from what does not exist."""

from __future__ import annotations

from .responses import ChimeSDKMessagingResponse

# moto's server makes the host from the signing name, which identity shares.
url_bases = [r"https?://(messaging-)?chime\.(.+)\.amazonaws\.com"]

url_paths = {"{0}/(?P<path>.+)$": ChimeSDKMessagingResponse.dispatch}
