"""Tell the issuer of one tenant from one that stands for all tenants of a provider: Entra ID has both."""

from __future__ import annotations

import re

ANY_TENANT = "{tenantid}"
"""What stands for the tenant in an issuer for all, as Entra's own discovery documents and keys write it."""
TENANT = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
