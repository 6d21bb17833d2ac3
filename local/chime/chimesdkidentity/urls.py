"""The addresses of Chime SDK identity: all, so that what is not implemented is told from what does not exist."""

from __future__ import annotations

from .responses import ChimeSDKIdentityResponse

# moto's server makes the host from the signing name, which messaging shares.
url_bases = [r"https?://(identity-)?chime\.(.+)\.amazonaws\.com"]

url_paths = {"{0}/(?P<path>.+)$": ChimeSDKIdentityResponse.dispatch}
