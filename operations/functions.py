"""Hold answers against what the functions will say of them at start, by the functions' own code."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from authorizer.clock import Clock
from authorizer.errors import SettingsError as AuthorizerSettingsError
from authorizer.settings import Settings as AuthorizerSettings
from operations.variables import variable_errors
from rooms.settings import Settings as RoomsSettings
from signin.errors import SettingsError as SigninSettingsError
from signin.settings import Settings as SigninSettings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from operations.template import Template

PROVIDERS = "Providers"
SHORTEST_SESSION = "900"
"""In seconds; what template.yaml sets LEAST_TOKEN_SECONDS to where sessions end with their token."""
NOBODY = {
    "CHIME_APP_INSTANCE_ARN": "arn:aws:chime:us-east-1:123456789012:app-instance/1",
    "USER_ROLE_ARN": "arn:aws:iam::123456789012:role/UserRole",
    "ROOMS_TABLE": "RoomsTable",
    "STACK_ID": "arn:aws:cloudformation:us-east-1:123456789012:stack/chime-signin/1",
}
"""What the stack makes, and no answer can make wrong."""
OF_AUTHORIZER = {
    "PROVIDERS": PROVIDERS,
    "ACCEPT_BASE64_TOKENS": "AcceptBase64Tokens",
    "LONGEST_TOKEN": "LongestToken",
    "POWERTOOLS_LOG_LEVEL": "LogLevel",
    "METRICS_NAMESPACE": "MetricsNamespace",
}
OF_HANDLER = {
    "SESSION_SECONDS": "SessionSeconds",
    "SESSION_ENDS_WITH_TOKEN": "SessionEndsWithToken",
    "SOURCE_IDENTITY": "SourceIdentity",
    "USER_ROLE_ARNS": "UserRoleArns",
    "GUEST_DAYS": "GuestDays",
    "ALLOWED_ORIGINS": "AllowedOrigins",
}
OF_ROOMS = {
    "MEETINGS": "Meetings",
    "MEETING_OPTIONS": "MeetingOptions",
    "GUESTS": "Guests",
    "ALLOWED_ORIGINS": "AllowedOrigins",
}
"""Environment variables and the parameters that template.yaml fills them with; a test compares them."""


def authorizer_variables(values: Mapping[str, str], template: Template) -> dict[str, str]:
    """Return the authorizer's environment variables under the parameters *values*."""
    ends = values.get("SessionEndsWithToken") == "true"
    given = {name: values.get(source, template.default(source)) for name, source in OF_AUTHORIZER.items()}
    return {**given, "LEAST_TOKEN_SECONDS": SHORTEST_SESSION if ends else "0"}


def problems(values: Mapping[str, str], template: Template) -> list[str]:
    """Return a sentence for each reason for which a function would not start, or not be made, under *values*."""
    handler, rooms = (
        NOBODY | {name: values.get(source, template.default(source)) for name, source in variables.items()}
        for variables in (OF_HANDLER, OF_ROOMS)
    )
    authorizer = authorizer_variables(values, template)
    said = [_of_authorizer(authorizer), _of_handler(handler), _of_rooms(rooms)]
    found = [_named(sentence) for sentence in said if sentence]
    known = (_of_secret, _of_user_roles, _of_hosts, _of_guests)
    return found or [*(said for of_values in known for said in of_values(values)), *variable_errors(authorizer)]


def notes(values: Mapping[str, str], template: Template) -> tuple[str, ...]:
    """Return what the authorizer finds odd in *values* that start it."""
    settings = AuthorizerSettings.from_environ(authorizer_variables(values, template), Clock())
    return tuple(_named(note) for note in settings.notes)


def provider_problem(entries: list[dict[str, Any]]) -> str | None:
    """Return what the authorizer says of *entries* of Providers, if they are wrong."""
    return _of_authorizer({"PROVIDERS": json.dumps(entries)})


def entries(values: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return the entries of Providers, which start the authorizer."""
    found: list[dict[str, Any]] = json.loads(values[PROVIDERS])
    return found


def _of_authorizer(variables: Mapping[str, str]) -> str | None:
    try:
        AuthorizerSettings.from_environ(variables, Clock())
    except AuthorizerSettingsError as error:
        return str(error)
    return None


def _of_handler(variables: Mapping[str, str]) -> str | None:
    try:
        SigninSettings.from_environ(variables)
    except SigninSettingsError as error:
        return str(error)
    return None


def _of_rooms(variables: Mapping[str, str]) -> str | None:
    if variables["MEETINGS"] == "none":
        return None  # there is no such function
    try:
        RoomsSettings.from_environ(variables)
    except SigninSettingsError as error:
        return str(error)
    return None


def _named(said: str) -> str:
    """Return a sentence about a variable as one about the parameter that fills it."""
    names = OF_AUTHORIZER | OF_HANDLER | OF_ROOMS
    return re.sub(r"[A-Z][A-Z_0-9]+", lambda found: names.get(found[0], found[0]), said)


def _of_secret(values: Mapping[str, str]) -> list[str]:
    """The ARN stands in two places, because CloudFormation cannot look into JSON."""
    named = {str(entry["secret_arn"]) for entry in entries(values) if entry.get("secret_arn")}
    given = values.get("SharedSecretArn", "")
    if len(named) > 1:
        said = "Providers names several secrets, and the authorizer may read one alone."
        return [f"{said} Keep one, with each as a field of its own (secret_json_field)."]
    if named and given not in named:
        [arn] = named
        return [f"Providers names the secret {arn}, which the authorizer may not read. Write SharedSecretArn: {arn}"]
    if given and not named:
        return ["SharedSecretArn is given, and no provider has it as secret_arn. Write it there, or leave it out."]
    return []


def _of_user_roles(values: Mapping[str, str]) -> list[str]:
    known = {arn.strip().rpartition("/")[2] for arn in values.get("UserRoleArns", "").split(",")}
    listed = [entry.get("user_roles", []) for entry in entries(values)]
    missing = {role for roles in listed for role in ([roles] if isinstance(roles, str) else roles) if role not in known}
    return [
        f"Providers gives the user role {role}, and no ARN in UserRoleArns ends with it. Write its ARN there."
        for role in sorted(missing)
    ]


def _of_hosts(values: Mapping[str, str]) -> list[str]:
    if values.get("Meetings") != "hosted" or any(entry.get("host_roles") for entry in entries(values)):
        return []
    said = (
        "Meetings is hosted, and no provider has host_roles, so that nobody could open a room. Write the hosts' roles "
        'into an entry of Providers, "host_roles": ["teacher"], or write Meetings: open.'
    )
    return [said]


def _of_guests(values: Mapping[str, str]) -> list[str]:
    invites, has_role = any(entry.get("guests") for entry in entries(values)), values.get("Guests") == "true"
    if invites and not has_role:
        return ['Providers has an entry with guests, and there is no role for them. Write Guests: "true".']
    if has_role and not invites:
        return ["Guests is true, and no entry of Providers has guests: true. Write one, or leave Guests out."]
    if values.get("Meetings", "none") == "none":
        return []
    return [
        f"The guests of the provider {entry['name']} could enter no room: it has no rooms_claim. Write the claim that "
        'lists the rooms in their invitations, "rooms_claim": "rooms".'
        for entry in entries(values)
        if entry.get("guests") and not entry.get("rooms_claim")
    ]
