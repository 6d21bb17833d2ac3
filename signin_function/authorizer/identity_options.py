"""Read the options that decide ids and roles. Refuse those that give two people one id, or let users choose theirs."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from authorizer.errors import SettingsError
from authorizer.key_options import KEY_OPTIONS
from authorizer.providers import RoomRules, UserRoles
from authorizer.tenants import ANY_TENANT, tenant_of

if TYPE_CHECKING:
    from authorizer.options import ProviderOptions
    from authorizer.providers import Provider

GOOGLE = ("accounts.google.com", "https://accounts.google.com")
"""Google writes its issuer in two ways, one of which is no URL."""
ROLE_NAME = re.compile(r"[\w+=.@-]{1,64}", re.ASCII)
CLAIMS = ("subject_claim", "roles_claim", "user_roles_claim", "rooms_claim")
CONSTRAINTS = ("required_claims", "required_claim_values", "forbidden_claim_values")


def user_roles_of(options: ProviderOptions) -> UserRoles:
    """Return the names of user roles that tokens may name, or raise SettingsError."""
    hint = "Write the names of roles, as they stand at the end of their ARNs in UserRoleArns, best first."
    names = options.texts("user_roles", hint, ())
    if not names:
        return UserRoles()
    wrong = [name for name in names if not ROLE_NAME.fullmatch(name)]
    if wrong:
        raise options.wrong("user_roles", f"has {wrong[0]}, which is no role's name. {hint}")
    return UserRoles(options.text("user_roles_claim", "Write the claim that holds the names of user roles."), names)


def room_rules_of(options: ProviderOptions) -> RoomRules:
    """Return what tokens say of rooms, or raise SettingsError."""
    hint = "Write the roles, as the claim roles_claim has them."
    return RoomRules(
        claim=options.text("rooms_claim", "Write the claim that lists the rooms that a user may enter.", ""),
        host_roles=options.texts("host_roles", hint, ()),
        listen_only_roles=options.texts("listen_only_roles", hint, ()),
        roles_claim=options.text("roles_claim", "Write the claim that holds the user's roles.", "roles"),
    )


def issuers_of(options: ProviderOptions) -> tuple[str, ...]:
    """Return the issuers, none if tokens name none, or raise SettingsError."""
    issuers = options.texts("issuer", 'Write it as in the tokens\' "iss" claim, letter for letter.', ())
    if len(issuers) > 1 and options.raw("preset") == "shared-secret":
        raise options.wrong("issuer", "names several, and everybody with the secret could sign for each. Keep one.")
    if any(ANY_TENANT in issuer for issuer in issuers) and not options.given(KEY_OPTIONS):
        raise options.wrong(
            "issuer", f"stands for many, by {ANY_TENANT}. Write jwks_uri: the address of the keys of all."
        )
    if may_share_subjects(options, issuers) and not options.given(KEY_OPTIONS):
        options.note(
            "issuer",
            "names several, and only the first is asked for keys: these sign for the users of all. If the issuers are "
            "not names of one issuer, write an entry for each.",
        )
    return issuers


def audiences_of(options: ProviderOptions) -> tuple[str, ...] | None:
    """Return the audiences as `Provider.audiences` has them, or raise SettingsError."""
    if options.boolean("any_audience", default=False):
        return None
    if options.raw("preset") == "shared-secret" and not options.has("audience"):
        return ()
    return options.texts(
        "audience",
        "Without it, tokens made for other applications would sign in here. "
        'Write the tokens\' "aud" claim, or "any_audience": true if you really mean it.',
    )


def namespace_of(options: ProviderOptions, issuers: tuple[str, ...], name: str) -> str:
    """
    Return the namespace of the users' ids: as given, or else the issuer, or the provider's name without an issuer.

    Raises:
        SettingsError: Two people with equal subjects, of two issuers or tenants, would become one user.
    """
    several = may_share_subjects(options, issuers)
    namespace = options.text("namespace", "Write a text.", "{iss}" if several else (*issuers, name)[0])
    if several and "{iss}" not in namespace and "{tid}" not in namespace:
        raise options.wrong(
            "namespace",
            "does not keep apart the users of several issuers or tenants: two people with equal ids would become one "
            'user. Leave it out, or put "{iss}" (with Entra ID "{tid}") into it.',
        )
    return namespace


def keeps_subject(options: ProviderOptions, issuers: tuple[str, ...], *, only_one: bool) -> bool:
    """
    Return whether subjects that fit are user ids unchanged. Those of an only provider are, unless it says otherwise.

    Raises:
        SettingsError: They would, but tokens of several issuers or tenants are accepted.
    """
    several = may_share_subjects(options, issuers)
    keep_subject = options.boolean("keep_subject", default=only_one and not several)
    if keep_subject and several:
        raise options.wrong(
            "keep_subject",
            "is true, and tokens of several issuers or tenants are accepted: two people with equal ids would become "
            "one user. Leave it out.",
        )
    return keep_subject


def check_namespaces_differ(providers: tuple[Provider, ...]) -> None:
    """
    Check that no two of *providers* have the same namespace.

    Raises:
        SettingsError: Two have: equal ids of theirs would become one user.
    """
    namespaces = [namespace for provider in providers for namespace in _namespaces(provider)]
    twice = [namespace for namespace, times in Counter(namespaces).items() if times > 1]
    if twice:
        raise SettingsError(
            f"PROVIDERS: two have the same namespace, {twice[0]}: equal ids would become one user. Make them differ."
        )


def check_no_user_editable_claims(
    options: ProviderOptions, editable: tuple[str, ...], unverified: tuple[str, ...]
) -> None:
    """
    Check that no claim that its user can edit decides who the user is or what the user may do.

    *editable* are such claims. *unverified* ones may be used, if a claim is required that says they are verified.

    Raises:
        SettingsError: One does.
    """
    named = [(option, options.text(option, "Write a claim.", "")) for option in CLAIMS]
    named += [(option, claim) for option in CONSTRAINTS for claim in options.claim_constraints(option)]
    # These two options may name a profile claim, as its presence tells ID tokens from others, but no claim within one.
    within = [
        (option, claim)
        for option in ("required_claim_names", "forbidden_claim_names")
        for claim in options.texts(option, "", ())
    ]
    for option, claim in named + [(option, claim) for option, claim in within if "." in claim]:
        if any(claim == one or claim.startswith(f"{one}.") for one in editable):
            raise options.wrong(option, f"is {claim}, which users can edit themselves. Name one that they cannot.")
    demanded = {**options.claim_constraints("required_claim_values"), **options.claim_constraints("required_claims")}
    for option, claim in named:
        if option != "forbidden_claim_values" and claim in unverified and demanded.get(f"{claim}_verified") != (True,):
            raise options.wrong(
                option,
                f"is {claim}, which is not verified: anybody can choose it. "
                f'Write "required_claims": {{"{claim}_verified": true}} too, or name a claim that never changes.',
            )


def check_no_tenant_editable_claims(
    options: ProviderOptions, issuers: tuple[str, ...], tenant_editable_claims: tuple[str, ...]
) -> None:
    """
    Check that no requirement reads *tenant_editable_claims* if several tenants are accepted: each writes its own.

    The subject may be one of them, because the namespace keeps the users of tenants apart.

    Raises:
        SettingsError: It is, and the tenant itself is not required.
    """
    demands = [
        (option, claim)
        for option in ("required_claims", "required_claim_values")
        for claim in options.claim_constraints(option)
    ]
    if not may_share_subjects(options, issuers) or any(claim == "tid" for _, claim in demands):
        return
    demands += [(option, options.text(option, "Write a claim.", "")) for option in CLAIMS[1:]]
    for option, claim in demands:
        if claim in tenant_editable_claims:
            raise options.wrong(
                option,
                f"is {claim}, which the owner of any tenant can write. Require the tenant too, "
                'by "required_claims": {"tid": "…"}, or name another claim.',
            )


def may_share_subjects(options: ProviderOptions, issuers: tuple[str, ...]) -> bool:
    """Say whether two people may have equal subjects in tokens of *issuers*. Some issuers have two names."""
    tenants = {tenant_of(issuer) for issuer in issuers} - {None}
    spaces = {GOOGLE[1] if issuer in GOOGLE else tenant_of(issuer) or issuer for issuer in issuers}
    # issuers_share_users is not asked, because two tenants never share users.
    if len(tenants) > 1 or any(ANY_TENANT in issuer for issuer in issuers):
        return True
    return len(spaces) > 1 and not options.boolean("issuers_share_users", default=False)


def _namespaces(provider: Provider) -> set[str]:
    named = [(issuer, tenant_of(issuer) or issuer) for issuer in provider.issuers] or [("", "")]
    return {provider.namespace.replace("{iss}", issuer).replace("{tid}", tenant) for issuer, tenant in named}
