"""The issuers of tenants, as Entra ID has them: an issuer of one tenant, or a pattern for those of all tenants."""

from __future__ import annotations

import functools
import re

ANY_TENANT = "{tenantid}"
"""The placeholder for a tenant's id in an issuer pattern, as Entra's discovery documents and key sets write it."""
TENANT = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
CLOUDS = {
    "global": ("https://login.microsoftonline.com", "https://sts.windows.net"),
    "us-government": ("https://login.microsoftonline.us", "https://sts.windows.net"),
    "china": ("https://login.partner.microsoftonline.cn", "https://sts.chinacloudapi.cn"),
}
"""
Entra's clouds, with the two hosts that their issuers begin with: tokens of version 2 have the issuer
`{first}/{tenant}/v2.0`, those of version 1 `{second}/{tenant}/`.

Sources: https://learn.microsoft.com/entra/identity-platform/authentication-national-cloud and
https://learn.microsoft.com/answers/questions/1190472/what-are-the-token-issuers-for-the-sovereign-cloud
"""

EXTERNAL = "https://{tenantid}.ciamlogin.com/{tenantid}/v2.0"
"""The issuer of a tenant of Entra External ID."""


def issuers(cloud: str, tenant: str) -> tuple[str, str]:
    """Return the issuers of *tenant*, for tokens of version 2 and of version 1; *tenant* may be ANY_TENANT."""
    login, sts = CLOUDS[cloud]
    return f"{login}/{tenant}/v2.0", f"{sts}/{tenant}/"


def may_sign_for(key_issuer: str, issuer: str) -> bool:
    """
    Say whether a key whose JWK names *key_issuer* may sign tokens of *issuer*.

    The two may differ: Entra signs tokens of both versions with the same key, whose JWK names the issuer of version 2.
    """
    return any(form.fullmatch(issuer) for form in _forms(key_issuer))


def pattern(issuer: str) -> re.Pattern[str]:
    """Return what matches the issuers that *issuer* stands for. Its placeholder may be there more than once."""
    first, *others = (re.escape(part) for part in issuer.split(ANY_TENANT))
    rest = "".join((r"\1" if position else f"({TENANT.pattern})") + part for position, part in enumerate(others))
    return re.compile(first + rest)


def tenant_of(issuer: str) -> str | None:
    """Return the tenant of *issuer*, if it is one of Entra's, in any cloud; a tenant has an issuer of each version."""
    matches = (pattern(form).fullmatch(issuer) for cloud in CLOUDS for form in issuers(cloud, ANY_TENANT))
    return next((match[1] for match in matches if match), None)


@functools.lru_cache(maxsize=256)
def _forms(key_issuer: str) -> tuple[re.Pattern[str], ...]:
    forms = {key_issuer}
    for cloud in CLOUDS:
        v2, v1 = (pattern(form) for form in issuers(cloud, ANY_TENANT))
        named = v2.fullmatch(key_issuer) or v1.fullmatch(key_issuer)
        tenant = named[1] if named else ANY_TENANT
        if named or key_issuer in issuers(cloud, ANY_TENANT):
            forms |= {*issuers(cloud, tenant)} | (
                {EXTERNAL.replace(ANY_TENANT, tenant)} if cloud == "global" else set()
            )
    return tuple(pattern(form) for form in sorted(forms))
