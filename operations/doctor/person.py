"""Who the caller of a token is in Chime, by the sign-in's own code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from signin import identity, names
from signin.caller import VerifiedCaller

if TYPE_CHECKING:
    from authorizer.claims import Caller


@dataclass(frozen=True)
class PersonInChime:
    """The user's id in Chime, the display name for somebody new, and the name of the role; empty for the default."""

    user_id: str
    name: str
    role: str


def person(caller: Caller) -> PersonInChime:
    """Return who *caller* is in Chime."""
    verified = VerifiedCaller(**{name: getattr(caller, name) for name in VerifiedCaller._fields})
    user_id = identity.app_instance_user_id(verified)
    return PersonInChime(user_id, names.display_name(caller.name) or names.fallback_name(user_id), caller.role)
