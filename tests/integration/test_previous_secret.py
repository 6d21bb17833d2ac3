"""A Secrets Manager whose answers about the previous version are bad, before a current one that is good."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest
from werkzeug.wrappers import Request, Response

from authorizer.clock import Clock
from authorizer.errors import KeysUnavailable
from authorizer.keys import secret_decoder
from authorizer.secrets import SharedSecret
from local.http.server import Server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from wsgiref.types import StartResponse, WSGIEnvironment

ARN = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:app-AbCdEf"
FIRST, SECOND = "the first secret, which is long enough", "the second secret, which is long enough"
HOUR = 3600

Answer = tuple[int, dict[str, Any]]


def refusal(code: str, status: int = 400) -> Answer:
    return status, {"__type": code, "Message": "made up for this test"}


def version(secret: str, number: int) -> Answer:
    return 200, {"ARN": ARN, "Name": "app", "VersionId": f"{number:032}", "SecretString": secret, "CreatedDate": 1}


class SecretsManager:
    """Answers `current`, `previous` and `described` as a test likes, and counts what it is asked."""

    def __init__(self) -> None:
        self.current, self.previous = version(SECOND, 2), version(FIRST, 1)
        stages = {f"{1:032}": ["AWSPREVIOUS"], f"{2:032}": ["AWSCURRENT"]}
        self.described: Answer = 200, {"VersionIdsToStages": stages, "LastChangedDate": time.time() - 60}
        self.asked: list[str] = []

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Any:
        request = Request(environ)
        operation = request.headers["X-Amz-Target"].partition(".")[2]
        stage = request.get_json(force=True).get("VersionStage", "")
        self.asked.append(operation + stage)
        answers = {"AWSCURRENT": self.current, "AWSPREVIOUS": self.previous}
        status, body = answers.get(stage, self.described)
        return Response(json.dumps(body), status, content_type="application/x-amz-json-1.1")(environ, start_response)


@pytest.fixture
def manager(monkeypatch: pytest.MonkeyPatch) -> Iterator[SecretsManager]:
    made = SecretsManager()
    server = Server(made)
    monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "made-up")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "made-up")
    yield made
    server.close()


def shared(clock: Clock | None = None, previous_seconds: int = HOUR) -> SharedSecret:
    return SharedSecret(ARN, "HS256", secret_decoder("raw", None), clock or Clock(), previous_seconds)


def read(secret: SharedSecret) -> list[str]:
    """Return which secrets are accepted, the current one first."""
    keys: list[Any] = [each.key.key for each in secret.versions().value]
    return [key.prepared_key.decode() for key in keys]


def test_good_answers_give_both(manager: SecretsManager) -> None:
    assert read(shared()) == [SECOND, FIRST]
    assert manager.asked == ["GetSecretValueAWSCURRENT", "DescribeSecret", "GetSecretValueAWSPREVIOUS"]


UNREADABLE = {
    "there is none": refusal("ResourceNotFoundException"),
    "it is too short": version("short", 1),
    "it may not be read, or its old key may not be used": refusal("AccessDeniedException"),
    "its old key is gone": refusal("DecryptionFailure"),
    "its old key is disabled": refusal("InvalidRequestException"),
    "it is refused for a reason that nobody foresaw": refusal("SomethingNewException"),
}
OUTAGES = {
    "throttled": refusal("ThrottlingException"),
    "throttled by the key's service": refusal("LimitExceededException"),
    "throttled with a status of its own": refusal("Whatever", 429),
    "failing": refusal("InternalServiceError", 500),
    "failing with another status": refusal("InternalServiceError"),
    "away": refusal("ServiceUnavailable", 503),
}


@pytest.mark.parametrize("about", ["previous", "described"])
@pytest.mark.parametrize("answer", UNREADABLE.values(), ids=UNREADABLE)
def test_previous_version_that_cannot_be_read_is_left_out(manager: SecretsManager, about: str, answer: Answer) -> None:
    setattr(manager, about, answer)

    assert read(shared()) == [SECOND]


@pytest.mark.parametrize("about", ["current", "previous", "described"])
@pytest.mark.parametrize("answer", OUTAGES.values(), ids=OUTAGES)
def test_outage_stays_one(manager: SecretsManager, about: str, answer: Answer) -> None:
    setattr(manager, about, answer)

    with pytest.raises(KeysUnavailable):
        shared().versions()


@pytest.mark.parametrize("answer", UNREADABLE.values(), ids=UNREADABLE)
def test_current_version_that_cannot_be_read_is_an_outage(manager: SecretsManager, answer: Answer) -> None:
    manager.current = answer

    with pytest.raises(KeysUnavailable):
        shared().versions()


def test_operators_are_told_what_was_left_out_and_nothing_of_it(manager: SecretsManager) -> None:
    manager.previous = refusal("AccessDeniedException")
    assert shared().versions().outcome == "fetched without the previous version: AccessDeniedException"

    manager.previous = version("short", 1)
    outcome = shared().versions().outcome
    assert "shorter than the 32 bytes" in outcome
    assert "short'" not in outcome


def test_previous_version_that_nobody_dates_is_refused(manager: SecretsManager) -> None:
    status, described = manager.described
    manager.described = status, {"VersionIdsToStages": described["VersionIdsToStages"]}

    assert read(shared()) == [SECOND]


@pytest.mark.parametrize("described", [refusal("AccessDeniedException"), (200, {})], ids=["denied", "empty"])
def test_process_that_saw_the_change_itself_needs_nobody_s_word(manager: SecretsManager, described: Answer) -> None:
    """Its role may lack DescribeSecret: an older stack's, or one that the deployer made."""
    passed = [0.0]
    clock = Clock(lambda: time.time() + passed[0], lambda: time.monotonic() + passed[0])
    manager.current, manager.previous = version(FIRST, 1), refusal("ResourceNotFoundException")
    manager.described = described
    secret = shared(clock)
    assert read(secret) == [FIRST]
    manager.current, manager.previous = version(SECOND, 2), version(FIRST, 1)

    assert read(secret) == [SECOND, FIRST]
    passed[0] = HOUR + 1
    assert read(secret) == [SECOND]


@pytest.mark.parametrize("stages", [{}, {"v": ["AWSCURRENT"]}, {"v": ["AWSCURRENT"], "w": ["AWSPENDING"]}])
def test_secret_without_a_previous_version_costs_two_calls(manager: SecretsManager, stages: dict[str, Any]) -> None:
    manager.described = 200, {"VersionIdsToStages": stages, "LastChangedDate": time.time()}

    assert read(shared()) == [SECOND]
    assert manager.asked == ["GetSecretValueAWSCURRENT", "DescribeSecret"]


def test_pending_version_is_never_accepted(manager: SecretsManager) -> None:
    read(shared())

    assert not any("PENDING" in asked for asked in manager.asked)


def test_never_accepting_the_previous_version_costs_one_call(manager: SecretsManager) -> None:
    assert read(shared(previous_seconds=0)) == [SECOND]
    assert manager.asked == ["GetSecretValueAWSCURRENT"]
