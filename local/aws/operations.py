"""
Know what an operation needs: which actions, each on which resource.

Sources: the service authorization reference (https://docs.aws.amazon.com/service-authorization/latest/reference/, pages
list_amazonchime.html, list_awssecretsmanager.html, list_awssecuritytokenservice.html, list_awssystemsmanager.html; a
test compares Chime's part with the copy that cfn-lint ships), and for messaging https://docs.aws.amazon.com/chime-sdk/latest/dg/call-from-backend.html:
the permission is asked for the user in x-amz-chime-bearer, and for what is acted on. Where an action has two resources,
both have to be allowed.

What the reference leaves open is inferred:

- CreateAppInstanceUser has no resource type there. Public deployments work with permissions on `<AppInstance>/*` alone,
  so it is not "*"; both the AppInstance and the user are asked for here, as a policy that is to work has to name both.
- CreateAppInstance has none either, and ListAppInstances one without an ARN in the request: all of the kind
  (`app-instance/*`), as refusals of chime:CreateMeeting in public reports have `meeting/*`.
- ListAppInstanceUsers and ListAppInstanceAdmins are on users without naming one: `user/*`.
- Tags and ExpirationSettings in a creation need TagResource and PutAppInstanceUserExpirationSettings, on what is made.
- AppInstance bots stand beside users in the reference: the bearer is the one or the other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from moto.core.utils import get_service_model
from moto.secretsmanager.models import secretsmanager_backends

from local.aws.call import CONNECT
from local.aws.callers import ACCOUNT, PARTITION
from local.aws.policies.errors import PolicyError
from local.aws.policies.evaluation import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from local.aws.call import Call

ALL = "*"
_INSTANCE, _INSTANCES = "{AppInstanceArn}", "arn:aws:chime:{region}:{account}:app-instance/*"
_USER, _USERS, _NEW_USER = (
    "{AppInstanceUserArn}",
    "{AppInstanceArn}/user/*",
    "{AppInstanceArn}/user/{AppInstanceUserId}",
)
_ADMIN, _TAGGED = "{AppInstanceAdminArn}", "{ResourceARN}"

CHIME_IDENTITY: Mapping[str, tuple[str, ...]] = {
    "CreateAppInstance": (_INSTANCES,),
    "DescribeAppInstance": (_INSTANCE,),
    "ListAppInstances": (_INSTANCES,),
    "UpdateAppInstance": (_INSTANCE,),
    "DeleteAppInstance": (_INSTANCE,),
    "CreateAppInstanceUser": (_INSTANCE, _NEW_USER),
    "DescribeAppInstanceUser": (_USER,),
    "ListAppInstanceUsers": (_USERS,),
    "UpdateAppInstanceUser": (_USER,),
    "DeleteAppInstanceUser": (_USER,),
    "PutAppInstanceUserExpirationSettings": (_USER,),
    "RegisterAppInstanceUserEndpoint": (_USER,),
    "DescribeAppInstanceUserEndpoint": (_USER,),
    "ListAppInstanceUserEndpoints": (_USER,),
    "UpdateAppInstanceUserEndpoint": (_USER,),
    "DeregisterAppInstanceUserEndpoint": (_USER,),
    "CreateAppInstanceAdmin": (_INSTANCE, _ADMIN),
    "DescribeAppInstanceAdmin": (_INSTANCE, _ADMIN),
    "ListAppInstanceAdmins": (_INSTANCE, _USERS),
    "DeleteAppInstanceAdmin": (_INSTANCE, _ADMIN),
    "TagResource": (_TAGGED,),
    "UntagResource": (_TAGGED,),
    "ListTagsForResource": (_TAGGED,),
}
_WITH_TAGS = {"CreateAppInstance": _INSTANCES, "CreateAppInstanceUser": _NEW_USER}
_ON_ONE_SECRET = frozenset(
    {
        "DeleteSecret",
        "DescribeSecret",
        "GetSecretValue",
        "ListSecretVersionIds",
        "PutSecretValue",
        "RestoreSecret",
        "RotateSecret",
        "TagResource",
        "UntagResource",
        "UpdateSecret",
        "UpdateSecretVersionStage",
    }
)
_ON_NO_SECRET = frozenset({"GetRandomPassword", "ListSecrets"})
ON_ONE_PARAMETER = frozenset({"DeleteParameter", "GetParameter", "GetParameterHistory", "PutParameter"})
_FREE = frozenset({"GetCallerIdentity"})
"""No policy can forbid it: https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html."""


def needed(call: Call) -> list[tuple[str, str]]:
    """
    Return what the call needs, as pairs of action and resource; UNKNOWN stands for a resource not known here.

    A parameter that is missing leaves a resource that only a policy for all of them covers: the service will refuse it.

    Raises:
        PolicyError: The secret has a policy of its own, which is not evaluated here.
    """
    assert call.service is not None  # noqa: S101 - for mypy: whoever asks has an operation
    find = _FINDERS.get(call.service.service_name, _unknown)
    return list(find(call))


def messaging_members(operation: str) -> tuple[str, ...]:
    """Return which parameters of a messaging operation its resources are: the bearer, and what is acted on."""
    shape = get_service_model("chime-sdk-messaging").operation_model(operation).input_shape
    members = shape.members if shape is not None else {}
    if "ChimeBearer" not in members:
        return ()
    return tuple(name for name in ("ChimeBearer", "ChannelArn", "ChannelFlowArn") if name in members)


def _identity(call: Call) -> Iterator[tuple[str, str]]:
    given, operation = call.parameters or {}, str(call.name)
    if operation not in CHIME_IDENTITY:
        yield from _unknown(call)
        return
    for template in CHIME_IDENTITY[operation]:
        yield f"chime:{operation}", _resource(template, call)
    if given.get("Tags") and operation in _WITH_TAGS:
        yield "chime:TagResource", _resource(_WITH_TAGS[operation], call)
    if given.get("ExpirationSettings") and operation == "CreateAppInstanceUser":
        yield "chime:PutAppInstanceUserExpirationSettings", _resource(_NEW_USER, call)


def _messaging(call: Call) -> Iterator[tuple[str, str]]:
    operation = str(call.name)
    if operation == "GetMessagingSessionEndpoint":
        yield f"chime:{operation}", ALL
        return
    if operation == CONNECT:
        yield f"chime:{operation}", _resource("{userArn}", call)
        return
    members = messaging_members(operation)
    if not members:
        yield from _unknown(call)
    for member in members:
        yield f"chime:{operation}", _resource(f"{{{member}}}", call)


def _secrets(call: Call) -> Iterator[tuple[str, str]]:
    action = f"secretsmanager:{call.name}"
    if call.name in _ON_NO_SECRET:
        yield action, ALL
    elif call.name == "CreateSecret":
        yield action, _resource("arn:aws:secretsmanager:{region}:{account}:secret:{Name}", call)
    elif call.name in _ON_ONE_SECRET:
        yield action, _secret(call)
    else:
        yield from _unknown(call)


def _parameters(call: Call) -> Iterator[tuple[str, str]]:
    if call.name not in ON_ONE_PARAMETER:
        yield from _unknown(call)
        return
    name = str((call.parameters or {}).get("Name") or "")
    # The ARN has one slash, whether the name begins with one or not, and no version.
    root = _resource("arn:aws:ssm:{region}:{account}:parameter/", call)
    arn = name if name.startswith("arn:") else root + name.removeprefix("/")
    yield f"ssm:{call.name}", ":".join(arn.split(":")[:6])


def _sts(call: Call) -> Iterator[tuple[str, str]]:
    if call.name not in _FREE:
        yield from _unknown(call)


def _unknown(call: Call) -> Iterator[tuple[str, str]]:
    assert call.service is not None  # noqa: S101 - as above
    yield f"{call.service.signing_name}:{call.name}", UNKNOWN


def _resource(template: str, call: Call) -> str:
    known = {"region": _region(call), "account": ACCOUNT}
    try:
        return template.format_map({**(call.parameters or {}), **known})
    except KeyError:
        return ""


def _secret(call: Call) -> str:
    """Return the whole ARN, however the secret is named."""
    name = (call.parameters or {}).get("SecretId")
    if not isinstance(name, str):
        return ""
    secret = secretsmanager_backends[ACCOUNT][_region(call)].secrets.get(name)
    if secret is None:
        return (
            name
            if name.startswith("arn:")
            else f"arn:{PARTITION}:secretsmanager:{_region(call)}:{ACCOUNT}:secret:{name}"
        )
    if getattr(secret, "policy", None):
        raise PolicyError(f"{secret.arn} has a policy of its own, and those are not evaluated here.")
    return secret.arn


def _region(call: Call) -> str:
    return call.authorization.region if call.authorization else ""


_FINDERS = {
    "chime-sdk-identity": _identity,
    "chime-sdk-messaging": _messaging,
    "secretsmanager": _secrets,
    "ssm": _parameters,
    "sts": _sts,
}
