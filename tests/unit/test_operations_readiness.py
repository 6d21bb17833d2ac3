"""What would make a deployment fail, with an account as an argument: a good one, then one change at a time."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest

from operations.errors import OperationError
from operations.readiness import DEAD, log_role_problem, problems, stack_problem
from tests.translated import APP_INSTANCE, KEY, SECRET


@dataclass(frozen=True)
class Secret:
    arn: str = SECRET
    key: str = ""
    is_deleted: bool = False


@dataclass(frozen=True)
class Account:
    """An account in which all is well."""

    found: Secret | None = field(default_factory=Secret)
    limit: int = 1000
    instances: tuple[str, ...] = (APP_INSTANCE,)

    def stack_status(self, name: str) -> str:
        return ""

    def log_role(self) -> str:
        return ""

    def concurrency(self) -> int:
        return self.limit

    def secret(self, arn: str) -> Secret | None:
        return self.found

    def has_app_instance(self, arn: str) -> bool:
        return arn in self.instances


VALUES = {"SharedSecretArn": SECRET, "ChimeAppInstanceArn": APP_INSTANCE, "ReservedConcurrency": "50"}


def found(account: Account, values: dict[str, str] | None = None) -> list[str]:
    notes: list[str] = []
    return [*problems(account, values or VALUES, notes.append), *notes]


def test_account_in_which_all_is_well() -> None:
    assert found(Account()) == []


@pytest.mark.parametrize(
    ("account", "words"),
    [
        pytest.param(replace(Account(), found=None), "is not there. aws secretsmanager create-secret", id="no secret"),
        pytest.param(replace(Account(), found=Secret(is_deleted=True)), "is being deleted", id="a secret that goes"),
        pytest.param(replace(Account(), found=Secret(arn=SECRET + "-x")), "the secret's whole ARN", id="half an ARN"),
        pytest.param(replace(Account(), found=Secret(key=KEY)), "Write SharedSecretKeyArn", id="a key of one's own"),
        pytest.param(replace(Account(), instances=()), "There is no AppInstance", id="no AppInstance"),
        pytest.param(replace(Account(), limit=199), "needs a limit of 200 in this account", id="too few copies"),
    ],
)
def test_what_is_missing_is_one_sentence_with_its_mend(account: Account, words: str) -> None:
    [said] = found(account)

    assert words in said


def test_function_of_rooms_reserves_copies_too() -> None:
    assert found(replace(Account(), limit=249), {**VALUES, "Meetings": "none"}) == []
    [said] = found(replace(Account(), limit=249), {**VALUES, "Meetings": "open"})

    assert "needs a limit of 250 in this account" in said


def test_key_of_the_secret_that_is_given_is_right() -> None:
    assert found(replace(Account(), found=Secret(key=KEY)), {**VALUES, "SharedSecretKeyArn": KEY}) == []


def test_what_may_not_be_asked_is_a_note_and_no_problem() -> None:
    class Silent(Account):
        def concurrency(self) -> int:
            raise OperationError("AWS does not say: AccessDenied")

    notes: list[str] = []

    assert list(problems(Silent(), VALUES, notes.append)) == []
    assert notes == ["Not checked: AWS does not say: AccessDenied"]


@pytest.mark.parametrize(
    "status", ["", "CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "REVIEW_IN_PROGRESS"]
)
def test_stack_that_can_be_deployed_to(status: str) -> None:
    assert stack_problem(status, "chat", "prod") == ""


@pytest.mark.parametrize("status", DEAD)
def test_stack_that_no_deployment_can_change_is_deleted_first(status: str) -> None:
    assert "make delete ENV=prod takes it away" in stack_problem(status, "chat", "prod")


@pytest.mark.parametrize(
    ("access_log", "role", "words"),
    [
        pytest.param("off", "", "", id="off"),
        pytest.param("on", "arn:aws:iam::1:role/any", "", id="on, with a role"),
        pytest.param("on", "", "Write AccessLog: on-with-account-role", id="on, without one"),
        pytest.param("on-with-account-role", "", "", id="to be made"),
        pytest.param("on-with-account-role", "arn:aws:iam::1:role/chat-ApiGatewayLogRole-1A", "", id="made before"),
        pytest.param("on-with-account-role", "arn:aws:iam::1:role/any", "would replace", id="another's"),
    ],
)  # fmt: skip
def test_access_log_and_the_account_s_role(access_log: str, role: str, words: str) -> None:
    said = log_role_problem(access_log, role, "chat")

    assert (words in said) if words else said == ""
