"""The list in Parameter Store, and roles in IAM."""

from __future__ import annotations

import json
import re
from contextlib import contextmanager
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

import boto3

from operations.denials import Denial, is_denial
from operations.errors import OperationError
from operations.push import NAME, Found
from operations.refusals import told
from operations.users import Listed, Version, written

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

WRITTEN_BY = "Chime sign-in: who may not sign in. Written by make revoke and make restore"
_OVER = re.compile(rf"{re.escape(WRITTEN_BY)}, over version (\d{{1,9}})\.")

FULL = """\
Its inline policies have reached AWS's limit of 10,240 characters. New sign-ins are refused, but the sessions that exist
go on until they end, within the hour. Try again when the oldest denials are an hour old, and name many users in one
run: they share one policy."""


def session(region: str | None, profile: str | None) -> boto3.Session:
    """
    Return a session; None is what the AWS configuration says.

    Raises:
        OperationError: There is no such profile, or the configuration cannot be read.
    """
    with told():
        return boto3.Session(region_name=region, profile_name=profile)


class ParameterList:
    """The list in the parameter *name*."""

    def __init__(self, session: boto3.Session, name: str) -> None:
        """Take the credentials to reach it with."""
        with told():
            self._client: Any = session.client("ssm")
        self._name = name

    def read(self) -> Listed:
        """Return the list as it is now."""
        with told():
            try:
                pages = list(self._client.get_paginator("get_parameter_history").paginate(Name=self._name))
            except self._client.exceptions.ParameterNotFound as error:
                now = _date(error.response)
                return Listed((), now, now)
        found = sorted((each for page in pages for each in page["Parameters"]), key=lambda each: each["Version"])
        # One that nobody can read any more, unless it is the newest, says nothing.
        versions = [_version(each) for each in found[:-1] if _is_list(each["Value"])]
        return Listed((*versions, _version(found[-1])), found[-1]["LastModifiedDate"], _date(pages[-1]))

    def write(self, users: frozenset[str], base: int) -> int:
        """Write the list, saying which version was seen; one of more than 4 KB becomes an advanced parameter."""
        with told():
            answer = self._client.put_parameter(
                Name=self._name,
                Description=f"{WRITTEN_BY}, over version {base}.",
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
        with told():
            self._client: Any = session.client("iam")
        self.name = arn.rpartition("/")[2]
        # By its name, a role of ours would be taken for one of another account's.
        self._elsewhere = "" if arn.split(":")[4] == account else arn

    def denials(self) -> list[str]:
        """Return the names of the policies that deny."""
        with self._ours():
            pages = self._client.get_paginator("list_role_policies").paginate(RoleName=self.name)
            return [name for page in pages for name in page["PolicyNames"] if is_denial(name)]

    def denial(self, name: str) -> Denial | None:
        """Return one of them; None if it is gone."""
        with self._ours():
            try:
                answer = self._client.get_role_policy(RoleName=self.name, PolicyName=name)
            except self._client.exceptions.NoSuchEntityException:
                return None
        return Denial.read(name, answer["PolicyDocument"])

    def put(self, denial: Denial) -> None:
        """Add one, or replace the one of that name."""
        with self._ours():
            try:
                self._client.put_role_policy(
                    RoleName=self.name, PolicyName=denial.name, PolicyDocument=denial.document()
                )
            except self._client.exceptions.LimitExceededException as error:
                raise OperationError(FULL) from error

    def delete(self, name: str) -> None:
        """Take one away; it may be gone already."""
        with self._ours():
            try:
                self._client.delete_role_policy(RoleName=self.name, PolicyName=name)
            except self._client.exceptions.NoSuchEntityException:
                return

    @contextmanager
    def _ours(self) -> Iterator[None]:
        if self._elsewhere:
            raise OperationError(f"{self._elsewhere} is in another account; its sessions end by themselves.")
        with told():
            yield


class PushRole:
    """The account's role by which Chime sends push notifications, in IAM."""

    def __init__(self, session: boto3.Session) -> None:
        """Take the credentials to make it with."""
        with told():
            self._client: Any = session.client("iam")

    def read(self) -> Found | None:
        """Return the role, or None if the account has none."""
        with told():
            try:
                role = self._client.get_role(RoleName=NAME)["Role"]
            except self._client.exceptions.NoSuchEntityException:
                return None
            pages = self._client.get_paginator("list_role_policies").paginate(RoleName=NAME)
            inline = [name for page in pages for name in page["PolicyNames"]]
            attached = self._client.list_attached_role_policies(RoleName=NAME)["AttachedPolicies"]
            policies = {
                name: self._client.get_role_policy(RoleName=NAME, PolicyName=name)["PolicyDocument"] for name in inline
            }
        return Found(
            trust=role["AssumeRolePolicyDocument"],
            policies=policies,
            attached=tuple(each["PolicyArn"] for each in attached),
            tags={tag["Key"]: tag["Value"] for tag in role.get("Tags", [])},
        )

    def create(self, trust: Mapping[str, Any], tags: Mapping[str, str]) -> None:
        """Create the role, without any permission."""
        with told():
            self._client.create_role(
                RoleName=NAME,
                Description="Amazon Chime SDK: sends push notifications. Made by make push-role of Chime sign-in.",
                AssumeRolePolicyDocument=json.dumps(trust),
                Tags=[{"Key": key, "Value": value} for key, value in tags.items()],
            )

    def allow(self, name: str, document: Mapping[str, Any]) -> None:
        """Give it the inline policy *name*."""
        with told():
            self._client.put_role_policy(RoleName=NAME, PolicyName=name, PolicyDocument=json.dumps(document))


def _version(found: Mapping[str, Any]) -> Version:
    number = found["Version"]
    over = _OVER.search(found.get("Description", ""))
    # Without our description somebody else has written it, who meant all of it.
    return Version(number, _ids(found["Value"]), int(over[1]) if over else number - 1)


def _is_list(text: str) -> bool:
    try:
        ids = json.loads(text)
    except (ValueError, RecursionError):
        return False
    return isinstance(ids, list) and all(isinstance(each, str) for each in ids)


def _ids(text: str) -> frozenset[str]:
    if not _is_list(text):
        raise OperationError("The list is no JSON list of ids: somebody else has written it. Nobody can sign in so.")
    return frozenset(json.loads(text))


def _date(answer: Mapping[str, Any]) -> datetime:
    # AWS's own clock: sessions are dated by it, and this machine's may be minutes off.
    return parsedate_to_datetime(answer["ResponseMetadata"]["HTTPHeaders"]["date"])
