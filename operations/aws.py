"""The list in Parameter Store, the roles in IAM, and what CloudFormation knows of the stack."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from operations.denials import Denial, is_denial
from operations.errors import OperationError
from operations.users import Listed, written

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    import boto3

USER_ROLE = "UserRole"
"""The logical id of the role in template.yaml that everybody gets."""

FULL = """\
Its inline policies have reached AWS's limit of 10,240 characters. New sign-ins are refused, but the sessions that exist
go on until they end, within the hour. Try again when the oldest denials are an hour old, and name many users in one
run: they share one policy."""


@dataclass(frozen=True)
class Stack:
    """A deployed stack: where it is, whether users can be cut off there, and the ARNs of the roles that they get."""

    name: str
    region: str
    account: str
    revokes: bool
    role_arns: tuple[str, ...]

    @property
    def list_name(self) -> str:
        """The parameter that template.yaml lets the function read."""
        return f"/chime-signin/{self.name}/revoked-users"


def stack(session: boto3.Session, name: str) -> Stack:
    """
    Return the stack of that name.

    Raises:
        OperationError: There is none, or it may not be looked at.
    """
    cloudformation: Any = session.client("cloudformation")
    with told():
        found = cloudformation.describe_stacks(StackName=name)["Stacks"][0]
        role = cloudformation.describe_stack_resource(StackName=name, LogicalResourceId=USER_ROLE)
    _, partition, _, region, account, _ = found["StackId"].split(":", 5)
    said = {parameter["ParameterKey"]: parameter["ParameterValue"] for parameter in found.get("Parameters", [])}
    own = f"arn:{partition}:iam::{account}:role/{role['StackResourceDetail']['PhysicalResourceId']}"
    others = [arn.strip() for arn in said.get("UserRoleArns", "").split(",") if arn.strip()]
    return Stack(found["StackName"], region, account, said.get("Revocation") == "true", (own, *others))


class ParameterList:
    """The list in the parameter *name*."""

    def __init__(self, session: boto3.Session, name: str) -> None:
        """Take the credentials to reach it with."""
        self._client: Any = session.client("ssm")
        self._name = name

    def read(self) -> Listed:
        """Return the list as it is now."""
        with told():
            try:
                answer = self._client.get_parameter(Name=self._name)
            except self._client.exceptions.ParameterNotFound as error:
                now = _date(error.response)
                return Listed(frozenset(), 0, now, now)
        found = answer["Parameter"]
        return Listed(_ids(found["Value"]), found["Version"], found["LastModifiedDate"], _date(answer))

    def version(self, number: int) -> frozenset[str]:
        """Return the users of an earlier version."""
        if not number:
            return frozenset()
        with told():
            answer = self._client.get_parameter(Name=f"{self._name}:{number}")
        return _ids(answer["Parameter"]["Value"])

    def write(self, users: frozenset[str]) -> int:
        """Write the list; one of more than 4 KB becomes an advanced parameter."""
        with told():
            answer = self._client.put_parameter(
                Name=self._name,
                Description="Chime sign-in: who may not sign in. Written by make revoke and make restore.",
                Type="String",
                Tier="Intelligent-Tiering",
                Value=written(users),
                Overwrite=True,
            )
        number: int = answer["Version"]
        return number


class IamRole:
    """The role *arn*, if it is in *account*."""

    def __init__(self, session: boto3.Session, arn: str, account: str) -> None:
        """Take the credentials to change it with."""
        self._client: Any = session.client("iam")
        self.name = arn.rpartition("/")[2]
        # By its name, a role of ours would be taken for one of another account's.
        self._elsewhere = "" if arn.split(":")[4] == account else arn

    def denials(self) -> list[str]:
        """Return the names of the policies that deny."""
        if self._elsewhere:
            raise OperationError(f"{self._elsewhere} is in another account; its sessions end by themselves.")
        with told():
            pages = self._client.get_paginator("list_role_policies").paginate(RoleName=self.name)
            return [name for page in pages for name in page["PolicyNames"] if is_denial(name)]

    def denial(self, name: str) -> Denial:
        """Return one of them."""
        with told():
            answer = self._client.get_role_policy(RoleName=self.name, PolicyName=name)
        return Denial.read(name, answer["PolicyDocument"])

    def put(self, denial: Denial) -> None:
        """Add one, or replace the one of that name."""
        with told():
            try:
                self._client.put_role_policy(
                    RoleName=self.name, PolicyName=denial.name, PolicyDocument=denial.document()
                )
            except self._client.exceptions.LimitExceededException as error:
                raise OperationError(FULL) from error

    def delete(self, name: str) -> None:
        """Take one away; it may be gone already."""
        with told():
            try:
                self._client.delete_role_policy(RoleName=self.name, PolicyName=name)
            except self._client.exceptions.NoSuchEntityException:
                return


@contextmanager
def told() -> Iterator[None]:
    """Turn what AWS says no with into what an operator is told. Raises OperationError."""
    try:
        yield
    except (ClientError, BotoCoreError) as error:
        raise OperationError(str(error)) from error


def _ids(text: str) -> frozenset[str]:
    try:
        ids = json.loads(text)
    except ValueError:
        ids = None
    if not isinstance(ids, list) or not all(isinstance(each, str) for each in ids):
        raise OperationError("The list is no JSON list of ids: somebody else has written it. Nobody can sign in so.")
    return frozenset(ids)


def _date(answer: Mapping[str, Any]) -> datetime:
    # AWS's own clock: sessions are dated by it, and this machine's may be minutes off.
    return parsedate_to_datetime(answer["ResponseMetadata"]["HTTPHeaders"]["date"])
