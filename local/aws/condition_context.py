"""Collect the values that a request has for the condition keys of `policies.condition_keys`."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from local.aws import identities

if TYPE_CHECKING:
    from collections.abc import Iterable

    from local.aws.aws_request import AwsRequest
    from local.aws.identities import AssumedSession, CallerIdentity
    from local.aws.policies.condition_keys import ConditionContext

_ASSUME_ROLE_KEYS = {
    "sts:externalid": "ExternalId",
    "sts:rolesessionname": "RoleSessionName",
    "sts:sourceidentity": "SourceIdentity",
}


def condition_context(request: AwsRequest, caller: CallerIdentity) -> ConditionContext:
    """Return what policies can ask about the request and its caller."""
    parameters: dict[str, Any] = request.parameters or {}
    single = _of_request(request)
    single |= _of_session(caller.session) if caller.session else _of_user(caller)
    single |= {
        key: parameters[name] for key, name in _ASSUME_ROLE_KEYS.items() if isinstance(parameters.get(name), str)
    }
    tags = _pairs(parameters.get("Tags"))
    single |= {f"aws:requesttag/{key.lower()}": value for key, value in tags}
    return {
        **{key: (value,) for key, value in single.items()},
        "aws:tagkeys": tuple(key for key, _ in tags) or tuple(parameters.get("TagKeys") or ()),
        "sts:transitivetagkeys": tuple(parameters.get("TransitiveTagKeys") or ()),
    }


def _of_request(request: AwsRequest) -> dict[str, str]:
    now = datetime.now(UTC)
    return {
        "aws:currenttime": now.isoformat(),
        "aws:epochtime": str(int(now.timestamp())),
        "aws:principalaccount": identities.ACCOUNT,
        "aws:requestedregion": request.authorization.region if request.authorization else "",
        # True, because AWS is called over TLS, and policies demand it; this endpoint takes plain HTTP on loopback too.
        # S3 takes plain HTTP on AWS as well, so that its policies can tell one from the other.
        "aws:securetransport": str(not request.s3 or request.http_request.scheme == "https").lower(),
    }


def _of_session(session: AssumedSession) -> dict[str, str]:
    role = identities.find_role(session.role_arn)
    # The session's tags come last, because a session tag takes precedence over the role's tag of that name.
    tags = [*_pairs(role.tags if role else None), *session.context.tags.items()]
    source_identity = session.context.source_identity
    return {
        "aws:principalarn": session.role_arn,
        "aws:principaltype": "AssumedRole",
        "aws:userid": session.user_id,
        "aws:tokenissuetime": session.issued_at.replace(tzinfo=UTC).isoformat(),
        **_principal_tags(tags),
        **({"aws:sourceidentity": source_identity} if source_identity else {}),
    }


def _of_user(caller: CallerIdentity) -> dict[str, str]:
    user = identities.user_of(caller)
    tags = identities.iam_backend().tagger.list_tags_for_resource(user.arn)["Tags"]
    return {
        "aws:principalarn": caller.arn,
        "aws:principaltype": "User",
        "aws:userid": user.id,
        "aws:username": user.name,
        **_principal_tags(_pairs(tags)),
    }


def _principal_tags(tags: Iterable[tuple[str, str]]) -> dict[str, str]:
    return {f"aws:principaltag/{key.lower()}": value for key, value in tags}


def _pairs(tags: list[dict[str, str]] | None) -> list[tuple[str, str]]:
    # A tag without a key is kept, because policies are evaluated first; the service refuses it afterwards.
    return [(tag.get("Key") or "", tag.get("Value") or "") for tag in tags or []]
