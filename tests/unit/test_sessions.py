"""Which session a caller gets."""

from __future__ import annotations

import pytest

from signin.caller import VerifiedCaller
from signin.errors import Rejected
from signin.sessions import SessionSettings, UserSession

NOW = 1_800_000_000
USER, MODERATOR = "arn:aws:iam::123456789012:role/User", "arn:aws:iam::123456789012:role/Moderator"
ADA = VerifiedCaller("main", "s", keep_subject=True, subject="ada", name="Ada", role="", expires=NOW + 1800)
POLICY = SessionSettings(USER, 3600, {"moderator": MODERATOR})


def test_session_is_everybody_s_role_for_as_long_as_set() -> None:
    assert POLICY.session(ADA, "ada", NOW) == UserSession("ada", USER, 3600)


def test_caller_with_a_role_gets_that_one() -> None:
    assert POLICY.session(ADA._replace(role="moderator"), "ada", NOW).role_arn == MODERATOR


def test_role_that_is_not_on_the_list_is_refused_and_not_replaced() -> None:
    with pytest.raises(Rejected, match="unknown_user_role"):
        POLICY.session(ADA._replace(role="owner"), "ada", NOW)


@pytest.mark.parametrize(
    ("seconds", "left", "given"),
    [
        pytest.param(3600, 1800, 1800, id="the token's end comes first"),
        pytest.param(1000, 1800, 1000, id="the session's end comes first"),
        pytest.param(3600, 899.5, 900, id="half a second has passed since the authorizer looked"),
        pytest.param(3600, 1800.9, 1800, id="never a second longer"),
    ],
)
def test_session_ends_with_the_token_if_so_decided(seconds: int, left: float, given: int) -> None:
    ending = POLICY._replace(seconds=seconds, ends_with_token=True)

    assert ending.session(ADA._replace(expires=NOW), "ada", NOW - left).seconds == given


GUEST = ADA._replace(guest=True)
GUESTS = POLICY._replace(guest_role_arn="arn:aws:iam::123456789012:role/Guest")


def test_session_of_a_guest_always_ends_with_the_invitation() -> None:
    assert GUESTS.session(GUEST, "guest-ada", NOW).seconds == 1800


def test_guest_gets_the_guests_role_and_no_other() -> None:
    assert GUESTS.session(GUEST, "guest-a", NOW).role_arn == GUESTS.guest_role_arn
    assert GUESTS.session(GUEST._replace(role="moderator"), "guest-a", NOW).role_arn == GUESTS.guest_role_arn
    assert GUESTS.session(ADA, "ada", NOW).role_arn == USER


def test_without_a_role_for_guests_there_are_none() -> None:
    with pytest.raises(Rejected, match="no_guest_role"):
        POLICY.session(GUEST, "guest-a", NOW)
