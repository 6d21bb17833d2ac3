"""A role session that remembers what AWS remembers: tags, source identity, who started it, when it ends."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from moto.core.utils import utcnow
from moto.sts.models import AssumedRole

if TYPE_CHECKING:
    from moto.iam.models import AccessKey


@dataclass(frozen=True)
class Context:
    """What goes with a session beside the role; a policy reads the tags as `aws:PrincipalTag/<key>`."""

    caller_arn: str
    """Who assumed the role, or the service for which AWS itself did."""
    tags: dict[str, str] = field(default_factory=dict)
    transitive_tag_keys: frozenset[str] = frozenset()
    source_identity: str | None = None


class Session(AssumedRole):
    """moto's assumed role with the context that moto drops."""

    def __init__(self, key: AccessKey, role_arn: str, name: str, seconds: int, context: Context) -> None:
        """Start a session named *name* that lasts *seconds*."""
        account_id = role_arn.split(":")[4]
        super().__init__(account_id, "us-east-1", key, name, role_arn, "", seconds, "")
        self.context = context
        # AWS counts in whole seconds; moto's time is UTC without a zone.
        self.expiration = self.expiration.replace(microsecond=0)
        self.issued = self.expiration - timedelta(seconds=seconds)

    @property
    def expired(self) -> bool:
        """Tell whether the session is over."""
        return self.expiration <= utcnow()

    @property
    def ends(self) -> str:
        """The end in UTC, ISO 8601, as in `2026-01-01T01:00:00Z`."""
        return f"{self.expiration.isoformat()}Z"
