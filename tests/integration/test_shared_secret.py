"""A shared secret in the local Secrets Manager: its versions, and what cannot be used."""

from __future__ import annotations

import base64
import json
import time
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from moto.secretsmanager.models import secretsmanager_backends

from authorizer.clock import Clock
from authorizer.errors import KeysUnavailable
from authorizer.key_sources import SECRET_LIFETIME, SecretKeys
from authorizer.keys import secret_decoder
from authorizer.refreshing_cache import COOL_DOWN, Fetched, RefreshingCache
from authorizer.secrets import SharedSecret
from local.aws.endpoint import AwsEndpoint
from local.http.server import Server
from tests.tokens import NOW, claims, hmac_signer

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from authorizer.key_sources import SecretVersion
    from authorizer.keys import VerificationKey

HOUR = 3600
REAL = Clock()
FIRST, SECOND = b"the first secret, which is long enough", b"the second secret, which is long enough"


@pytest.fixture
def manager(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    endpoint = AwsEndpoint()
    server = Server(endpoint)
    owner = endpoint.admin_credentials()
    monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", owner["AccessKeyId"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", owner["SecretAccessKey"])
    session: Any = boto3.Session()
    yield session.client("secretsmanager", region_name="eu-west-1")
    server.close()
    endpoint.close()


class Time:
    """A clock that a test sets ahead."""

    def __init__(self) -> None:
        self.passed = 0.0
        self.clock = Clock(lambda: time.time() + self.passed, lambda: time.monotonic() + self.passed)


def shared(
    arn: str,
    encoding: str = "raw",
    json_field: str | None = None,
    clock: Clock = REAL,
    previous_seconds: float = HOUR,
) -> SharedSecret:
    return SharedSecret(arn, "HS256", secret_decoder(encoding, json_field), clock, previous_seconds)


def verifying(keys: Iterable[VerificationKey], secret: bytes) -> bool:
    signing_input, _, _ = hmac_signer(secret).token(claims(exp=NOW)).rpartition(".")
    signature = hmac_signer(secret).sign(signing_input.encode())
    return any(key.verifies(signing_input.encode(), signature) for key in keys)


def accepted(secret_of: SharedSecret, secret: bytes) -> bool:
    return verifying((version.key for version in secret_of.versions().value), secret)


def test_secret_in_text_is_read_from_the_region_of_its_arn(manager: Any) -> None:
    arn = manager.create_secret(Name="app", SecretString=FIRST.decode())["ARN"]

    assert ":eu-west-1:" in arn
    assert accepted(shared(arn), FIRST)
    assert not accepted(shared(arn), SECOND)


def test_secret_in_binary_is_read(manager: Any) -> None:
    assert accepted(shared(manager.create_secret(Name="app", SecretBinary=FIRST)["ARN"]), FIRST)


def test_current_and_previous_version_are_both_accepted_after_a_rotation(manager: Any) -> None:
    arn = manager.create_secret(Name="app", SecretString=FIRST.decode())["ARN"]
    manager.put_secret_value(SecretId=arn, SecretString=SECOND.decode())

    assert accepted(shared(arn), FIRST)
    assert accepted(shared(arn), SECOND)


@pytest.mark.parametrize(
    "secret",
    [
        pytest.param({"SecretString": "x" * 31}, id="short"),
        pytest.param({"SecretString": "-----BEGIN PUBLIC KEY-----\nAAAAAAAAAAAAAAAA"}, id="a public key"),
        pytest.param(None, id="not there"),
    ],
)
def test_secret_that_cannot_be_used_makes_keys_unavailable(manager: Any, secret: dict[str, str] | None) -> None:
    arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:other"
    if secret:
        arn = manager.create_secret(Name="app", **secret)["ARN"]

    with pytest.raises(KeysUnavailable) as caught:
        shared(arn).versions()
    assert "x" * 31 not in str(caught.value)


@pytest.mark.parametrize(
    ("encoding", "json_field", "stored"),
    [
        pytest.param("base64", None, base64.b64encode(FIRST).decode() + "\n", id="base64 with a line break"),
        pytest.param("base64url", None, base64.urlsafe_b64encode(FIRST).rstrip(b"=").decode(), id="base64url"),
        pytest.param("hex", None, FIRST.hex(), id="hex"),
        pytest.param("raw", "jwt", json.dumps({"user": "x", "jwt": FIRST.decode()}), id="a field of a JSON object"),
        pytest.param("hex", "jwt", json.dumps({"jwt": FIRST.hex()}), id="a field in hex"),
    ],
)
def test_secret_may_be_written_in_several_ways(
    manager: Any, encoding: str, json_field: str | None, stored: str
) -> None:
    arn = manager.create_secret(Name="app", SecretString=stored)["ARN"]

    assert accepted(shared(arn, encoding, json_field), FIRST)


@pytest.mark.parametrize(
    ("encoding", "json_field", "stored"),
    [
        pytest.param("base64", None, "!" * 44, id="no base64"),
        pytest.param("base64url", None, "+/" * 30, id="base64 for base64url"),
        pytest.param("hex", None, "x" * 64, id="no hex"),
        pytest.param("raw", "jwt", "x" * 64, id="no JSON"),
        pytest.param("raw", "jwt", json.dumps({"other": "x" * 64}), id="no such field"),
        pytest.param("raw", "jwt", json.dumps({"jwt": 7}), id="a field that is a number"),
        pytest.param("raw", "jwt", json.dumps(["x" * 64]), id="a list"),
        pytest.param("raw", None, "super-secret-jwt-token-with-at-least-32-characters-long", id="one everybody has"),
    ],
)
def test_secret_that_is_written_otherwise_makes_keys_unavailable_and_is_not_told(
    manager: Any, encoding: str, json_field: str | None, stored: str
) -> None:
    arn = manager.create_secret(Name="app", SecretString=stored)["ARN"]

    with pytest.raises(KeysUnavailable) as caught:
        shared(arn, encoding, json_field).versions()
    assert stored not in str(caught.value)


def test_previous_version_that_was_unusable_harms_no_current_one(manager: Any) -> None:
    arn = manager.create_secret(Name="app", SecretString="short")["ARN"]
    manager.put_secret_value(SecretId=arn, SecretString=FIRST.decode())

    assert accepted(shared(arn), FIRST)


def staged(manager: Any, arn: str, secret: bytes) -> str:
    """Put a version that is not current yet, and return its id."""
    put: dict[str, str] = manager.put_secret_value(
        SecretId=arn, SecretString=secret.decode(), VersionStages=["AWSPENDING"]
    )
    return put["VersionId"]


def promote(manager: Any, arn: str, version_id: str) -> None:
    stages = manager.describe_secret(SecretId=arn)["VersionIdsToStages"]
    [current] = [one for one, labels in stages.items() if "AWSCURRENT" in labels]
    manager.update_secret_version_stage(
        SecretId=arn, VersionStage="AWSCURRENT", RemoveFromVersionId=current, MoveToVersionId=version_id
    )


def changed_ago(arn: str, seconds: float) -> None:
    """Have the secret's last change be so long ago."""
    backend = secretsmanager_backends["123456789012"]["eu-west-1"]
    secret: Any = backend.secrets[arn]
    secret.last_changed_date = int(time.time() - seconds)


def test_previous_version_is_accepted_for_an_hour_after_it_was_replaced_and_no_longer(manager: Any) -> None:
    arn = manager.create_secret(Name="app", SecretString=FIRST.decode())["ARN"]
    manager.put_secret_value(SecretId=arn, SecretString=SECOND.decode())

    changed_ago(arn, HOUR - 60)
    assert accepted(shared(arn), FIRST)
    changed_ago(arn, HOUR + 1)
    assert not accepted(shared(arn), FIRST)
    assert accepted(shared(arn), SECOND)


def test_version_that_was_staged_days_ahead_ends_the_old_one_an_hour_after_it_took_its_place(manager: Any) -> None:
    arn = manager.create_secret(Name="app", SecretString=FIRST.decode())["ARN"]
    version_id = staged(manager, arn, SECOND)
    backend = secretsmanager_backends["123456789012"]["eu-west-1"]
    secret: Any = backend.secrets[arn]
    secret.versions[version_id]["createdate"] -= 3 * 24 * HOUR
    changed_ago(arn, 3 * 24 * HOUR)
    assert not accepted(shared(arn), SECOND)
    promote(manager, arn, version_id)

    assert accepted(shared(arn), SECOND)
    assert accepted(shared(arn), FIRST)
    changed_ago(arn, HOUR + 1)
    assert not accepted(shared(arn), FIRST)


def test_remembered_previous_version_ends_when_its_time_is_over(manager: Any) -> None:
    """Also while Secrets Manager cannot be reached, and the cached versions are used."""
    arn = manager.create_secret(Name="app", SecretString=FIRST.decode())["ARN"]
    manager.put_secret_value(SecretId=arn, SecretString=SECOND.decode())
    changed_ago(arn, HOUR - 100)
    at = Time()
    fetches = [shared(arn, clock=at.clock).versions]

    def once() -> Fetched[tuple[SecretVersion, ...]]:
        return fetches.pop()()

    cache = RefreshingCache(once, at.clock, default_lifetime=SECRET_LIFETIME)
    keys = SecretKeys(cache, at.clock, max_wait=30)

    assert verifying(keys.candidates(None, "HS256", None), FIRST)
    at.passed = 101 + COOL_DOWN
    assert not verifying(keys.candidates(None, "HS256", None), FIRST)
    assert verifying(keys.candidates(None, "HS256", None), SECOND)


@pytest.mark.parametrize(
    ("rotated", "previous"),
    [
        pytest.param(HOUR + 1, False, id="more than an hour ago"),
        pytest.param(HOUR - 60, True, id="less than an hour ago"),
        pytest.param(3 * HOUR, True, id="before somebody put the current version by hand"),
    ],
)
def test_end_of_a_rotation_tells_when_the_current_version_took_its_place(
    manager: Any,
    rotated: float,
    previous: bool,  # noqa: FBT001 - a table's column
) -> None:
    """A label, a tag or a pending version changes the secret later, and prolongs nothing."""
    arn = manager.create_secret(Name="app", SecretString=FIRST.decode())["ARN"]
    version_id = manager.put_secret_value(SecretId=arn, SecretString=SECOND.decode())["VersionId"]
    backend = secretsmanager_backends["123456789012"]["eu-west-1"]
    secret: Any = backend.secrets[arn]
    secret.versions[version_id]["createdate"] -= 2 * HOUR
    secret.rotation_requested, secret.last_rotation_date = True, int(time.time() - rotated)

    assert accepted(shared(arn), FIRST) == previous


def test_process_remembers_when_it_saw_the_current_version_first(manager: Any) -> None:
    """Later changes of the secret prolong nothing where a process has seen it itself."""
    arn = manager.create_secret(Name="app", SecretString=FIRST.decode())["ARN"]
    at = Time()
    secret = shared(arn, clock=at.clock)
    assert accepted(secret, FIRST)
    manager.put_secret_value(SecretId=arn, SecretString=SECOND.decode())
    assert accepted(secret, FIRST)
    at.passed = HOUR + 1
    changed_ago(arn, -HOUR)

    assert not accepted(secret, FIRST)
    assert accepted(secret, SECOND)


@pytest.mark.parametrize(("seconds", "previous"), [(0, False), (60, False), (7200, True)])
def test_how_long_the_previous_version_is_accepted_is_as_set(
    manager: Any,
    seconds: int,
    previous: bool,  # noqa: FBT001 - a table's column
) -> None:
    arn = manager.create_secret(Name="app", SecretString=FIRST.decode())["ARN"]
    manager.put_secret_value(SecretId=arn, SecretString=SECOND.decode())
    changed_ago(arn, HOUR + 1 if seconds else 0)

    assert accepted(shared(arn, previous_seconds=seconds), FIRST) == previous


def test_previous_version_whose_label_was_taken_off_is_refused_at_once(manager: Any) -> None:
    """What to do after a leak."""
    arn = manager.create_secret(Name="app", SecretString=FIRST.decode())["ARN"]
    manager.put_secret_value(SecretId=arn, SecretString=SECOND.decode())
    stages = manager.describe_secret(SecretId=arn)["VersionIdsToStages"]
    [leaked] = [one for one, labels in stages.items() if "AWSPREVIOUS" in labels]
    manager.update_secret_version_stage(SecretId=arn, VersionStage="AWSPREVIOUS", RemoveFromVersionId=leaked)

    assert not accepted(shared(arn), FIRST)
    assert accepted(shared(arn), SECOND)
