"""Say before a deployment what would make it fail, each in a sentence with its mend."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from operations.errors import OperationError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

DEAD = ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED", "DELETE_FAILED")
"""What a stack is that no deployment can change: its first one has failed, or its deletion."""
LEFT_TO_OTHERS = 100
"""Copies of functions that Lambda lets nobody reserve. https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html"""
OWN_LOG_ROLE = "{}-ApiGatewayLogRole-"
"""How the name begins of the role that the stack itself has made for the account."""


class SecretOfAccount(Protocol):
    """A secret in Secrets Manager."""

    @property
    def arn(self) -> str:
        """Its whole ARN."""

    @property
    def key(self) -> str:
        """The KMS key that it is encrypted with; empty if that is AWS's own."""

    @property
    def is_deleted(self) -> bool:
        """Whether it is about to go."""


class AwsAccount(Protocol):
    """What is asked of an account; `account.Account` says what each raises."""

    def stack_status(self, name: str) -> str:
        """Return CloudFormation's word for the stack, or nothing."""

    def log_role(self) -> str:
        """Return API Gateway's role for logs, or nothing."""

    def concurrency(self) -> int:
        """Return how many functions may run at once."""

    def secret(self, arn: str) -> SecretOfAccount | None:
        """Return a secret, or None."""

    def has_app_instance(self, arn: str) -> bool:
        """Tell whether an AppInstance is there."""


def stack_problem(status: str, name: str, environment: str) -> str:
    """Return why a stack of that *status* cannot be deployed to; nothing if it can."""
    if status in DEAD:
        return (
            f"{name} is {status}: what failed left a stack that no deployment can change. "
            f"make delete ENV={environment} takes it away; then run this again."
        )
    if status == "UPDATE_ROLLBACK_FAILED":
        return (
            f"{name} is {status}. Mend what the console shows as failed, then: "
            f"aws cloudformation continue-update-rollback --stack-name {name}"
        )
    if status.endswith("_IN_PROGRESS") and status != "REVIEW_IN_PROGRESS":
        return f"{name} is {status}. Wait until that is over, and run this again."
    return ""


def log_role_problem(access_log: str, role: str, stack: str) -> str:
    """Return why AccessLog cannot be *access_log* where API Gateway's *role* for logs is that; nothing if it can."""
    if access_log == "on" and not role:
        return (
            "AccessLog is on, and API Gateway has no role to write logs with in this account and region. Write "
            "AccessLog: on-with-account-role, and the stack creates and sets it, for all APIs of the account there."
        )
    if (
        access_log == "on-with-account-role"
        and role
        and not role.rpartition("/")[2].startswith(OWN_LOG_ROLE.format(stack))
    ):
        return (
            f"API Gateway writes logs by {role} already, which AccessLog: on-with-account-role would replace. "
            'Write AccessLog: "on".'
        )
    return ""


def problems(account: AwsAccount, values: Mapping[str, str], note: Callable[[str], None]) -> Iterator[str]:
    """Yield what of *values* is not in the account. What AWS does not let one ask is told to *note*."""
    for check in (_secret, _app_instance, _concurrency):
        try:
            yield from check(account, values)
        except OperationError as error:
            note(f"Not checked: {error}")


def _secret(account: AwsAccount, values: Mapping[str, str]) -> Iterator[str]:
    arn, key = values.get("SharedSecretArn", ""), values.get("SharedSecretKeyArn", "")
    if not arn:
        return
    found = account.secret(arn)
    if found is None or found.is_deleted:
        gone = "is being deleted" if found else "is not there"
        yield (
            f"The secret {arn} {gone}. aws secretsmanager create-secret --name NAME --secret-string … makes one and "
            "prints its ARN, for SharedSecretArn and for secret_arn in Providers."
        )
    elif found.arn != arn:
        yield f"SharedSecretArn is {arn}, and the secret's whole ARN {found.arn}. Write that, in Providers too."
    elif found.key and not key:
        yield f"The shared secret is encrypted with {found.key}. Write SharedSecretKeyArn, that key's ARN."


def _app_instance(account: AwsAccount, values: Mapping[str, str]) -> Iterator[str]:
    arn = values.get("ChimeAppInstanceArn", "")
    if arn and not account.has_app_instance(arn):
        yield f"There is no AppInstance {arn}. aws chime-sdk-identity list-app-instances lists those that there are."


def _concurrency(account: AwsAccount, values: Mapping[str, str]) -> Iterator[str]:
    reserved = int(values.get("ReservedConcurrency") or 0)
    if not reserved:
        return
    functions = 2 if values.get("Meetings", "none") == "none" else 3
    needed, limit = functions * reserved + LEFT_TO_OTHERS, account.concurrency()
    if needed > limit:
        yield (
            f"ReservedConcurrency: {reserved} needs a limit of {needed} in this account, and Lambda lets {limit} "
            "copies run at once. Leave it out, or ask AWS for more (Service Quotas, Lambda, Concurrent executions)."
        )
