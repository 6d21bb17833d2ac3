"""Say what a call has for the condition keys of `policies.keys`."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from local.aws import callers, grants

if TYPE_CHECKING:
    from collections.abc import Iterable

    from local.aws.call import Call
    from local.aws.callers import Caller
    from local.aws.policies.keys import Context
    from local.aws.sessions import Session

_OF_ASSUME_ROLE = {
    "sts:externalid": "ExternalId",
    "sts:rolesessionname": "RoleSessionName",
    "sts:sourceidentity": "SourceIdentity",
}


def of(call: Call, caller: Caller) -> Context:
    """Return what is known of the call and its caller."""
    given: dict[str, Any] = call.parameters or {}
    single = {**_always(call), **(_of_session(caller.session) if caller.session else _of_user(caller))}
    single |= {key: given[name] for key, name in _OF_ASSUME_ROLE.items() if isinstance(given.get(name), str)}
    tags = _pairs(given.get("Tags"))
    single |= {f"aws:requesttag/{key.lower()}": value for key, value in tags}
    return {
        **{key: (value,) for key, value in single.items()},
        "aws:tagkeys": tuple(key for key, _ in tags) or tuple(given.get("TagKeys") or ()),
        "sts:transitivetagkeys": tuple(given.get("TransitiveTagKeys") or ()),
    }


def _always(call: Call) -> dict[str, str]:
    now = datetime.now(UTC)
    return {
        "aws:currenttime": now.isoformat(),
        "aws:epochtime": str(int(now.timestamp())),
        "aws:principalaccount": callers.ACCOUNT,
        "aws:requestedregion": call.authorization.region if call.authorization else "",
        # What stands for AWS here speaks plain HTTP on loopback; AWS itself speaks TLS.
        "aws:securetransport": "true",
    }


def _of_session(session: Session) -> dict[str, str]:
    role = grants.role(session.role_arn)
    # A session's tag goes before the role's of that name.
    tags = [*_pairs(role.tags if role else None), *session.context.tags.items()]
    given_on = {"aws:sourceidentity": session.context.source_identity} if session.context.source_identity else {}
    return {
        "aws:principalarn": session.role_arn,
        "aws:principaltype": "AssumedRole",
        "aws:userid": session.user_id,
        "aws:tokenissuetime": session.issued.replace(tzinfo=UTC).isoformat(),
        **_principal_tags(tags),
        **given_on,
    }


def _of_user(caller: Caller) -> dict[str, str]:
    user = grants.user(caller)
    return {
        "aws:principalarn": caller.arn,
        "aws:principaltype": "User",
        "aws:userid": user.id,
        "aws:username": user.name,
        **_principal_tags(_pairs(callers.iam().tagger.list_tags_for_resource(user.arn)["Tags"])),
    }


def _principal_tags(tags: Iterable[tuple[str, str]]) -> dict[str, str]:
    return {f"aws:principaltag/{key.lower()}": value for key, value in tags}


def _pairs(tags: list[dict[str, str]] | None) -> list[tuple[str, str]]:
    # The service refuses a tag without a key; until then it is a tag like any other.
    return [(tag.get("Key") or "", tag.get("Value") or "") for tag in tags or []]
