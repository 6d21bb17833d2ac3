"""What operators see of a sign-in: one event and its metrics, without anybody's name."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from signin import signed_in, telemetry
from signin.caller import VerifiedCaller
from signin.deadline import Deadline
from signin.errors import Rejected, Unavailable
from signin.exchange import SignedIn
from signin.sessions import Credentials, UserSession
from signin.users import ChimeUser, Ensured, Extension

ADA = VerifiedCaller(
    "main", "https://issuer.example/", keep_subject=True, subject="ada", name="Ada Lovelace", role="", expires=0
)
PERSONAL = ("ada", "Ada Lovelace", "issuer.example", "AKIA", "wJalr", "FwoG", "a telling text")


def outcome(ensured: str) -> SignedIn:
    user = ChimeUser("arn:aws:chime:us-east-1:123456789012:app-instance/1/user/ada", "Ada Lovelace", "")
    session = UserSession("ada", "arn:aws:iam::123456789012:role/stack-UserRole-1", 3600)
    return SignedIn(
        session, Ensured(user, ensured), Credentials("AKIA", "wJalr", "FwoG", datetime(2027, 1, 1, tzinfo=UTC))
    )


@pytest.fixture
def deadline() -> Deadline:
    made = Deadline(lambda: 0.0, lambda _: None, lambda: 0.0)
    made.counts.update(retries=3, throttles=2)
    made.milliseconds.update(user=41.234, session=12.0, total=42.0)
    return made


def recorded(
    capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the last event and its metrics, after checking that nothing personal is in them."""
    [handler] = telemetry.logger().handlers
    event, metrics = handler.format(caplog.records[-1]), capsys.readouterr().out
    for personal in PERSONAL:
        assert f'"{personal}' not in event + metrics
        assert f'{personal}"' not in event + metrics
    return json.loads(event), json.loads(metrics)


def values(metrics: dict[str, Any]) -> dict[str, float]:
    [directive] = metrics["_aws"]["CloudWatchMetrics"]
    assert directive["Namespace"] == "ChimeSignin"
    return {metric["Name"]: metrics[metric["Name"]][0] for metric in directive["Metrics"]}


def test_sign_in_is_one_event(
    capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture, deadline: Deadline
) -> None:
    signed_in.record(ADA, outcome("found"), deadline, "request-1")

    event, _ = recorded(capsys, caplog)
    expected = {
        "message": "signed in",
        "outcome": "signed_in",
        "provider": "main",
        "user": "found",
        "user_sha256": hashlib.sha256(b"ada").hexdigest(),
        "session_name_sha256": hashlib.sha256(b"chime_ada").hexdigest(),
        "role": "stack-UserRole-1",
        "expires": "2027-01-01T00:00:00+00:00",
        "request_id": "request-1",
        "retries": 3,
        "throttles": 2,
        "milliseconds": {"user": 41.2, "session": 12.0, "total": 42.0},
    }
    assert {name: event.get(name) for name in expected} == expected


@pytest.mark.parametrize(
    ("ensured", "counted"),
    [
        ("found", set()),
        ("created", {"UsersCreated"}),
        ("renamed", {"NamesChanged"}),
        ("not renamed", {"NamesNotChanged"}),
        ("renewed", {"Renewals"}),
    ],
)
def test_sign_in_is_counted(
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    deadline: Deadline,
    ensured: str,
    counted: set[str],
) -> None:
    signed_in.record(ADA, outcome(ensured), deadline, "request-1")

    _, metrics = recorded(capsys, caplog)
    assert values(metrics) == {
        "SignIns": 1,
        **dict.fromkeys(counted, 1),
        "Retries": 3,
        "Throttles": 2,
        "UserMilliseconds": 41.234,
        "SessionMilliseconds": 12.0,
        "TotalMilliseconds": 42.0,
    }


@pytest.mark.parametrize(
    ("extension", "expected"),
    [
        pytest.param(None, (None, set()), id="as before"),
        pytest.param(Extension(), (None, {"GuestsExtended"}), id="extended"),
        pytest.param(
            Extension(Unavailable("ServiceFailure", operation="PutAppInstanceUserExpirationSettings")),
            ({"code": "ServiceFailure", "operation": "PutAppInstanceUserExpirationSettings"}, {"GuestsNotExtended"}),
            id="not extended",
        ),
    ],
)
def test_guest_s_sign_in_is_told_apart(
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    deadline: Deadline,
    extension: Extension | None,
    expected: tuple[dict[str, str] | None, set[str]],
) -> None:
    said, counted = expected
    found = outcome("found")
    of_guest = found._replace(guest=True, ensured=replace(found.ensured, extension=extension))

    signed_in.record(ADA, of_guest, deadline, "request-1")

    event, metrics = recorded(capsys, caplog)
    assert (event["guest"], event.get("not_extended")) == (True, said)
    assert {name for name in values(metrics) if "Guest" in name} == {"GuestSignIns", *counted}


def test_failure_is_logged_by_its_code_and_counted_by_its_kind(
    capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture, deadline: Deadline
) -> None:
    telemetry.failed("not signed in", Rejected("AccessDenied", operation="AssumeRole"), deadline, "request-1")

    event, metrics = recorded(capsys, caplog)
    assert (event["message"], event["kind"], event["code"]) == ("not signed in", "Rejected", "AccessDenied")
    assert event["operation"] == "AssumeRole"
    assert event["request_id"] == "request-1"
    assert metrics["request_id"] == "request-1"
    assert (metrics["kind"], values(metrics)["Failures"]) == ("Rejected", 1)


@pytest.mark.parametrize("kind", [Rejected, *Rejected.__subclasses__()])
def test_metric_of_the_alarm_counts_all_that_aws_rejects_and_the_log_says_which(
    capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture, deadline: Deadline, kind: type[Rejected]
) -> None:
    telemetry.failed("not signed in", kind("Forbidden"), deadline, "request-1")

    event, metrics = recorded(capsys, caplog)
    assert (event["kind"], metrics["kind"]) == (kind.__name__, "Rejected")


def test_failure_that_is_none_of_aws_names_no_operation(
    capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture, deadline: Deadline
) -> None:
    telemetry.failed("not signed in", Rejected("unknown_user_role"), deadline, "request-1")

    event, _ = recorded(capsys, caplog)
    assert "operation" not in event


def test_mistake_of_ours_is_logged_by_where_it_was_made_and_never_by_its_message(
    capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture, deadline: Deadline
) -> None:
    def mistake() -> None:
        raise ValueError("a telling text")

    with pytest.raises(ValueError, match="telling") as caught:
        mistake()
    telemetry.failed("not signed in", caught.value, deadline, "request-1")

    event, metrics = recorded(capsys, caplog)
    assert event["frames"][0].startswith(mistake.__qualname__)
    assert metrics["kind"] == "ValueError"


def test_metrics_of_one_sign_in_do_not_reach_the_next(
    capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture, deadline: Deadline
) -> None:
    telemetry.failed("not signed in", Rejected("AccessDenied"), deadline, "request-1")
    recorded(capsys, caplog)
    signed_in.record(ADA, outcome("found"), deadline, "request-2")

    _, metrics = recorded(capsys, caplog)
    assert "kind" not in metrics
    assert "Failures" not in values(metrics)
