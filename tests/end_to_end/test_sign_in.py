"""From a token to credentials that work, over HTTP, with the clients that people use."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.end_to_end.conftest import aws

if TYPE_CHECKING:
    from local.stack import LocalStack
    from tests.end_to_end.conftest import Answer, Client

ARN = re.compile(r"arn:aws:chime:us-east-1:123456789012:app-instance/[0-9a-f-]{36}")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


def chime_as_owner(stack: LocalStack) -> Any:
    return aws(stack, "chime-sdk-identity", dict(stack.endpoint.admin_credentials()))


def test_token_is_exchanged_for_credentials(client: Client) -> None:
    answer = client.sign_in(client.token(sub="ada", name="Ada Lovelace"))

    assert answer.status == 200
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Cache-Control"] == "no-store"
    assert set(answer.body) == {
        "ChimeAppInstanceUserArn",
        "ChimeUserId",
        "ChimeCredentials",
        "ChimeDisplayName",
        "ChimeAppInstanceArn",
        "ChimeRegion",
        "ExpiresIn",
        "RefreshAfter",
    }
    assert set(answer.body["ChimeCredentials"]) == {"AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration"}
    assert ARN.fullmatch(answer.body["ChimeAppInstanceArn"])
    assert answer.body["ChimeAppInstanceUserArn"] == answer.body["ChimeAppInstanceArn"] + "/user/ada"
    assert answer.body["ChimeUserId"] == "ada"
    assert answer.body["ChimeDisplayName"] == "Ada Lovelace"
    assert answer.body["ChimeRegion"] == "us-east-1"
    assert 3590 <= answer.body["ExpiresIn"] <= 3600
    assert TIME.fullmatch(answer.body["RefreshAfter"])
    assert TIME.fullmatch(answer.body["ChimeCredentials"]["Expiration"])


def test_creds_is_an_alias(client: Client) -> None:
    assert client.sign_in(client.token(sub="ada"), "/creds").body["ChimeUserId"] == "ada"


def test_es256_is_accepted(client: Client) -> None:
    assert client.sign_in(client.token(sub="ada", alg="ES256")).status == 200


def test_body_is_never_trusted(client: Client) -> None:
    token = client.token(sub="ada")
    body = json.dumps({"ChimeUserId": "bob", "sub": "bob", "id": "bob"}).encode()

    answer = client.call("POST", "/signin?sub=bob", [("Authorization", f"Bearer {token}")], body)

    assert answer.body["ChimeUserId"] == "ada"


@pytest.mark.parametrize(
    "subject",
    [
        pytest.param("auth0|5f7c8ec7c33c6c004bbafe82", id="Auth0"),
        pytest.param("us-east-1:8a6ac6dc-5d5b-4a9c-8d0b-0f0a0a2a5e11", id="an identity pool"),
        pytest.param("-Ab_9xYz", id="a leading hyphen"),
        pytest.param("x" * 255, id="255 characters"),
        pytest.param("Ädä Lövelace/ \\\"'☃", id="anything else"),
    ],
)
def test_subject_of_any_form_signs_in(client: Client, subject: str) -> None:
    first, second = (client.sign_in(client.token(sub=subject)) for _ in range(2))

    assert first.status == 200
    assert first.body["ChimeUserId"] == second.body["ChimeUserId"]
    assert first.body["ChimeUserId"].startswith("hash-")


def test_credentials_are_those_of_a_session_named_after_the_user(client: Client) -> None:
    credentials = client.sign_in(client.token(sub="ada")).body["ChimeCredentials"]

    identity = aws(client, "sts", credentials).get_caller_identity()

    assert re.search(r":assumed-role/[^/]*UserRole[^/]*/chime_ada$", identity["Arn"])


def test_session_carries_the_user_in_its_tag(client: Client) -> None:
    client.sign_in(client.token(sub="ada"))

    [call] = [call for call in client.calls() if call["operation"] == "AssumeRole"]
    assert call["parameters"]["Tags"] == [{"Key": "UserUUID", "Value": "ada"}]
    assert call["parameters"]["DurationSeconds"] == 3600


def test_credentials_work_in_the_aws_cli(client: Client) -> None:
    body = client.sign_in(client.token(sub="ada", name="Ada Lovelace")).body
    credentials = body["ChimeCredentials"]
    done = subprocess.run(
        [
            Path(sys.executable).with_name("aws"),
            *("--endpoint-url", client.urls["aws"], "--region", body["ChimeRegion"], "--output", "json"),
            *("chime-sdk-identity", "describe-app-instance-user"),
            *("--app-instance-user-arn", body["ChimeAppInstanceUserArn"]),
        ],
        env={
            **os.environ,
            "AWS_ACCESS_KEY_ID": credentials["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": credentials["SecretAccessKey"],
            "AWS_SESSION_TOKEN": credentials["SessionToken"],
        },
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["AppInstanceUser"]["Name"] == "Ada Lovelace"


def test_changed_name_is_brought_to_chime_and_the_metadata_stays(client: Client, stack: LocalStack) -> None:
    arn = client.sign_in(client.token(sub="eve", name="Eve")).body["ChimeAppInstanceUserArn"]
    chime = chime_as_owner(stack)
    chime.update_app_instance_user(AppInstanceUserArn=arn, Name="Eve", Metadata="vip")

    answer = client.sign_in(client.token(sub="eve", name="Eve Adams"))

    user = chime.describe_app_instance_user(AppInstanceUserArn=arn)["AppInstanceUser"]
    assert answer.body["ChimeDisplayName"] == user["Name"] == "Eve Adams"
    assert user["Metadata"] == "vip"


def test_returning_user_costs_one_call_to_each_service(client: Client) -> None:
    client.sign_in(client.token(sub="ada", name="Ada Lovelace"))
    client.control("DELETE", "aws", "/local/calls")

    client.sign_in(client.token(sub="ada", name="Ada Lovelace"))

    assert sorted(call["operation"] for call in client.calls()) == ["AssumeRole", "DescribeAppInstanceUser"]


def test_fifty_devices_of_a_new_user_give_fifty_answers_and_one_user(client: Client, stack: LocalStack) -> None:
    token = client.token(sub="grace", name="Grace Hopper")

    with ThreadPoolExecutor(50) as devices:
        answers: list[Answer] = list(devices.map(client.sign_in, [token] * 50))

    assert {answer.status for answer in answers} == {200}
    assert {answer.body["ChimeUserId"] for answer in answers} == {"grace"}
    assert len({answer.body["ChimeCredentials"]["AccessKeyId"] for answer in answers}) == 50
    instance = answers[0].body["ChimeAppInstanceArn"]
    users = chime_as_owner(stack).list_app_instance_users(AppInstanceArn=instance, MaxResults=50)["AppInstanceUsers"]
    assert [user["Name"] for user in users].count("Grace Hopper") == 1


def test_key_that_the_issuer_has_just_begun_to_use_is_accepted(client: Client) -> None:
    old = client.token(sub="ada")
    client.sign_in(old)
    client.control("POST", "issuer", "/local/rotate", {})

    assert client.sign_in(client.token(sub="ada")).status == 200
    assert client.sign_in(old).status == 200


def test_sign_ins_keep_their_connections_to_aws(client: Client, stack: LocalStack) -> None:
    before = stack.servers["aws"].accepted

    for _ in range(20):
        assert client.sign_in(client.token(sub="ada")).status == 200

    # Each would open two. On a busy machine another process may be asked, which has yet to open its own.
    assert stack.servers["aws"].accepted - before < 20
