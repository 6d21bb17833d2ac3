"""The addresses of Chime SDK identity."""

from __future__ import annotations

from .responses import ChimeSDKIdentityResponse

# One pattern for both hosts that moto uses: its server makes the host from the signing name, which both services share.
url_bases = [r"https?://(identity-)?chime\.(.+)\.amazonaws\.com"]

# All paths, so that moto can tell an operation that is not implemented from one that does not exist.
url_paths = {"{0}/(?P<path>.+)$": ChimeSDKIdentityResponse.dispatch}
