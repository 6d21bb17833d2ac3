"""The caller, as the authorizer passed them on through API Gateway."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from signin.errors import Forbidden

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Caller:
    """
    Who signs in: whoever holds one of these need check nothing.

    `role` names another user role than everybody's, or is empty; `expires` is when the token ends, in seconds since
    the epoch.
    """

    provider: str
    scope: str
    plain: bool
    subject: str
    name: str
    role: str
    expires: int


def caller(event: Mapping[str, Any]) -> Caller:
    """
    Return the caller in the authorizer's context of a proxy *event*.

    API Gateway makes a text of every value; `sam local` leaves booleans and numbers alone.

    Raises:
        Forbidden: The authorizer let them pass only to be told why they may not sign in.
        KeyError: There is no such context: no authorizer has been asked, so nobody may enter.
    """
    context = event["requestContext"]["authorizer"]
    if context.get("forbidden"):
        raise Forbidden(str(context["forbidden"]))
    return Caller(
        provider=str(context["provider"]),
        scope=str(context["scope"]),
        plain=str(context["plain"]).lower() == "true",
        subject=str(context["subject"]),
        name=str(context["name"]),
        role=str(context["role"]),
        expires=int(context["expires"]),
    )
