"""An application that signs its own tokens: the stack as deployed with the secret in Providers and SharedSecretArn."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest

from local.stack import LocalStack, StackOptions
from tests.end_to_end.conftest import aws
from tests.end_to_end.operators import finish, start
from tests.tokens import hmac_signer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.end_to_end.conftest import Client

SECRET = "a shared secret of more than 32 bytes, made up for tests"
SECRET_ARN = "arn:aws:secretsmanager:us-east-1:123456789012:secret:app-AbCdEf"
SUFFIX = [{"Key": "_custom_id_", "Value": "AbCdEf"}]
"""moto's way of saying how a secret's ARN ends; AWS makes that up."""


@pytest.fixture(scope="module")
def stack(logs: list[bytes]) -> Iterator[LocalStack]:
    provider = {"name": "main", "preset": "shared-secret", "secret_arn": SECRET_ARN}
    parameters = {"Providers": json.dumps([provider]), "SharedSecretArn": SECRET_ARN}
    with LocalStack(StackOptions(parameters=parameters, log=logs.append)) as running:
        secrets = aws(running, "secretsmanager", running.endpoint.admin_credentials())
        assert secrets.create_secret(Name="app", SecretString=SECRET, Tags=SUFFIX)["ARN"] == SECRET_ARN
        yield running


def signed_by(secret: str, **claims: Any) -> str:
    """Return a token as an application makes it that signs its own."""
    return hmac_signer(secret.encode()).token({"exp": int(time.time()) + 600, **claims})


def test_user_signs_in_with_id_and_full_name(client: Client) -> None:
    answer = client.sign_in(signed_by(SECRET, id=42, full_name="Ada Lovelace"))
    assert (answer.status, answer.body["ChimeUserId"]) == (200, "42")
    assert answer.body["ChimeDisplayName"] == "Ada Lovelace"


def test_new_version_signs_in_at_once_and_the_previous_one_still(stack: LocalStack, client: Client) -> None:
    """By the template's permissions, in processes that remember the old version."""
    new = SECRET[::-1].upper()
    secrets = aws(stack, "secretsmanager", stack.endpoint.admin_credentials())
    assert client.sign_in(signed_by(SECRET, id=42)).status == 200
    secrets.put_secret_value(SecretId=SECRET_ARN, SecretString=new)

    # At once, unless a wrong signature has made the authorizer ask within the cool-down.
    ends = time.monotonic() + 60
    while client.sign_in(signed_by(new, id=42)).status != 200 and time.monotonic() < ends:
        time.sleep(0.5)
    assert client.sign_in(signed_by(new, id=42)).status == 200
    assert client.sign_in(signed_by(SECRET, id=42)).status == 200


def test_token_under_another_secret_is_refused(client: Client) -> None:
    refused = client.sign_in(signed_by(SECRET.swapcase(), id=42))
    assert (refused.status, refused.body["reason"]) == (401, "bad_signature")


def doctor(stack: LocalStack, token: str) -> tuple[dict[str, str], str]:
    """Return what the doctor says of *token*, and all that it prints."""
    _, printed = finish(
        start(stack, "doctor", "--json", "--seconds", "60", typed=token, variables={"PYTHONPATH": "signin_function:."})
    )
    [found] = [each for each in json.loads(printed)["findings"] if each["check"] == "token"]
    return found, printed


def test_doctor_reads_the_secret_that_the_operator_may_read_and_prints_nothing_of_it(stack: LocalStack) -> None:
    secrets = aws(stack, "secretsmanager", stack.endpoint.admin_credentials())
    current = secrets.get_secret_value(SecretId=SECRET_ARN)["SecretString"]
    for secret, verdict in ((current, "ok"), (SECRET.swapcase(), "wrong")):
        found, printed = doctor(stack, signed_by(secret, id=42))

        assert found["verdict"] == verdict, found
        assert current not in printed


def test_doctor_that_may_not_read_the_secret_says_what_that_needs(stack: LocalStack, client: Client) -> None:
    client.fault("GetSecretValue", error="AccessDeniedException", status=400, times=-1)

    found, _ = doctor(stack, signed_by(SECRET, id=42))
    assert (found["verdict"], "secretsmanager:GetSecretValue" in found["mend"]) == ("unknown", True)
