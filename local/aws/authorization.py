"""
Parse the Authorization header of a request (Signature Version 4), or the same parameters in its query.

The module is named after that header. `authentication` verifies what it says; `permissions` decides what is allowed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import unquote

if TYPE_CHECKING:
    from werkzeug.datastructures import Headers

MAX_CLOCK_SKEW = timedelta(minutes=15)
"""By how much the clocks of client and service may differ."""
ALGORITHM = "AWS4-HMAC-SHA256"

# AWS's own access keys have 16 characters or more. Shorter ones are read too: AWS knows them as little as any other.
# Strict, because moto later searches this header for an access key by itself: no header may have two readings.
_GRAMMAR = re.compile(
    rf"{ALGORITHM} +"
    r"Credential=(\w{1,128})/(\d{8})/([a-z0-9-]+)/([a-z0-9-]+)"
    r"/aws4_request *, *SignedHeaders=([a-z0-9_.;-]+) *, *Signature=([0-9a-f]{64})",
    re.ASCII,
)
_MAX_EXPIRES = 604_800
"""Seconds, a week: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html."""


@dataclass(frozen=True)
class Authorization:
    """What an Authorization header says. None of it is verified here: `authentication` does that."""

    access_key_id: str
    date: str
    region: str
    service: str
    signed_headers: tuple[str, ...]
    signature: str

    @classmethod
    def parse(cls, header: str | None) -> Authorization | None:
        """Return what the header says, or None if it is missing or not in the form that AWS SDKs write."""
        found = _GRAMMAR.fullmatch((header or "").strip())
        if found is None:
            return None
        access_key_id, date, region, service, signed_headers, signature = found.groups()
        return cls(access_key_id, date, region, service, tuple(signed_headers.split(";")), signature)

    @property
    def header(self) -> str:
        """What the header of such a request is."""
        scope = f"{self.date}/{self.region}/{self.service}/aws4_request"
        signed = ";".join(self.signed_headers)
        return (
            f"{ALGORITHM} Credential={self.access_key_id}/{scope}, SignedHeaders={signed}, Signature={self.signature}"
        )

    @property
    def complete(self) -> bool:
        """Tell whether the signature covers what it must: the host, and the time of the request."""
        return {"host", "x-amz-date"} <= set(self.signed_headers)

    @property
    def lifetime(self) -> timedelta:
        """How long after the time of signing the signature is accepted."""
        return MAX_CLOCK_SKEW

    def signing_time(self, headers: Headers) -> str:
        """Return the time of signing as the request has it: `20260101T120000Z`."""
        return headers.get("X-Amz-Date", "")

    def session_token(self, headers: Headers) -> str:
        """Return the session token, or an empty string."""
        return headers.get("X-Amz-Security-Token", "")

    def signed_query(self, query: str) -> str:
        """Return the part of the raw *query* that the signature covers."""
        return query


@dataclass(frozen=True)
class QueryAuthorization(Authorization):
    """What the query of a presigned URL says: the same as a header, and how long the signature is accepted."""

    parameters: tuple[tuple[str, str], ...]
    """All parameters of the query, unquoted."""

    @classmethod
    def read(cls, query: str) -> QueryAuthorization | None:
        """Return what a raw query says, or None if a parameter is missing, repeated or not as AWS SDKs write it."""
        pairs = [
            (unquote(name), unquote(value)) for name, _, value in (pair.partition("=") for pair in query.split("&"))
        ]
        parameters = dict(pairs)
        as_header = (
            f"{parameters.get('X-Amz-Algorithm')} Credential={parameters.get('X-Amz-Credential')}, "
            f"SignedHeaders={parameters.get('X-Amz-SignedHeaders')}, Signature={parameters.get('X-Amz-Signature')}"
        )
        authorization = Authorization.parse(as_header)
        seconds = parameters.get("X-Amz-Expires", "")
        if authorization is None or len(parameters) < len(pairs) or not re.fullmatch(r"[1-9][0-9]{0,5}", seconds):
            return None
        return cls(**vars(authorization), parameters=tuple(pairs)) if int(seconds) <= _MAX_EXPIRES else None

    @property
    def complete(self) -> bool:
        """Tell whether the signature covers the host; the time is in the query, which is always covered."""
        return "host" in self.signed_headers

    @property
    def lifetime(self) -> timedelta:
        """How long after the time of signing the signature is accepted."""
        return timedelta(seconds=int(dict(self.parameters)["X-Amz-Expires"]))

    def signing_time(self, headers: Headers) -> str:  # noqa: ARG002 - the base class takes it from a header
        """Return the time of signing as the query has it: `20260101T120000Z`."""
        return dict(self.parameters).get("X-Amz-Date", "")

    def session_token(self, headers: Headers) -> str:  # noqa: ARG002 - as above
        """Return the session token, or an empty string."""
        return dict(self.parameters).get("X-Amz-Security-Token", "")

    def signed_query(self, query: str) -> str:
        """Return the raw *query* without the signature."""
        return "&".join(pair for pair in query.split("&") if not pair.startswith("X-Amz-Signature="))
