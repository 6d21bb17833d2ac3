"""User ids, which never change: what is kept, what is hashed, and that two callers never get one id."""

from __future__ import annotations

import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from signin.caller import VerifiedCaller
from signin.identity import app_instance_user_id, session_name

CHIME_ID = re.compile(r"[A-Za-z0-9]([A-Za-z0-9:_\-.@]{0,62}[A-Za-z0-9])?", re.ASCII)
SESSION_NAME = re.compile(r"[\w+=,.@-]{2,64}", re.ASCII)
SUBJECTS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=255)
NAMESPACES = st.text(st.characters(codec="utf-8"), min_size=1, max_size=40)


def user_id(
    subject: str, *, namespace: str = "https://issuer.example/", keep_subject: bool = True, guest: bool = False
) -> str:
    return app_instance_user_id(
        VerifiedCaller(
            provider="main",
            namespace=namespace,
            keep_subject=keep_subject,
            subject=subject,
            name="",
            role="",
            expires=0,
            guest=guest,
        )
    )


@pytest.mark.parametrize(
    "subject",
    [
        "a",
        "42",
        "8a6ac6dc-5d5b-4a9c-8d0b-0f0a0a2a5e11",
        "00u1abcd2EFGHijkl3m4",
        "ada.lovelace@example.com",
        "a" * 58,
    ],
)
def test_subject_that_fits_passes_unchanged(subject: str) -> None:
    assert user_id(subject) == subject


# Golden values: with another id, a user would be a new user, without channels and messages.
@pytest.mark.parametrize(
    ("subject", "expected"),
    [
        pytest.param(
            "auth0|5f7c8ec7c33c6c004bbafe82", "hash-k5r2ildqslf6d5f6vp3dkv5i66zbgpikago7z44nlywfrb74niiq", id="Auth0"
        ),
        pytest.param(
            "us-east-1:8a6ac6dc-5d5b-4a9c-8d0b-0f0a0a2a5e11",
            "hash-ejrk5mkz23c47rwjub45whq3kftb7h4pun2hw5to44wxzqkd5gha",
            id="an identity pool",
        ),
        pytest.param("-Ab_9xYz", "hash-od6m65wewnmbecwb3w5yugatnh3ilfguwc5ufznwxf22tysew2ba", id="a leading hyphen"),
        pytest.param(
            "a" * 59, "hash-ydt66skyadjroxnskqrnefixsy4nmqa7uysycjn2oaujsulsqs7q", id="one character too many"
        ),
        pytest.param("hash-ada", "hash-l4gfpb3lctnbp4z7q4nbsxv6ljcovchqfi62cl6nsikxz2mdz5qq", id="the reserved prefix"),
        pytest.param(
            "guest-ada", "hash-kl7pz6fyijsryjilo2gqosykdamplxixu6k2dmg4zagl426g3trq", id="the reserved prefix of guests"
        ),
        pytest.param("Ädä", "hash-yh67te3gv3nelf5fqysibvqj67mccl6ymkavmgc64pgbpcy2pyxa", id="letters outside ASCII"),
        pytest.param(
            "ada\n", "hash-m7xitnv35jfytyfdxuulyd2jpdlz5i3jdf6kozioh3fd6bgjwazq", id="a line break at the end"
        ),
    ],
)
def test_other_subject_is_hashed(subject: str, expected: str) -> None:
    assert user_id(subject) == expected


@pytest.mark.parametrize("subject", ["hash-ada", "Hash-ada", "HASH-ADA", "hASH-", "hash-x", "guest-ada", "GUEST-Ada"])
def test_subject_that_begins_like_a_hash_or_a_guest_is_hashed_in_any_case_of_letters(subject: str) -> None:
    assert re.fullmatch("hash-[a-z2-7]{52}", user_id(subject))
    assert user_id(subject) != subject.lower()


def test_subject_of_a_provider_that_does_not_keep_subjects_is_always_hashed() -> None:
    assert user_id("ada", keep_subject=False) == "hash-s5ymrk5fst754hxyoezcpbha3tnt74z4kddaehp5f73u6pe3xcla"


# Golden values, like those above: with another id, a guest would lose the channels that they were added to.
@pytest.mark.parametrize(
    ("subject", "expected"),
    [
        pytest.param(
            "ada", "guest-s5ymrk5fst754hxyoezcpbha3tnt74z4kddaehp5f73u6pe3xcla", id="one that a user could keep"
        ),
        pytest.param(
            "guest-ada", "guest-kl7pz6fyijsryjilo2gqosykdamplxixu6k2dmg4zagl426g3trq", id="the reserved prefix"
        ),
        pytest.param("Ädä", "guest-yh67te3gv3nelf5fqysibvqj67mccl6ymkavmgc64pgbpcy2pyxa", id="letters outside ASCII"),
    ],
)
@pytest.mark.parametrize("keep_subject", [True, False])
def test_guest_is_always_hashed(subject: str, expected: str, *, keep_subject: bool) -> None:
    assert user_id(subject, guest=True, keep_subject=keep_subject) == expected


@given(SUBJECTS, NAMESPACES, SUBJECTS, NAMESPACES, st.booleans())
def test_guest_is_never_a_user(
    subject: str,
    namespace: str,
    other: str,
    elsewhere: str,
    keep_subject: bool,  # noqa: FBT001 - hypothesis gives it
) -> None:
    guest = user_id(subject, namespace=namespace, guest=True)

    assert re.fullmatch("guest-[a-z2-7]{52}", guest)
    for plain in (guest, other):
        assert user_id(plain, namespace=elsewhere, keep_subject=keep_subject) != guest
    assert (guest == user_id(other, namespace=elsewhere, guest=True)) is ((subject, namespace) == (other, elsewhere))


@given(SUBJECTS, NAMESPACES, st.booleans())
def test_every_subject_fits_chime_and_sts(subject: str, namespace: str, keep_subject: bool) -> None:  # noqa: FBT001 - hypothesis gives it
    made = user_id(subject, namespace=namespace, keep_subject=keep_subject)

    assert CHIME_ID.fullmatch(made)
    assert SESSION_NAME.fullmatch(session_name(made))


@given(SUBJECTS, SUBJECTS, st.booleans())
def test_two_subjects_are_two_users(one: str, other: str, keep_subject: bool) -> None:  # noqa: FBT001 - hypothesis gives it
    assume(one != other)

    assert user_id(one, keep_subject=keep_subject) != user_id(other, keep_subject=keep_subject)


@given(SUBJECTS, NAMESPACES, NAMESPACES, st.booleans())
def test_equal_subjects_of_two_providers_are_two_users(
    subject: str,
    one: str,
    other: str,
    keep_subject: bool,  # noqa: FBT001 - hypothesis gives it
) -> None:
    assume(one != other)

    assert user_id(subject, namespace=one, keep_subject=False) != user_id(
        subject, namespace=other, keep_subject=keep_subject
    )


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param(("a", "bc"), ("ab", "c"), id="among letters"),
        pytest.param(("0", "abcdefghijx"), ("abcdefghij", "x"), id="among digits, which the length has too"),
    ],
)
def test_where_the_namespace_ends_matters(one: tuple[str, str], other: tuple[str, str]) -> None:
    ids = {user_id(subject, namespace=namespace, keep_subject=False) for namespace, subject in (one, other)}

    assert len(ids) == 2
