"""The exchange with our own Chime and STS: who is created or renamed, and what one failure does to the other call."""

from __future__ import annotations

import itertools
import threading
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from signin import users
from signin.caller import VerifiedCaller
from signin.deadline import Deadline
from signin.errors import Forbidden, Rejected, SigninError, Throttled, Unavailable, UserExists, UserMissing
from signin.exchange import Exchange, SignedIn
from signin.revocation import RevokedUsers
from signin.sessions import Credentials, SessionSettings, StsSessions, UserSession
from signin.users import ChimeUser, Ensured

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from signin.guests import Stay
    from signin.users import Wanted

NOW = 1_800_000_000
ADA = VerifiedCaller(
    provider="main",
    namespace="https://issuer.example/",
    keep_subject=True,
    subject="ada",
    name="Ada Lovelace",
    role="",
    expires=NOW + 3600,
)
LOVELACE = users.NamedUser("ada", users.Name("Ada Lovelace", "User x6pj"))
INSTANCE = "arn:aws:chime:us-east-1:123456789012:app-instance/1"


class Chime(users.ChimeUsers):
    """An AppInstance's users in a dictionary. `failures` happen first, by operation."""

    def __init__(self, **failures: list[SigninError]) -> None:
        self._app_instance_arn = INSTANCE
        self.users: dict[str, ChimeUser] = {}
        self.failures = failures
        self.calls: list[str] = []
        self.request_tokens: list[str] = []

    def describe(self, user_id: str) -> ChimeUser:
        self._called("describe")
        if user_id not in self.users:
            raise UserMissing("Forbidden")
        return self.users[user_id]

    def create(self, user_id: str, name: str, request_token: str, wanted: Wanted, stay: Stay | None = None) -> None:
        assert wanted()
        assert (stay is not None) == user_id.startswith("guest-")
        self.request_tokens.append(request_token)
        self._called("create")
        self.users[user_id] = ChimeUser(self.arn(user_id), name, "")

    def rename(self, user: ChimeUser, name: str, wanted: Wanted) -> None:
        self._called("rename")
        if not wanted():
            raise Unavailable("given_up")
        self.users["ada"] = ChimeUser(user.arn, name, user.metadata)

    def _called(self, operation: str) -> None:
        self.calls.append(operation)
        if self.failures.get(operation):
            raise self.failures[operation].pop(0)


class Sts(StsSessions):
    """Sessions with numbered keys. `failures` happen first."""

    def __init__(self, *failures: SigninError) -> None:
        self.failures = list(failures)
        self.numbers = itertools.count(1)
        self.opened: list[UserSession] = []

    def open(self, session: UserSession) -> Credentials:
        self.opened.append(session)
        if self.failures:
            raise self.failures.pop(0)
        return Credentials(
            f"{session.user_id}-{next(self.numbers)}", "secret", "token", datetime(2027, 1, 1, tzinfo=UTC)
        )


POLICY = SessionSettings("arn:aws:iam::123456789012:role/User", 3600)


class Revoked(RevokedUsers):
    """A list of revoked users."""

    def __init__(self, *users: str) -> None:
        self.users = users

    def check(self, user_id: str, now: float, deadline: Deadline) -> None:
        assert now == NOW
        if user_id in self.users:
            raise Forbidden("revoked")


def exchange(chime: Chime, sts: Sts, deadline: Deadline, executor: Executor, caller: VerifiedCaller = ADA) -> SignedIn:
    return Exchange(Revoked("eve"), chime, sts, POLICY, executor)(caller, NOW, deadline)


@pytest.fixture
def executor() -> Iterator[Executor]:
    with ThreadPoolExecutor(8) as pool:
        yield pool


@pytest.fixture
def deadline() -> Deadline:
    numbers = itertools.count(0.0, 0.001)
    return Deadline(lambda: next(numbers), lambda _: None, lambda: 0.0)


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
        exchange(chime, sts, deadline, executor, replace(ADA, subject="eve"))
    assert (chime.calls, sts.opened) == ([], [])
    assert deadline.remaining() == 0


def test_without_a_list_nobody_is_revoked(deadline: Deadline, executor: Executor) -> None:
    eve = replace(ADA, subject="eve")

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

    outcome = exchange(chime, Sts(), deadline, executor, replace(ADA, name=claimed))

    assert outcome.ensured.user.name == chime.users["ada"].name == shown
    assert ("rename" in chime.calls) == (stored not in (None, shown))


def test_id_is_not_shown_even_if_the_user_cannot_be_renamed(deadline: Deadline, executor: Executor) -> None:
    chime = Chime(rename=[Rejected("BadRequest")])
    chime.users["ada"] = ChimeUser(chime.arn("ada"), "ada", "vip")

    ensured = exchange(chime, Sts(), deadline, executor, replace(ADA, name="")).ensured

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


def test_both_calls_are_made_at_the_same_time(deadline: Deadline, executor: Executor) -> None:
    meeting = threading.Barrier(2)

    class MeetingChime(Chime):
        def describe(self, user_id: str) -> ChimeUser:
            meeting.wait(timeout=30)
            return super().describe(user_id)

    class MeetingSts(Sts):
        def open(self, session: UserSession) -> Credentials:
            meeting.wait(timeout=30)
            return super().open(session)

    assert exchange(MeetingChime(), MeetingSts(), deadline, executor).session.user_id == "ada"


class HangingChime(Chime):
    """Answers once `released` is set."""

    def __init__(self) -> None:
        super().__init__()
        self.released = threading.Event()

    def describe(self, user_id: str) -> ChimeUser:
        self.released.wait(timeout=30)
        return super().describe(user_id)


def test_call_that_hangs_is_not_waited_for_when_the_other_failed(deadline: Deadline, executor: Executor) -> None:
    chime = HangingChime()

    with pytest.raises(Rejected, match="AccessDenied"):
        exchange(chime, Sts(Rejected("AccessDenied")), deadline, executor)
    assert chime.calls == []
    chime.released.set()


def test_nothing_more_is_begun_for_a_sign_in_that_failed(deadline: Deadline) -> None:
    chime = HangingChime()

    with ThreadPoolExecutor(2) as executor:
        with pytest.raises(Rejected):
            exchange(chime, Sts(Rejected("AccessDenied")), deadline, executor)
        chime.released.set()
    assert chime.calls == ["describe"]


class OneAfterTheOther(Executor):
    """Has made every call by the time that `submit` returns."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except SigninError as error:
            future.set_exception(error)
        return future


@pytest.mark.parametrize("time", range(10))
def test_of_two_failures_it_is_always_the_same_that_is_raised(deadline: Deadline, time: int) -> None:  # noqa: ARG001 - repeated, because threads differ each time
    chime, sts = Chime(describe=[Rejected("BadRequest")]), Sts(Rejected("AccessDenied"))

    with pytest.raises(Rejected, match="BadRequest"):
        exchange(chime, sts, deadline, OneAfterTheOther())


def test_request_that_is_retried_is_the_same_request(deadline: Deadline, executor: Executor) -> None:
    chime = Chime(create=[Unavailable("ServiceFailure")])
    exchange(chime, Sts(), deadline, executor)
    chime.users.clear()
    exchange(chime, Sts(), Deadline(lambda: 0.0, lambda _: None, lambda: 0.0), executor)

    first, again, another = chime.request_tokens
    assert first == again
    assert another != first


def test_call_that_hangs_is_not_waited_for_after_the_deadline(executor: Executor) -> None:
    chime = HangingChime()
    over = Deadline(lambda: 0.0, lambda _: None, lambda: 0.0, seconds=0.05)

    with pytest.raises(Unavailable, match="out_of_time"):
        exchange(chime, Sts(), over, executor)
    chime.released.set()


def test_rename_that_hangs_is_given_up_and_fails_no_sign_in(executor: Executor) -> None:
    released, still_wanted = threading.Event(), []

    class SlowChime(Chime):
        def rename(self, user: ChimeUser, name: str, wanted: Wanted) -> None:
            released.wait(timeout=30)
            still_wanted.append(wanted())

    chime = SlowChime()
    chime.users["ada"] = ChimeUser(chime.arn("ada"), "Ada Byron", "vip")
    little = Deadline(lambda: 0.0, lambda _: None, lambda: 0.0, seconds=0.1)

    outcome = exchange(chime, Sts(), little, executor)
    released.set()

    executor.shutdown()
    assert outcome.ensured == Ensured(chime.users["ada"], "not renamed")
    assert still_wanted == [False]


def test_rename_that_waited_too_long_for_a_thread_is_not_sent_later() -> None:
    chime = Chime()
    chime.users["ada"] = ChimeUser(chime.arn("ada"), "Ada Byron", "vip")
    freed, little = threading.Event(), Deadline(lambda: 0.0, lambda _: None, lambda: 0.0, seconds=0.1)

    with ThreadPoolExecutor(1) as busy:
        busy.submit(freed.wait, 30)
        ensured = users.ensure(chime, LOVELACE, little, busy)
        freed.set()

    assert ensured.outcome == "not renamed"
    assert chime.calls == ["describe"]


def test_rename_is_not_sent_by_a_sign_in_that_has_ended(deadline: Deadline) -> None:
    class LateChime(Chime):
        def describe(self, user_id: str) -> ChimeUser:
            deadline.expire()
            return super().describe(user_id)

    chime = LateChime()
    chime.users["ada"] = ChimeUser(chime.arn("ada"), "Ada Byron", "vip")

    with ThreadPoolExecutor(8) as executor:
        ensured = users.ensure(chime, LOVELACE, deadline, executor)

    assert ensured == Ensured(chime.users["ada"], "not renamed")
    assert chime.users["ada"].name == "Ada Byron"


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
        exchange(Chime(), sts, deadline, executor, replace(ADA, role="owner"))

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
    sts, guests = Sts(), replace(POLICY, guest_role_arn="arn:aws:iam::123456789012:role/Guest")
    invited = replace(ADA, guest=True, expires=NOW + 1200)

    outcome = Exchange(Revoked("eve"), Chime(), sts, guests, executor)(invited, NOW, deadline)

    assert outcome.guest
    assert sts.opened == [UserSession(outcome.session.user_id, guests.guest_role_arn, 1200)]
    assert outcome.session.user_id.startswith("guest-")


def test_renewal_of_a_guest_makes_no_call_of_chime(deadline: Deadline, executor: Executor) -> None:
    chime, guests = Chime(), replace(POLICY, guest_role_arn="arn:aws:iam::123456789012:role/Guest")

    renewed = Exchange(None, chime, Sts(), guests, executor)(replace(ADA, guest=True), NOW, deadline, renewal=True)

    assert (chime.calls, renewed.ensured.outcome, renewed.guest) == ([], "renewed", True)
