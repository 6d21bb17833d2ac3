"""Collect the identity-based policies of roles, users and groups from moto's IAM."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local.aws.policies import PolicyError, documents

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from moto.iam.models import Group, Role, User

    from local.aws.policies.documents import Statement


def statements_of(holders: Iterable[Role | User | Group]) -> Iterator[Statement]:
    """
    Yield the statements of the identity-based policies of roles, users and groups: inline and attached.

    Raises:
        PolicyError: One of the policies is not understood, or one of *holders* has a permissions boundary.
    """
    for entity in holders:
        if getattr(entity, "permissions_boundary", None):
            raise PolicyError(f"{entity.arn} has a permissions boundary, and those are not evaluated here.")
        for text in entity.policies.values():
            yield from documents.parse(text)
        for policy in entity.managed_policies.values():
            version = next(each for each in policy.versions if each.version_id == policy.default_version_id)
            yield from documents.parse(version.document)
