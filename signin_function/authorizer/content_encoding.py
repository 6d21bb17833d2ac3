"""Unpack an answer that came packed although nobody asked for that, and may be a bomb."""

from __future__ import annotations

import zlib

from authorizer.errors import KeysUnavailable

GZIP = frozenset({"gzip", "x-gzip"})
"""Two names of one coding (RFC 9110, 8.4.1.3)."""
NO_PACKING = frozenset({"", "identity", "utf-8", "utf8", "aws-chunked"})
"""What else stands in Content-Encoding: nothing, what nothing was done by, and what S3 gives back as it was stored."""
MAX_GZIP_MEMBERS = 64
_GZIP_BEGINS = b"\x1f\x8b"
_GZIP_BITS = 16 + zlib.MAX_WBITS


def unpacked(body: bytes, encodings: str, longest: int) -> bytes:
    """
    Return *body* as it was before *encodings*, as in Content-Encoding, were applied to it: *longest* bytes at most.

    Raises:
        KeysUnavailable: It is packed in another way than once by gzip, is not whole, or is too long.
        zlib.error: It is not gzip.
    """
    packings = [name for name in map(str.strip, encodings.lower().split(",")) if name not in NO_PACKING]
    if not packings:
        return body
    if len(packings) > 1 or packings[0] not in GZIP:
        raise KeysUnavailable("the answer is packed in a way that was not asked for")
    return _gunzipped(body, longest)


def _gunzipped(body: bytes, longest: int) -> bytes:
    """Unpack gzip's members, which follow each other (RFC 1952, 2.2), and leave out what follows that is none."""
    whole, rest = b"", body
    for _ in range(MAX_GZIP_MEMBERS):
        unpacking = zlib.decompressobj(_GZIP_BITS)
        whole += unpacking.decompress(rest, longest + 1 - len(whole))
        if len(whole) > longest:
            raise KeysUnavailable("the answer is too long")
        if not unpacking.eof:
            raise KeysUnavailable("the answer is not whole")
        rest = unpacking.unused_data
        if not rest.startswith(_GZIP_BEGINS):
            return whole
    raise KeysUnavailable("the answer is packed in too many pieces")
