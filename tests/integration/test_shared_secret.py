"""A shared secret in the local Secrets Manager: its versions, and what cannot be used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import boto3
import pytest

from authorizer.errors import KeysUnavailable
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
    # The default session remembers the credentials of the test before.
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    session: Any = boto3.Session()
    yield session.client("secretsmanager", region_name="eu-west-1")
    server.close()
    endpoint.close()


def accepted(arn: str, secret: bytes) -> bool:
    token = hmac_signer(secret).token(claims(exp=NOW))
    signing_input, _, _ = token.rpartition(".")
    signature = hmac_signer(secret).sign(signing_input.encode())
    return any(key.verifies("HS256", signing_input.encode(), signature) for key in SharedSecret(arn).versions())


def test_secret_in_text_is_read_from_the_region_of_its_arn(manager: Any) -> None:
    arn = manager.create_secret(Name="app", SecretString=FIRST.decode())["ARN"]

    assert ":eu-west-1:" in arn
    assert accepted(arn, FIRST)
    assert not accepted(arn, SECOND)


def test_secret_in_binary_is_read(manager: Any) -> None:
    assert accepted(manager.create_secret(Name="app", SecretBinary=FIRST)["ARN"], FIRST)


def test_current_and_previous_version_are_both_accepted_after_a_rotation(manager: Any) -> None:
    arn = manager.create_secret(Name="app", SecretString=FIRST.decode())["ARN"]
    manager.put_secret_value(SecretId=arn, SecretString=SECOND.decode())

    assert accepted(arn, FIRST)
    assert accepted(arn, SECOND)


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
        SharedSecret(arn).versions()
    assert "x" * 31 not in str(caught.value)
