"""A name is what people can read: what the token says, in the order wanted, and never an id."""

from __future__ import annotations

from typing import Any

import pytest

from authorizer.claims import LONGEST_NAME, caller
from tests.providers import provider
from tests.tokens import NOW

ADA = {
    "name": "Ada Lovelace",
    "given_name": "Ada",
    "family_name": "Lovelace",
    "nickname": "Countess",
    "email": "ada.l@example.com",
    "preferred_username": "ada@example.com",
}


def name(claims: dict[str, Any], *wanted: str) -> str:
    signed = {"exp": NOW, "sub": "ada-1", **claims}
    return caller(signed, provider("main", name_claims=wanted)).name


@pytest.mark.parametrize(
    ("wanted", "shown"),
    [
        pytest.param(["name"], "Ada Lovelace", id="a claim"),
        pytest.param(["display", "nickname"], "Countess", id="the next, if the first is not there"),
        pytest.param(["given_name + family_name"], "Ada Lovelace", id="two joined"),
        pytest.param(["given_name + middle_name", "nickname"], "Countess", id="the next, if one of two is not there"),
        pytest.param(["email@"], "ada.l", id="the local part of an address"),
        pytest.param(["nickname@"], "Countess", id="the whole of what is no address"),
        pytest.param(["email"], "ada.l@example.com", id="an address, if it is asked for"),
        pytest.param(["display", "given_name + x", "x@"], "", id="nothing"),
    ],
)
def test_first_that_is_there_is_shown(wanted: list[str], shown: str) -> None:
    assert name(ADA, *wanted) == shown


@pytest.mark.parametrize(
    ("claim", "shown"),
    [
        pytest.param(" Ada ", "Ada", id="a text, without the blanks around it"),
        pytest.param(" ", "next", id="blanks"),
        pytest.param(7, "next", id="a number"),
        pytest.param(["Ada"], "next", id="a list"),
        pytest.param("ada-1", "next", id="the subject"),
        pytest.param("aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee", "next", id="a UUID"),
        pytest.param("AAAAAAAA-BBBB-CCCC-DDDD-EEEEEEEEEEEE", "next", id="a UUID in capitals"),
        pytest.param("Google_103247812345678901234", "next", id="Cognito's username of somebody from Google"),
        pytest.param("SignInWithApple_001234.abc.0123", "next", id="Cognito's username of somebody from Apple"),
        pytest.param("google fan", "google fan", id="a name that begins so"),
        pytest.param("x" * 500, "x" * LONGEST_NAME, id="as much as is passed on"),
    ],
)
def test_what_is_no_name_is_passed_over(claim: Any, shown: str) -> None:
    assert name({"name": claim, "nickname": "next"}, "name", "nickname") == shown


def test_claim_of_that_very_name_is_found_first() -> None:
    assert name({"a + b": "whole", "a": "x", "b": "y"}, "a + b") == "whole"
    assert name({"a@": "whole", "a": "x@example.com"}, "a@") == "whole"
    assert name({"profile": {"given": "Ada", "family": "L"}}, "profile.given + profile.family") == "Ada L"
