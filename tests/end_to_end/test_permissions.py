"""Who may do what with template.yaml as it stands, asked over the wire: a good request, then one change at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from local.stack import GUESTS, LocalStack, StackOptions
from tests.end_to_end.conftest import Client, aws

if TYPE_CHECKING:
    from collections.abc import Iterator

SECRET_ARN = "arn:aws:secretsmanager:us-east-1:123456789012:secret:app-AbCdEf"
GOOD: dict[str, Any] = {"RoleSessionName": "chime_ada", "Tags": [{"Key": "UserUUID", "Value": "ada"}]}
DENIED = {"AccessDenied", "AccessDeniedException"}
MESSAGING_AS_ONESELF = {
    "DescribeChannel",
    "DescribeChannelMembershipForAppInstanceUser",
    "DescribeChannelModeratedByAppInstanceUser",
    "GetChannelMessage",
    "GetMessagingSessionEndpoint",
    "ListChannelMembershipsForAppInstanceUser",
    "ListChannelMessages",
    "ListChannels",
    "ListChannelsModeratedByAppInstanceUser",
    "SendChannelMessage",
}

MESSAGING_AS_A_GUEST = MESSAGING_AS_ONESELF - {
    *("DescribeChannelModeratedByAppInstanceUser", "ListChannels", "ListChannelsModeratedByAppInstanceUser"),
}


@pytest.fixture(scope="module")
def stack(logs: list[bytes]) -> Iterator[LocalStack]:
    parameters = {"SharedSecretArn": SECRET_ARN, "Guests": "true"}
    with LocalStack(StackOptions(parameters=parameters, log=logs.append)) as running:
        yield running


class People:
    """Everybody who has credentials, and what there is to do something to."""

    def __init__(self, stack: LocalStack) -> None:
        client = Client(stack.urls)
        ada, bob = (client.sign_in(client.token(sub=name)).body for name in ("ada", "bob"))
        invitation = client.token(iss=stack.urls["issuer"] + GUESTS, sub="vera")
        vera = client.sign_in(invitation).body
        self.credentials = {
            "owner": stack.endpoint.admin_credentials(),
            "function": stack.endpoint.credentials("SigninFunctionRole"),
            "authorizer": stack.endpoint.credentials("AuthorizerFunctionRole"),
            "ada": ada["ChimeCredentials"],
            "vera": vera["ChimeCredentials"],
        }
        self.ids = {"vera": vera["ChimeUserId"]}
        self.roles = stack.endpoint.roles
        self.ada, self.bob = ada["ChimeAppInstanceUserArn"], bob["ChimeAppInstanceUserArn"]
        self.instance = ada["ChimeAppInstanceArn"]
        self._stack = stack
        self._clients: dict[tuple[str, str], Any] = {}
        self.other_instance = self.client("owner", "chime-sdk-identity").create_app_instance(Name="other")[
            "AppInstanceArn"
        ]
        self._create_secrets()

    def client(self, who: str, service: str) -> Any:
        if (who, service) not in self._clients:
            self._clients[who, service] = aws(self._stack, service, self.credentials[who])
        return self._clients[who, service]

    def may(self, who: str, service: str, operation: str, **parameters: Any) -> bool:
        """Tell whether the policies let a call through, whatever the service then says to it."""
        client = self.client(who, service)
        name = next(name for name, made_by in client.meta.method_to_api_mapping.items() if made_by == operation)
        try:
            getattr(client, name)(**parameters)
        except ClientError as error:
            return error.response["Error"]["Code"] not in DENIED
        return True

    def lets_through(self, who: str, service: str, values: dict[str, str]) -> set[str]:
        """Try all operations of a service, on what *values* say; return those that the policies let through."""
        model = self.client(who, service).meta.service_model
        return {
            operation
            for operation in model.operation_names
            if self.may(who, service, operation, **_required(model.operation_model(operation), values))
        }

    def _create_secrets(self) -> None:
        secrets = self.client("owner", "secretsmanager")
        suffix = [{"Key": "_custom_id_", "Value": "AbCdEf"}]  # moto's way of saying how the ARN ends
        for name in ("app", "other"):
            secrets.create_secret(Name=name, SecretString="between us", Tags=suffix)


def _required(operation: Any, values: dict[str, str]) -> dict[str, Any]:
    shape = operation.input_shape
    if shape is None:
        return {}
    others: dict[str, Any] = {"list": [], "structure": {}, "integer": 1}
    named = {*shape.required_members, *(shape.members.keys() & {"ChimeBearer"})}
    return {name: values.get(name, others.get(shape.members[name].type_name, "x")) for name in named}


def _about(instance: str, user: str) -> dict[str, str]:
    user_arn = f"{instance}/user/{user}"
    return {
        "AppInstanceArn": instance,
        "AppInstanceUserArn": user_arn,
        "AppInstanceAdminArn": user_arn,
        "AppInstanceUserId": user,
        "ChannelArn": f"{instance}/channel/general",
        "ChimeBearer": user_arn,
        "ResourceARN": user_arn,
        "Name": user,
        "Metadata": "",
    }


@pytest.fixture(scope="module")
def people(stack: LocalStack) -> People:
    return People(stack)


@pytest.mark.parametrize(
    ("who", "user", "identity", "messaging"),
    [
        pytest.param("ada", "ada", {"DescribeAppInstanceUser"}, MESSAGING_AS_ONESELF, id="Ada as herself"),
        pytest.param("ada", "bob", set(), {"GetMessagingSessionEndpoint"}, id="Ada as Bob"),
        pytest.param("ada", "ada/user/bob", set(), {"GetMessagingSessionEndpoint"}, id="Ada below herself"),
        pytest.param("ada", "*", set(), {"GetMessagingSessionEndpoint"}, id="Ada as everyone"),
        pytest.param("vera", "vera", {"DescribeAppInstanceUser"}, MESSAGING_AS_A_GUEST, id="a guest as herself"),
        pytest.param("vera", "ada", set(), {"GetMessagingSessionEndpoint"}, id="a guest as Ada"),
        pytest.param("vera", "*", set(), {"GetMessagingSessionEndpoint"}, id="a guest as everyone"),
        pytest.param(
            "function",
            "ada",
            {
                *("CreateAppInstanceUser", "DescribeAppInstanceUser", "UpdateAppInstanceUser"),
                "PutAppInstanceUserExpirationSettings",
            },
            set(),
            id="the sign-in function",
        ),
        pytest.param("authorizer", "ada", set(), set(), id="the authorizer"),
    ],
)
def test_role_may_do_exactly(people: People, who: str, user: str, identity: set[str], messaging: set[str]) -> None:
    about = _about(people.instance, people.ids.get(user, user))
    assert people.lets_through(who, "chime-sdk-identity", about) == identity
    assert people.lets_through(who, "chime-sdk-messaging", about) == messaging


@pytest.mark.parametrize("who", ["ada", "vera", "function", "authorizer"])
def test_nothing_is_allowed_in_another_app_instance(people: People, who: str) -> None:
    about = _about(people.other_instance, people.ids.get(who, "ada"))
    assert people.lets_through(who, "chime-sdk-identity", about) == set()
    assert people.lets_through(who, "chime-sdk-messaging", about) <= {"GetMessagingSessionEndpoint"}


def test_ada_speaks_in_no_channel_of_another_app_instance(people: People) -> None:
    about = {"ChimeBearer": people.ada, "Content": "hello", "Type": "STANDARD", "Persistence": "PERSISTENT"}
    for instance, allowed in ((people.instance, True), (people.other_instance, False)):
        channel = f"{instance}/channel/general"
        assert people.may("ada", "chime-sdk-messaging", "SendChannelMessage", ChannelArn=channel, **about) == allowed


def test_ada_describes_herself(people: People) -> None:
    chime = people.client("ada", "chime-sdk-identity")
    assert chime.describe_app_instance_user(AppInstanceUserArn=people.ada)["AppInstanceUser"]["Name"] == "ada"


@pytest.mark.parametrize(
    "more",
    [
        pytest.param({"Tags": [{"Key": "Team", "Value": "x"}]}, id="tags"),
    ],
)
def test_function_creates_users_but_none_with(people: People, more: dict[str, Any]) -> None:
    user = {"AppInstanceArn": people.instance, "AppInstanceUserId": "eve", "Name": "eve"}
    assert people.may("function", "chime-sdk-identity", "CreateAppInstanceUser", **user)
    assert not people.may("function", "chime-sdk-identity", "CreateAppInstanceUser", **user, **more)


def assumes(people: People, who: str, role: str = "UserRole", **change: Any) -> bool:
    request = {name: value for name, value in {**GOOD, **change}.items() if value is not None}
    return people.may(who, "sts", "AssumeRole", RoleArn=people.roles[role], **request)


@pytest.mark.parametrize(
    ("change", "allowed"),
    [
        pytest.param({}, True, id="with the tag"),
        pytest.param({"TransitiveTagKeys": ["UserUUID"]}, True, id="with the tag made transitive"),
        pytest.param({"SourceIdentity": "ada"}, True, id="with a source identity"),
        pytest.param({"Tags": None}, False, id="without a tag"),
        pytest.param({"Tags": None, "SourceIdentity": "ada"}, False, id="with a source identity instead of the tag"),
        pytest.param({"Tags": [{"Key": "UserUUID", "Value": ""}]}, False, id="with an empty tag"),
        pytest.param({"Tags": [{"Key": "useruuid", "Value": "ada"}]}, False, id="with the tag in another case"),
        pytest.param({"Tags": [{"Key": "Team", "Value": "ada"}]}, False, id="with another tag"),
        pytest.param({"Tags": [*GOOD["Tags"], {"Key": "Team", "Value": "x"}]}, False, id="with another tag besides"),
        pytest.param({"role": "GuestRole"}, True, id="for the role of guests"),
        pytest.param({"role": "GuestRole", "Tags": None}, False, id="for the role of guests, without a tag"),
        pytest.param({"role": "AuthorizerFunctionRole"}, False, id="for the authorizer's role"),
        pytest.param({"role": "SigninFunctionRole"}, False, id="for its own role"),
    ],
)
def test_function_assumes_the_user_role(people: People, change: dict[str, Any], allowed: bool) -> None:  # noqa: FBT001 - a table's column
    assert assumes(people, "function", **change) == allowed


@pytest.mark.parametrize("who", ["owner", "authorizer", "ada", "vera"])
@pytest.mark.parametrize("role", ["UserRole", "GuestRole", "SigninFunctionRole", "AuthorizerFunctionRole"])
def test_nobody_else_assumes_a_role(people: People, who: str, role: str) -> None:
    assert not assumes(people, who, role)


@pytest.mark.parametrize(
    ("who", "secret", "operation", "allowed"),
    [
        pytest.param("authorizer", SECRET_ARN, "GetSecretValue", True, id="the authorizer reads its secret"),
        pytest.param("authorizer", "app", "GetSecretValue", True, id="the authorizer reads it by name"),
        pytest.param("authorizer", "other", "GetSecretValue", False, id="the authorizer reads another"),
        pytest.param("authorizer", f"{SECRET_ARN}x", "GetSecretValue", False, id="the authorizer reads a missing one"),
        pytest.param("authorizer", "app", "DescribeSecret", True, id="the authorizer looks at it"),
        pytest.param("authorizer", "other", "DescribeSecret", False, id="the authorizer looks at another"),
        pytest.param("authorizer", "app", "PutSecretValue", False, id="the authorizer changes it"),
        pytest.param("authorizer", "app", "DeleteSecret", False, id="the authorizer deletes it"),
        pytest.param("function", "app", "GetSecretValue", False, id="the sign-in function"),
        pytest.param("ada", "app", "GetSecretValue", False, id="Ada"),
    ],
)
def test_secret_is_the_authorizers(
    people: People,
    who: str,
    secret: str,
    operation: str,
    allowed: bool,  # noqa: FBT001 - a table's column
) -> None:
    assert people.may(who, "secretsmanager", operation, SecretId=secret) == allowed


@pytest.mark.parametrize("who", ["ada", "vera", "function", "authorizer"])
@pytest.mark.parametrize(
    ("service", "operation"),
    [
        ("secretsmanager", "ListSecrets"),
        ("secretsmanager", "CreateSecret"),
        ("iam", "ListRoles"),
        ("iam", "CreateAccessKey"),
        ("cloudformation", "ListStacks"),
        ("sts", "GetSessionToken"),
    ],
)
def test_nobody_but_the_owner_does_anything_else(people: People, who: str, service: str, operation: str) -> None:
    assert not people.may(who, service, operation)


@pytest.mark.parametrize("who", ["ada", "function", "authorizer"])
def test_everybody_may_ask_who_they_are(people: People, who: str) -> None:
    assert people.may(who, "sts", "GetCallerIdentity")
