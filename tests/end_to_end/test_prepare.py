"""`make deploy` up to where SAM takes over, as a person types it: from a clone to a file of answers and a checked account."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from moto.apigateway.models import apigateway_backends
from moto.cloudformation.models import cloudformation_backends

from local.aws.identities import ACCOUNT
from local.cloudformation.deployment import REGION
from operations.answers import read
from tests.end_to_end.conftest import ROOT, Client
from tests.end_to_end.conversation import INTERRUPT, Conversation
from tests.end_to_end.operators import owner
from tests.tokens import hmac_signer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from local.stack import LocalStack

AUTH0 = {"name": "main", "preset": "auth0", "domain": "tenant.eu.auth0.com", "audience": "https://api.example.com"}
REST = [("Origins", "https://app.example.com"), ("Its ARN", ""), ("minimal or member", ""), ("none, join or host", "")]
"""The answers to questions two to five."""
OFFLINE = ("Is it right all the same", "y")
"""The answer where an issuer is out of this machine's reach, as every one is but the local one."""


@dataclass
class Clone:
    """A copy of what `make deploy` uses, in which files may be written."""

    path: Path
    environment: Mapping[str, str]

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "operations", "prepare", *arguments]

    def typed(self, *answers: tuple[str, str], arguments: Sequence[str] = (), **changes: str | None) -> tuple[int, str]:
        """Run it in a terminal. Return its exit status and all that was shown."""
        conversation = Conversation(self.command(*arguments), self.path, self.changed(changes))
        for prompt, answer in answers:
            conversation.answer(prompt, answer)
        return conversation.finish(), conversation.shown

    def run(self, *arguments: str, **changes: str | None) -> tuple[int, str]:
        """Run it where nobody can be asked. Return its exit status and all that it said."""
        done = subprocess.run(
            self.command(*arguments), cwd=self.path, env=self.changed(changes), stdin=subprocess.DEVNULL,
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        return done.returncode, done.stdout + done.stderr

    def changed(self, changes: Mapping[str, str | None]) -> dict[str, str]:
        return {name: value for name, value in {**self.environment, **changes}.items() if value is not None}

    def answers(self, name: str = "dev") -> Mapping[str, str]:
        return read(self.file(name)).values

    def file(self, name: str = "dev") -> Path:
        return self.path / "environments" / f"{name}.yaml"

    def write(self, text: str, name: str = "dev") -> None:
        self.file(name).write_text(text)

    def providers(self) -> Any:
        return json.loads(self.answers()["Providers"])


@pytest.fixture
def clone(stack: LocalStack, tmp_path: Path) -> Clone:
    for name in ("operations", "environments", "template.yaml", "samconfig.toml"):
        (shutil.copytree if (ROOT / name).is_dir() else shutil.copy)(ROOT / name, tmp_path / name)
    keys = stack.endpoint.root_credentials()
    return Clone(
        tmp_path,
        {
            **os.environ,
            "PYTHONPATH": f"{ROOT / 'tests' / 'end_to_end' / 'offline'}:{ROOT / 'signin_function'}:{tmp_path}",
            "AWS_ENDPOINT_URL": stack.urls["aws"],
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ACCESS_KEY_ID": keys["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": keys["SecretAccessKey"],
            "AWS_MAX_ATTEMPTS": "1",
            "AWS_EC2_METADATA_DISABLED": "true",
        },
    )


def stack_that_is(stack: LocalStack, status: str, name: str = "chime-signin-dev") -> None:
    resources = {"Left": {"Type": "AWS::SSM::Parameter", "Properties": {"Name": name, "Type": "String", "Value": "x"}}}
    owner(stack, "cloudformation").create_stack(StackName=name, TemplateBody=json.dumps({"Resources": resources}))
    cloudformation_backends[ACCOUNT][REGION].get_stack(name).status = status


# ── Three products ───────────────────────────────────────────────────────────────────────────────────


def test_auth0_in_five_answers(clone: Clone) -> None:
    status, shown = clone.typed(
        ("Whose tokens", "1"), ("domain", "tenant.eu.auth0.com"), ("audience", "https://api.example.com"),
        ("another provider", ""), *REST, OFFLINE,
    )  # fmt: skip

    assert status == 0, shown
    assert clone.providers() == [AUTH0]
    assert clone.answers() == {
        "LogRetentionDays": "7",
        "MetricsNamespace": "ChimeSigninDev",
        "Providers": json.dumps([AUTH0]),
        "AllowedOrigins": "https://app.example.com",
    }
    assert clone.file().read_text() in shown
    assert f"Account {ACCOUNT}, {REGION}, stack chime-signin-dev." in shown
    assert 'region = "us-east-1"' in (clone.path / "samconfig.toml").read_text()
    assert not list(clone.path.glob("environments/*.draft.json"))


def test_cognito_as_a_pasted_token_says_and_nothing_of_the_token_is_kept_or_shown(clone: Clone, client: Client) -> None:
    token = client.token(
        sub="ada", iss="https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbCdEfGhI", aud="1example23456789",
        token_use="id", name="Ada Lovelace", padding="x" * 6000,
    )  # fmt: skip

    status, shown = clone.typed(
        ("Whose tokens", "token"), ("Paste it", token), ("user_pool_id", ""), ("client_id", ""), ("id or access", ""),
        ("another provider", ""), *REST, OFFLINE,
    )  # fmt: skip

    assert status == 0, shown
    assert clone.providers() == [
        {
            "name": "main",
            "preset": "cognito",
            "user_pool_id": "eu-west-1_AbCdEfGhI",
            "client_id": "1example23456789",
            "token_use": "id",
        }
    ]
    parts = [part for part in token.split(".") if len(part) > 20]
    written = "".join(path.read_text() for path in clone.path.rglob("*") if path.is_file() and path.suffix != ".pyc")
    assert not [part for part in parts if part[:40] in shown + written]


def test_own_secret_is_made_and_named_in_both_places(clone: Clone, stack: LocalStack) -> None:
    secret = "x-secret-that-is-typed-in-" + "7" * 20

    status, shown = clone.typed(
        ("Whose tokens", "shared-secret"), ("secret_arn", ""), ("Your application's secret", "short"),
        ("Your application's secret", secret), ("audience", "chat"), ("another provider", ""), *REST,
    )  # fmt: skip

    assert status == 0, shown
    arn = clone.answers()["SharedSecretArn"]
    assert clone.providers() == [{"name": "main", "preset": "shared-secret", "secret_arn": arn, "audience": "chat"}]
    stored = owner(stack, "secretsmanager").get_secret_value(SecretId=arn)["SecretString"]
    assert stored == secret
    assert secret not in shown + clone.file().read_text()
    assert "That cannot be used: " in shown
    owner(stack, "secretsmanager").delete_secret(SecretId=arn, ForceDeleteWithoutRecovery=True)


def test_token_under_a_secret_is_told_from_others(clone: Clone) -> None:
    token = hmac_signer().sign({"id": 7, "full_name": "Ada", "aud": "chat", "exp": 2_000_000_000})
    arn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:app-AbCdEf"

    _, shown = clone.typed(
        ("Whose tokens", "token"), ("Paste it", token), ("secret_arn", arn), ("audience", ""), ("another provider", ""),
        *REST,
    )  # fmt: skip

    assert clone.providers() == [{"name": "main", "preset": "shared-secret", "secret_arn": arn, "audience": "chat"}]
    assert f"The secret {arn} is not there." in shown


def test_two_providers_and_the_first_one_s_users_keep_their_ids(clone: Clone) -> None:
    status, shown = clone.typed(
        ("Whose tokens", "auth0"), ("domain", "tenant.eu.auth0.com"), ("audience", "https://api.example.com"),
        ("another provider", "yes"), ("Whose tokens", "firebase"), ("project_id", "my-project"),
        ("another provider", "no"), *REST, OFFLINE, OFFLINE,
    )  # fmt: skip

    assert status == 0, shown
    assert clone.providers() == [
        {**AUTH0, "keep_subject": True},
        {"name": "firebase-2", "preset": "firebase", "project_id": "my-project"},
    ]


# ── Wrong answers ────────────────────────────────────────────────────────────────────────────────────


def test_wrong_answers_are_asked_again_with_what_to_write(clone: Clone) -> None:
    status, shown = clone.typed(
        ("Whose tokens", "99"), ("Whose tokens", "2"), ("user_pool_id", "AbCdEfGhI"), ("client_id", ""), ("id or access", "both"),
        ("user_pool_id", "eu-west-1_AbCdEfGhI"), ("client_id", "1example23456789"), ("id or access", ""),
        ("another provider", ""), ("Origins", "https://app.example.com/"), ("Origins", "https://app.example.com"),
        ("Its ARN", "mine"), ("Its ARN", ""), ("minimal or member", "all"), ("minimal or member", "member"),
        ("none, join or host", ""), OFFLINE,
    )  # fmt: skip

    assert status == 0, shown
    for words in (
        "There is no 99.", "user_pool_id is not what it should be. Write it as the console shows it",
        "client_id is missing.", "token_use is not known. Write one of: id, access.", "must be origins",
        "must be the ARN of an AppInstance", "Messaging",
    ):  # fmt: skip
        assert words in shown
    assert clone.answers()["Messaging"] == "member"


def oidc(url: str) -> list[tuple[str, str]]:
    return [("Whose tokens", "oidc"), ("issuer", url), ("audience", "my-app"), ("another provider", ""), *REST]


def test_issuer_that_publishes_keys_is_right(clone: Clone, stack: LocalStack) -> None:
    status, shown = clone.typed(*oidc(stack.urls["issuer"]))

    assert status == 0, shown


def test_wrong_issuer_is_an_error_and_what_was_typed_is_saved(clone: Clone, stack: LocalStack) -> None:
    wrong = stack.urls["issuer"] + "/"

    status, shown = clone.typed(*oidc(wrong))

    assert status == 1
    assert f"environments/dev.yaml: The keys of main ({wrong}) cannot be used: the discovery document is not" in shown
    assert "letter for letter" in shown
    assert clone.providers()[0]["issuer"] == wrong
    clone.write(clone.file().read_text().replace(wrong, stack.urls["issuer"]))
    assert clone.run()[0] == 0  # one line was edited


def test_issuer_out_of_reach_is_a_question_and_where_nobody_answers_a_flag(clone: Clone) -> None:
    status, shown = clone.typed(*oidc("https://id.example.com/"), ("Is it right all the same", "n"))

    assert status == 1
    assert "could not be had from here: its name leads to no address." in shown
    assert "--accept-unreachable" in shown
    assert clone.run()[0] == 1
    assert clone.run("--accept-unreachable")[0] == 0


def test_what_was_typed_before_an_interruption_is_offered_the_next_time(clone: Clone) -> None:
    code, _ = clone.typed(("Whose tokens", "1"), ("domain", "tenant.eu.auth0.com"), ("audience", INTERRUPT))

    assert code == 130
    status, shown = clone.typed(
        ("Whose tokens [1]", ""), ("domain", ""), ("audience", "https://api.example.com"), ("another provider", ""),
        *REST, OFFLINE,
    )  # fmt: skip

    assert status == 0, shown
    assert clone.providers() == [AUTH0]


# ── Where nobody can be asked ────────────────────────────────────────────────────────────────────────


def test_without_a_terminal_flags_say_it_and_are_saved(clone: Clone, stack: LocalStack) -> None:
    provider = {"name": "main", "preset": "oidc", "issuer": stack.urls["issuer"], "audience": "my-app"}

    status, said = clone.run(
        "--answer", f"Providers={json.dumps([provider])}", "--answer", "Messaging=member", "--answer", "Meetings=none"
    )

    assert status == 0, said
    assert clone.providers() == [provider]
    assert clone.answers()["Messaging"] == "member"
    assert "Meetings" not in clone.answers()  # the default: another one may come
    before = clone.file().read_text()
    assert clone.run() == (0, f"Account {ACCOUNT}, {REGION}, stack chime-signin-dev.\n")
    assert clone.file().read_text() == before


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param("Messaging: member\n", "dev.yaml does not say whose tokens sign in. .* environments/examples/", id="nobody"),
        pytest.param("Providers: '[{]'\n", "dev.yaml: Providers is not JSON", id="no JSON"),
        pytest.param("Providers: x\n", "dev.yaml, line 1: .*must be a JSON list", id="no list"),
        pytest.param(
            """Providers: '[{"name": "main", "preset": "auth0", "audience": "a"}]'\n""",
            "Providers.0..domain is missing. Write a host without https://", id="a value is missing",
        ),
        pytest.param("Mesaging: member\nProviders: '[{}]'\n", "line 1: There is no parameter Mesaging. Is Messaging meant", id="mistyped"),
        pytest.param("Tracing: true\n", 'line 1: SAM makes True of this. Write Tracing: "true"', id="what SAM misreads"),
        pytest.param(
            """Providers: '[{"name": "main", "preset": "shared-secret", "secret_arn": "arn:aws:secretsmanager:us-east-1:123456789012:secret:a-b"}]'\n""",
            "which the authorizer may not read. Write SharedSecretArn: arn:aws", id="a secret in one place",
        ),
        pytest.param(
            """Providers: '[{"name": "main", "issuer": "https://id.example.com", "audience": "a"}]'\nAllowedOrigins: https://*.example.com\n""",
            "AllowedOrigins", id="a pattern as origin",
        ),
        pytest.param(
            """Providers: '[{"name": "main", "issuer": "https://id.example.com", "audience": "a", "user_roles": ["mod"], "user_roles_claim": "r"}]'\n""",
            "no ARN in UserRoleArns ends with it", id="a role without an ARN",
        ),
        pytest.param(
            """Providers: '[{"name": "main", "issuer": "https://id.example.com", "audience": "%s"}]'\n""" % ("a" * 4096),
            "Lambda gives all of a function's 4096", id="more than Lambda takes",
        ),
    ],
)  # fmt: skip
def test_wrong_file_is_a_sentence_with_its_place(clone: Clone, text: str, words: str) -> None:
    clone.write(text)

    status, said = clone.run()

    assert status == 1
    assert re.search(words, said), said
    assert clone.file().read_text() == text


def test_answer_that_is_no_parameter_is_refused_before_it_is_saved(clone: Clone) -> None:
    before = clone.file().read_text()

    status, said = clone.run("--answer", "Providers=[]", "--answer", "Mesaging=member")

    assert (status, clone.file().read_text()) == (1, before)
    assert "There is no parameter Mesaging. Is Messaging meant?" in said


# ── The account ──────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def ready(clone: Clone, stack: LocalStack) -> Clone:
    """Return a clone with good answers."""
    provider = {"name": "main", "issuer": stack.urls["issuer"], "audience": "my-app"}
    clone.write(f"Providers: '{json.dumps([provider])}'\n")
    clone.write(f"Providers: '{json.dumps([provider])}'\nAccessLog: on\n", "prod")
    return clone


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        pytest.param({"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None}, "Unable to locate credentials. Sign in as", id="no credentials"),
        pytest.param({"AWS_DEFAULT_REGION": None}, "No region is given. Write region in samconfig.toml", id="no region"),
        pytest.param({"AWS_PROFILE": "nobody"}, "could not be found. aws configure list-profiles", id="no such profile"),
        pytest.param({"AWS_SECRET_ACCESS_KEY": "wrong"}, "AWS does not take your credentials. Sign in as", id="wrong credentials"),
    ],
)  # fmt: skip
def test_account_that_cannot_be_asked_is_a_sentence_with_its_mend(
    ready: Clone, changes: dict[str, str | None], words: str
) -> None:
    status, said = ready.run(**changes)

    assert status == 1
    assert words in said


def test_expired_credentials_are_told_before_the_questions_and_the_answers_are_saved(
    clone: Clone, client: Client
) -> None:
    client.fault("GetCallerIdentity", error="ExpiredToken", status=403, times=10)

    status, shown = clone.typed(
        ("Whose tokens", "1"), ("domain", "tenant.eu.auth0.com"), ("audience", "https://api.example.com"),
        ("another provider", ""), *REST, OFFLINE,
    )  # fmt: skip

    assert status == 1
    assert shown.index("Your credentials have expired. Sign in as") < shown.index("1 of 5")
    assert shown.count("Your credentials have expired") == 2
    assert clone.providers() == [AUTH0]


@pytest.mark.parametrize(
    ("status", "words"),
    [
        pytest.param("ROLLBACK_COMPLETE", "make delete ENV=dev takes it away; then run this again", id="a first deployment that failed"),
        pytest.param("UPDATE_IN_PROGRESS", "Wait until that is over", id="somebody else deploys"),
        pytest.param("UPDATE_ROLLBACK_FAILED", "continue-update-rollback --stack-name chime-signin-dev", id="stuck"),
        pytest.param("UPDATE_ROLLBACK_COMPLETE", "", id="an update that failed"),
        pytest.param("CREATE_COMPLETE", "", id="a stack that works"),
    ],
)  # fmt: skip
def test_earlier_stack_says_whether_it_can_be_deployed_to(
    ready: Clone, stack: LocalStack, status: str, words: str
) -> None:
    stack_that_is(stack, status)

    code, said = ready.run()

    owner(stack, "cloudformation").delete_stack(StackName="chime-signin-dev")
    assert code == (1 if words else 0)
    assert words in said


def test_access_log_needs_the_account_s_role_which_the_stack_may_make(ready: Clone, stack: LocalStack) -> None:
    status, said = ready.run(ENV="prod")
    assert status == 1
    assert "environments/prod.yaml: AccessLog is on, and API Gateway has no role to write logs with" in said

    status, shown = ready.typed(("Is it to do so", "y"), ENV="prod")
    assert status == 0, shown
    assert ready.answers("prod")["AccessLog"] == "on-with-account-role"

    account = apigateway_backends[ACCOUNT][REGION].account
    try:
        account.cloudwatch_role_arn = f"arn:aws:iam::{ACCOUNT}:role/another"
        assert "would replace" in ready.run(ENV="prod")[1]
        account.cloudwatch_role_arn = f"arn:aws:iam::{ACCOUNT}:role/chime-signin-ApiGatewayLogRole-1A2B"
        assert ready.run(ENV="prod")[0] == 0
    finally:
        account.cloudwatch_role_arn = None


def test_app_instance_that_is_not_there_is_told(ready: Clone, stack: LocalStack) -> None:
    there = owner(stack, "chime-sdk-identity").list_app_instances()["AppInstances"][0]["AppInstanceArn"]

    assert ready.run("--answer", f"ChimeAppInstanceArn={there}")[0] == 0
    status, said = ready.run("--answer", f"ChimeAppInstanceArn={there[:-3]}abc")
    assert status == 1
    assert "There is no AppInstance" in said


def test_rule_of_the_template_is_told_before_anything_is_built(ready: Clone) -> None:
    status, said = ready.run("--region", "eu-west-1")

    assert status == 1
    assert "An AppInstance can be created in us-east-1 and eu-central-1 alone." in said
