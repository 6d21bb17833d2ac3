"""
Delete a stack, which CloudFormation alone cannot do after a `make revoke`, and say what stays.

IAM deletes no role that has policies which CloudFormation does not know, so those go first. From then until the role is
gone, the sessions of users who were cut off act again; new sign-ins of theirs are refused to the end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from operations.errors import OperationError
from operations.users import LIST_NAME

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from operations.revocation import UserRole

EVERY_SECONDS = 5.0
DELETABLE = ("DELETE_IN_PROGRESS", "REVIEW_IN_PROGRESS")
"""Nothing else happens to a stack that is so: the second one has a change set that nobody has executed."""
KEPT: Mapping[str, str] = {
    "AppInstance": "the AppInstance, with users, channels and messages. To delete it for good: "
    "aws chime-sdk-identity delete-app-instance --app-instance-arn",
    "ApiGatewayLogRole": "the role by which API Gateway writes logs, because other APIs of the account use it:",
    "ApiGatewayAccount": "the account's setting that names that role:",
}
"""What the template retains, by logical id; a test compares them."""


class DeployedStack(Protocol):
    """A stack in CloudFormation."""

    def status(self) -> str:
        """Return CloudFormation's word for what it is or what happens to it."""

    def is_protected(self) -> bool:
        """Tell whether its owner has forbidden its deletion."""

    def resources(self) -> dict[str, str]:
        """Return the names in AWS of the resources that it has, by their logical ids."""

    def delete(self) -> None:
        """Have it deleted; that goes on when this returns."""

    def failures(self) -> list[str]:
        """Return which resources CloudFormation could not delete, and why, newest first."""


class Deletion:
    """Deletes a stack, telling *say* what is done. *pause* waits for a number of seconds."""

    def __init__(
        self, stack: DeployedStack, role: UserRole | None, pause: Callable[[float], None], say: Callable[[str], None]
    ) -> None:
        """Take the stack, and the role of its own that users get, if there is one."""
        self._stack = stack
        self._role = role
        self._pause = pause
        self._say = say

    def delete(self, name: str, confirmed: Callable[[], str]) -> None:
        """
        Delete the stack *name*, if *confirmed* returns that name; it is asked when all has been said.

        Raises:
            OperationError: Nobody confirmed it, it cannot be deleted now, or CloudFormation could not delete all of it.
        """
        self._check(name)
        self._say(f"It is {self._stack.status()}. make delete deletes it, with everything in it but what stays:")
        for line in self._kept(name):
            self._say(f"- {line}")
        if confirmed() != name:
            raise OperationError(f"Nothing was deleted. To confirm it, type the stack's name, or say CONFIRM={name}.")
        self._undeny()
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
            f"the list of who was cut off, if there is one: aws ssm delete-parameter --name {LIST_NAME.format(name)}",
            "policies RevokedUsers-… on roles of your own (UserRoleArns), which mean nothing after an hour",
            "the bucket for code that sam made, with its stack aws-sam-cli-managed-default, for other stacks",
        ]

    def _undeny(self) -> None:
        """Take revocation's policies off the role that goes, and off no other: those may be another stack's."""
        if self._role is None:
            return
        for policy in self._role.denials():
            self._role.delete(policy)
            self._say(f"{self._role.name}: {policy} is removed.")

    def _wait(self, name: str) -> None:
        self._say("CloudFormation deletes it, which takes some minutes, and goes on if you stop waiting.")
        while (status := self._stack.status()) == "DELETE_IN_PROGRESS":
            self._pause(EVERY_SECONDS)
        if status != "DELETE_COMPLETE":
            raise OperationError(
                "\n".join([f"{name} is {status}:", *self._stack.failures(), "Mend that, and run it again."])
            )
        self._say(f"{name} is deleted.")
