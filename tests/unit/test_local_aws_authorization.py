"""The grammar of the Authorization header."""

from __future__ import annotations

import pytest

from local.aws.authorization import Authorization

SIGNATURE = "0123456789abcdef" * 4
GOOD = (
    "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20260101/us-east-1/chime/aws4_request, "
    f"SignedHeaders=host;x-amz-date, Signature={SIGNATURE}"
)


def test_header_is_parsed() -> None:
    assert Authorization.parse(GOOD) == Authorization(
        "AKIAIOSFODNN7EXAMPLE", "20260101", "us-east-1", "chime", ("host", "x-amz-date"), SIGNATURE
    )


@pytest.mark.parametrize(
    "header",
    [
        pytest.param(GOOD.replace(", ", ","), id="no spaces after the commas"),
        pytest.param(f"  {GOOD} ", id="spaces around"),
    ],
)
def test_header_may_have(header: str) -> None:
    assert Authorization.parse(header) == Authorization.parse(GOOD)


@pytest.mark.parametrize(
    "header",
    [
        pytest.param(None, id="nothing"),
        pytest.param("", id="an empty header"),
        pytest.param(GOOD.replace("AWS4-HMAC-SHA256", "Bearer"), id="another scheme"),
        pytest.param(f"{GOOD}, {GOOD}", id="two headers in one"),
        pytest.param(GOOD.replace("/aws4_request", "/aws5_request"), id="another terminator"),
        pytest.param(GOOD.replace("20260101/", ""), id="no date"),
        pytest.param(GOOD.replace("host;", "AKIAI44QH8DHBEXAMPLE:;"), id="a second access key"),
        pytest.param(GOOD[:-1], id="a short signature"),
        pytest.param(GOOD[:-1] + "G", id="a signature that is not hexadecimal"),
        pytest.param(f"x{GOOD}", id="something before it"),
    ],
)
def test_header_is_refused_that_is(header: str | None) -> None:
    assert Authorization.parse(header) is None
