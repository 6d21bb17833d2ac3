"""The exchange with our own Chime and STS: who is created or renamed, and what fails a sign-in."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from signin.deadline import Deadline
from signin.errors import Forbidden, Rejected, SigninError, Throttled, Unavailable, UserExists, UserMissing
from signin.exchange import Exchange, SignedIn
from signin.sessions import Credentials, UserSession
from signin.users import ChimeUser, Ensured
from tests.unit.exchange.fakes import ADA, INSTANCE, NOW, POLICY, Chime, Revoked, Sts, exchange

if TYPE_CHECKING:
    from concurrent.futures import Executor


def test_new_user_is_created_and_gets_credentials(deadline: Deadline, executor: Executor) -> None:
    chime = Chime()

    outcome = exchange(chime, Sts(), deadline, executor)

    assert outcome == SignedIn(
        session=UserSession("ada", "arn:aws:iam::123456789012:role/User", 3600),
        ensured=Ensured(ChimeUser(f"{INSTANCE}/user/ada", "Ada Lovelace", ""), "created"),
        credentials=Credentials("ada-1", "secret", "token", datetime(2027, 1, 1, tzinfo=UTC)),
        token_expires=ADA.expires,
    )
    assert chime.users["ada"].name == "Ada Lovelace"


def test_returning_user_costs_one_call(deadline: Deadline, executor: Executor) -> None:
    chime = Chime()
    chime.users["ada"] = ChimeUser(chime.arn("ada"), "Ada Lovelace", "")

    exchange(chime, Sts(), deadline, executor)

    assert chime.calls == ["describe"]


def test_revoked_user_is_turned_away_before_any_call(deadline: Deadline, executor: Executor) -> None:
    chime, sts = Chime(), Sts()

    with pytest.raises(Forbidden, match="revoked"):
        exchange(chime, sts, deadline, executor, ADA._replace(subject="eve"))
    assert (chime.calls, sts.opened) == ([], [])
    assert deadline.remaining() == 0


def test_without_a_list_nobody_is_revoked(deadline: Deadline, executor: Executor) -> None:
    eve = ADA._replace(subject="eve")

    assert Exchange(None, Chime(), Sts(), POLICY, executor)(eve, NOW, deadline).session.user_id == "eve"


def test_changed_name_is_stored_in_chime_and_the_metadata_kept(deadline: Deadline, executor: Executor) -> None:
    chime = Chime()
    chime.users["ada"] = ChimeUser(chime.arn("ada"), "Ada Byron", "vip")

    outcome = exchange(chime, Sts(), deadline, executor)

    assert chime.users["ada"] == outcome.ensured.user == ChimeUser(chime.arn("ada"), "Ada Lovelace", "vip")


@pytest.mark.parametrize(
    ("stored", "claimed", "shown"),
    [
        pytest.param(None, "", "User x6pj", id="no user yet, and no name"),
        pytest.param(None, "\u200b", "User x6pj", id="no user yet, and a name that is invisible"),
        pytest.param("Ada Byron", "", "Ada Byron", id="a name, and no claim"),
        pytest.param("User 7f3q", "", "User 7f3q", id="another fallback, and no claim"),
        pytest.param("User x6pj", "Ada Lovelace", "Ada Lovelace", id="a fallback, and a claim"),
        pytest.param("ada", "", "User x6pj", id="the id, and no claim"),
        pytest.param("ada", "Ada Lovelace", "Ada Lovelace", id="the id, and a claim"),
        pytest.param("ada", "ada", "ada", id="the id, and a claim of the same"),
        pytest.param("", "", "User x6pj", id="an empty name, and no claim"),
        pytest.param("\u3164", "", "User x6pj", id="an invisible name, and no claim"),
    ],
)
def test_user_is_shown_by_a_name_and_never_by_the_id(
    deadline: Deadline, executor: Executor, stored: str | None, claimed: str, shown: str
) -> None:
    chime = Chime()
    if stored is not None:
        chime.users["ada"] = ChimeUser(chime.arn("ada"), stored, "vip")

    outcome = exchange(chime, Sts(), deadline, executor, ADA._replace(name=claimed))

    assert outcome.ensured.user.name == chime.users["ada"].name == shown
    assert ("rename" in chime.calls) == (stored not in (None, shown))


def test_id_is_not_shown_even_if_the_user_cannot_be_renamed(deadline: Deadline, executor: Executor) -> None:
    chime = Chime(rename=[Rejected("BadRequest")])
    chime.users["ada"] = ChimeUser(chime.arn("ada"), "ada", "vip")

    ensured = exchange(chime, Sts(), deadline, executor, ADA._replace(name="")).ensured

    assert ensured == Ensured(ChimeUser(chime.arn("ada"), "User x6pj", "vip"), "not renamed")


@pytest.mark.parametrize(
    "failure", [Throttled("ThrottledClient"), Unavailable("ServiceFailure"), Rejected("BadRequest")]
)
def test_rename_that_fails_fails_no_sign_in(deadline: Deadline, executor: Executor, failure: SigninError) -> None:
    chime = Chime(rename=[failure])
    chime.users["ada"] = ChimeUser(chime.arn("ada"), "Ada Byron", "vip")

    assert exchange(chime, Sts(), deadline, executor).ensured.user.name == "Ada Byron"


def test_user_whom_another_device_created_first_signs_in(deadline: Deadline, executor: Executor) -> None:
    chime = Chime(describe=[UserMissing("Forbidden")], create=[UserExists("Conflict")])
    chime.users["ada"] = ChimeUser(chime.arn("ada"), "Ada", "")

    assert exchange(chime, Sts(), deadline, executor).ensured.user.name == "Ada"
    assert chime.calls == ["describe", "create", "describe"]


def test_forbidden_that_means_no_permission_is_told_apart_from_a_missing_user(
    deadline: Deadline, executor: Executor
) -> None:
    chime = Chime(create=[Rejected("Forbidden")])

    with pytest.raises(Rejected, match="Forbidden"):
        exchange(chime, Sts(), deadline, executor)
    assert chime.calls == ["describe", "create"]


@pytest.mark.parametrize("operation", ["describe", "create"])
def test_chime_that_throttles_once_is_retried(deadline: Deadline, executor: Executor, operation: str) -> None:
    failures: dict[str, list[SigninError]] = {operation: [Throttled("ThrottledClient")]}
    chime = Chime(**failures)

    assert exchange(chime, Sts(), deadline, executor).session.user_id == "ada"
    assert chime.calls.count(operation) == 2


def test_sts_that_throttles_once_is_retried(deadline: Deadline, executor: Executor) -> None:
    assert exchange(Chime(), Sts(Throttled("Throttling")), deadline, executor).credentials.access_key_id == "ada-1"


def test_sts_that_refuses_fails_the_sign_in(deadline: Deadline, executor: Executor) -> None:
    with pytest.raises(Rejected, match="AccessDenied"):
        exchange(Chime(), Sts(Rejected("AccessDenied")), deadline, executor)


def test_request_that_is_retried_is_the_same_request(deadline: Deadline, executor: Executor) -> None:
    chime = Chime(create=[Unavailable("ServiceFailure")])
    exchange(chime, Sts(), deadline, executor)
    chime.users.clear()
    exchange(chime, Sts(), Deadline(lambda: 0.0, lambda _: None, lambda: 0.0), executor)

    first, again, another = chime.request_tokens
    assert first == again
    assert another != first


@pytest.mark.parametrize(
    ("before", "failures", "expected"),
    [
        pytest.param(None, {}, "created", id="a new user"),
        pytest.param("Ada Lovelace", {}, "found", id="a returning one"),
        pytest.param("Ada Byron", {}, "renamed", id="one with a new name"),
        pytest.param(
            "Ada Byron", {"rename": [Rejected("BadRequest")]}, "not renamed", id="one whose name cannot be set"
        ),
    ],
)
def test_outcome_says_how_the_user_was_ensured(
    deadline: Deadline, executor: Executor, before: str | None, failures: dict[str, list[SigninError]], expected: str
) -> None:
    chime = Chime(**failures)
    if before:
        chime.users["ada"] = ChimeUser(chime.arn("ada"), before, "")

    assert exchange(chime, Sts(), deadline, executor).ensured.outcome == expected


def test_each_step_s_time_is_noted_even_if_it_fails(deadline: Deadline, executor: Executor) -> None:
    with pytest.raises(Rejected):
        exchange(Chime(describe=[Rejected("BadRequest")]), Sts(), deadline, executor)

    assert "user" in deadline.milliseconds


def test_session_is_by_the_session_settings(deadline: Deadline, executor: Executor) -> None:
    sts = Sts()
    with pytest.raises(Rejected, match="unknown_user_role"):
        exchange(Chime(), sts, deadline, executor, ADA._replace(role="owner"))

    assert sts.opened == []


def test_credentials_do_not_show_in_a_repr() -> None:
    shown = repr(Credentials("AKIA", "wJalr", "FwoG", datetime(2027, 1, 1, tzinfo=UTC)))

    assert "wJalr" not in shown
    assert "FwoG" not in shown


def test_renewal_makes_no_call_of_chime(deadline: Deadline, executor: Executor) -> None:
    chime, sts = Chime(), Sts()

    renewed = Exchange(Revoked("eve"), chime, sts, POLICY, executor)(ADA, NOW, deadline, renewal=True)

    assert chime.calls == []
    assert renewed.ensured == Ensured(ChimeUser(chime.arn("ada"), "Ada Lovelace", ""), "renewed")
    assert renewed.credentials.access_key_id == "ada-1"
    assert sts.opened == [UserSession("ada", POLICY.role_arn, 3600)]


def test_renewal_is_refused_to_the_revoked(deadline: Deadline, executor: Executor) -> None:
    sts = Sts()

    with pytest.raises(Forbidden):
        Exchange(Revoked("ada"), Chime(), sts, POLICY, executor)(ADA, NOW, deadline, renewal=True)

    assert sts.opened == []


def test_guest_has_a_role_of_their_own_and_is_told_apart(deadline: Deadline, executor: Executor) -> None:
    sts, guests = Sts(), POLICY._replace(guest_role_arn="arn:aws:iam::123456789012:role/Guest")
    invited = ADA._replace(guest=True, expires=NOW + 1200)

    outcome = Exchange(Revoked("eve"), Chime(), sts, guests, executor)(invited, NOW, deadline)

    assert outcome.guest
    assert sts.opened == [UserSession(outcome.session.user_id, guests.guest_role_arn, 1200)]
    assert outcome.session.user_id.startswith("guest-")


def test_renewal_of_a_guest_makes_no_call_of_chime(deadline: Deadline, executor: Executor) -> None:
    chime, guests = Chime(), POLICY._replace(guest_role_arn="arn:aws:iam::123456789012:role/Guest")

    renewed = Exchange(None, chime, Sts(), guests, executor)(ADA._replace(guest=True), NOW, deadline, renewal=True)

    assert (chime.calls, renewed.ensured.outcome, renewed.guest) == ([], "renewed", True)
