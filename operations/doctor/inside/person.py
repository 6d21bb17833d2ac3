"""Whether the token's person is in Chime already, and whether they are revoked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from operations.doctor.checks import check
from operations.doctor.finding import Finding, ok, unknown, wrong
from operations.doctor.outside.token import caller_of
from operations.doctor.person import person
from operations.revoked_users import RevocationListParameter

if TYPE_CHECKING:
    from collections.abc import Iterator

    from operations.doctor.places import Inside

MISSING = ("ForbiddenException", "NotFoundException")
"""AWS's documents disagree on which of the two Chime answers for a missing user."""


@check("user in chime", "inside", "Whether the token's person is an AppInstanceUser already, and is not revoked.")
def _user(inside: Inside) -> Iterator[Finding]:
    caller = caller_of(inside.outside) if inside.outside else None
    if caller is None:
        return  # the check of the token says why
    user_id = person(caller).user_id
    yield _in_chime(inside, user_id)
    if inside.stack.revokes:
        yield _on_the_list(inside, user_id)


def _in_chime(inside: Inside, user_id: str) -> Finding:
    app_instance = inside.app_instance_arn
    if not app_instance:
        return unknown("the stack has no AppInstance; see app instance")
    chime = inside.client("chime-sdk-identity", app_instance.split(":")[3])
    try:
        described = chime.describe_app_instance_user(AppInstanceUserArn=f"{app_instance}/user/{user_id}")
    except ClientError as error:
        if error.response["Error"]["Code"] not in MISSING or "not authorized to perform" in str(error):
            raise
        return ok(f"{user_id} is not in Chime yet; their first sign-in creates them")
    return ok(f"{user_id} is in Chime, as {described['AppInstanceUser'].get('Name', 'nobody')}")


def _on_the_list(inside: Inside, user_id: str) -> Finding:
    # It only asks for a client, which threads may have of `inside` alone.
    clients: Any = inside
    if user_id not in RevocationListParameter(clients, inside.stack.list_name).read().newest:
        return ok(f"{user_id} is not revoked")
    return wrong(
        f"{user_id} is revoked: sign-ins are answered with 403",
        wanted="somebody who is not on the list of revoked users",
        mend=f"If they may come back: make restore USER={user_id}",
    )
