"""A shared secret in the local Secrets Manager: its versions, and what cannot be used."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from authorizer.errors import KeysUnavailable
from authorizer.secret_encodings import decoder
from authorizer.secrets import SharedSecret
from local.aws.endpoint import AwsEndpoint
from local.web import Server
from tests.tokens import NOW, claims, hmac_signer

if TYPE_CHECKING:
    from collections.abc import Iterator

FIRST, SECOND = b"the first secret, which is long enough", b"the second secret, which is long enough"


@pytest.fixture
def manager(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    endpoint = AwsEndpoint()
    server = Server(endpoint)
    owner = endpoint.root_credentials()
    monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", owner["AccessKeyId"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", owner["SecretAccessKey"])
    session: Any = boto3.Session()
    yield session.client("secretsmanager", region_name="eu-west-1")
    server.close()
    endpoint.close()


def shared(arn: str, encoding: str = "raw", json_field: str | None = None) -> SharedSecret:
    return SharedSecret(arn, "HS256", decoder(encoding, json_field))


def accepted(secret_of: SharedSecret, secret: bytes) -> bool:
    token = hmac_signer(secret).token(claims(exp=NOW))
    signing_input, _, _ = token.rpartition(".")
    signature = hmac_signer(secret).sign(signing_input.encode())
    return any(key.verifies(signing_input.encode(), signature) for key in secret_of.versions().value)


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
