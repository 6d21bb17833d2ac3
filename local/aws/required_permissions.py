"""
Say which permissions an operation requires: actions, each on a resource.

Sources: the service authorization reference (https://docs.aws.amazon.com/service-authorization/latest/reference/, pages
list_amazonchime.html, list_awssecretsmanager.html, list_awssecuritytokenservice.html, list_awssystemsmanager.html; a
test compares Chime's part with the copy in cfn-lint), and for messaging
https://docs.aws.amazon.com/chime-sdk/latest/dg/call-from-backend.html: the permission is required on the user in
x-amz-chime-bearer and on the channel. Where an action has two resources, both have to be allowed. Who
registers a device must be allowed mobiletargeting:GetApp, too: https://docs.aws.amazon.com/chime-sdk/latest/dg/register-endpoint.html.

Where the reference says nothing, the resources are inferred:

- CreateAppInstanceUser has no resource type in it. Public deployments work with permissions on `<AppInstance>/*` alone,
  so the resource is not "*". Here both the AppInstance and the user are required, so that a policy that passes here
  works on AWS whichever of the two AWS asks for.
- CreateMeeting and CreateMeetingWithAttendees have no resource type either. Here only a policy for all resources ("*")
  allows them, so that a policy that passes here works on AWS; its AccessDenied answers name `meeting/*`.
- CreateAppInstance has no resource type either, and a ListAppInstances request has no ARN. Here the resource is
  `app-instance/*`, like `meeting/*` in AccessDenied answers to chime:CreateMeeting that public reports quote.
- ListAppInstanceUsers and ListAppInstanceAdmins are actions on users, and the request names none: `user/*`. In the
  same way `bot/*` for ListAppInstanceBots and, because it has no resource type, for CreateAppInstanceBot, and
  `channel-flow/*` for ListChannelFlows.
- DeleteChannelFlow is on a channel there, but the request names only the flow: it is on the flow.
- Tags and ExpirationSettings in a creation require TagResource and PutAppInstanceUserExpirationSettings on the new
  resource.
- The reference names AppInstance bots beside users, because a bot can be the bearer too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from moto.cloudformation.models import cloudformation_backends
from moto.core.utils import get_service_model
from moto.secretsmanager.models import secretsmanager_backends

from local.aws.aws_request import CONNECT
from local.aws.identities import ACCOUNT, PARTITION, iam_backend
from local.aws.policies import PolicyError
from local.aws.policies.evaluation import UNKNOWN
from local.aws.table_permissions import table_permissions

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from local.aws.aws_request import AwsRequest

ALL = "*"
_INSTANCE, _INSTANCES = "{AppInstanceArn}", "arn:aws:chime:{region}:{account}:app-instance/*"
_USER, _USERS, _NEW_USER = (
    "{AppInstanceUserArn}",
    "{AppInstanceArn}/user/*",
    "{AppInstanceArn}/user/{AppInstanceUserId}",
)
_ADMIN, _TAGGED = "{AppInstanceAdminArn}", "{ResourceARN}"
_BOT, _BOTS = "{AppInstanceBotArn}", "{AppInstanceArn}/bot/*"
_FLOW, _FLOWS = "{ChannelFlowArn}", "{AppInstanceArn}/channel-flow/*"

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
    "GetAppInstanceRetentionSettings": (_INSTANCE,),
    "PutAppInstanceRetentionSettings": (_INSTANCE,),
    "CreateAppInstanceBot": (_INSTANCE, _BOTS),
    "DescribeAppInstanceBot": (_BOT,),
    "ListAppInstanceBots": (_BOTS,),
    "UpdateAppInstanceBot": (_BOT,),
    "DeleteAppInstanceBot": (_BOT,),
    "TagResource": (_TAGGED,),
    "UntagResource": (_TAGGED,),
    "ListTagsForResource": (_TAGGED,),
}
CHIME_MESSAGING: Mapping[str, str] = {
    "GetMessagingSessionEndpoint": ALL,
    CONNECT: "{userArn}",
    "ChannelFlowCallback": "{ChannelArn}",
    "CreateChannelFlow": _INSTANCE,
    "DescribeChannelFlow": _FLOW,
    "ListChannelFlows": _FLOWS,
    "ListChannelsAssociatedWithChannelFlow": _FLOW,
    "UpdateChannelFlow": _FLOW,
    "DeleteChannelFlow": _FLOW,
    "GetMessagingStreamingConfigurations": _INSTANCE,
    "PutMessagingStreamingConfigurations": _INSTANCE,
    "DeleteMessagingStreamingConfigurations": _INSTANCE,
    "TagResource": _TAGGED,
    "UntagResource": _TAGGED,
    "ListTagsForResource": _TAGGED,
}
"""The operations that no user or bot makes; `messaging_members` has those of all others."""
_MEETING = "arn:aws:chime:{region}:{account}:meeting/{MeetingId}"
CHIME_MEETINGS: Mapping[str, str] = {
    "CreateMeeting": ALL,
    "CreateMeetingWithAttendees": ALL,
    "GetMeeting": _MEETING,
    "DeleteMeeting": _MEETING,
    "CreateAttendee": _MEETING,
    "BatchCreateAttendee": _MEETING,
    "GetAttendee": _MEETING,
    "ListAttendees": _MEETING,
    "DeleteAttendee": _MEETING,
    "UpdateAttendeeCapabilities": _MEETING,
    "BatchUpdateAttendeeCapabilitiesExcept": _MEETING,
    "StartMeetingTranscription": ALL,
    "StopMeetingTranscription": ALL,
    "TagResource": _TAGGED,
    "UntagResource": _TAGGED,
    "ListTagsForResource": _TAGGED,
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
ON_ONE_ROLE = frozenset(
    {"DeleteRolePolicy", "GetRole", "GetRolePolicy", "ListAttachedRolePolicies", "ListRolePolicies", "PutRolePolicy"}
)
ON_ONE_STACK = frozenset({"DescribeStackEvents", "DescribeStackResource", "DescribeStacks", "ListStackResources"})
_NO_PERMISSION_NEEDED = frozenset({"GetCallerIdentity"})
"""No policy can deny it: https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html."""


def required_permissions(request: AwsRequest) -> list[tuple[str, str]]:
    """
    Return pairs of action and resource (an ARN, "*", or UNKNOWN where no source says which resource AWS asks for).

    The resource is empty if the parameter with its ARN is missing: only a policy for all resources allows that, and the
    service refuses the request afterwards.

    Raises:
        PolicyError: The secret has a policy of its own, which is not evaluated here.
    """
    assert request.service is not None  # noqa: S101 - for mypy: a request with an operation has a service
    find = _FINDERS.get(request.service.service_name, _unknown)
    return list(find(request))


def messaging_members(operation: str) -> tuple[str, ...]:
    """Return the parameters with the ARNs of a messaging operation's resources: the bearer, and a channel or flow."""
    shape = get_service_model("chime-sdk-messaging").operation_model(operation).input_shape
    members = shape.members if shape is not None else {}
    if "ChimeBearer" not in members:
        return ()
    return tuple(name for name in ("ChimeBearer", "ChannelArn", "ChannelFlowArn") if name in members)


def _identity(request: AwsRequest) -> Iterator[tuple[str, str]]:
    parameters, operation = request.parameters or {}, str(request.name)
    if operation not in CHIME_IDENTITY:
        yield from _unknown(request)
        return
    for template in CHIME_IDENTITY[operation]:
        yield f"chime:{operation}", _resource(template, request)
    if parameters.get("Tags") and operation in _WITH_TAGS:
        yield "chime:TagResource", _resource(_WITH_TAGS[operation], request)
    if operation == "RegisterAppInstanceUserEndpoint":
        yield "mobiletargeting:GetApp", _resource("{ResourceArn}", request)
    if parameters.get("ExpirationSettings") and operation == "CreateAppInstanceUser":
        yield "chime:PutAppInstanceUserExpirationSettings", _resource(_NEW_USER, request)


def _messaging(request: AwsRequest) -> Iterator[tuple[str, str]]:
    operation = str(request.name)
    if operation in CHIME_MESSAGING:
        yield f"chime:{operation}", _resource(CHIME_MESSAGING[operation], request)
        return
    members = messaging_members(operation)
    if not members:
        yield from _unknown(request)
    for member in members:
        yield f"chime:{operation}", _resource(f"{{{member}}}", request)


def _meetings(request: AwsRequest) -> Iterator[tuple[str, str]]:
    operation = str(request.name)
    yield f"chime:{operation}", _resource(CHIME_MEETINGS[operation], request)


def _secrets(request: AwsRequest) -> Iterator[tuple[str, str]]:
    action = f"secretsmanager:{request.name}"
    if request.name in _ON_NO_SECRET:
        yield action, ALL
    elif request.name == "CreateSecret":
        yield action, _resource("arn:aws:secretsmanager:{region}:{account}:secret:{Name}", request)
    elif request.name in _ON_ONE_SECRET:
        yield action, _secret(request)
    else:
        yield from _unknown(request)


def _parameters(request: AwsRequest) -> Iterator[tuple[str, str]]:
    if request.name not in ON_ONE_PARAMETER:
        yield from _unknown(request)
        return
    name = str((request.parameters or {}).get("Name") or "")
    # The ARN has exactly one slash before the name, with which the name may begin, and no version after it.
    root = _resource("arn:aws:ssm:{region}:{account}:parameter/", request)
    arn = name if name.startswith("arn:") else root + name.removeprefix("/")
    yield f"ssm:{request.name}", ":".join(arn.split(":")[:6])


def _roles(request: AwsRequest) -> Iterator[tuple[str, str]]:
    if request.name == "SimulatePrincipalPolicy":
        yield f"iam:{request.name}", _resource("{PolicySourceArn}", request)
        return
    if request.name not in ON_ONE_ROLE:
        yield from _unknown(request)
        return
    name = str((request.parameters or {}).get("RoleName") or "")
    # The request has the role's name, and its ARN the path, too.
    found = [role.arn for role in iam_backend().roles.values() if role.name == name]
    yield f"iam:{request.name}", found[0] if found else f"arn:{PARTITION}:iam::{ACCOUNT}:role/{name}"


def _stacks(request: AwsRequest) -> Iterator[tuple[str, str]]:
    # Of a template that is no stack yet, nobody here asks for a summary.
    if request.name not in ON_ONE_STACK | {"GetTemplateSummary"}:
        yield from _unknown(request)
        return
    name = str((request.parameters or {}).get("StackName") or "*")
    stacks = cloudformation_backends[ACCOUNT][_region(request)].stacks
    found = [arn for arn, stack in stacks.items() if name in (arn, stack.name)]
    missing = _resource(f"arn:aws:cloudformation:{{region}}:{{account}}:stack/{name}/*", request)
    yield f"cloudformation:{request.name}", found[0] if found else missing


def _tables(request: AwsRequest) -> Iterator[tuple[str, str]]:
    tables = _resource("arn:aws:dynamodb:{region}:{account}:table/", request)
    required = table_permissions(str(request.name), request.parameters or {}, tables)
    yield from _unknown(request) if required is None else required


def _api_gateway(request: AwsRequest) -> Iterator[tuple[str, str]]:
    if request.name == "GetAccount":
        yield "apigateway:GET", _resource("arn:aws:apigateway:{region}::/account", request)
    else:
        yield from _unknown(request)


def _sts(request: AwsRequest) -> Iterator[tuple[str, str]]:
    if request.name not in _NO_PERMISSION_NEEDED:
        yield from _unknown(request)


def _unknown(request: AwsRequest) -> Iterator[tuple[str, str]]:
    assert request.service is not None  # noqa: S101 - as above
    yield f"{request.service.signing_name}:{request.name}", UNKNOWN


def _resource(template: str, request: AwsRequest) -> str:
    known = {"region": _region(request), "account": ACCOUNT}
    try:
        return template.format_map({**(request.parameters or {}), **known})
    except KeyError:
        return ""


def _secret(request: AwsRequest) -> str:
    """Return the secret's whole ARN, also if the request has its name or a part of its ARN."""
    name = (request.parameters or {}).get("SecretId")
    if not isinstance(name, str):
        return ""
    secret = secretsmanager_backends[ACCOUNT][_region(request)].secrets.get(name)
    if secret is None:
        return (
            name
            if name.startswith("arn:")
            else f"arn:{PARTITION}:secretsmanager:{_region(request)}:{ACCOUNT}:secret:{name}"
        )
    if getattr(secret, "policy", None):
        raise PolicyError(f"{secret.arn} has a policy of its own, and those are not evaluated here.")
    return secret.arn


def _region(request: AwsRequest) -> str:
    return request.authorization.region if request.authorization else ""


_FINDERS = {
    "apigateway": _api_gateway,
    "chime-sdk-identity": _identity,
    "chime-sdk-messaging": _messaging,
    "chime-sdk-meetings": _meetings,
    "cloudformation": _stacks,
    "dynamodb": _tables,
    "iam": _roles,
    "secretsmanager": _secrets,
    "ssm": _parameters,
    "sts": _sts,
}
