"""The addresses of Chime SDK meetings."""

from __future__ import annotations

from .responses import ChimeSDKMeetingsResponse

# One pattern for both hosts that moto uses: its server makes the host from the signing name, which is `chime`.
url_bases = [r"https?://(meetings-)?chime\.(.+)\.amazonaws\.com"]

# All paths, so that moto can tell an operation that is not implemented from one that does not exist.
url_paths = {"{0}/(?P<path>.+)$": ChimeSDKMeetingsResponse.dispatch}
