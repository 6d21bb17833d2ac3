"""Random key sets: order, repetition, junk and null change no result, and other issuers' keys verify no token."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from authorizer.algorithms import ASYMMETRIC
from authorizer.errors import TokenRefused
from authorizer.keys import VerificationKey, key_set
from tests.tokens import ISSUER, ec_signer, ed25519_signer, rsa_signer

SIGNERS = {"RSA": rsa_signer(), "another RSA": rsa_signer(number=2), "EC": ec_signer(), "Ed25519": ed25519_signer()}
STRANGERS = {
    "RS256": rsa_signer(number=4),
    "ES256": ec_signer(kid="stranger"),
    "EdDSA": ed25519_signer(kid="stranger"),
}
NAMES = ("a", "b", "")
MEMBERS = ("kid", "alg", "use", "key_ops", "issuer", "d", "x5c", "x5t", "oth", "k")
GOOD = "a usable key that every set has"


def absent(*values: Any) -> st.SearchStrategy[Any]:
    """Give one of *values*, or what stands for an absent member."""
    return st.sampled_from((..., *values))


@st.composite
def keys(draw: st.DrawFn) -> dict[str, Any]:
    signer = SIGNERS[draw(st.sampled_from(sorted(SIGNERS)))]
    public = {name: signer.jwk[name] for name in ("kty", "crv", "n", "e", "x", "y") if name in signer.jwk}
    members = {
        "kid": draw(absent(*NAMES)),
        "alg": draw(absent(signer.algorithm, signer.algorithm, "RS512", "RSA-OAEP")),
        "use": draw(absent("sig", "sig", "enc")),
        "key_ops": draw(absent(["verify"], ["verify", "sign"], ["sign"])),
        "issuer": draw(absent(ISSUER, "https://other.example/")),
        "d": draw(absent(..., ..., "AQAB")),
    }
    return {**public, **{name: value for name, value in members.items() if value is not ...}}


JUNK = st.one_of(
    st.none(),
    st.integers(),
    st.text(max_size=5),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(st.sampled_from([*MEMBERS, "kty", "crv", "n", "e", "x"]), st.text(max_size=5), max_size=4),
    st.just({"kty": "oct", "k": "c2VjcmV0", "kid": "a", "alg": "HS256"}),
)
SETS = st.lists(keys(), max_size=5)
WANTED = st.tuples(
    st.sampled_from((None, *NAMES, "unknown")),
    st.sampled_from(("RS256", "ES256", "EdDSA", "RS512")),
    st.sampled_from((ISSUER, "https://other.example/", None)),
)
ANCHOR = {**rsa_signer(number=3).jwk, "kid": GOOD, "alg": "PS512"}
"""So that no set is without a usable key; no token that is asked for here is signed by it."""


def found(listed: list[Any], wanted: tuple[str | None, str, str | None]) -> VerificationKey | None:
    try:
        return key_set({"keys": [*listed, ANCHOR]}, ASYMMETRIC).find(*wanted)
    except TokenRefused:
        return None


def same(one: VerificationKey | None, other: VerificationKey | None) -> bool:
    if one is None or other is None:
        return one is other
    return one.is_same_as(other)


@given(SETS, WANTED, st.data())
@settings(max_examples=200, deadline=None)
def test_order_repetition_null_members_and_junk_change_nothing(
    listed: list[dict[str, Any]], wanted: tuple[str | None, str, str | None], data: st.DataObject
) -> None:
    again = [*listed, *data.draw(st.lists(st.sampled_from(listed), max_size=3) if listed else st.just([]))]
    nulls = dict.fromkeys(data.draw(st.lists(st.sampled_from(MEMBERS), unique=True)))
    empty: dict[str, Any] = {"key_ops": []} if data.draw(st.booleans()) else {}
    written = [{**nulls, **empty, **key} for key in again]
    shown = data.draw(st.permutations([*written, *data.draw(st.lists(JUNK, max_size=3))]))

    assert same(found(listed, wanted), found(shown, wanted))


@given(SETS, WANTED)
@settings(max_examples=200, deadline=None)
def test_key_that_is_found_is_meant_for_this(
    listed: list[dict[str, Any]], wanted: tuple[str | None, str, str | None]
) -> None:
    kid, algorithm, issuer = wanted
    key = found(listed, wanted)
    if key is None:
        return
    assert key.algorithm == algorithm
    assert key.issuer in (None, issuer)
    assert key.kid in (kid, None) or kid is None
    assert not key.verifies(b"x", STRANGERS[algorithm].sign(b"x")) if algorithm in STRANGERS else True
    meant = [
        each
        for each in listed
        if each.get("use", "sig") == "sig" and "verify" in each.get("key_ops", ["verify"]) and "d" not in each
    ]
    assert any(each.get("kid") == key.kid and each.get("issuer") == key.issuer for each in meant)


@given(SETS, st.sampled_from(sorted(SIGNERS)), st.sampled_from(NAMES))
@settings(max_examples=200, deadline=None)
def test_only_key_of_a_name_is_found_whatever_stands_beside_it(
    listed: list[dict[str, Any]], whose: str, kid: str
) -> None:
    signer = SIGNERS[whose]
    others = [key for key in listed if key.get("kid") != kid]
    key = found([*others, {**signer.jwk, "kid": kid}], (kid, signer.algorithm, ISSUER))

    assert key is not None
    assert key.verifies(b"x", signer.sign(b"x"))


@given(SETS, st.sampled_from(sorted(SIGNERS)))
@settings(max_examples=200, deadline=None)
def test_only_key_without_a_name_is_found_for_a_name_that_nobody_has(listed: list[dict[str, Any]], whose: str) -> None:
    signer = SIGNERS[whose]
    others = [key for key in listed if "kid" in key]
    nameless = {name: value for name, value in signer.jwk.items() if name != "kid"}
    key = found([*others, nameless], ("unknown", signer.algorithm, ISSUER))

    assert key is not None
    assert key.verifies(b"x", signer.sign(b"x"))


@pytest.mark.parametrize("whose", sorted(SIGNERS))
def test_sets_above_hold_keys_that_verify(whose: str) -> None:
    """Or the tests above would be about nothing."""
    signer = SIGNERS[whose]
    key = found([dict(signer.jwk)], (signer.jwk["kid"], signer.algorithm, ISSUER))

    assert key is not None
    assert key.verifies(b"x", signer.sign(b"x"))
