"""One way to find a claim, for everything that settings name by a path."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authorizer import claim_paths
from authorizer.errors import CallerForbidden, TokenRefused
from authorizer.providers import AccessRequirements, Provider, Providers, RoomRules, TokenProfile, UserRoles
from authorizer.verifier import verify
from tests.anything import thoroughly
from tests.second_opinion import values_at_every_split
from tests.tokens import AUDIENCE, NOW, claims
from tests.verifying import RSA, provider

HASURA = "https://hasura.io/jwt/claims"

LEADS_TO_X = {
    "a claim": ("roles", {"roles": "x"}),
    "a claim whose name has dots": ("https://app.example/roles", {"https://app.example/roles": "x"}),
    "a claim within a claim": ("realm_access.roles", {"realm_access": {"roles": "x"}}),
    "a claim within one whose name has dots": (f"{HASURA}.x-hasura-user-id", {HASURA: {"x-hasura-user-id": "x"}}),
    "a claim within one whose name has dots, within another": (
        "resource_access.com.example.chat.roles",
        {"resource_access": {"com.example.chat": {"roles": "x"}}},
    ),
    "a claim whose name has dots, within another": ("user.app.example/id", {"user": {"app.example/id": "x"}}),
    "where a longer name is a blind alley": ("a.b.c.d", {"a.b": {"c": {"other": 1}}, "a": {"b.c": {"d": "x"}}}),
    "where a longer name is no object": ("a.b.c", {"a.b": "text", "a": {"b": {"c": "x"}}}),
    "the longest name of several": ("a.b", {"a.b": "x", "a": {"b": "y"}}),
    "the longest first name of several": ("a.b.c", {"a": {"b.c": "y"}, "a.b": {"c": "x"}}),
    "names that are empty": ("..", {"": {"": {"": "x"}}}),
}


@pytest.mark.parametrize(("path", "held"), LEADS_TO_X.values(), ids=LEADS_TO_X)
def test_claim_is_found(path: str, held: dict[str, Any]) -> None:
    assert claim_paths.best_value(held, path) == "x"


@pytest.mark.parametrize(
    ("path", "held"),
    [
        pytest.param("roles", {}, id="no claims"),
        pytest.param("roles", {"role": "x"}, id="another"),
        pytest.param("a.b", {"a": ["b"]}, id="within a list"),
        pytest.param("a.0", {"a": ["b"]}, id="a place in a list"),
        pytest.param("a.b", {"a": {"b.c": "x"}}, id="a name that begins so"),
        pytest.param("a", {"a.b": "x"}, id="a name that goes on"),
    ],
)
def test_claim_is_not_found(path: str, held: dict[str, Any]) -> None:
    assert claim_paths.best_value(held, path) is None
    assert claim_paths.only_value(held, path, "default") == "default"


@pytest.mark.parametrize(
    ("held", "one"),
    [
        pytest.param({"a.b": ["x"], "a": {"b": ["x"]}}, ["x"], id="two that are equal"),
        pytest.param({"a.b": {"c": 1, "d": 2}, "a": {"b": {"d": 2, "c": 1}}}, {"c": 1, "d": 2}, id="in another order"),
        pytest.param({"a.b": "x", "a": {"b": "y"}}, None, id="two that differ"),
        pytest.param({"a.b": "x", "a": {"b": None}}, None, id="one that is null"),
        pytest.param({"a.b": [1], "a": {"b": [True]}}, None, id="true and 1"),
        pytest.param({"a.b": "1", "a": {"b": 1}}, None, id="a text and a number"),
    ],
)
def test_two_claims_that_differ_are_none(held: dict[str, Any], one: Any) -> None:
    if one is not None:
        assert claim_paths.only_value(held, "a.b") == one
    else:
        with pytest.raises(TokenRefused, match="invalid_claim"):
            claim_paths.only_value(held, "a.b")


some_names = st.lists(st.sampled_from(["a", "b", ""]), min_size=1, max_size=5)
some_objects = st.recursive(
    st.integers(0, 3),
    lambda inner: st.dictionaries(st.lists(st.sampled_from("ab"), max_size=3).map(".".join), inner, max_size=4),
    max_leaves=12,
)


@thoroughly
@given(st.dictionaries(some_names.map(".".join), some_objects, max_size=4), some_names)
def test_what_is_found_is_what_every_way_of_splitting_leads_to(held: dict[str, Any], names: list[str]) -> None:
    assert list(claim_paths.values_at(held, ".".join(names))) == values_at_every_split(held, ".".join(names))


class Counted(dict[str, Any]):
    """An object that counts how often it is looked into."""

    looks = 0

    def __contains__(self, name: object) -> bool:
        Counted.looks += 1
        return super().__contains__(name)

    def get(self, name: str, default: Any = None) -> Any:
        Counted.looks += 1
        return super().get(name, default)


def test_claims_made_to_be_searched_cost_no_more_than_their_size() -> None:
    """Of forty names, each of the sixteen levels that a token may have offers every beginning."""
    names, objects = ["a"] * 40, 0

    def trap(depth: int, left: int) -> Any:
        nonlocal objects
        objects += 1
        deeper = range(1, left) if depth > 1 else ()
        inner = {".".join(["a"] * size): trap(depth - 1, left - size) for size in deeper if left - size < 12}
        return Counted({**inner, "z": 1})

    held = trap(16, len(names))
    Counted.looks = 0

    assert list(claim_paths.values_at(held, ".".join(names))) == []
    assert Counted.looks <= objects * len(names)


def judged(told: Provider, **changes: Any) -> str:
    """Return the caller, with name and role, whom *told* accepts, or the reason why it does not."""
    try:
        caller = verify(RSA.token(claims(**changes)), Providers((told,)), NOW)
    except TokenRefused as refused:
        return refused.reason.code
    except CallerForbidden as forbidden:
        return forbidden.reason.value
    shown = (caller.subject, caller.name, caller.role, caller.rooms, "host" if caller.host else "")
    return " ".join(part for part in shown if part)


PATH = f"{HASURA}.x"
ONE, OTHER = {HASURA: {"x": "here"}}, {"https://hasura": {"io/jwt/claims": {"x": "there"}}}
JWT = frozenset({"jwt"})

USES = {
    "subject_claim": (provider(subject_claim=PATH, name_claims=()), "here", "invalid_claim"),
    "audience_claim": (
        provider(audience_claim=PATH, audiences=("here",), name_claims=()),
        "ada",
        "invalid_claim",
    ),
    "roles_claim": (
        provider(access_requirements=AccessRequirements(roles=("here",), roles_claim=PATH)),
        "ada Ada Lovelace",
        "invalid_claim",
    ),
    "forbidden_claim_values": (
        provider(token_profile=TokenProfile(JWT, forbidden_claim_values={PATH: ("here",)})),
        "wrong_type",
        "invalid_claim",
    ),
    "rooms_claim": (provider(room_rules=RoomRules(PATH)), 'ada Ada Lovelace ["here"]', "invalid_claim"),
    "roles_claim of rooms": (
        provider(room_rules=RoomRules(host_roles=("here",), roles_claim=PATH)),
        "ada Ada Lovelace host",
        "invalid_claim",
    ),
    "user_roles_claim": (provider(user_roles=UserRoles(PATH, ("here",))), "ada Ada Lovelace here", "invalid_claim"),
    "required_claim_values": (
        provider(token_profile=TokenProfile(JWT, required_claim_values={PATH: ("here",)})),
        "ada Ada Lovelace",
        "ada Ada Lovelace",
    ),
    "required_claims": (
        provider(access_requirements=AccessRequirements(claims={PATH: ("here",)})),
        "ada Ada Lovelace",
        "ada Ada Lovelace",
    ),
    "name_claims": (provider(name_claims=(PATH,)), "ada here", "ada here"),
}


@pytest.mark.parametrize(("told", "one", "two"), USES.values(), ids=USES)
def test_claim_is_found_by_the_same_path_wherever_settings_name_one(told: Provider, one: str, two: str) -> None:
    assert judged(told, **ONE) == one
    assert judged(told, **ONE, **OTHER) == two
    assert judged(told, **ONE, **{"https://hasura": {"io/jwt/claims": {"x": "here"}}}) == one


def test_name_that_is_no_text_is_passed_over_for_the_next_of_its_path() -> None:
    assert judged(provider(name_claims=("a.b",)), **{"a.b": 7, "a": {"b": "Ada"}}) == "ada Ada"


def test_audience_that_is_nowhere_on_its_path_is_no_audience() -> None:
    assert judged(provider(audience_claim="app.id"), app={}) == "wrong_audience"
    assert judged(provider(audience_claim="app.id"), app={"id": AUDIENCE}) == "ada Ada Lovelace"
