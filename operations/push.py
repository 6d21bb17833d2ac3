"""
Make the account's role by which Chime sends push notifications, unless there is one.

Chime finds the role by its name: https://docs.aws.amazon.com/chime-sdk/latest/dg/create-service-role.html. That page
was written for Pinpoint; that it holds for AWS End User Messaging Push is inferred. The account has one such role, for
all stacks and regions. So the role is no resource of the template, and a role that somebody else made is left alone.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from operations.aws import aws_errors_as_operation_errors
from operations.errors import OperationError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import boto3

NAME = "ServiceRoleForAmazonChimePushNotification"
SERVICE = "messaging.chime.amazonaws.com"
POLICY = "SendMessages-"
"""The prefix of the names of its policies, of which each application has one."""
TAGS = {"MadeBy": "chime-signin make push-role"}
TRUST: Mapping[str, Any] = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": SERVICE}, "Action": "sts:AssumeRole"}],
}


@dataclass(frozen=True)
class FoundRole:
    """A role as it is: who may assume it, its inline policies by name, the ARNs of other policies, its tags."""

    trust: Mapping[str, Any]
    policies: Mapping[str, Mapping[str, Any]]
    attached: tuple[str, ...]
    tags: Mapping[str, str]


class PushRole:
    """The role in IAM."""

    def __init__(self, session: boto3.Session) -> None:
        """Take the credentials to make it with."""
        with aws_errors_as_operation_errors():
            self._client: Any = session.client("iam")

    def read(self) -> FoundRole | None:
        """Return the role, or None if the account has none."""
        with aws_errors_as_operation_errors():
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
        return FoundRole(
            trust=role["AssumeRolePolicyDocument"],
            policies=policies,
            attached=tuple(each["PolicyArn"] for each in attached),
            tags={tag["Key"]: tag["Value"] for tag in role.get("Tags", [])},
        )

    def create(self, trust: Mapping[str, Any], tags: Mapping[str, str]) -> None:
        """Create the role, without any permission."""
        with aws_errors_as_operation_errors():
            self._client.create_role(
                RoleName=NAME,
                Description="Amazon Chime SDK: sends push notifications. Made by make push-role of Chime sign-in.",
                AssumeRolePolicyDocument=json.dumps(trust),
                Tags=[{"Key": key, "Value": value} for key, value in tags.items()],
            )

    def allow(self, name: str, document: Mapping[str, Any]) -> None:
        """Give it the inline policy *name*."""
        with aws_errors_as_operation_errors():
            self._client.put_role_policy(RoleName=NAME, PolicyName=name, PolicyDocument=json.dumps(document))


ONLY_BY_HAND = """\
Nothing was changed, because it is the whole account's. If push notifications work for you, leave it. If not, give it
what is missing by hand, or delete it, if nothing else needs it, and run this again."""


def make(role: PushRole, app_arn: str, print_line: Callable[[str], None]) -> None:
    """
    Make the role, so that it may send messages through the application *app_arn*. To repeat it changes nothing.

    Raises:
        OperationError: The stack has no application, AWS refuses, or somebody else made a role of that name.
    """
    if not app_arn:
        raise OperationError(
            "Deploy it with PushNotificationsAppArn first: the role may send through that application."
        )
    found = role.read()
    if found is None:
        print_line(f"Creating the role {NAME}, which {SERVICE} may assume.")
        role.create(TRUST, TAGS)
        found = FoundRole(TRUST, {}, (), TAGS)
    unlike = differences(found, app_arn)
    if unlike:
        raise OperationError(
            "\n".join([f"There is a role {NAME} already, but not as it is made here:", *unlike, ONLY_BY_HAND])
        )
    if name(app_arn) in found.policies:
        print_line(f"The role {NAME} exists and has what it needs. Nothing was changed.")
        return
    print_line(f"Allowing the role {NAME} mobiletargeting:SendMessages on {app_arn}/messages.")
    role.allow(name(app_arn), permission(app_arn))
    print_line("Done. It may take IAM a few seconds to spread it.")


def name(app_arn: str) -> str:
    """Return the name of the policy for an application."""
    return POLICY + app_arn.rpartition("/")[2]


def permission(app_arn: str) -> Mapping[str, Any]:
    """Return the policy that allows to send messages through an application, and nothing else."""
    statement = {"Effect": "Allow", "Action": "mobiletargeting:SendMessages", "Resource": f"{app_arn}/messages"}
    return {"Version": "2012-10-17", "Statement": [statement]}


def differences(found: FoundRole, app_arn: str) -> list[str]:
    """Return how the role differs from one that is made here, a line each. It may serve other applications as well."""
    unlike = []
    if found.tags.get("MadeBy") != TAGS["MadeBy"]:
        unlike.append(f"- it has no tag MadeBy={TAGS['MadeBy']}: somebody else made it")
    if found.trust != TRUST:
        unlike.append(f"- it may be assumed by {found.trust.get('Statement')}, not by {SERVICE} alone")
    own, allowed = found.policies.get(name(app_arn)), permission(app_arn)
    if own not in (None, allowed):
        unlike.append(f"- its policy {name(app_arn)} is {own}, not {allowed}")
    more = [*sorted(each for each in found.policies if not each.startswith(POLICY)), *found.attached]
    if more:
        unlike.append(f"- it has other policies: {', '.join(more)}")
    return unlike
