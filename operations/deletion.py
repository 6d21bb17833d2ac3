"""
Delete a stack, and say what stays. CloudFormation alone cannot delete it after a `make revoke`.

IAM deletes no role that has policies which CloudFormation did not make, so those are deleted first. From then until the
role is deleted, sessions of revoked users are not denied; their new sign-ins are refused to the end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from operations.errors import OperationError
from operations.revoked_users import LIST_NAME

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from operations.cloudformation import StackToDelete
    from operations.deny_policies import IamRole

EVERY_SECONDS = 5.0
DELETABLE = ("DELETE_IN_PROGRESS", "REVIEW_IN_PROGRESS")
"""Statuses ending in _IN_PROGRESS in which a stack can be deleted. In REVIEW_IN_PROGRESS it has only a change set."""
KEPT: Mapping[str, str] = {
    "AppInstance": "the AppInstance, with users, channels and messages. To delete it for good: "
    "aws chime-sdk-identity delete-app-instance --app-instance-arn",
    "ApiGatewayLogRole": "the role by which API Gateway writes logs, because other APIs of the account use it:",
    "ApiGatewayAccount": "the account's setting that names that role:",
}
"""What the template retains, by logical id; a test compares them."""


class Deletion:
    """Deletes a stack, and prints what is done by *print_line*. *pause* waits for a number of seconds."""

    def __init__(
        self,
        stack: StackToDelete,
        roles: Sequence[IamRole],
        pause: Callable[[float], None],
        print_line: Callable[[str], None],
    ) -> None:
        """Take the stack, and the user roles that it has made."""
        self._stack = stack
        self._roles = roles
        self._pause = pause
        self._print = print_line

    def delete(self, name: str, confirmed: Callable[[], str]) -> None:
        """
        Delete the stack *name* if *confirmed*, which is called after all has been printed, returns that name.

        Raises:
            OperationError: It was not confirmed, cannot be deleted now, or CloudFormation could not delete all of it.
        """
        self._check(name)
        self._print(f"It is {self._stack.status()}. make delete deletes it, with everything in it but what stays:")
        for line in self._kept(name):
            self._print(f"- {line}")
        if confirmed() != name:
            raise OperationError(f"Nothing was deleted. To confirm it, type the stack's name, or say CONFIRM={name}.")
        self._delete_deny_policies()
        self._stack.delete()
        self._wait(name)

    def _check(self, name: str) -> None:
        status = self._stack.status()
        if status.endswith("_IN_PROGRESS") and status not in DELETABLE:
            raise OperationError(f"{name} is {status}. Wait until that is over, and run it again.")
        if self._stack.is_protected():
            raise OperationError(
                f"{name} is protected from deletion. If you mean it: aws cloudformation update-termination-protection "
                f"--no-enable-termination-protection --stack-name {name}"
            )

    def _kept(self, name: str) -> list[str]:
        there = self._stack.resources()
        return [
            *(f"{what} {there[logical_id]}" for logical_id, what in KEPT.items() if logical_id in there),
            f"the list of revoked users, if there is one: aws ssm delete-parameter --name {LIST_NAME.format(name)}",
            "policies RevokedUsers-… on roles of your own (UserRoleArns), which are of no use after an hour",
            "the bucket for code that sam made, with its stack aws-sam-cli-managed-default: other stacks use it",
        ]

    def _delete_deny_policies(self) -> None:
        """Delete the Deny policies of the stack's own roles. Other roles stay, and other stacks may use them."""
        for role in self._roles:
            for policy in role.deny_policies():
                role.delete(policy)
                self._print(f"{role.name}: {policy} is removed.")

    def _wait(self, name: str) -> None:
        self._print("CloudFormation deletes it. That takes some minutes, and goes on if you stop waiting.")
        while (status := self._stack.status()) == "DELETE_IN_PROGRESS":
            self._pause(EVERY_SECONDS)
        if status != "DELETE_COMPLETE":
            raise OperationError(
                "\n".join([f"{name} is {status}:", *self._stack.failures(), "Correct that, and run it again."])
            )
        self._print(f"{name} is deleted.")
