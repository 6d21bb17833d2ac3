"""
Read the option `guests`: whether the tokens of an entry are invitations. Refuse what would make guests more than that.

An invitation is a token that the app, or any issuer, signs for somebody who has no account. See docs/guests.md.
"""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING

from authorizer.identity_options import GOOGLE, may_share_subjects
from authorizer.tenants import pattern, tenant_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from authorizer.options import ProviderOptions
    from authorizer.providers import Provider

MIN_SESSION_SECONDS = 900
"""AWS opens no shorter session, and the session of a guest ends with the invitation, so this much must be left."""

_NOT_FOR_GUESTS = {
    "user_roles": "Guests have one user role, which is their own. Leave it out.",
    "user_roles_claim": "Guests have one user role, which is their own. Leave it out.",
    "host_roles": "Guests open and end no rooms, so none is a host. Leave it out.",
}


def guests_of(options: ProviderOptions, issuers: tuple[str, ...]) -> bool:
    """
    Return whether the users of an entry are guests; the tokens of the entry have *issuers*.

    Raises:
        SettingsError: They are, and the tokens cannot be told from others, may live for ever, or make guests more than
            guests.
    """
    if not options.boolean("guests", default=False):
        return False
    for option, hint in _NOT_FOR_GUESTS.items():
        if options.has(option):
            raise options.wrong(option, f"is for users, and this entry has guests. {hint}")
    if options.boolean("keep_subject", default=False):
        raise options.wrong("keep_subject", "is true, and the ids of guests are always hashed. Leave it out.")
    hint = 'Write one issuer, which no other entry has, and the same into "iss" of each invitation.'
    if not issuers:
        raise options.wrong("issuer", f"is missing, and it tells invitations from other tokens. {hint}")
    if may_share_subjects(options, issuers):
        raise options.wrong("issuer", f"stands for several, and each of them could invite guests. {hint}")
    if not options.has("max_lifetime_seconds"):
        raise options.wrong(
            "max_lifetime_seconds",
            "is missing, and without it an invitation could live for ever. Write the most: 86400 is a day.",
        )
    return True


def check_invitations_are_apart(entries: Iterable[tuple[ProviderOptions, Provider]]) -> None:
    """
    Check that no other of *entries*, with what was made of them, takes an invitation for a user's token.

    Raises:
        SettingsError: One has the issuer of guests. Or it accepts tokens without an issuer under the same secret, so
            that an invitation whose issuer was forgotten would sign its guest in as a user.
    """
    for (options, provider), (others_options, other) in itertools.permutations(entries, 2):
        if not provider.guests:
            continue
        if any(_covers(*each) for each in itertools.product(other.issuers, provider.issuers)):
            raise options.wrong(
                "issuer", f"is an issuer of {other.name} too. Write one of the guests' own, which no other entry has."
            )
        if not other.issuers and _have_one_secret(options, others_options):
            raise options.wrong(
                "secret_arn",
                f"is also that of {other.name}, which accepts tokens without an issuer: an invitation without one "
                f"would sign in a user. Give {other.name} an issuer, or each of both a secret_json_field of its own.",
            )


def _covers(accepted: str, issuer: str) -> bool:
    """Say whether *accepted*, which may stand for the issuers of all tenants, is *issuer* or another name of it."""
    tenant = tenant_of(issuer)
    same_tenant = tenant is not None and tenant == tenant_of(accepted)
    return same_tenant or {accepted, issuer} == set(GOOGLE) or bool(pattern(accepted).fullmatch(issuer))


def _have_one_secret(one: ProviderOptions, other: ProviderOptions) -> bool:
    if one.raw("secret_json_field") != other.raw("secret_json_field"):
        return False
    short, long = sorted((str(one.raw("secret_arn")), str(other.raw("secret_arn"))), key=len)
    # An ARN may be written without the hyphen and the six characters that Secrets Manager adds to the name.
    return one.has("secret_arn") and (short == long or bool(re.fullmatch(re.escape(short) + "-[A-Za-z0-9]{6}", long)))
