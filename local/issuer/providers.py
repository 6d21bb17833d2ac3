"""
Play the identity providers of an answers file: sign tokens as theirs, with keys that are published here.

A token has the issuer, the claims and the algorithm that the provider's own would have, and meets what the settings
demand of it. Only where the keys are differs: at the local issuer, or in the local Secrets Manager.
"""

from __future__ import annotations

import base64
import json
import re
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from local.issuer.token_forms import FORMS, HOUR, TENANT

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from local.issuer.token_forms import TokenForm

_PLACE = re.compile(r"\{(\w+)\}")
_LOGINS = {
    "global": "https://login.microsoftonline.com",
    "us-government": "https://login.microsoftonline.us",
    "china": "https://login.partner.microsoftonline.cn",
}
"""Where Entra's clouds sign. Source: https://learn.microsoft.com/entra/identity-platform/authentication-national-cloud."""
_CLIENT = "my_client_id"
"""Who asked for a token, where the settings do not say."""
_SECRET_ENCODINGS: dict[str, Callable[[str], bytes]] = {
    "raw": str.encode,
    "base64": base64.b64decode,
    "base64url": base64.urlsafe_b64decode,
    "hex": bytes.fromhex,
}


@dataclass(frozen=True)
class StoredSecret:
    """A shared secret as Secrets Manager has it: under which ARN, and its text."""

    arn: str
    text: str

    def read(self, entry: Mapping[str, Any]) -> bytes:
        """Return the bytes that sign, as the options of *entry* say that they are written down."""
        field = entry.get("secret_json_field")
        text = str(json.loads(self.text).get(field, "")) if isinstance(field, str) else self.text
        try:
            return _SECRET_ENCODINGS.get(str(entry.get("secret_encoding", "raw")), str.encode)(text)
        except ValueError:
            # Two entries read one secret in ways that no text has: the authorizer says so when a token comes.
            return text.encode()


def new_secret(json_fields: Collection[str]) -> str:
    """Return the text of a fresh secret, long enough in every encoding; as JSON if it is to have *json_fields*."""
    # Hexadecimal digits are base64 too, and text: each provider may read one secret in an encoding of its own.
    text = secrets.token_hex(64)
    return json.dumps(dict.fromkeys(json_fields, text)) if json_fields else text


@dataclass(frozen=True)
class PlayedProvider:
    """
    A provider whose tokens are made here. `claims` may hold "{now}", `secret` is None if keys sign.

    `subject_claim` says who a token's user is, `typ` is its header, and it lives for `seconds`.
    """

    name: str
    preset: str
    claims: Mapping[str, Any]
    subject_claim: str
    typ: str | None
    algorithm: str
    seconds: int
    secret: bytes | None = None

    def claims_at(self, now: int) -> dict[str, Any]:
        """Return the claims of a token that is made at *now*, in seconds since 1970; `iat` and `exp` are not there."""
        filled: dict[str, Any] = _filled(self.claims, {"now": now})
        return filled


def play(
    entry: Mapping[str, Any], jwks_uri: str, stored: Mapping[str, StoredSecret]
) -> tuple[dict[str, Any], PlayedProvider] | None:
    """
    Return an *entry* of Providers with the keys of the local issuer, and who signs with them.

    None if its preset is unknown, or an option is missing that a token needs: the authorizer says so when it starts.

    Args:
        entry: The options as deployed.
        jwks_uri: Where the local issuer publishes its keys.
        stored: The secrets in the local Secrets Manager, by the ARN of those that they stand for.
    """
    form = _form(entry)
    claims = _claims(entry, form) if form else None
    if form is None or claims is None:
        return None
    here = {name: value for name, value in entry.items() if name not in ("jwks", "jwks_uri", "pem")}
    secret = stored.get(str(entry.get("secret_arn")))
    if secret:
        here["secret_arn"] = secret.arn
    signs_with_secret = secret is not None and "secret_until" not in entry
    if not signs_with_secret:
        here["jwks_uri"] = jwks_uri
    played = PlayedProvider(
        name=str(entry.get("name", "")),
        preset=str(entry.get("preset", "oidc")),
        claims=claims,
        subject_claim=str(entry.get("subject_claim", form.subject_claim)),
        typ=_first(entry.get("token_types")) or form.typ,
        algorithm=_algorithm(entry, form, hmac=signs_with_secret),
        seconds=min(form.seconds, _number(entry.get("max_lifetime_seconds"), HOUR)),
        secret=secret.read(entry) if secret and signs_with_secret else None,
    )
    return here, played


def _form(entry: Mapping[str, Any]) -> TokenForm | None:
    form = FORMS.get(str(entry.get("preset", "oidc")))
    return form and form.variant.get(str(entry.get("token_use")), form)


def _claims(entry: Mapping[str, Any], form: TokenForm) -> dict[str, Any] | None:
    """Return the claims of a token; None if an option that they need is missing."""
    values = _values(entry)
    issuer = _filled(_first(entry.get("issuer")) or form.issuer, values)
    claims: dict[str, Any] = _filled(form.claims, values)
    if "{" in str(issuer) and entry.get("preset") != "shared-secret":
        return None
    if "{" not in str(issuer):
        claims["iss"] = issuer
    audience = _filled(_first(entry.get("audience")) or form.audience, values)
    if "{" not in audience:
        claims[str(entry.get("audience_claim", form.audience_claim))] = audience
    _meet_demands(claims, entry, form)
    return _without_places(claims)


def _values(entry: Mapping[str, Any]) -> dict[str, str]:
    """Return what stands in the places of texts: options, and what follows from them."""
    values = {"client_id": _CLIENT, "authorization_server": "default"}
    values |= {name: text for name, value in entry.items() if (text := _first(value))}
    tenant = values.get("tenant", "any").lower()
    return {
        **values,
        "region": values.get("user_pool_id", "").partition("_")[0],
        "login": _LOGINS.get(values.get("cloud", "global"), _LOGINS["global"]),
        "tenant": TENANT if tenant == "any" else tenant,
        "tenantid": TENANT,
        "client_id": values["client_id"].lower() if entry.get("preset") == "entra" else values["client_id"],
    }


def _meet_demands(claims: dict[str, Any], entry: Mapping[str, Any], form: TokenForm) -> None:
    """Change *claims* so that they have what the options of *entry* demand of every token."""
    if isinstance(subject := entry.get("subject_claim"), str) and _found(claims, subject) is None:
        _set(claims, subject, "ada")
    name = _first(entry.get("name_claims"))
    if name and " + " not in name and _found(claims, name.removesuffix("@")) is None:
        _set(claims, name.removesuffix("@"), "Ada Lovelace")
    if client := _first(entry.get("clients")):
        _set(claims, _first(entry.get("client_claims")) or form.client_claim, client)
    for claim, allowed in (
        _mapping(entry.get("required_claim_values")) | _mapping(entry.get("required_claims"))
    ).items():
        _set(claims, claim, allowed[0] if isinstance(allowed, list) and allowed else allowed)
    _meet_further_demands(claims, entry, form)


def _meet_further_demands(claims: dict[str, Any], entry: Mapping[str, Any], form: TokenForm) -> None:
    for claim in _texts(entry.get("required_claim_names")):
        if _found(claims, claim) is None:
            _set(claims, claim, "some")
    if scopes := _texts(entry.get("required_scopes")):
        _add_scopes(claims, form.scope_claim, scopes)
    if roles := _texts(entry.get("required_roles")):
        _set(claims, str(entry.get("roles_claim", form.roles_claim)), roles[:1])
    for claim in _texts(entry.get("forbidden_claim_names")):
        claims.pop(claim, None)


def _add_scopes(claims: dict[str, Any], claim: str, scopes: list[str]) -> None:
    had = claims.get(claim, "")
    claims[claim] = [*had, *scopes] if isinstance(had, list) else " ".join(filter(None, [had, *scopes]))


def _found(claims: Mapping[str, Any], path: str) -> Any:
    if path in claims:
        return claims[path]
    name, _, rest = path.partition(".")
    within = claims.get(name)
    return _found(within, rest) if rest and isinstance(within, dict) else None


def _set(claims: dict[str, Any], path: str, value: Any) -> None:
    """Set the claim at *path*; an address, https://app.example.com/name, is one name in spite of its dots."""
    name, _, rest = path.partition(".")
    if not rest or path in claims or "/" in path:
        claims[path] = value
        return
    within = claims.setdefault(name, {})
    if isinstance(within, dict):
        _set(within, rest, value)


def _algorithm(entry: Mapping[str, Any], form: TokenForm, *, hmac: bool) -> str:
    named = [name for name in _texts(entry.get("algorithms")) if name.startswith("HS") == hmac]
    default = "HS256" if hmac else form.algorithm
    # RFC 9864, 2.2: another name of the same.
    return "EdDSA" if named[:1] == ["Ed25519"] else (*named, default)[0]


def _filled(template: Any, values: Mapping[str, Any]) -> Any:
    """Return *template* with values in its places; a place without a value stays."""
    if isinstance(template, dict):
        return {name: _filled(value, values) for name, value in template.items()}
    if isinstance(template, list):
        return [_filled(value, values) for value in template]
    if not isinstance(template, str):
        return template
    whole = _PLACE.fullmatch(template)
    if whole and whole[1] in values:
        return values[whole[1]]
    return _PLACE.sub(lambda place: str(values.get(place[1], place[0])), template)


def _without_places(claims: dict[str, Any]) -> dict[str, Any]:
    """Leave out the claims that no option fills: a tenant's, say, where there are none."""
    kept = {name: value for name, value in claims.items() if value == "{now}" or not _is_place(value)}
    return {name: _without_places(value) if isinstance(value, dict) else value for name, value in kept.items()}


def _is_place(value: Any) -> bool:
    return isinstance(value, str) and _PLACE.fullmatch(value) is not None


def _texts(value: Any) -> list[str]:
    listed = value if isinstance(value, list) else [value]
    return [one for one in listed if isinstance(one, str) and one]


def _first(value: Any) -> str | None:
    return next(iter(_texts(value)), None)


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _number(value: Any, default: int) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else default
