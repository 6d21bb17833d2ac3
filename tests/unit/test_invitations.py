"""Guests by invitation: which entries of PROVIDERS may have them, and what their invitations let them do."""

from __future__ import annotations

import json
from typing import Any

import pytest

from authorizer.clock import Clock
from authorizer.edge import Authorizer
from authorizer.errors import CallerForbidden, Reason, SettingsError, TokenRefused
from authorizer.settings import Settings
from authorizer.verifier import verify
from operations.doctor.doctor import all_checks
from operations.doctor.places import Outside
from operations.template import Template
from signin.caller import caller
from signin.identity import app_instance_user_id
from tests.shape import TID
from tests.tokens import AUDIENCE, ISSUER, NOW, Signer, claims, hmac_signer, rsa_signer

INVITES, OURS = rsa_signer(number=2), rsa_signer()
GUESTS_ISSUER = "https://app.example/guests"
ARN = "arn:aws:secretsmanager:us-east-1:123456789012:secret:app"
GUESTS: dict[str, Any] = {
    "name": "guests", "guests": True, "issuer": GUESTS_ISSUER, "audience": AUDIENCE, "max_lifetime_seconds": 86400,
    "jwks": {"keys": [dict(INVITES.jwk)]},
}  # fmt: skip
MAIN: dict[str, Any] = {"name": "main", "issuer": ISSUER, "audience": AUDIENCE, "jwks": {"keys": [dict(OURS.jwk)]}}
SECRETS: dict[str, dict[str, Any]] = {
    "main": {"name": "main", "preset": "shared-secret", "secret_arn": ARN},
    "guests": {**{name: held for name, held in GUESTS.items() if name != "jwks"}, "secret_arn": ARN},
}
CLOCK = Clock(wall_clock=lambda: NOW)


def settings(*entries: dict[str, Any], **environ: str) -> Settings:
    """Return the settings of *entries*; what is None in them is left out."""
    given = [{name: value for name, value in entry.items() if value is not None} for entry in entries]
    return Settings.from_environ({"PROVIDERS": json.dumps(given), **environ}, CLOCK)


def invitation(signer: Signer = INVITES, **changes: Any) -> str:
    """Return an invitation with *changes*; what is None in them is left out."""
    made = claims(**{"iss": GUESTS_ISSUER, "iat": NOW, **changes})
    return signer.token({name: value for name, value in made.items() if value is not None})


def context(token: str, *entries: dict[str, Any], **environ: str) -> dict[str, Any]:
    event = {"methodArn": "arn", "multiValueHeaders": {"Authorization": [f"Bearer {token}"]}}
    decided: dict[str, Any] = Authorizer(settings(*entries, **environ), CLOCK).decide(event)
    return {"effect": decided["policyDocument"]["Statement"][0]["Effect"], **decided["context"]}


def user_id(token: str, *entries: dict[str, Any]) -> str:
    return app_instance_user_id(caller({"requestContext": {"authorizer": context(token, *entries)}}))


def test_guest_is_said_to_be_one_and_has_no_role_and_no_room() -> None:
    assert context(invitation(), GUESTS) == {
        "effect": "Allow",
        "provider": "guests",
        "namespace": GUESTS_ISSUER,
        "keep_subject": False,
        "scope": GUESTS_ISSUER,
        "plain": False,
        "subject": "ada",
        "name": "Ada Lovelace",
        "expires": NOW + 3600,
        "rooms": "[]",
        "guest": True,
    }


def test_guest_enters_the_rooms_that_the_invitation_lists() -> None:
    listing = {**GUESTS, "rooms_claim": "rooms"}

    assert context(invitation(rooms=["visit-7"]), listing)["rooms"] == '["visit-7"]'
    assert context(invitation(), listing)["rooms"] == "[]"


def test_user_is_not_said_to_be_a_guest() -> None:
    assert not {"guest", "rooms"} & context(OURS.token(claims()), MAIN, GUESTS).keys()


NAMED_LIKE_MEMBERS = {
    "guest": "true", "guests": True, "host": True, "role": "owner", "roles": ["owner"], "listens": True,
    "namespace": ISSUER, "provider": "main", "keep_subject": True, "subject": "bob", "rooms": ["*"], "expires": 1,
}  # fmt: skip


@pytest.mark.parametrize("who", ["user", "guest"])
def test_claim_that_is_named_like_a_member_says_nothing(who: str) -> None:
    def decided(**more: Any) -> dict[str, Any]:
        token = OURS.token(claims(**more)) if who == "user" else invitation(**more)
        return context(token, MAIN, GUESTS)

    assert decided(**NAMED_LIKE_MEMBERS) == decided()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        pytest.param({"guests": "yes"}, ".guests is neither true nor false", id="no truth"),
        pytest.param(
            {"preset": "shared-secret", "issuer": None, "jwks": None, "secret_arn": ARN},
            ".issuer is missing, and it tells",
            id="no issuer",
        ),
        pytest.param({"issuer": [GUESTS_ISSUER, "https://b.example"]}, ".issuer stands for several", id="two issuers"),
        pytest.param({"issuer": "https://id.example/{tenantid}"}, ".issuer stands for several", id="all tenants"),
        pytest.param({"max_lifetime_seconds": None}, ".max_lifetime_seconds is missing", id="no longest lifetime"),
        pytest.param({"user_roles": ["owner"], "user_roles_claim": "r"}, ".user_roles is for users", id="user roles"),
        pytest.param({"user_roles_claim": "roles"}, ".user_roles_claim is for users", id="a claim of user roles"),
        pytest.param({"host_roles": ["owner"]}, ".host_roles is for users", id="hosts"),
        pytest.param({"keep_subject": True}, ".keep_subject is true", id="plain ids"),
    ],
)
def test_entry_that_would_make_more_of_guests_is_refused(change: dict[str, Any], words: str) -> None:
    with pytest.raises(SettingsError) as wrong:
        settings(MAIN, {**GUESTS, **change})

    assert str(wrong.value).startswith(f"PROVIDERS[1]{words}")
    assert any(word in str(wrong.value) for word in ("Write", "Leave"))


def entra(*tenants: str) -> dict[str, Any]:
    return {"name": "main", "preset": "entra", "tenant": list(tenants), "client_id": TID}


@pytest.mark.parametrize(
    ("other", "issuer"),
    [
        pytest.param({**MAIN, "issuer": GUESTS_ISSUER}, GUESTS_ISSUER, id="the same"),
        pytest.param({**MAIN, "issuer": [ISSUER, GUESTS_ISSUER]}, GUESTS_ISSUER, id="one of several"),
        pytest.param({**GUESTS, "name": "main"}, GUESTS_ISSUER, id="other guests"),
        pytest.param(entra("any"), f"https://login.microsoftonline.com/{TID}/v2.0", id="one that all tenants cover"),
        pytest.param({**MAIN, "issuer": "https://x.example/{tenantid}/"}, f"https://x.example/{TID}/", id="a pattern"),
        pytest.param(
            {**MAIN, "issuer": f"https://sts.windows.net/{TID}/"},
            f"https://login.microsoftonline.com/{TID}/v2.0",
            id="a tenant's other issuer",
        ),
        pytest.param(
            {"name": "main", "issuer": "accounts.google.com", "audience": "a", "jwks_uri": "https://x.example"},
            "https://accounts.google.com",
            id="Google's other spelling",
        ),
    ],
)
@pytest.mark.parametrize("first", ["guests", "others"])
def test_issuer_of_guests_stands_nowhere_else(other: dict[str, Any], issuer: str, first: str) -> None:
    entries = [{**GUESTS, "issuer": issuer}, {"keep_subject": False, **other}]

    with pytest.raises(SettingsError, match=r"issuer is an issuer of .* too\. Write one of the guests' own"):
        settings(*(entries if first == "guests" else reversed(entries)))


@pytest.mark.parametrize(
    "entry",
    [
        pytest.param({"preset": "entra", "tenant": TID, "client_id": TID}, id="a tenant of Entra, in both versions"),
        pytest.param({"preset": "google", "client_id": "app"}, id="Google, in both spellings"),
        pytest.param({"issuer": ["urn:a", "urn:b"], "issuers_share_users": True, "audience": "a"}, id="two names"),
    ],
)
def test_issuer_with_two_names_may_invite(entry: dict[str, Any]) -> None:
    keys = {} if "preset" in entry else {"jwks": GUESTS["jwks"]}
    guests = {"name": "guests", "guests": True, "max_lifetime_seconds": 86400, **entry, **keys}

    made = settings(MAIN, guests).providers.all[1]

    assert len(made.issuers) == 2
    assert made.guests
    for issuer in made.issuers:
        with pytest.raises(SettingsError, match=r"issuer is an issuer of main too"):
            settings({**MAIN, "issuer": issuer}, guests)


def test_issuer_of_another_tenant_may_invite() -> None:
    other = {**MAIN, "issuer": f"https://sts.windows.net/{TID[:-1]}0/"}

    entra_guests = {**GUESTS, "issuer": f"https://login.microsoftonline.com/{TID}/v2.0"}

    assert settings(other, entra_guests).providers.all[1].guests


@pytest.mark.parametrize(
    ("change", "refused"),
    [
        pytest.param({}, True, id="the same"),
        pytest.param({"secret_arn": f"{ARN}-AbC123"}, True, id="with the characters that Secrets Manager adds"),
        pytest.param({"secret_arn": f"{ARN}-guests-AbC123"}, False, id="another"),
        pytest.param({"secret_json_field": "guests"}, False, id="another field of it"),
        pytest.param({"issuer": ISSUER}, False, id="the same, and users' tokens have an issuer"),
    ],
)
def test_secret_that_signs_tokens_without_an_issuer_does_not_invite(change: dict[str, Any], *, refused: bool) -> None:
    of_users = {name: value for name, value in change.items() if name == "issuer"}
    of_guests = {name: value for name, value in change.items() if name != "issuer"}
    main, guests = {**SECRETS["main"], **of_users}, {**SECRETS["guests"], **of_guests}

    if refused:
        with pytest.raises(SettingsError, match=r"PROVIDERS\[1\].secret_arn is also that of main"):
            settings(main, guests)
    else:
        assert settings(main, guests).providers.all[1].guests


def test_inviting_guests_changes_no_user_s_id() -> None:
    alone, beside = settings(MAIN).providers.all[0], settings(MAIN, GUESTS).providers.all[0]

    assert alone.keep_subject
    assert beside.keep_subject
    assert not settings(GUESTS).providers.all[0].keep_subject
    with pytest.raises(SettingsError, match="there are several, so say whose users keep their ids"):
        settings(MAIN, {**MAIN, "name": "other", "issuer": "https://b.example"}, GUESTS)


def test_no_guest_is_a_user_or_a_guest_of_another_entry() -> None:
    others = {**GUESTS, "name": "partners", "issuer": "https://partner.example"}
    user = OURS.token(claims(sub="ada"))
    named = OURS.token(claims(sub=user_id(invitation(), MAIN, GUESTS)))
    entries = (MAIN, GUESTS, others)

    ids = [user_id(token, *entries) for token in (invitation(), invitation(iss=others["issuer"]), user, named)]

    assert len(set(ids)) == 4
    assert [made.split("-")[0] for made in ids] == ["guest", "guest", "ada", "hash"]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        pytest.param({"exp": None}, "invalid_claim", id="no end"),
        pytest.param({"iat": None}, "invalid_claim", id="no beginning"),
        pytest.param({"iat": NOW + 61, "exp": NOW + 3600}, "not_yet_valid", id="of the future"),
        pytest.param({"exp": NOW + 86401}, "lives_too_long", id="for too long"),
        pytest.param({"exp": NOW - 60}, "token_expired", id="over"),
        pytest.param({"iss": None}, "unknown_issuer", id="no issuer"),
        pytest.param({"iss": f"{GUESTS_ISSUER}/"}, "unknown_issuer", id="an issuer with a slash more"),
        pytest.param({"iss": ISSUER}, "bad_signature", id="the users' issuer, under the guests' key"),
        pytest.param({"aud": "another"}, "wrong_audience", id="for another service"),
        pytest.param({"sub": None}, "invalid_subject", id="no subject"),
        pytest.param({"sub": ""}, "invalid_subject", id="an empty subject"),
        pytest.param({"sub": "\u200b "}, "invalid_subject", id="a subject that nobody sees"),
        pytest.param({"sub": "a\nb"}, "invalid_subject", id="a subject of two lines"),
        pytest.param({"sub": "x" * 256}, "invalid_subject", id="a subject that is too long"),
        pytest.param({"sub": ["ada"]}, "invalid_subject", id="a list of subjects"),
    ],
)
def test_invitation_that_is_not_good_is_refused(changes: dict[str, Any], reason: str) -> None:
    assert context(invitation(**changes), MAIN, GUESTS)["reason"] == reason


@pytest.mark.parametrize(
    ("signer", "reason"),
    [
        pytest.param(rsa_signer(number=3), "bad_signature", id="a stranger"),
        pytest.param(OURS, "bad_signature", id="the users' key"),
        pytest.param(hmac_signer(), "wrong_algorithm", id="a secret"),
    ],
)
def test_invitation_is_signed_by_the_guests_own_key(signer: Signer, reason: str) -> None:
    assert context(invitation(signer), MAIN, GUESTS)["reason"] == reason


@pytest.mark.parametrize("subject", ["🦆", "Ädä", "x" * 255, "guest-ada", "auth0|x", "-", "../..", '"}'])
def test_odd_subject_is_a_guest_as_any(subject: str) -> None:
    assert len(user_id(invitation(sub=subject), GUESTS)) == 58


@pytest.mark.parametrize("who", ["user", "guest"])
def test_doctor_says_whether_a_token_is_a_guest_s(who: str) -> None:
    token = OURS.token(claims()) if who == "user" else invitation()
    values = {"Providers": json.dumps([MAIN, GUESTS])}
    [check] = [each for each in all_checks() if each.name == "user"]

    [finding] = check.look(Outside("", "", values, Template(), lambda: NOW, token))

    said = {
        "user": "ada, display name Ada Lovelace, role the default one, UserRole",
        "guest": "role of guests, GuestRole",
    }
    assert said[who] in finding.found


@pytest.mark.parametrize(
    ("left", "least", "forbidden"),
    [
        pytest.param(900, "0", False, id="a quarter of an hour"),
        pytest.param(899, "0", True, id="a second less"),
        pytest.param(899, "900", True, id="a second less, where all sessions end with their tokens"),
        pytest.param(1199, "1200", True, id="less than is asked of all tokens"),
        pytest.param(-59, "0", True, id="over, but for the clocks"),
    ],
)
def test_guest_whose_invitation_ends_soon_is_forbidden_and_not_sent_for_a_fresh_token(
    left: int, least: str, *, forbidden: bool
) -> None:
    given = context(invitation(exp=NOW + left), MAIN, GUESTS, LEAST_TOKEN_SECONDS=least)

    assert given.get("forbidden") == ("invitation_ends" if forbidden else None)
    assert ("subject" in given) is not forbidden


def test_whoever_is_no_guest_is_not_told_that_an_invitation_ends() -> None:
    verifies = settings(MAIN, GUESTS).providers

    with pytest.raises(TokenRefused) as refused:
        verify(invitation(exp=NOW + 60, aud="another"), verifies, NOW)
    assert refused.value.reason is Reason.WRONG_AUDIENCE
    with pytest.raises(CallerForbidden, match="invitation_ends"):
        verify(invitation(exp=NOW + 60), verifies, NOW)
