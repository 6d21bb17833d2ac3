"""What `make deploy` finds out about the account before anything is built: what would fail is one sentence."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from moto.apigateway.models import apigateway_backends
from moto.cloudformation.models import cloudformation_backends

from local.aws.identities import ACCOUNT
from local.cloudformation.deployment import REGION
from tests.end_to_end.clone import AUTH0, OFFLINE, REST, Clone, clone_for
from tests.end_to_end.operators import owner

if TYPE_CHECKING:
    from pathlib import Path

    from local.stack import LocalStack
    from tests.end_to_end.conftest import Client

NO_KEYS: dict[str, str | None] = {"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None}


@pytest.fixture
def clone(stack: LocalStack, tmp_path: Path) -> Clone:
    return clone_for(stack, tmp_path)


def stack_that_is(stack: LocalStack, status: str, name: str = "chime-signin-dev") -> None:
    resources = {"Left": {"Type": "AWS::SSM::Parameter", "Properties": {"Name": name, "Type": "String", "Value": "x"}}}
    owner(stack, "cloudformation").create_stack(StackName=name, TemplateBody=json.dumps({"Resources": resources}))
    cloudformation_backends[ACCOUNT][REGION].get_stack(name).status = status


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
        pytest.param(NO_KEYS, "Unable to locate credentials. Sign in as", id="no credentials"),
        pytest.param({"AWS_DEFAULT_REGION": None}, "No region is given. Write region in", id="no region"),
        pytest.param({"AWS_PROFILE": "nobody"}, "could not be found. aws configure", id="no such profile"),
        pytest.param({"AWS_SECRET_ACCESS_KEY": "wrong"}, "does not accept your credentials.", id="wrong credentials"),
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


def test_stack_that_no_deployment_can_change_is_told_before_the_questions(clone: Clone, stack: LocalStack) -> None:
    stack_that_is(stack, "ROLLBACK_COMPLETE")

    status, shown = clone.typed(
        ("Whose tokens", "1"), ("domain", "tenant.eu.auth0.com"), ("audience", "https://api.example.com"),
        ("another provider", ""), *REST, OFFLINE,
    )  # fmt: skip

    owner(stack, "cloudformation").delete_stack(StackName="chime-signin-dev")
    assert status == 1
    assert shown.index("make delete ENV=dev takes it away") < shown.index("1 of 5")
    assert clone.providers() == [AUTH0]


@pytest.mark.parametrize(
    ("status", "words"),
    [
        pytest.param("ROLLBACK_COMPLETE", "make delete ENV=dev takes it away; then run this again", id="a failed one"),
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


def test_access_log_needs_the_account_s_role_which_the_stack_may_make(ready: Clone) -> None:
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
    missing = f"{there[:-3]}abc"
    _, said = ready.run("--answer", f"ChimeAppInstanceArn={missing}")
    assert f"Not checked: {missing} is not there, or whoever runs this may not look at it." in said


def test_rule_of_the_template_is_told_before_anything_is_built(ready: Clone) -> None:
    status, said = ready.run("--region", "eu-west-1")

    assert status == 1
    assert "An AppInstance can be created only in us-east-1 and eu-central-1." in said


def test_parameters_in_samconfig_are_moved_first(ready: Clone) -> None:
    samconfig = ready.path / "samconfig.toml"
    guided = samconfig.read_text().replace('["file://environments/dev.yaml"]', '"Issuer=x Audience=y"')
    samconfig.write_text(guided)

    status, said = ready.run()

    assert status == 1
    assert "Move its parameters into environments/dev.yaml, one a line" in said
    assert samconfig.read_text() == guided


def test_environment_of_one_s_own_gets_a_file_of_its_own(ready: Clone) -> None:
    samconfig = ready.path / "samconfig.toml"
    own = samconfig.read_text().replace("[dev.", "[staging.").replace("dev.yaml", "staging.yaml")
    samconfig.write_text(own.replace('stack_name = "chime-signin-dev"', 'stack_name = "chime-signin-staging"'))
    answer = ready.answers()["Providers"]

    status, said = ready.run("--answer", f"Providers={answer}", "--region", "eu-central-1", ENV="staging")

    assert status == 0, said
    assert ready.answers("staging")["Providers"] == answer
    assert f"Account {ACCOUNT}, eu-central-1, stack chime-signin-staging." in said
    assert 'region = "eu-central-1"' in samconfig.read_text()
