"""The answers: statuses, headers and bodies, and which origins may read them; and the caller that is read before."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from signin import answers, signed_in
from signin.answers import HEADERS, add_cors_headers
from signin.caller import VerifiedCaller, caller
from signin.errors import Forbidden, Rejected, Throttled, Unavailable, UserExists, UserMissing
from signin.exchange import SignedIn
from signin.sessions import Credentials, SessionSettings, UserSession
from signin.settings import Settings
from signin.users import ChimeUser, Ensured

INSTANCE = "arn:aws:chime:eu-central-1:123456789012:app-instance/1"
POLICY = SessionSettings("arn:aws:iam::123456789012:role/User", 3600)
SETTINGS = Settings(INSTANCE, POLICY, source_identity=False, allowed_origins=frozenset({"https://app.example"}))
NOON = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)
CONTEXT = {
    "provider": "main",
    "namespace": "s",
    "keep_subject": "true",
    "subject": "ada",
    "name": "Ada",
    "role": "",
    "expires": "1800003600",
}


def outcome(expiration: datetime) -> SignedIn:
    user = ChimeUser(f"{INSTANCE}/user/ada", "Ada Lovelace", "")
    credentials = Credentials("AKIA", "secret", "token", expiration)
    return SignedIn(UserSession("ada", POLICY.role_arn, 3600), Ensured(user, "found"), credentials)


def test_sign_in_is_answered_with_everything_that_the_contract_names() -> None:
    answer = signed_in.answer(outcome(NOON.replace(hour=13)), SETTINGS, NOON.timestamp(), 0.0)

    assert answer["statusCode"] == 200
    assert answer["headers"] == {"Content-Type": "application/json", "Cache-Control": "no-store"}
    assert json.loads(answer["body"]) == {
        "ChimeAppInstanceUserArn": f"{INSTANCE}/user/ada",
        "ChimeUserId": "ada",
        "ChimeCredentials": {
            "AccessKeyId": "AKIA",
            "SecretAccessKey": "secret",
            "SessionToken": "token",
            "Expiration": "2026-01-01T13:00:00Z",
        },
        "ChimeDisplayName": "Ada Lovelace",
        "ChimeAppInstanceArn": INSTANCE,
        "ChimeRegion": "eu-central-1",
        "ExpiresIn": 3600,
        "RefreshAfter": "2026-01-01T12:50:00Z",
    }


def test_answer_to_a_guest_says_so_and_no_other_does() -> None:
    user = outcome(NOON.replace(hour=13))
    ours, guests = (
        json.loads(signed_in.answer(each, SETTINGS, NOON.timestamp(), 0.0)["body"])
        for each in (user, user._replace(guest=True))
    )

    assert guests == {**ours, "ChimeGuest": True}
    assert "ChimeGuest" not in ours


@pytest.mark.parametrize(
    ("minutes", "refresh_after"),
    [
        pytest.param(65, "2026-01-01T12:50:00Z", id="a session of fifteen minutes can follow"),
        pytest.param(64, "2026-01-01T13:00:00Z", id="a minute less"),
        pytest.param(60, "2026-01-01T13:00:00Z", id="the session ends with the invitation"),
    ],
)
def test_guest_is_not_sent_to_renew_what_cannot_be_renewed(minutes: int, refresh_after: str) -> None:
    user = outcome(NOON.replace(hour=13))._replace(token_expires=NOON.timestamp() + 60 * minutes)

    ours, guests = (
        json.loads(signed_in.answer(each, SETTINGS, NOON.timestamp(), 0.0)["body"])
        for each in (user, user._replace(guest=True))
    )

    assert (guests["RefreshAfter"], guests["ExpiresIn"]) == (refresh_after, 3600)
    assert ours["RefreshAfter"] == "2026-01-01T12:50:00Z"


def test_times_are_in_utc() -> None:
    in_delhi = NOON.replace(hour=13).astimezone(timezone(timedelta(hours=5, minutes=30)))

    body = json.loads(signed_in.answer(outcome(in_delhi), SETTINGS, NOON.timestamp(), 0.0)["body"])

    assert (body["ChimeCredentials"]["Expiration"], body["ExpiresIn"]) == ("2026-01-01T13:00:00Z", 3600)
    assert body["RefreshAfter"] == "2026-01-01T12:50:00Z"


@pytest.mark.parametrize(
    ("chance", "refresh_after"),
    [(0.0, "2026-01-01T12:50:00Z"), (0.5, "2026-01-01T12:48:48Z"), (1.0, "2026-01-01T12:47:36Z")],
)
def test_renewals_are_spread_and_never_later(chance: float, refresh_after: str) -> None:
    body = json.loads(signed_in.answer(outcome(NOON.replace(hour=13)), SETTINGS, NOON.timestamp(), chance)["body"])

    assert body["RefreshAfter"] == refresh_after


def test_short_session_is_refreshed_before_it_ends() -> None:
    body = json.loads(signed_in.answer(outcome(NOON.replace(minute=15)), SETTINGS, NOON.timestamp(), 0.0)["body"])

    assert (body["ExpiresIn"], body["RefreshAfter"]) == (900, "2026-01-01T12:12:30Z")


@pytest.mark.parametrize(
    ("failure", "status", "error"),
    [
        pytest.param(Forbidden("missing_scope"), 403, "forbidden", id="may not sign in"),
        pytest.param(Throttled("Throttling"), 429, "throttled", id="throttled"),
        pytest.param(Rejected("AccessDenied"), 502, "upstream_error", id="refused by AWS"),
        pytest.param(UserMissing("Forbidden"), 502, "upstream_error", id="a user who was deleted meanwhile"),
        pytest.param(UserExists("Conflict"), 502, "upstream_error", id="a user who exists but cannot be described"),
        pytest.param(Unavailable("ServiceFailure"), 503, "unavailable", id="unavailable"),
        pytest.param(KeyError("authorizer"), 500, "internal", id="our own mistake"),
    ],
)
def test_failure_has_its_status_and_says_no_more(failure: Exception, status: int, error: str) -> None:
    answer = answers.error(failure, "request-1")
    body = json.loads(answer["body"])

    assert answer["statusCode"] == status
    assert answer["headers"]["Content-Type"] == "application/json"
    assert answer["headers"]["Cache-Control"] == "no-store"
    assert answer["headers"].get("Retry-After", "").isdigit() == (status in (429, 503))
    assert (body["error"], body["requestId"]) == (error, "request-1")
    assert body.get("reason") == ("missing_scope" if status == 403 else None)
    assert set(body) <= {"error", "error_description", "reason", "requestId"}
    assert "AccessDenied" not in answer["body"]


@pytest.mark.parametrize(
    ("failure", "seconds"),
    [
        pytest.param(Throttled("Throttling"), "2", id="ours if AWS said nothing"),
        pytest.param(Throttled("Throttling", 30), "30", id="AWS's if it is longer"),
        pytest.param(Unavailable("ServiceFailure", 1), "5", id="ours if it is longer"),
    ],
)
def test_retry_after_is_no_shorter_than_aws_asks(failure: Exception, seconds: str) -> None:
    assert answers.error(failure, "request-1")["headers"]["Retry-After"] == seconds


def preflight(headers: dict[str, str] | None) -> dict[str, Any]:
    return answers.preflight({"headers": headers}, SETTINGS.allowed_origins)


def readable(headers: dict[str, str] | None, origins: frozenset[str] = SETTINGS.allowed_origins) -> dict[str, Any]:
    """Return the answer to a preflight, as a browser gets it."""
    return add_cors_headers(preflight(headers), {"headers": headers}, origins)


def test_preflight_is_answered_without_a_body() -> None:
    answer = preflight({})

    assert (answer["statusCode"], answer["body"]) == (204, "")
    assert answer["headers"]["Access-Control-Allow-Methods"] == "POST, OPTIONS"
    assert answer["headers"]["Access-Control-Allow-Headers"] == "Authorization, Content-Type"
    assert answer["headers"]["Access-Control-Max-Age"].isdigit()


def allowed(headers: dict[str, str] | None) -> list[str]:
    names: str = preflight(headers)["headers"]["Access-Control-Allow-Headers"]
    return names.split(", ")


@pytest.mark.parametrize(
    ("names", "more"),
    [
        pytest.param("", [], id="nothing"),
        pytest.param("authorization", [], id="what is allowed anyway"),
        pytest.param("authorization,baggage,traceparent", ["baggage", "traceparent"], id="what tracing adds"),
        pytest.param("Sentry-Trace , X-Request-ID\t", ["Sentry-Trace", "X-Request-ID"], id="in any case, with blanks"),
        pytest.param("baggage,Baggage", ["baggage"], id="a name twice"),
        pytest.param("!#$%&'*+.^_`|~0aZ-", ["!#$%&'*+.^_`|~0aZ-"], id="every character that a name may have"),
        pytest.param("a b,baggage", ["baggage"], id="a name with a blank in it"),
        pytest.param(",,baggage", ["baggage"], id="empty names"),
        pytest.param("*,baggage", ["baggage"], id="the star that means all headers"),
        pytest.param("x:y,x;y,x(y),x\u00e4y,baggage", ["baggage"], id="characters that no name may have"),
        pytest.param("x\r\nSet-Cookie: a=b,baggage", ["baggage"], id="an injected header"),
        pytest.param(f"{'x' * 65},{'y' * 64}", ["y" * 64], id="a long name"),
        pytest.param(",".join(f"x-{n}" for n in range(99)), [f"x-{n}" for n in range(30)], id="many names"),
    ],
)
@pytest.mark.parametrize("header", ["Access-Control-Request-Headers", "access-control-request-headers"])
def test_listed_origin_may_send_the_headers_that_it_asks_for(header: str, names: str, more: list[str]) -> None:
    assert allowed({"Origin": "https://app.example", header: names}) == [*HEADERS, *more]


@pytest.mark.parametrize("origin", [{}, {"Origin": "null"}, {"Origin": "https://other.example"}])
def test_other_origin_may_send_no_more_headers(origin: dict[str, str]) -> None:
    assert allowed({**origin, "Access-Control-Request-Headers": "baggage"}) == ["Authorization", "Content-Type"]
    assert allowed(None) == ["Authorization", "Content-Type"]


@pytest.mark.parametrize("name", ["Origin", "origin"])
def test_listed_origin_may_read_the_answer(name: str) -> None:
    shared = readable({name: "https://app.example"})

    assert shared["headers"]["Access-Control-Allow-Origin"] == "https://app.example"
    assert shared["headers"]["Access-Control-Allow-Credentials"] == "true"
    assert shared["headers"]["Access-Control-Expose-Headers"] == "WWW-Authenticate, Retry-After"
    assert shared["headers"]["Vary"] == "Origin, Access-Control-Request-Headers"


def test_answer_to_the_call_itself_varies_by_origin_alone() -> None:
    answer = signed_in.answer(outcome(NOON.replace(hour=13)), SETTINGS, NOON.timestamp(), 0.0)

    assert add_cors_headers(answer, {"headers": {}}, SETTINGS.allowed_origins)["headers"]["Vary"] == "Origin"


def test_origin_is_found_in_any_case_and_echoed_as_it_was_sent() -> None:
    shared = readable({"Origin": "capacitor://MyApp"}, frozenset({"capacitor://myapp"}))

    assert shared["headers"]["Access-Control-Allow-Origin"] == "capacitor://MyApp"


@pytest.mark.parametrize(
    "headers",
    [
        None,
        {},
        {"Origin": "null"},
        {"Origin": "https://app.example.evil"},
        {"Origin": "http://app.example"},
        {"Origin": "https://app.example:8443"},
        {"Origin": "https://app.example/"},
        {"Origin": "https://\uff41pp.example"},
        {"Origin": ""},
    ],
)
def test_other_origin_may_not(headers: dict[str, str] | None) -> None:
    shared = readable(headers)

    assert shared["statusCode"] == 204
    assert shared["headers"]["Vary"] == "Origin, Access-Control-Request-Headers"
    assert not any(name.startswith("Access-Control-Allow-Origin") for name in shared["headers"])
    assert "Access-Control-Allow-Credentials" not in shared["headers"]


def event(context: dict[str, Any]) -> dict[str, Any]:
    return {"requestContext": {"authorizer": context}}


@pytest.mark.parametrize("changes", [{}, {"keep_subject": True, "expires": 1_800_003_600}])
def test_context_is_read_as_api_gateway_and_as_sam_local_write_it(changes: dict[str, Any]) -> None:
    assert caller(event({**CONTEXT, **changes})) == VerifiedCaller(
        "main", "s", keep_subject=True, subject="ada", name="Ada", role="", expires=1_800_003_600
    )


@pytest.mark.parametrize("keep_subject", ["false", False])
def test_context_of_a_provider_whose_subjects_are_hashed_is_read_likewise(keep_subject: object) -> None:
    assert not caller(event({**CONTEXT, "keep_subject": keep_subject})).keep_subject


@pytest.mark.parametrize("guest", ["true", True])
def test_guest_comes_without_a_role(guest: object) -> None:
    without = {name: value for name, value in CONTEXT.items() if name != "role"}

    invited = caller(event({**without, "guest": guest}))

    assert (invited.guest, invited.role) == (True, "")
    with pytest.raises(LookupError):
        caller(event(without))


def test_role_that_a_guest_is_given_does_not_count() -> None:
    assert caller(event({**CONTEXT, "guest": "true", "role": "moderator"})).role == ""


EARLIER_NAMES = {"namespace": "scope", "keep_subject": "plain"}


@pytest.mark.parametrize(
    "context",
    [
        pytest.param({EARLIER_NAMES.get(name, name): value for name, value in CONTEXT.items()}, id="an earlier one"),
        pytest.param({**CONTEXT, "scope": "s", "plain": "true"}, id="one that sends both names"),
    ],
)
def test_authorizer_of_another_version_is_understood(context: dict[str, Any]) -> None:
    assert caller(event(context)) == caller(event(CONTEXT))


@pytest.mark.parametrize("name", EARLIER_NAMES)
@pytest.mark.parametrize("nothing", ["", None])
def test_name_that_says_nothing_is_not_replaced_by_the_earlier_one(name: str, nothing: str | None) -> None:
    with pytest.raises(LookupError):
        caller(event({**CONTEXT, "scope": "s", "plain": "true", name: nothing}))


def test_caller_who_may_not_sign_in_is_forbidden() -> None:
    with pytest.raises(Forbidden, match="missing_scope"):
        caller(event({"forbidden": "missing_scope"}))


@pytest.mark.parametrize("name", sorted(CONTEXT.keys() - {"name"}))
def test_context_that_lacks_anything_is_no_caller(name: str) -> None:
    with pytest.raises(LookupError):
        caller(event({key: value for key, value in CONTEXT.items() if key != name}))


@pytest.mark.parametrize("name", ["provider", "namespace", "keep_subject", "subject"])
@pytest.mark.parametrize("nothing", ["", None])
def test_context_that_says_nothing_is_no_caller(name: str, nothing: str | None) -> None:
    with pytest.raises(LookupError):
        caller(event({**CONTEXT, name: nothing}))


@pytest.mark.parametrize("names", [{}, {"name": ""}, {"name": None}])
def test_caller_without_a_name_may_sign_in(names: dict[str, Any]) -> None:
    nameless = {key: value for key, value in CONTEXT.items() if key != "name"}

    assert caller(event({**nameless, **names})).name == ""


def test_event_without_an_authorizer_s_context_is_no_caller() -> None:
    with pytest.raises(KeyError):
        caller({"requestContext": {}})
