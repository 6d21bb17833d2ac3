"""The local stack by an answers file: the deployer's providers are played, and sign-ins of all work over the wire."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from authorizer.presets import PRESETS
from local.playing import AnswersError, play_answers, read_answers
from local.stack import LocalStack, StackOptions
from tests.integration.clients import HTTP, sign_in
from tests.shape import APP, POOL, TID

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]
SECRET = "arn:aws:secretsmanager:eu-west-1:210987654321:secret:app/signing-AbCdEf"
OPTIONS: dict[str, dict[str, Any]] = {
    "oidc": {"issuer": "https://id.example.com/", "audience": "my-app"},
    "shared-secret": {"secret_arn": SECRET, "secret_encoding": "base64"},
    "cognito": {"user_pool_id": POOL, "client_id": "1example23456789", "token_use": "access"},
    "auth0": {"domain": "tenant.eu.auth0.com", "audience": "https://api.example.com", "client_id": "web"},
    "okta": {"domain": "example.okta.com", "client_id": "nmdP1fcyvdVO11AL7ECm"},
    "entra": {"tenant": TID, "client_id": APP},
    "firebase": {"project_id": "my-project"},
    "google": {"client_id": "1234987819200.apps.googleusercontent.com"},
    "clerk": {"domain": "happy-hippo-1.clerk.accounts.dev", "authorized_parties": ["https://app.example.com"]},
    "supabase": {"project_ref": "abcdefghijklmnopqrst", "secret_arn": SECRET},
    "keycloak": {"issuer": "https://id.example.com/realms/main", "client_id": "chat"},
}
"""What a deployer gives, of each preset; two of them sign with the secret."""
ENTRIES = [{"name": preset, "preset": preset, "keep_subject": False, **given} for preset, given in OPTIONS.items()]
ANSWERS = {
    "Providers": json.dumps(ENTRIES),
    "SharedSecretArn": SECRET,
    "SharedSecretKeyArn": "arn:aws:kms:eu-west-1:210987654321:key/11111111-2222-3333-4444-555555555555",
    "ChimeAppInstanceArn": "arn:aws:chime:eu-central-1:210987654321:app-instance/11111111-2222",
    "AllowedOrigins": "https://app.example.com",
    "SessionSeconds": "900",
}


@pytest.fixture(scope="module")
def stack() -> Iterator[LocalStack]:
    with LocalStack(StackOptions(answers=ANSWERS, log=lambda _: None)) as running:
        yield running


def token(stack: LocalStack, **said: Any) -> str:
    answer = HTTP.request("POST", f"{stack.urls['issuer']}/token", json=said)
    assert answer.status == 200, answer.data
    text: str = answer.json()["access_token"]
    return text


def test_all_presets_are_there() -> None:
    assert set(OPTIONS) == set(PRESETS)


@pytest.mark.parametrize("preset", PRESETS)
def test_user_of_every_provider_signs_in(stack: LocalStack, preset: str) -> None:
    answer = sign_in(stack.urls, token(stack, provider=preset))
    assert answer.status == 200, answer.data
    assert answer.json()["ChimeUserId"]
    assert answer.json()["ExpiresIn"] <= 900


def test_each_provider_s_user_is_somebody_else(stack: LocalStack) -> None:
    users = [sign_in(stack.urls, token(stack, provider=preset)).json()["ChimeUserId"] for preset in PRESETS]
    assert len(set(users)) == len(PRESETS)


def test_first_provider_is_meant_unless_a_request_names_one(stack: LocalStack) -> None:
    named, meant = (sign_in(stack.urls, token(stack, **said)).json() for said in ({"provider": "oidc"}, {}))
    assert named["ChimeUserId"] == meant["ChimeUserId"]
    assert named["ChimeDisplayName"] == "Ada Lovelace"


def test_provider_that_is_not_there_is_told(stack: LocalStack) -> None:
    answer = HTTP.request("POST", f"{stack.urls['issuer']}/token", json={"provider": "nobody"})
    assert (answer.status, answer.json()["error_description"][:28]) == (400, "provider must be one of oidc")


@pytest.mark.parametrize("preset", ["auth0", "shared-secret", "supabase"])
def test_what_the_provider_would_not_sign_is_refused(stack: LocalStack, preset: str) -> None:
    assert sign_in(stack.urls, token(stack, provider=preset, expires_in=-60)).json()["reason"] == "token_expired"
    assert sign_in(stack.urls, token(stack, provider=preset, aud="others")).json()["reason"] == "wrong_audience"
    good = token(stack, provider=preset)
    forged = good[:-8] + ("AAAAAAAA" if not good.endswith("AAAAAAAA") else "BBBBBBBB")
    assert sign_in(stack.urls, forged).json()["reason"] == "bad_signature"


def test_keys_may_rotate(stack: LocalStack) -> None:
    assert HTTP.request("POST", f"{stack.urls['issuer']}/local/rotate").status == 204
    assert sign_in(stack.urls, token(stack, provider="google")).status == 200


def test_stack_s_own_issuer_is_nobody_here(stack: LocalStack) -> None:
    own = token(stack, provider="oidc", iss=stack.urls["issuer"], aud="chime-signin")
    assert sign_in(stack.urls, own).json()["reason"] == "unknown_issuer"


def test_listed_origin_and_own_page_may_call(stack: LocalStack) -> None:
    for origin in ("https://app.example.com", stack.urls["api"]):
        answer = sign_in(stack.urls, token(stack), Origin=origin)
        assert answer.headers["Access-Control-Allow-Origin"] == origin


def test_what_only_the_deployer_s_account_has_is_replaced_and_told(stack: LocalStack) -> None:
    assert [note.split(":")[0] for note in stack.notes] == ["ChimeAppInstanceArn", "SharedSecretKeyArn"]
    instance = sign_in(stack.urls, token(stack)).json()["ChimeAppInstanceArn"]
    assert instance.startswith("arn:aws:chime:us-east-1:123456789012:")


@pytest.mark.parametrize(
    ("answers", "message"),
    [
        pytest.param({}, "name no Providers. Write whose tokens sign in", id="no providers"),
        pytest.param({"Providers": "[{"}, "Providers is no JSON: .* Providers: >-", id="no JSON"),
        pytest.param({"Providers": '["x"]'}, "no JSON list of objects", id="no objects"),
        pytest.param({"Providers": ANSWERS["Providers"]}, "SharedSecretArn is not there", id="no shared secret"),
        pytest.param({**ANSWERS, "SharedSecretArn": SECRET[:-1]}, "Write the same ARN in both", id="another secret"),
        pytest.param(
            {"Providers": ANSWERS["Providers"].replace(SECRET, "app/signing")}, "no ARN of a secret", id="a name alone"
        ),
    ],
)
def test_answers_that_cannot_be_played_are_refused_with_what_to_write(answers: dict[str, str], message: str) -> None:
    with pytest.raises(AnswersError, match=message):
        play_answers(answers, "http://127.0.0.1:1", lambda name, value: f"{name}{value}")


@pytest.mark.parametrize(
    "example", sorted((ROOT / "environments" / "examples").glob("*.yaml")), ids=lambda path: path.stem
)
def test_every_example_is_played(example: Path) -> None:
    played = play_answers(read_answers(example), "http://127.0.0.1:1", lambda name, _: f"arn:of:{name}")
    assert [provider.preset for provider in played.providers] == [example.stem]


def test_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(AnswersError, match=r"There is no file .*nobody\.yaml\. Run make deploy"):
        read_answers(tmp_path / "nobody.yaml")


def run(tmp_path: Path, text: str) -> subprocess.Popen[str]:
    file = tmp_path / "dev.yaml"
    file.write_text(text)
    ports = ["--port", "0", "--issuer-port", "0", "--aws-port", "0"]
    return subprocess.Popen(
        [sys.executable, "-m", "local", *ports, "--answers", str(file)],
        cwd=ROOT,
        env={**os.environ},
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


THREE_PRODUCTS = {
    "auth0": OPTIONS["auth0"],
    "cognito": OPTIONS["cognito"],
    "shared-secret": {"secret_arn": SECRET, "audience": "chat"},
}


@pytest.mark.parametrize("preset", THREE_PRODUCTS)
def test_command_prints_a_sign_in_that_works(tmp_path: Path, preset: str) -> None:
    entry = {"name": "main", "preset": preset, **THREE_PRODUCTS[preset]}
    secret = f"SharedSecretArn: {SECRET}\n" if "secret_arn" in entry else ""
    with run(tmp_path, f"Messaging: member\n{secret}Providers: >-\n  [{json.dumps(entry)}]\n") as process:
        try:
            assert process.stdout
            lines = iter(process.stdout.readline, "")
            script = next(line for line in lines if line.startswith("TOKEN=")) + next(lines)
            answer = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True)
            assert json.loads(answer.stdout)["ChimeUserId"]
        finally:
            process.terminate()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param(
            "ContactList: true\n", r'dev\.yaml, line 1: .* Write ContactList: "true"', id="what SAM would change"
        ),
        pytest.param("Messaging: all\nProviders: '[]'\n", "'minimal', 'member'", id="what CloudFormation would refuse"),
        pytest.param("Messaging: member\n", "name no Providers", id="no providers"),
    ],
)
def test_command_says_in_one_line_what_is_wrong_with_the_file(tmp_path: Path, text: str, message: str) -> None:
    with run(tmp_path, text) as process:
        _, said = process.communicate()
    assert process.returncode == 1
    assert said.count("\n") == 1
    assert re.search(message, said.rstrip("\n"))


def test_command_says_which_option_of_a_provider_is_missing(tmp_path: Path) -> None:
    text = 'Providers: >-\n  [{"name": "main", "preset": "auth0"}]\n'
    with run(tmp_path, text) as process:
        assert process.stdout
        assert any("Ctrl-C" in line for line in iter(process.stdout.readline, ""))
        process.terminate()
        _, said = process.communicate()
    assert "AuthorizerFunction does not start: " in said
    assert "domain" in said
