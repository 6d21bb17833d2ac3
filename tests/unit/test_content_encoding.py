"""Content-Encoding of an issuer's answers: which encodings are decoded; decompression bombs are refused."""

from __future__ import annotations

import gzip
import zlib

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from authorizer.errors import KeysUnavailable
from authorizer.https import MAX_GZIP_MEMBERS, decoded
from tests.anything import octets, thoroughly

WHOLE = b'{"keys": []}'
PACKED = gzip.compress(WHOLE)
TWO_MEMBERS = gzip.compress(WHOLE[:5]) + gzip.compress(WHOLE[5:])
LONGEST = 1000


@pytest.mark.parametrize(
    ("body", "encodings"),
    [
        pytest.param(WHOLE, "", id="as it is"),
        pytest.param(WHOLE, "identity", id="identity"),
        pytest.param(WHOLE, "Identity, identity", id="identity, twice"),
        pytest.param(WHOLE, " , ", id="an empty list"),
        pytest.param(WHOLE, "utf-8", id="a charset, as S3 keeps it"),
        pytest.param(WHOLE, "aws-chunked", id="what an upload to S3 leaves behind"),
        pytest.param(PACKED, "gzip", id="gzip"),
        pytest.param(PACKED, "GZip", id="gzip, in another case"),
        pytest.param(PACKED, "x-gzip", id="x-gzip"),
        pytest.param(PACKED, "gzip, identity", id="gzip, and nothing"),
        pytest.param(PACKED, "aws-chunked,gzip", id="gzip, uploaded to S3"),
        pytest.param(TWO_MEMBERS, "gzip", id="gzip in two members"),
        pytest.param(gzip.compress(b"") + TWO_MEMBERS + gzip.compress(b""), "gzip", id="gzip with empty members"),
        pytest.param(PACKED + bytes(8), "gzip", id="gzip, filled up with zeros"),
    ],
)
def test_answer_is_unpacked(body: bytes, encodings: str) -> None:
    assert decoded(body, encodings, LONGEST) == WHOLE


@pytest.mark.parametrize(
    ("body", "encodings", "cause"),
    [
        pytest.param(WHOLE, "br", "not asked for", id="brotli"),
        pytest.param(WHOLE, "deflate", "not asked for", id="deflate"),
        pytest.param(gzip.compress(PACKED), "gzip, gzip", "not asked for", id="gzip, twice"),
        pytest.param(PACKED, "gzip, br", "not asked for", id="gzip, and brotli"),
        pytest.param(PACKED[:-1], "gzip", "not whole", id="not all of it"),
        pytest.param(b"", "gzip", "not whole", id="nothing"),
        pytest.param(TWO_MEMBERS[:-1], "gzip", "not whole", id="not all of a second member"),
        pytest.param(gzip.compress(b" " * (LONGEST + 1)), "gzip", "too long", id="a byte too long"),
        pytest.param(gzip.compress(b" " * 50_000_000), "gzip", "too long", id="a bomb"),
        pytest.param(gzip.compress(b" " * 600) * 2, "gzip", "too long", id="too long in two members"),
        pytest.param(
            gzip.compress(b" " * LONGEST) + gzip.compress(b" " * 50_000_000), "gzip", "too long", id="a late bomb"
        ),
        pytest.param(gzip.compress(b"") * 20_000, "gzip", "too many pieces", id="members without end"),
    ],
)
def test_answer_that_is_packed_badly_is_none(body: bytes, encodings: str, cause: str) -> None:
    with pytest.raises(KeysUnavailable, match=cause):
        decoded(body, encodings, LONGEST)


@pytest.mark.parametrize("members", [1, MAX_GZIP_MEMBERS])
def test_longest_answer_is_whole_however_many_members_it_has(members: int) -> None:
    body = gzip.compress(b" " * (LONGEST - members + 1)) + gzip.compress(b" ") * (members - 1)

    assert len(decoded(body, "gzip", LONGEST)) == LONGEST


@thoroughly
@given(
    octets | octets.map(gzip.compress) | octets.map(PACKED.__add__), st.sampled_from(["gzip", "", "x-gzip"]) | st.text()
)
@example(PACKED + b"\x1f\x8b", "gzip")
def test_anything_is_unpacked_or_unavailable(body: bytes, encodings: str) -> None:
    try:
        assert len(decoded(body, encodings, LONGEST)) <= LONGEST
    except (KeysUnavailable, zlib.error):
        return
