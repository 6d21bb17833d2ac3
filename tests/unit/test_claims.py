"""The claims of a token whose signature is right: good ones, then one change at a time."""

from __future__ import annotations

import json
from typing import Any

import pytest

from authorizer.errors import CallerForbidden, Reason, TokenRefused
from authorizer.providers import AccessRequirements, Providers, RoomRules, UserRoles
from authorizer.verifier import verify
from tests.tokens import (
    AUDIENCE,
    NOW,
    hmac_signer,
)
from tests.verifying import RSA, STRANGER, provider, refusal, shared_secret, signed_by


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        pytest.param({"exp": NOW - 60}, "token_expired", id="ended a minute ago"),
        pytest.param({"exp": None}, "invalid_claim", id="never ends"),
        pytest.param({"exp": str(NOW + 60)}, "invalid_claim", id="ends at a text"),
        pytest.param({"exp": True}, "invalid_claim", id="ends at true"),
        pytest.param({"exp": -1}, "invalid_claim", id="ended before time began"),
        pytest.param({"exp": 1e300}, "invalid_claim", id="ends after time ended"),
        pytest.param({"exp": 253_402_300_800}, "invalid_claim", id="ends in the year 10000"),
        pytest.param({"nbf": NOW + 61}, "not_yet_valid", id="begins later"),
        pytest.param({"nbf": "now"}, "invalid_claim", id="begins at a text"),
        pytest.param({"iat": NOW + 61}, "not_yet_valid", id="was made in the future"),
        pytest.param({"iat": [NOW]}, "invalid_claim", id="was made at a list"),
        pytest.param({"aud": None}, "wrong_audience", id="for nobody"),
        pytest.param({"aud": "another"}, "wrong_audience", id="for another"),
        pytest.param({"aud": []}, "wrong_audience", id="for an empty list"),
        pytest.param({"aud": ["another", "third"]}, "wrong_audience", id="for others"),
        pytest.param({"aud": 7}, "invalid_claim", id="for a number"),
        pytest.param({"aud": [AUDIENCE, 7]}, "invalid_claim", id="for a number too"),
        pytest.param({"sub": None}, "invalid_subject", id="about nobody"),
        pytest.param({"sub": ""}, "invalid_subject", id="about an empty text"),
        pytest.param({"sub": "a" * 256}, "invalid_subject", id="about a very long text"),
        pytest.param({"sub": True}, "invalid_subject", id="about true"),
        pytest.param({"sub": 1.5}, "invalid_subject", id="about a fraction"),
        pytest.param({"sub": {"id": "ada"}}, "invalid_subject", id="about an object"),
        pytest.param({"sub": "  "}, "invalid_subject", id="about a blank"),
        pytest.param({"sub": "\u00a0\u3000"}, "invalid_subject", id="about blanks that are not in ASCII"),
        pytest.param({"sub": "\u200b\u2060\ufeff"}, "invalid_subject", id="about characters without width"),
        pytest.param({"sub": "\u2028"}, "invalid_subject", id="about a line's end alone"),
        pytest.param({"sub": "\u3164\u2800"}, "invalid_subject", id="about letters that show nothing"),
        pytest.param({"sub": "\u034f\ufe0f"}, "invalid_subject", id="about marks that show nothing"),
        pytest.param({"sub": "ada\n"}, "invalid_subject", id="with a line break at the end"),
        pytest.param({"sub": "a\x00da"}, "invalid_subject", id="with a null in it"),
        pytest.param({"sub": "ada\x7f"}, "invalid_subject", id="with a delete at the end"),
        pytest.param({"sub": "ada\x85"}, "invalid_subject", id="with a control character outside ASCII"),
    ],
)
def test_claim_that_is_not_accepted_is_refused(changes: dict[str, Any], reason: str) -> None:
    assert refusal(signed_by(RSA, **changes)) == reason


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"exp": NOW - 59}, id="ended within the skew"),
        pytest.param({"exp": NOW + 0.5}, id="ends at a fraction"),
        pytest.param({"exp": 253_402_300_799}, id="ends with the year 9999"),
        pytest.param({"nbf": NOW + 60}, id="begins within the skew"),
        pytest.param({"nbf": 0, "iat": 0}, id="began with time itself"),
        pytest.param({"aud": ["another", AUDIENCE]}, id="for us and another"),
        pytest.param({"sub": "auth0|" + "a" * 249}, id="about a long subject"),
        pytest.param({"at_hash": "x"}, id="an ID token with at_hash"),
    ],
)
def test_claim_that_is_unusual_is_accepted(changes: dict[str, Any]) -> None:
    assert verify(signed_by(RSA, **changes), Providers((provider(),)), NOW).provider == "main"


def test_expired_token_of_a_stranger_is_not_called_expired() -> None:
    assert refusal(signed_by(STRANGER, exp=NOW - 60)) == "bad_signature"


def test_provider_without_audience_refuses_a_token_that_names_one() -> None:
    token = hmac_signer().token({"id": "ada", "aud": "another", "exp": NOW + 60})

    assert refusal(token, shared_secret()) == "wrong_audience"


def test_provider_of_any_audience_accepts_a_token_that_names_one() -> None:
    assert verify(signed_by(RSA, aud="another"), Providers((provider(audiences=None),)), NOW).subject == "ada"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        pytest.param({}, None, id="an hour, as accepted"),
        pytest.param({"exp": NOW + 3601}, "lives_too_long", id="a second more"),
        pytest.param({"iat": None}, "invalid_claim", id="without saying since when"),
    ],
)
def test_max_lifetime_is_kept_if_set(changes: dict[str, Any], reason: str | None) -> None:
    short = provider(max_lifetime=3600)

    if reason is None:
        assert verify(signed_by(RSA, **changes), Providers((short,)), NOW).subject == "ada"
    else:
        assert refusal(signed_by(RSA, **changes), short) == reason


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        pytest.param({"exp": NOW + 900}, None, id="as long as accepted"),
        pytest.param({"exp": NOW + 901}, "lives_too_long", id="a second more"),
        pytest.param({"iat": None, "exp": NOW + 960}, None, id="as long from now on, and the skew"),
        pytest.param({"iat": None, "exp": NOW + 961}, "lives_too_long", id="a second more, from now on"),
        pytest.param({"iat": NOW - 3600, "exp": NOW + 60}, "lives_too_long", id="the end of a long life"),
        pytest.param({"nickname": "Countess", "exp": NOW + 86400}, None, id="a long life with a name"),
        pytest.param({"nickname": " ", "exp": NOW + 86400}, "lives_too_long", id="a long life with a blank"),
    ],
)
def test_life_of_a_token_without_a_name_is_short_if_that_is_set(changes: dict[str, Any], reason: str | None) -> None:
    short = provider(max_lifetime_without_name=900)
    changes = {"name": None, **changes}

    if reason is None:
        assert verify(signed_by(RSA, **changes), Providers((short,)), NOW).subject == "ada"
    else:
        assert refusal(signed_by(RSA, **changes), short) == reason


@pytest.mark.parametrize(
    ("skew", "now", "accepted"), [(0, NOW - 1, True), (0, NOW, False), (300, NOW + 299, True), (300, NOW + 300, False)]
)
def test_skew_is_as_set(skew: int, now: int, *, accepted: bool) -> None:
    token = signed_by(RSA, exp=NOW, iat=None)

    if accepted:
        assert verify(token, Providers((provider(clock_skew=skew),)), now).subject == "ada"
    else:
        assert refusal(token, provider(clock_skew=skew), now=now) == "token_expired"


@pytest.mark.parametrize(
    ("requirements", "changes", "reason"),
    [
        pytest.param({"scopes": ("chat",)}, {"scope": "openid chat"}, None, id="a scope in a text"),
        pytest.param({"scopes": ("chat",)}, {"scp": ["chat"]}, None, id="a scope in a list"),
        pytest.param({"scopes": ("chat",)}, {"scope": "chatter"}, "missing_scope", id="a longer scope"),
        pytest.param({"scopes": ("chat", "x")}, {"scope": "chat"}, "missing_scope", id="one scope of two"),
        pytest.param({"scopes": ("chat",)}, {"scope": 7}, "missing_scope", id="a scope that is a number"),
        pytest.param({"scopes": ("chat",)}, {}, "missing_scope", id="no scope"),
        pytest.param({"roles": ("staff", "admin")}, {"roles": ["admin"]}, None, id="one role of two"),
        pytest.param({"roles": ("staff",)}, {"roles": "staff"}, None, id="a role that is no list"),
        pytest.param({"roles": ("staff",)}, {"roles": ["guest"]}, "missing_role", id="another role"),
        pytest.param(
            {"roles": ("staff",), "roles_claim": "realm_access.roles"},
            {"realm_access": {"roles": ["staff"]}},
            None,
            id="a role within a claim",
        ),
        pytest.param(
            {"roles": ("staff",), "roles_claim": "https://app.example/roles"},
            {"https://app.example/roles": ["staff"]},
            None,
            id="a role in a claim with dots in its name",
        ),
        pytest.param({"claims": {"verified": (True,)}}, {"verified": True}, None, id="a claim"),
        pytest.param({"claims": {"verified": (True,)}}, {"verified": "true"}, "missing_claim", id="a claim in text"),
        pytest.param({"claims": {"a.b": ("x",)}}, {"a": ["b"]}, "missing_claim", id="a claim that is no object"),
    ],
)
def test_user_without_what_is_required_is_forbidden(
    requirements: dict[str, Any], changes: dict[str, Any], reason: str | None
) -> None:
    guarded = Providers((provider(access_requirements=AccessRequirements(**requirements)),))

    if reason is None:
        assert verify(signed_by(RSA, **changes), guarded, NOW).subject == "ada"
    else:
        with pytest.raises(CallerForbidden) as caught:
            verify(signed_by(RSA, **changes), guarded, NOW)
        assert caught.value.reason.value == reason


def test_bad_token_without_what_is_required_is_a_bad_token() -> None:
    guarded = provider(access_requirements=AccessRequirements(scopes=("chat",)))

    assert refusal(signed_by(RSA, exp=NOW - 60), guarded) == "token_expired"
    assert refusal(signed_by(RSA, sub=None), guarded) == "invalid_subject"


@pytest.mark.parametrize("blank", [" ", "\u200b\u200d", "\u3164\u2800", "\ufe0f", "\u0000"])
def test_name_that_shows_nothing_is_passed_over(blank: str) -> None:
    token = signed_by(RSA, name=blank, nickname="Countess")

    assert verify(token, Providers((provider(),)), NOW).name == "Countess"


@pytest.mark.parametrize(
    "subject",
    ["ada lovelace", "0", "-", "\u00e4d\u00e4", "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645", "\U0001f600"],
)
def test_subject_with_something_to_see_is_one(subject: str) -> None:
    assert verify(signed_by(RSA, sub=subject), Providers((provider(),)), NOW).subject == subject


def test_audience_may_stand_in_another_claim() -> None:
    by_client = provider(audience_claim="client_id", audiences=("app",))

    assert verify(signed_by(RSA, aud=None, client_id="app"), Providers((by_client,)), NOW).subject == "ada"
    assert refusal(signed_by(RSA, aud="app", client_id="other"), by_client) == "wrong_audience"


@pytest.mark.parametrize(
    ("exp", "reason"), [(NOW + 900, None), (NOW + 899, "ends_too_soon"), (NOW - 60, "token_expired")]
)
def test_token_must_outlast_the_shortest_session_if_sessions_end_with_it(exp: int, reason: str | None) -> None:
    lasting = provider(min_remaining_seconds=900)

    if reason is None:
        assert verify(signed_by(RSA, exp=exp), Providers((lasting,)), NOW).expires == exp
    else:
        assert refusal(signed_by(RSA, exp=exp), lasting) == reason


@pytest.mark.parametrize(
    ("groups", "role"),
    [
        pytest.param(["member", "moderator"], "moderator", id="one of them"),
        pytest.param(["moderator", "owner"], "owner", id="the best of several"),
        pytest.param("moderator", "moderator", id="a claim that is no list"),
        pytest.param(["member"], "", id="none of them"),
        pytest.param(["Moderator"], "", id="another case"),
        pytest.param(None, "", id="no claim"),
        pytest.param({"moderator": 1}, "", id="a claim that is an object"),
    ],
)
def test_user_role_is_the_best_that_the_claim_names(groups: Any, role: str) -> None:
    graded = provider(user_roles=UserRoles("groups", ("owner", "moderator")))

    assert verify(signed_by(RSA, groups=groups), Providers((graded,)), NOW).role == role


@pytest.mark.parametrize(
    ("rooms", "listed"),
    [
        pytest.param(
            ["stand-up", "team-*", "office-{user_id}"], ["stand-up", "team-*", "office-{user_id}"], id="a list"
        ),
        pytest.param("stand-up team-*", ["stand-up", "team-*"], id="a text with spaces"),
        pytest.param([], [], id="none"),
        pytest.param(None, [], id="no claim"),
    ],
)
def test_rooms_are_those_that_the_claim_lists(rooms: Any, listed: list[str]) -> None:
    listing = provider(room_rules=RoomRules("rooms"))

    assert json.loads(verify(signed_by(RSA, rooms=rooms), Providers((listing,)), NOW).rooms) == listed


def test_rooms_are_not_looked_at_unless_a_setting_names_their_claim() -> None:
    caller = verify(signed_by(RSA, rooms=7, roles=["owner"]), Providers((provider(),)), NOW)

    assert (caller.rooms, caller.host, caller.listens) == ("", False, False)


@pytest.mark.parametrize(
    "rooms",
    [
        pytest.param(7, id="a number"),
        pytest.param(["stand-up", 7], id="a number in the list"),
        pytest.param({"stand-up": True}, id="an object"),
        pytest.param(["x" * 2045], id="one byte more than fits"),
    ],
)
def test_token_whose_rooms_cannot_be_read_is_refused(rooms: Any) -> None:
    listing = provider(room_rules=RoomRules("rooms"))

    with pytest.raises(TokenRefused) as refused:
        verify(signed_by(RSA, rooms=rooms), Providers((listing,)), NOW)

    assert refused.value.reason is Reason.INVALID_CLAIM


def test_longest_list_of_rooms_is_read() -> None:
    listing = provider(room_rules=RoomRules("rooms"))

    assert len(verify(signed_by(RSA, rooms=["x" * 2044]), Providers((listing,)), NOW).rooms) == 2048


@pytest.mark.parametrize(
    ("groups", "host", "listens"),
    [
        pytest.param(["teacher"], True, False, id="a host"),
        pytest.param("teacher", True, False, id="a claim that is no list"),
        pytest.param(["pupil"], False, True, id="one who listens"),
        pytest.param(["pupil", "teacher"], True, False, id="a host does not only listen"),
        pytest.param(["Teacher"], False, False, id="another case"),
        pytest.param(None, False, False, id="neither"),
    ],
)
def test_part_in_rooms_is_read_from_the_roles(groups: Any, host: bool, listens: bool) -> None:  # noqa: FBT001
    rules = RoomRules("", ("teacher",), ("pupil",), "groups")

    caller = verify(signed_by(RSA, groups=groups), Providers((provider(room_rules=rules),)), NOW)

    assert (caller.host, caller.listens) == (host, listens)
