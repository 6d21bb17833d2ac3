"""Which tokens of an issuer sign users in, and which are somebody else's: the kind is told by the claims."""

from __future__ import annotations

from typing import Any

import pytest

from authorizer.errors import TokenRefused
from authorizer.providers import Provider, Providers, TokenPattern, TokenProfile
from authorizer.verifier import verify
from tests.providers import LENIENT, OURS, provider
from tests.tokens import ISSUER, NOW, claims


def trusting(**changes: Any) -> Provider:
    return provider("main", ISSUER, **{**LENIENT, **changes})


def token(**changes: Any) -> str:
    return OURS.token(claims(**changes))


def refusal(unverified_token: str, told: Provider) -> str:
    with pytest.raises(TokenRefused) as caught:
        verify(unverified_token, Providers((told,)), NOW)
    return caught.value.reason.code


@pytest.mark.parametrize(
    ("kind", "changes", "reason"),
    [
        pytest.param({"required_claim_values": {"use": ("id",)}}, {"use": "id"}, None, id="says what it must"),
        pytest.param(
            {"required_claim_values": {"use": ("id",)}}, {"use": "access"}, "wrong_type", id="says something else"
        ),
        pytest.param({"required_claim_values": {"use": ("id",)}}, {}, "wrong_type", id="says nothing"),
        pytest.param({"required_claim_values": {"ok": (True,)}}, {"ok": 1}, "wrong_type", id="says 1 for true"),
        pytest.param(
            {"forbidden_claim_values": {"sts": ("pending",)}},
            {"sts": "pending"},
            "wrong_type",
            id="says what it must not",
        ),
        pytest.param(
            {"forbidden_claim_values": {"sts": ("pending",)}}, {"sts": "active"}, None, id="says something allowed"
        ),
        pytest.param({"forbidden_claim_values": {"sts": ("pending",)}}, {}, None, id="need not say anything"),
        pytest.param(
            {"required_claim_values": {"use": ("id",)}},
            {"use": "access", "aud": "x"},
            "wrong_type",
            id="not for us, either",
        ),
    ],
)
def test_token_profile_is_told_by_claims(kind: dict[str, Any], changes: dict[str, Any], reason: str | None) -> None:
    told = trusting(token_profile=TokenProfile(token_types=frozenset({"jwt"}), **kind))

    if reason is None:
        assert verify(token(**changes), Providers((told,)), NOW).subject == "ada"
    else:
        assert refusal(token(**changes), told) == reason


@pytest.mark.parametrize(
    ("mark", "changes", "reason"),
    [
        pytest.param({"suffixes": {"sub": "@clients"}}, {"sub": "x@clients"}, "wrong_type", id="an ending"),
        pytest.param({"suffixes": {"sub": "@clients"}}, {}, None, id="another ending"),
        pytest.param(
            {"prefixes": {"user.name": "service-"}}, {"user": {"name": "service-x"}}, "wrong_type", id="a start"
        ),
        pytest.param({"prefixes": {"user": "service-"}}, {"user": ["service-x"]}, None, id="the start of no text"),
        pytest.param({"equal_claims": ("sub", "oid")}, {"oid": "ada"}, "wrong_type", id="two that are the same"),
        pytest.param({"equal_claims": ("sub", "oid")}, {"oid": "bob"}, None, id="two that differ"),
        pytest.param({"equal_claims": ("a", "b")}, {}, None, id="two that are not there"),
        pytest.param({"equal_claims": ("a", "b")}, {"a": 1, "b": 1}, None, id="two that are no texts"),
        pytest.param({"values": {"f.by": ("anonymous",)}}, {"f": {"by": "anonymous"}}, "wrong_type", id="a value"),
        pytest.param({"present": ("x",)}, {"x": {}}, "wrong_type", id="a claim"),
        pytest.param({"present": ("x",)}, {}, None, id="no claim"),
        pytest.param({"absent": ("x",)}, {}, "wrong_type", id="the lack of a claim"),
        pytest.param({"absent": ("x",)}, {"x": "y"}, None, id="no lack"),
        pytest.param({"present": ("x",), "absent": ("y",)}, {"x": 1, "y": 1}, None, id="one of two things"),
        pytest.param({"present": ("x",), "absent": ("y",)}, {"x": 1}, "wrong_type", id="both of them"),
        pytest.param({"present": ("a.b",)}, {"a": {"b": 1}, "a.b": 2}, "invalid_claim", id="a claim that is two"),
    ],
)
def test_token_that_matches_a_refused_pattern_is_refused(
    mark: dict[str, Any], changes: dict[str, Any], reason: str | None
) -> None:
    told = trusting(
        token_profile=TokenProfile(token_types=frozenset({"jwt"}), refused_patterns=(TokenPattern(**mark),))
    )

    if reason is None:
        assert verify(token(**changes), Providers((told,)), NOW).subject == "ada"
    else:
        assert refusal(token(**changes), told) == reason


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        pytest.param({"cid": "app"}, None, id="ours"),
        pytest.param({"cid": "other"}, "wrong_audience", id="another"),
        pytest.param({}, "wrong_audience", id="nobody"),
        pytest.param({"azp": "app"}, None, id="ours, in the second claim"),
        pytest.param({"cid": "other", "azp": "app"}, "wrong_audience", id="another, and ours in the second claim"),
        pytest.param({"cid": ["app"], "azp": "other"}, None, id="ours in a list"),
    ],
)
def test_application_that_asked_must_be_ours_if_it_is_named(changes: dict[str, Any], reason: str | None) -> None:
    ours = trusting(clients=("app",), client_claims=("cid", "azp"))

    if reason is None:
        assert verify(token(**changes), Providers((ours,)), NOW).subject == "ada"
    else:
        assert refusal(token(**changes), ours) == reason
