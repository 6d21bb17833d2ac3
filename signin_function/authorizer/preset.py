"""What a preset is: an identity provider as data. It turns the few options that its users give into all options."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from authorizer import tenants

if TYPE_CHECKING:
    from authorizer.options import ProviderOptions
    from authorizer.providers import TokenPattern

DeriveOptions = Callable[["ProviderOptions", Mapping[str, tuple[str, ...]]], dict[str, Any]]
MERGED_OPTIONS = ("required_claim_values", "forbidden_claim_values", "required_claim_names", "forbidden_claim_names")
"""Options that are merged with the preset's, so that a requirement of an entry replaces none of the preset's."""

CLIENT_HINT = "Write the id of your application, or a list of several."
TENANT_HINT = 'Write the tenant\'s id (a GUID), a list of them, or "any" to take users of every organisation.'

_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_GUID = re.compile(r"(?<![0-9A-Za-z])[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}(?![0-9A-Za-z])")


class PresetOption(NamedTuple):
    """An option that a preset has, and the *hint* that says what to write if it is missing or wrong."""

    name: str
    hint: str
    pattern: str = ""
    """What the whole value must match. Its named groups can be used in defaults, as options can."""
    several: bool = False
    choices: tuple[str, ...] = ()
    """The values that it may have. The first is the default."""
    optional: bool = False

    def read(self, options: ProviderOptions) -> dict[str, tuple[str, ...]]:
        """Return the values of this option and its pattern's groups, by name; none if it is optional and not given."""
        if self.choices:
            return {self.name: (options.choice(self.name, self.choices, self.choices[0]),)}
        if self.optional and not options.has(self.name):
            return {}
        given = options.texts(self.name, self.hint) if self.several else (options.text(self.name, self.hint),)
        return {self.name: given, **(self._groups(options, given) if self.pattern else {})}

    def _groups(self, options: ProviderOptions, given: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
        matches = [re.fullmatch(self.pattern, text) for text in given]
        found = [match.groupdict() for match in matches if match]
        if len(found) < len(given):
            raise options.wrong(self.name, f"is not what it should be. {self.hint}")
        return {name: tuple(groups[name] for groups in found) for name in found[0]}


class Preset(NamedTuple):
    """
    An identity provider, as data.

    - `options`: what its users write into their entry.
    - `defaults`: options that follow, with "{domain}" where the value of the option `domain` goes. One with a
      placeholder that has no value is left out.
    - `variants`: an option, and further defaults for each of its choices.
    - `derive`: returns the defaults that no template can express.
    - `refused_token_patterns`: patterns of tokens that do not sign users in, by the names that `also_accept` knows.
    - `user_editable_claims`: claims that users can edit. No setting may use them to decide ids, roles or access.
    - `unverified_claims`: claims that are true only if another claim says so (OpenID Connect Core 1.0, 5.1).
    - `tenant_editable_claims`: claims to which the owner of a tenant can give any value.
    - `guid_options`: options in which GUIDs are written in small letters, as the provider writes them.
    """

    source: str
    """The provider's own documentation of its tokens."""
    options: tuple[PresetOption, ...]
    defaults: Mapping[str, Any]
    variants: tuple[str, Mapping[str, Mapping[str, Any]]] = ("", {})
    derive: DeriveOptions = lambda *_: {}
    refused_token_patterns: Mapping[str, tuple[TokenPattern, ...]] = MappingProxyType({})
    user_editable_claims: tuple[str, ...] = ()
    unverified_claims: tuple[str, ...] = ("email", "phone_number")
    tenant_editable_claims: tuple[str, ...] = ()
    guid_options: tuple[str, ...] = ()

    @property
    def option_names(self) -> set[str]:
        """The options that it alone has."""
        return {option.name for option in self.options}

    def fill_in(self, options: ProviderOptions, left_out: tuple[str, ...] = ()) -> ProviderOptions:
        """
        Return *options* with all defaults, except for the options in *left_out*.

        Raises:
            SettingsError: An option of this preset is missing or wrong.
        """
        options = options.with_changes(
            {name: _with_small_guids_in(name, options.raw(name)) for name in options.given(self.guid_options)}
        )
        given: dict[str, tuple[str, ...]] = {}
        for option in self.options:
            given |= option.read(options)
        chosen, variants = self.variants
        templates = {**self.defaults, **(variants[given[chosen][0]] if chosen else {})}
        defaults = {name: _filled_template(value, given) for name, value in templates.items()}
        defaults |= self.derive(options, given)
        kept = {name: value for name, value in defaults.items() if value is not None and name not in left_out}
        return options.with_changes(_merged(options, kept)).with_defaults(kept)


def with_small_guids(value: Any) -> Any:
    """Return *value* with the GUIDs in its texts in small letters."""
    if isinstance(value, str):
        return _GUID.sub(lambda guid: guid[0].lower(), value)
    if isinstance(value, list):
        return [with_small_guids(one) for one in value]
    return {name: with_small_guids(one) for name, one in value.items()} if isinstance(value, dict) else value


def _with_small_guids_in(option: str, value: Any) -> Any:
    """Return the value with small GUIDs. An audience keeps the original too: it may be a name that has a GUID in it."""
    made, listed = with_small_guids(value), isinstance(value, list)
    return [*value, *made] if option == "audience" and listed else [value, made] if option == "audience" else made


def _filled_template(template: Any, given: Mapping[str, tuple[str, ...]]) -> Any:
    """Return *template* with the *given* values for its placeholders; None if one of them is not given."""
    if not isinstance(template, str):
        return template
    placeholders = _PLACEHOLDER.findall(template)
    if not all(placeholder in given for placeholder in placeholders):
        return None
    if placeholders and template == "{" + placeholders[0] + "}":
        return list(given[placeholders[0]])
    return _PLACEHOLDER.sub(lambda placeholder: given[placeholder[1]][0], template)


def _merged(options: ProviderOptions, defaults: Mapping[str, Any]) -> dict[str, Any]:
    """Return the merged options. A value of a wrong type stays as it is: reading the option will report it."""
    both = [name for name in MERGED_OPTIONS if name in defaults and options.has(name)]
    return {name: _both(options, name, defaults[name], options.raw(name)) for name in both}


def _both(options: ProviderOptions, name: str, defaults: Any, given: Any) -> Any:
    if isinstance(defaults, list):
        return [*defaults, *_listed(given)]
    if not isinstance(given, dict):
        return given
    same = {claim: (defaults[claim], _listed(given[claim])) for claim in defaults if claim in given}
    if name == "forbidden_claim_values":
        return {**defaults, **given, **{claim: [*held, *more] for claim, (held, more) in same.items()}}
    narrowed = {claim: [one for one in held if one in more] for claim, (held, more) in same.items()}
    for claim, left in narrowed.items():
        if not left:
            raise options.wrong(f"{name}.{claim}", f"is never {', '.join(map(str, defaults[claim]))}, as it has to be.")
    return {**defaults, **given, **narrowed}


def _listed(given: Any) -> list[Any]:
    return given if isinstance(given, list) else [given]


# Defaults that no template can express, by identity provider.


def entra_options(options: ProviderOptions, given: Mapping[str, tuple[str, ...]]) -> dict[str, Any]:
    """Return what accepts tokens of both versions, of one tenant, several, or any."""
    listed = given["tenant"]
    whole = (tenants.ANY_TENANT,) if listed == ("any",) else tuple(dict.fromkeys(listed))
    if not all(tenant == tenants.ANY_TENANT or tenants.TENANT.fullmatch(tenant) for tenant in whole):
        raise options.wrong("tenant", f"is no tenant's id. {TENANT_HINT}")
    login, _ = tenants.CLOUDS[given["cloud"][0]]
    keys_of = "common" if len(whole) > 1 or whole[0] == tenants.ANY_TENANT else whole[0]
    versions = zip(*(tenants.issuers(given["cloud"][0], tenant) for tenant in whole), strict=True)
    return {
        "issuer": [issuer for version in versions for issuer in version],
        "jwks_uri": f"{login}/{keys_of}/discovery/v2.0/keys",
        "audience": [form.format(client) for form in ("{}", "api://{}") for client in given["client_id"]],
        "namespace": login + "/{tid}",
    }


def firebase_options(options: ProviderOptions, given: Mapping[str, tuple[str, ...]]) -> dict[str, Any]:  # noqa: ARG001 - as all
    """
    Return what accepts tokens of one tenant, or of none.

    All tenants of a project share its issuer and audience, and two tenants may give the same id to two people.
    """
    of_one_tenant = (
        {"required_claim_values": {"firebase.tenant": list(given["tenant_id"])}} if "tenant_id" in given else None
    )
    return of_one_tenant or {"forbidden_claim_names": ["firebase.tenant"]}


def okta_options(options: ProviderOptions, given: Mapping[str, tuple[str, ...]]) -> dict[str, Any]:  # noqa: ARG001 - as all
    """Return the issuer: the organisation's authorization server, the one named default unless another is given."""
    server = given.get("authorization_server", ("default",))[0]
    return {"issuer": f"https://{given['domain'][0]}/oauth2/{server}"}


def supabase_options(options: ProviderOptions, given: Mapping[str, tuple[str, ...]]) -> dict[str, Any]:
    """Return how tokens are signed: with the project's secret if that alone is given, and else with its keys."""
    if options.has("secret_arn") and not options.has("secret_until"):
        return {"algorithms": ["HS256"]}
    keys = f"https://{given['project_ref'][0]}.supabase.co/auth/v1/.well-known/jwks.json"
    return {"algorithms": ["ES256", "RS256"], "jwks_uri": keys}


def keycloak_options(options: ProviderOptions, given: Mapping[str, tuple[str, ...]]) -> dict[str, Any]:
    """
    Return what tells the tokens of this application from those of others.

    Keycloak writes the audience "account" into the tokens of all applications. So the client has to be checked, unless
    the realm was set up to write an audience of its own.
    """
    if not options.has("audience") or options.boolean("any_audience", default=False):
        client = given.get("client_id") or options.texts("client_id", CLIENT_HINT)
        return {"audience": list(client), "audience_claim": "azp"}
    if "client_id" not in given and "account" in options.texts("audience", ""):
        raise options.wrong("client_id", f"is missing: all tokens of a realm are for account. {CLIENT_HINT}")
    return {"clients": list(given["client_id"])} if "client_id" in given else {}
