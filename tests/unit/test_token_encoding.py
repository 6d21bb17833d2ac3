"""A token has one spelling: of each part, only what base64url without padding gives for its bytes is accepted."""

from __future__ import annotations

import base64
import itertools
from typing import TYPE_CHECKING

import pytest

from authorizer import compact
from authorizer.errors import TokenRefused

if TYPE_CHECKING:
    from collections.abc import Iterator

CHARACTERS = "ABwz09-_+/=! \n\x00é\ud800"
"""Some of the alphabet of base64url, some that base64 has in place of them, padding, and what neither has."""


def spellings() -> Iterator[str]:
    for length in range(1, 4):
        yield from map("".join, itertools.product(CHARACTERS, repeat=length))
    # Behind a whole group, in which nothing is wrong.
    yield from ("AAAA" + "".join(last) for last in itertools.product("ABgwQ=+_\n", repeat=4))


def canonical(segment: str) -> bytes | None:
    """Return the bytes of *segment*, if it is their one spelling, found in another way: by writing them anew."""
    try:
        decoded = base64.b64decode(segment + "=" * (-len(segment) % 4), altchars="-_")
    except ValueError:
        return None
    return decoded if base64.urlsafe_b64encode(decoded).decode().rstrip("=") == segment else None


def signature(segment: str) -> bytes:
    """Return the signature of a token in which it is written as *segment*."""
    return compact.parse(f"e30.e30.{segment}").signature


def test_part_is_accepted_only_in_its_one_spelling() -> None:
    accepted = 0
    for segment in spellings():
        expected = canonical(segment)
        try:
            assert signature(segment) == expected, segment
            accepted += 1
        except TokenRefused:
            assert expected is None, segment
    assert accepted > 1000


def test_there_are_three_parts_wherever_the_dots_are() -> None:
    for token in map("".join, itertools.chain.from_iterable(itertools.product(".A", repeat=n) for n in range(6))):
        with pytest.raises(TokenRefused) as refused:
            compact.parse(token)
        parts = token.split(".")
        expected = ("the encoding of a part", None) if len(parts) == 3 else ("the parts between dots", len(parts))
        assert refused.value.what == expected[0], token
        assert expected[1] in {None, refused.value.found}, token


@pytest.mark.parametrize(
    ("segment", "found"),
    [
        ("", "nothing"),
        ("AA==", "characters other than"),
        ("AB+/", "characters other than"),
        ("AA\nA", "characters other than"),
        ("AAAAA", "one character too many"),
        ("AB", "spare bits"),
        ("AAB", "spare bits"),
    ],
)
def test_refusal_says_what_is_wrong_with_the_encoding(segment: str, found: str) -> None:
    with pytest.raises(TokenRefused) as refused:
        signature(segment)

    assert found in str(refused.value.found)
