"""Reading the bearer token from a request: exactly one Authorization header, with the scheme Bearer."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import pytest

from authorizer.errors import NoToken, TokenRefused
from authorizer.request import unverified_token

if TYPE_CHECKING:
    from collections.abc import Callable

LONGEST = 8192


def request(*values: str, name: str = "Authorization") -> dict[str, Any]:
    if not values:
        return {"headers": {}, "multiValueHeaders": {}}
    return {"headers": {name: values[-1]}, "multiValueHeaders": {name: list(values)}}


def test_bearer_token_is_found() -> None:
    assert unverified_token(request("Bearer a.b.c"), LONGEST) == "a.b.c"


@pytest.mark.parametrize("name", ["authorization", "AUTHORIZATION", "aUTHORIZATION"])
def test_header_name_may_be_written_in_any_case(name: str) -> None:
    assert unverified_token(request("Bearer a.b.c", name=name), LONGEST) == "a.b.c"


@pytest.mark.parametrize("value", ["bearer a.b.c", "BEARER a.b.c", "Bearer   a.b.c", " Bearer a.b.c "])
def test_scheme_may_be_written_in_any_case_and_with_spaces(value: str) -> None:
    assert unverified_token(request(value), LONGEST) == "a.b.c"


def test_event_without_multi_value_headers_is_read() -> None:
    assert (
        unverified_token({"headers": {"authorization": "Bearer a.b.c"}, "multiValueHeaders": None}, LONGEST) == "a.b.c"
    )


@pytest.mark.parametrize(
    "event",
    [
        pytest.param(request(), id="no header"),
        pytest.param({"headers": None, "multiValueHeaders": None}, id="no headers at all"),
        pytest.param({"headers": {"Authorization": None}}, id="a header that is null"),
        pytest.param({"multiValueHeaders": {"Authorization": None}}, id="a list of headers that is null"),
        pytest.param(request(""), id="an empty header"),
        pytest.param(request("   "), id="a blank header"),
        pytest.param(request("Basic YWRhOnNlY3JldA=="), id="another scheme"),
        pytest.param(request("a.b.c"), id="a token without a scheme"),
        pytest.param(request("Bearera.b.c"), id="a scheme run into the token"),
    ],
)
def test_nothing_to_judge_is_no_token(event: dict[str, Any]) -> None:
    with pytest.raises(NoToken):
        unverified_token(event, LONGEST)


@pytest.mark.parametrize(
    "event",
    [
        pytest.param(request("Bearer a.b.c", "Bearer a.b.c"), id="one name twice"),
        pytest.param(request("Bearer a.b.c", "Basic x"), id="two schemes"),
        pytest.param(
            {"multiValueHeaders": {"Authorization": ["Bearer a.b.c"], "authorization": ["Bearer d.e.f"]}},
            id="two spellings of the name",
        ),
    ],
)
def test_two_headers_are_refused(event: dict[str, Any]) -> None:
    with pytest.raises(TokenRefused, match="two_headers"):
        unverified_token(event, LONGEST)


def test_largest_token_is_accepted() -> None:
    assert len(unverified_token(request("Bearer " + "a" * LONGEST), LONGEST)) == LONGEST


def test_larger_token_is_refused() -> None:
    with pytest.raises(TokenRefused, match="token_too_large"):
        unverified_token(request("Bearer " + "a" * (LONGEST + 1)), LONGEST)


def test_token_in_base64_is_left_alone_by_default() -> None:
    wrapped = base64.b64encode(b"a.b.c").decode()

    assert unverified_token(request(f"Bearer {wrapped}"), LONGEST) == wrapped


ENCODERS = {"base64": base64.b64encode, "base64url": base64.urlsafe_b64encode}


@pytest.mark.parametrize("padding", ["=", ""], ids=["with padding", "without padding"])
@pytest.mark.parametrize("encoder", ENCODERS.values(), ids=ENCODERS)
@pytest.mark.parametrize("token", ["a.b.c", "a.b.cd", "a.b.cde", "~~~.???.>>>", "a.b.c~?>"])
def test_token_in_base64_is_decoded_where_that_is_accepted(
    token: str, encoder: Callable[[bytes], bytes], padding: str
) -> None:
    wrapped = encoder(token.encode()).decode().replace("=", padding)

    assert unverified_token(request(f"Bearer {wrapped}"), LONGEST, accept_base64=True) == token


@pytest.mark.parametrize(
    "token",
    [
        pytest.param("a.b.c", id="a token"),
        pytest.param("not base64!", id="another letter"),
        pytest.param("aGVsbG8", id="text"),
        pytest.param("/w==", id="no text"),
        pytest.param("", id="nothing"),
        pytest.param("YS5iLmN-Pz4/", id="two alphabets"),
        pytest.param("YS5iLmN-Pz4+", id="two alphabets, the other way about"),
        pytest.param("YS5iLmMxY", id="half an octet"),
        pytest.param("YS5i=LmM=", id="padding within"),
        pytest.param("YS5iLmM===", id="padding without end"),
        pytest.param("YS5i\nLmM", id="two lines"),
        pytest.param("wqouwqouwqo", id="letters beyond ASCII"),
    ],
)
def test_what_is_no_base64_is_left_to_the_verifier(token: str) -> None:
    header = request(f"Bearer {token}")

    assert unverified_token(header, LONGEST, accept_base64=True) == unverified_token(header, LONGEST) == token
