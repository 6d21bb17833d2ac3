"""Read what a request claims by Signature Version 4, in its Authorization header or its query, strictly."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import unquote

if TYPE_CHECKING:
    from werkzeug.datastructures import Headers

SKEW = timedelta(minutes=15)
"""By how much the clocks of client and service may differ."""
ALGORITHM = "AWS4-HMAC-SHA256"

# moto searches this header for an access key by itself: only a grammar that leaves one reading may reach it.
_GRAMMAR = re.compile(
    rf"{ALGORITHM} +"
    r"Credential=([A-Za-z0-9]{16,128})/(\d{8})/([a-z0-9-]+)/([a-z0-9-]+)"
    r"/aws4_request *, *SignedHeaders=([a-z0-9_.;-]+) *, *Signature=([0-9a-f]{64})"
)
_LONGEST = 604_800
"""Seconds, a week: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html."""


@dataclass(frozen=True)
class Authorization:
    """What an Authorization header claims, with two others beside it; nothing of it is proved here."""

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

    @property
    def complete(self) -> bool:
        """Tell whether what has to be signed is."""
        return {"host", "x-amz-date"} <= set(self.signed_headers)

    @property
    def lifetime(self) -> timedelta:
        """For how long after its time a signature holds."""
        return SKEW

    def stamp(self, headers: Headers) -> str:
        """Return the time that was signed, as it is written."""
        return headers.get("X-Amz-Date", "")

    def security_token(self, headers: Headers) -> str:
        """Return the session's token, or nothing."""
        return headers.get("X-Amz-Security-Token", "")

    def signed_query(self, query: str) -> str:
        """Return what is signed of the raw *query*."""
        return query


@dataclass(frozen=True)
class Presigned(Authorization):
    """What a presigned address claims: its query has all of it."""

    given: tuple[tuple[str, str], ...]
    """The parameters, unquoted."""

    @classmethod
    def read(cls, query: str) -> Presigned | None:
        """Return the claims of a raw query, or None if some are missing, twice there, or in no form that SDKs write."""
        pairs = [
            (unquote(name), unquote(value)) for name, _, value in (pair.partition("=") for pair in query.split("&"))
        ]
        given = dict(pairs)
        header = (
            f"{given.get('X-Amz-Algorithm')} Credential={given.get('X-Amz-Credential')}, "
            f"SignedHeaders={given.get('X-Amz-SignedHeaders')}, Signature={given.get('X-Amz-Signature')}"
        )
        claims = Authorization.parse(header)
        seconds = given.get("X-Amz-Expires", "")
        if claims is None or len(given) < len(pairs) or not re.fullmatch(r"[1-9][0-9]{0,5}", seconds):
            return None
        return cls(**vars(claims), given=tuple(pairs)) if int(seconds) <= _LONGEST else None

    @property
    def complete(self) -> bool:
        """Tell whether what has to be signed is: the query always is."""
        return "host" in self.signed_headers

    @property
    def lifetime(self) -> timedelta:
        """For how long after its time a signature holds."""
        return timedelta(seconds=int(dict(self.given)["X-Amz-Expires"]))

    def stamp(self, headers: Headers) -> str:  # noqa: ARG002 - for the header's sake
        """Return the time that was signed, as it is written."""
        return dict(self.given).get("X-Amz-Date", "")

    def security_token(self, headers: Headers) -> str:  # noqa: ARG002 - likewise
        """Return the session's token, or nothing."""
        return dict(self.given).get("X-Amz-Security-Token", "")

    def signed_query(self, query: str) -> str:
        """Return what is signed of the raw *query*: all but the signature."""
        return "&".join(pair for pair in query.split("&") if not pair.startswith("X-Amz-Signature="))
