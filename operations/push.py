"""
Make the account's role by which Chime sends push notifications, unless there is one.

Chime takes it by its name alone: https://docs.aws.amazon.com/chime-sdk/latest/dg/create-service-role.html. That page
was written for Pinpoint; that it holds for AWS End User Messaging Push is inferred. The role is one for the whole
account, every stack and region, so it is no resource of the template, and one that somebody else made is left alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from operations.errors import OperationError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

NAME = "ServiceRoleForAmazonChimePushNotification"
SERVICE = "messaging.chime.amazonaws.com"
POLICY = "SendMessages-"
"""What the names of its policies begin with, one for each application."""
TAGS = {"MadeBy": "chime-signin make push-role"}
TRUST: Mapping[str, Any] = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": SERVICE}, "Action": "sts:AssumeRole"}],
}


@dataclass(frozen=True)
class Found:
    """A role as it is: who may assume it, its inline policies by name, the ARNs of other policies, its tags."""

    trust: Mapping[str, Any]
    policies: Mapping[str, Mapping[str, Any]]
    attached: tuple[str, ...]
    tags: Mapping[str, str]


class Role(Protocol):
    """The role of that name."""

    def read(self) -> Found | None:
        """Return the role, or None if the account has none."""

    def create(self, trust: Mapping[str, Any], tags: Mapping[str, str]) -> None:
        """Create the role, without any permission."""

    def allow(self, name: str, document: Mapping[str, Any]) -> None:
        """Give it the inline policy *name*."""


MEND = """\
Nothing was changed, because it is the whole account's. If push notifications work for you, leave it. If not, give it
what is missing by hand, or delete it, if nothing else needs it, and run this again."""


def make(role: Role, app_arn: str, say: Callable[[str], None]) -> None:
    """
    Make the role, so that it may send messages through the application *app_arn*. Again is as good as once.

    Raises:
        OperationError: The stack has no application, AWS refuses, or there is another role of that name.
    """
    if not app_arn:
        raise OperationError(
            "Deploy it with PushNotificationsAppArn first: the role may send through that application."
        )
    found = role.read()
    if found is None:
        say(f"Creating the role {NAME}, which {SERVICE} may assume.")
        role.create(TRUST, TAGS)
        found = Found(TRUST, {}, (), TAGS)
    unlike = differences(found, app_arn)
    if unlike:
        raise OperationError("\n".join([f"There is a role {NAME} already, and it is another one:", *unlike, MEND]))
    if name(app_arn) in found.policies:
        say(f"The role {NAME} is there, as it has to be. Nothing was changed.")
        return
    say(f"Allowing the role {NAME} mobiletargeting:SendMessages on {app_arn}/messages.")
    role.allow(name(app_arn), permission(app_arn))
    say("Done. It may take IAM a few seconds to spread it.")


def name(app_arn: str) -> str:
    """Return the name of the policy for an application."""
    return POLICY + app_arn.rpartition("/")[2]


def permission(app_arn: str) -> Mapping[str, Any]:
    """Return the policy that lets messages through an application, and does nothing else."""
    statement = {"Effect": "Allow", "Action": "mobiletargeting:SendMessages", "Resource": f"{app_arn}/messages"}
    return {"Version": "2012-10-17", "Statement": [statement]}


def differences(found: Found, app_arn: str) -> list[str]:
    """Return in which ways a role is not one that is made here, a line each. It may serve other applications, too."""
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
