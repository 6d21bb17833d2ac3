"""Find the policies that a caller has, in moto's IAM as they stand there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from moto.iam.exceptions import NotFoundException

from local.aws import callers
from local.aws.policies import documents
from local.aws.policies.errors import PolicyError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from moto.iam.models import Group, Role, User

    from local.aws.callers import Caller
    from local.aws.policies.documents import Statement


def held(caller: Caller) -> Iterator[Statement]:
    """
    Yield the statements of the caller's own policies, inline and attached, and of its groups'.

    Raises:
        PolicyError: One of them is not understood, or there is a permissions boundary.
    """
    for holder in _holders(caller):
        if getattr(holder, "permissions_boundary", None):
            raise PolicyError(f"{holder.arn} has a permissions boundary, and those are not evaluated here.")
        for text in holder.policies.values():
            yield from documents.parse(text)
        for policy in holder.managed_policies.values():
            version = next(each for each in policy.versions if each.version_id == policy.default_version_id)
            yield from documents.parse(version.document)


def _holders(caller: Caller) -> list[Role | User | Group]:
    if caller.session:
        assumed = role(caller.session.role_arn)
        return [assumed] if assumed else []
    found = user(caller)
    return [found, *callers.iam().get_groups_for_user(found.name)]


def user(caller: Caller) -> User:
    """Return the IAM user that calls."""
    return callers.iam().get_user(caller.arn.rpartition("/")[2])


def role(arn: str | None) -> Role | None:
    """Return the role with that ARN, if there is one."""
    try:
        return callers.iam().get_role_by_arn(arn or "")
    except NotFoundException:
        return None
