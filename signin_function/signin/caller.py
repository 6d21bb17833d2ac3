"""The verified caller, as the authorizer passes them on through API Gateway."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from signin.errors import Forbidden

if TYPE_CHECKING:
    from collections.abc import Mapping

# Read until the first release: under GRADUAL=1 a handler may get the context of an authorizer of an earlier version.
EARLIER_NAMES = {"namespace": "scope", "keep_subject": "plain"}


class VerifiedCaller(NamedTuple):
    """
    Who signs in. The authorizer has verified everything in here, so nobody has to check it again.

    `namespace` keeps the users of one identity provider apart from those of another; `keep_subject` says whether the
    subject may be the user's id as it is. `role` is the name of another user role, or empty for the one that everybody
    gets. `expires` is when the token expires, in seconds since the epoch. A `guest` was invited by a token: guests have
    ids, a user role and sessions of their own.
    """

    provider: str
    namespace: str
    keep_subject: bool
    subject: str
    name: str
    role: str
    expires: int
    guest: bool = False


def caller(event: Mapping[str, Any]) -> VerifiedCaller:
    """
    Return the caller in the authorizer's context of a proxy *event*.

    API Gateway makes a string of every value; `sam local` leaves booleans and numbers as they are.

    Raises:
        Forbidden: The authorizer let the request pass only so that the caller is told why they may not sign in.
        LookupError: The context is missing or names nobody. Then no authorizer was asked, so nobody may sign in.
    """
    context = event["requestContext"]["authorizer"]
    if context.get("forbidden"):
        raise Forbidden(str(context["forbidden"]))
    guest = str(context.get("guest", "")).lower() == "true"
    return VerifiedCaller(
        provider=_text(context, "provider"),
        namespace=_text(context, _known(context, "namespace")),
        keep_subject=_text(context, _known(context, "keep_subject")).lower() == "true",
        subject=_text(context, "subject"),
        name=str(context.get("name") or ""),
        # Guests come without a role: an older handler, which knows no guests, then opens no session for them.
        role="" if guest else str(context["role"]),
        expires=int(context["expires"]),
        guest=guest,
    )


def _known(context: Mapping[str, Any], name: str) -> str:
    return name if name in context else EARLIER_NAMES[name]


def _text(context: Mapping[str, Any], name: str) -> str:
    value = context[name]
    # Fail closed: with an empty subject, all callers would be one user.
    if value is None or value == "":
        raise LookupError(name)
    return str(value)
