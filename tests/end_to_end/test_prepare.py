"""`make deploy` up to where SAM takes over, as a person types it: from a clone to a file of answers that are right."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from local.aws.identities import ACCOUNT
from local.cloudformation.deployment import REGION
from tests.end_to_end.clone import AUTH0, OFFLINE, REST, Clone, clone_for
from tests.end_to_end.conftest import ROOT, Client
from tests.end_to_end.conversation import END
from tests.end_to_end.operators import owner
from tests.tokens import hmac_signer

if TYPE_CHECKING:
    from pathlib import Path

    from local.stack import LocalStack

SECRET = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:app-AbCdEf"


@pytest.fixture
def clone(stack: LocalStack, tmp_path: Path) -> Clone:
    return clone_for(stack, tmp_path)


def assert_documented(heading: str, shown: str) -> None:
    """Check that what docs/deploying.md shows under *heading* was shown, line for line, but for what "…" stands for."""
    page = (ROOT / "docs" / "deploying.md").read_text()
    (block,) = re.findall(rf"^### {re.escape(heading)}$.*?^```console\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    expected = r"\s*".join(".*".join(re.escape(part) for part in line.split("…")) for line in block.split("\n"))
    assert re.search(expected, shown, re.DOTALL), shown


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
    assert_documented("Auth0", shown)
    assert f"Account {ACCOUNT}, {REGION}, stack chime-signin-dev." in shown
    assert 'region = "us-east-1"' in (clone.path / "samconfig.toml").read_text()
    assert not list(clone.path.glob("environments/*.draft.json"))


def test_cognito_as_a_pasted_token_says_and_nothing_of_the_token_is_kept_or_shown(clone: Clone, client: Client) -> None:
    token = client.token(
        sub="ada", iss="https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbCdEfGhI", aud="1example23456789",
        token_use="id", name="Ada Lovelace", padding="x" * 6000,
    )  # fmt: skip

    status, shown = clone.typed(
        ("Whose tokens", "token"), ("Paste it", token), ("user_pool_id", ""), ("client_id", ""), ("token_use", ""),
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
    assert_documented("Amazon Cognito, from a token", shown)
    parts = [part for part in token.split(".") if len(part) > 20]
    written = "".join(path.read_text() for path in clone.path.rglob("*") if path.is_file() and path.suffix != ".pyc")
    assert not [part for part in parts if part[:40] in shown + written]


def test_own_secret_is_made_and_named_in_both_places(clone: Clone, stack: LocalStack) -> None:
    secret = "x-secret-that-is-typed-in-" + "7" * 20

    status, shown = clone.typed(
        ("Whose tokens", "11"), ("secret_arn", ""), ("Your application's secret", "short"),
        ("Your application's secret", secret), ("audience", "chat"), ("another provider", ""), *REST,
    )  # fmt: skip

    assert status == 0, shown
    arn = clone.answers()["SharedSecretArn"]
    assert clone.providers() == [{"name": "main", "preset": "shared-secret", "secret_arn": arn, "audience": "chat"}]
    stored = owner(stack, "secretsmanager").get_secret_value(SecretId=arn)["SecretString"]
    assert stored == secret
    assert secret not in shown + clone.file().read_text()
    assert "That cannot be used: " in shown
    assert_documented("An application that signs its own tokens", shown)
    owner(stack, "secretsmanager").delete_secret(SecretId=arn, ForceDeleteWithoutRecovery=True)


def test_token_under_a_secret_is_told_from_others(clone: Clone) -> None:
    token = hmac_signer().token({"id": 7, "full_name": "Ada", "aud": "chat", "exp": 2_000_000_000})
    _, shown = clone.typed(
        ("Whose tokens", "token"), ("Paste it", token), ("secret_arn", SECRET), ("audience", ""),
        ("another provider", ""),
        *REST,
    )  # fmt: skip

    assert clone.providers() == [{"name": "main", "preset": "shared-secret", "secret_arn": SECRET, "audience": "chat"}]
    assert f"The secret {SECRET} is not there." in shown


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
        ("Whose tokens", "99"), ("Whose tokens", "2"), ("user_pool_id", "AbCdEfGhI"), ("client_id", ""),
        ("token_use", "both"),
        ("user_pool_id", "eu-west-1_AbCdEfGhI"), ("client_id", "1example23456789"), ("token_use", ""),
        ("another provider", ""), ("Origins", "https://app.example.com/"), ("Origins", "https://app.example.com"),
        ("Its ARN", "mine"), ("Its ARN", ""), ("minimal or member", "all"), ("minimal or member", "member"),
        ("none, open or hosted", ""), OFFLINE,
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
    code, said = clone.typed(("Whose tokens", "1"), ("domain", "tenant.eu.auth0.com"), ("audience", END))

    assert code == 1
    assert "What was typed is kept" in said
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


def providers(**changes: Any) -> str:
    """Return a line of the file with one provider."""
    good = {"name": "main", "issuer": "https://id.example.com", "audience": "a"}
    entry = {name: value for name, value in {**good, **changes}.items() if value is not None}
    return f"Providers: '{json.dumps([entry])}'\n"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param(
            "Messaging: member\n", "dev.yaml does not say whose tokens sign in. .* environments/examples/", id="no one"
        ),
        pytest.param("Providers: '[{x}]'\n", "dev.yaml: Providers is not JSON", id="no JSON"),
        pytest.param("Providers: x\n", "dev.yaml, line 1: .*must be a JSON list", id="no list"),
        pytest.param(
            providers(preset="auth0", issuer=None), "Providers.0..domain is missing. Write a host", id="no domain"
        ),
        pytest.param(
            "Mesaging: x\n" + providers(), "line 1: There is no parameter Mesaging. Is Messaging", id="mistyped"
        ),
        pytest.param("SessionSeconds: 5\n", "line 1: The parameter SessionSeconds", id="before any question"),
        pytest.param(
            "Tracing: true\n", "line 1: SAM makes True of this. Write Tracing: .true.", id="what SAM misreads"
        ),
        pytest.param(
            providers(preset="shared-secret", issuer=None, audience=None, secret_arn=SECRET),
            f"the secret {SECRET}, which the authorizer may not read. Write SharedSecretArn: {SECRET}",
            id="a secret in one place",
        ),
        pytest.param(
            providers() + f"SharedSecretArn: {SECRET}\n", "no provider has it as secret_arn", id="in the other"
        ),
        pytest.param(
            providers() + "AllowedOrigins: https://*.example.com\n", "line 2: .*AllowedOrigins", id="a pattern"
        ),
        pytest.param(
            providers(user_roles=["mod"], user_roles_claim="r"),
            "no ARN in UserRoleArns ends with it",
            id="a role without an ARN",
        ),
        pytest.param(
            "Meetings: hosted\n" + providers(), "no provider has host_roles, so that nobody could open", id="no hosts"
        ),
        pytest.param(
            'Meetings: open\nMeetingOptions: \'{"video": "4k"}\'\n' + providers(),
            "MeetingOptions has a wrong video. Write one of none, hd, fhd",
            id="an option of rooms",
        ),
        pytest.param(
            "Meetings: join\n" + providers(),
            "Meetings, which is 'join', does not fit .*'none', 'open', 'hosted'",
            id="meetings as they were",
        ),
        pytest.param(
            providers(audience="a" * 4096), "Lambda gives all of a function's 4096", id="more than Lambda takes"
        ),
    ],
)
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
