"""The addresses of Chime SDK identity; moto makes the host from the signing name, which messaging shares."""

from __future__ import annotations

from .responses import ChimeSDKIdentityResponse

url_bases = [r"https?://(identity-|messaging-)?chime\.(.+)\.amazonaws\.com"]

url_paths = {
    "{0}/app-instances$": ChimeSDKIdentityResponse.dispatch,
    "{0}/app-instances/(?P<app_instance_arn>.+)$": ChimeSDKIdentityResponse.dispatch,
    "{0}/app-instance-users$": ChimeSDKIdentityResponse.dispatch,
    "{0}/app-instance-users/(?P<app_instance_user_arn>.+)$": ChimeSDKIdentityResponse.dispatch,
}
