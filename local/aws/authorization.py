"""Read the Authorization header of Signature Version 4, strictly."""

from __future__ import annotations

import re
from dataclasses import dataclass

ALGORITHM = "AWS4-HMAC-SHA256"

# moto searches this header for an access key by itself: only a grammar that leaves one reading may reach it.
_GRAMMAR = re.compile(
    rf"{ALGORITHM} +"
    r"Credential=([A-Za-z0-9]{16,128})/(\d{8})/([a-z0-9-]+)/([a-z0-9-]+)"
    r"/aws4_request *, *SignedHeaders=([a-z0-9_.;-]+) *, *Signature=([0-9a-f]{64})"
)


@dataclass(frozen=True)
class Authorization:
    """What an Authorization header claims; nothing of it is proved here."""

    access_key_id: str
    date: str
    region: str
    service: str
    signed_headers: tuple[str, ...]
    signature: str

    @classmethod
    def parse(cls, header: str | None) -> Authorization | None:
        """Return the claims, or None if there is no header in the form that every AWS SDK writes."""
        found = _GRAMMAR.fullmatch((header or "").strip())
        if found is None:
            return None
        access_key_id, date, region, service, signed_headers, signature = found.groups()
        return cls(access_key_id, date, region, service, tuple(signed_headers.split(";")), signature)
