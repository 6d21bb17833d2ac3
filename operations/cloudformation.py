"""The deployed stack in CloudFormation: what it says of itself, and its deletion."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from operations.aws import aws_errors_as_operation_errors
from operations.errors import OperationError
from operations.revoked_users import LIST_NAME

if TYPE_CHECKING:
    from collections.abc import Mapping

    import boto3

USER_ROLE = "UserRole"
"""The logical id of the user role in template.yaml."""
GUEST_ROLE = "GuestRole"
"""Likewise of the role of guests."""
ROOMS_TABLE = "RoomsTable"
"""Likewise of the table of rooms."""


@dataclass(frozen=True)
class DeployedStack:
    """
    A deployed stack: where it is, whether users can be revoked there, and the ARNs of the roles that they get.

    `own_role_arn` is the role that the template makes, or None after a deployment that failed before it;
    `guest_role_arn` is the one that it makes for guests, or None without guests. `push_app_arn` is the ARN of the
    application for push notifications, `signin_url` where users sign in, `allowed_origins` whose pages may call there;
    all three may be empty. `parameters` and `outputs` are all that the stack has, by name.
    """

    id: str
    name: str
    region: str
    account: str
    revokes: bool
    own_role_arn: str | None
    other_role_arns: tuple[str, ...]
    push_app_arn: str
    signin_url: str
    allowed_origins: tuple[str, ...] = ()
    parameters: Mapping[str, str] = field(default_factory=dict, hash=False)
    outputs: Mapping[str, str] = field(default_factory=dict, hash=False)
    guest_role_arn: str | None = None

    def __str__(self) -> str:
        """Return a sentence that says which stack a command is about to change."""
        return f"Stack {self.name} in {self.region}, account {self.account}."

    @property
    def role_arns(self) -> tuple[str, ...]:
        """All roles that users get, guests included."""
        return (*self.made_role_arns, *self.other_role_arns)

    @property
    def made_role_arns(self) -> tuple[str, ...]:
        """Those of them that the template makes."""
        return tuple(arn for arn in (self.own_role_arn, self.guest_role_arn) if arn)

    @property
    def app_instance_arn(self) -> str:
        """The AppInstance whose users sign in; empty after a deployment that failed before it had outputs."""
        return self.outputs.get("AppInstanceArn", "")

    @property
    def list_name(self) -> str:
        """The name of the parameter with the list of revoked users, which template.yaml lets the function read."""
        return LIST_NAME.format(self.name)


def stack(session: boto3.Session, name: str) -> DeployedStack:
    """
    Return the stack named *name*.

    Raises:
        OperationError: There is no such stack, or AWS does not let the caller see it.
    """
    with aws_errors_as_operation_errors():
        cloudformation: Any = session.client("cloudformation")
        try:
            found = cloudformation.describe_stacks(StackName=name)["Stacks"][0]
        except ClientError as error:
            if "does not exist" not in str(error):
                raise
            place = f"{name} in {cloudformation.meta.region_name}"
            raise OperationError(
                f"There is no stack {place}. ENV=NAME means another environment of samconfig.toml, AWS_SAM_STACK_NAME "
                "another stack; AWS_PROFILE and AWS_REGION say where to look for it."
            ) from error
        parameters = {each["ParameterKey"]: each["ParameterValue"] for each in found.get("Parameters", [])}
        role = _physical_id(cloudformation, found["StackId"], USER_ROLE)
        # Looked for only where there are guests: each look is a call.
        has_guests = parameters.get("Guests") == "true"
        guest_role = _physical_id(cloudformation, found["StackId"], GUEST_ROLE) if has_guests else ""
    _, partition, _, region, account, _ = found["StackId"].split(":", 5)
    outputs = {output["OutputKey"]: output["OutputValue"] for output in found.get("Outputs", [])}
    return DeployedStack(
        id=found["StackId"],
        name=found["StackName"],
        region=region,
        account=account,
        revokes=parameters.get("Revocation") == "true",
        own_role_arn=f"arn:{partition}:iam::{account}:role/{role}" if role else None,
        guest_role_arn=f"arn:{partition}:iam::{account}:role/{guest_role}" if guest_role else None,
        other_role_arns=tuple(arn.strip() for arn in parameters.get("UserRoleArns", "").split(",") if arn.strip()),
        push_app_arn=parameters.get("PushNotificationsAppArn", ""),
        signin_url=outputs.get("SigninUrl", ""),
        allowed_origins=tuple(each for each in parameters.get("AllowedOrigins", "").split(",") if each),
        parameters=parameters,
        outputs=outputs,
    )


def resources(cloudformation: Any, stack_id: str) -> dict[str, str]:
    """Return the physical ids of the resources that a stack has, by their logical ids."""
    with aws_errors_as_operation_errors():
        pages = cloudformation.get_paginator("list_stack_resources").paginate(StackName=stack_id)
        found = [each for page in pages for each in page["StackResourceSummaries"]]
    there = [each for each in found if each["ResourceStatus"] != "DELETE_COMPLETE"]
    return {each["LogicalResourceId"]: each.get("PhysicalResourceId", "") for each in there}


class StackToDelete:
    """The stack with the id *stack_id*, while it is deleted."""

    def __init__(self, session: boto3.Session, stack_id: str) -> None:
        """Take the credentials to delete it with."""
        with aws_errors_as_operation_errors():
            self._client: Any = session.client("cloudformation")
        self._id = stack_id

    def status(self) -> str:
        """Return the stack's status in CloudFormation, as DELETE_IN_PROGRESS."""
        return str(self._described()["StackStatus"])

    def is_protected(self) -> bool:
        """Tell whether its termination protection is on."""
        return bool(self._described().get("EnableTerminationProtection"))

    def resources(self) -> dict[str, str]:
        """Return the physical ids of the resources that it has, by their logical ids."""
        return resources(self._client, self._id)

    def delete(self) -> None:
        """Begin the deletion, which goes on after this has returned."""
        with aws_errors_as_operation_errors():
            self._client.delete_stack(StackName=self._id)

    def failures(self) -> list[str]:
        """Return which resources CloudFormation could not delete, and why, newest first."""
        with aws_errors_as_operation_errors():
            events = self._client.describe_stack_events(StackName=self._id)["StackEvents"]
        failed = [each for each in events if each["ResourceStatus"] == "DELETE_FAILED"]
        return [
            f"{each['LogicalResourceId']}: {each.get('ResourceStatusReason', 'no reason given')}" for each in failed
        ]

    def _described(self) -> dict[str, Any]:
        with aws_errors_as_operation_errors():
            described: dict[str, Any] = self._client.describe_stacks(StackName=self._id)["Stacks"][0]
        return described


def rooms_table(session: boto3.Session, stack: DeployedStack) -> str:
    """Return the name of the table of rooms; empty if the stack has none."""
    if stack.parameters.get("Meetings", "none") == "none":
        return ""
    with aws_errors_as_operation_errors():
        return _physical_id(session.client("cloudformation"), stack.id, ROOMS_TABLE)


def _physical_id(cloudformation: Any, stack_id: str, logical_id: str) -> str:
    """Return it, or nothing, because a deployment that failed may have made no such resource or deleted it."""
    try:
        found = cloudformation.describe_stack_resource(StackName=stack_id, LogicalResourceId=logical_id)
    except ClientError as error:
        if error.response["Error"]["Code"] != "ValidationError":
            raise
        return ""
    detail = found["StackResourceDetail"]
    return "" if detail["ResourceStatus"] == "DELETE_COMPLETE" else str(detail.get("PhysicalResourceId", ""))
