"""Each cell of the role table, through boto3: who may do what in a channel, and who may not."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from botocore import xform_name
from botocore.exceptions import ClientError

from local.chime.chimesdkmessaging.roles import ROLES, RULES, Rule
from tests.integration.local_aws.messaging import create, send

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.integration.conftest import Aws

REFUSED_BY_ROLE = "The channel does not exist or you may not do this in it."
LISTS = {"ListChannelMembershipsForAppInstanceUser", "ListChannelsModeratedByAppInstanceUser"}
"""Not about one channel: they have tests of their own below."""
BEARERS = dict(zip(ROLES, ("eve", "mod", "bob", "carol"), strict=True))


@dataclass
class Case:
    """
    One call by a user with one role, in a fresh channel of Ada's, of which Dan is a member too.

    *own* tells whether the call is about the bearer (their ARN, membership, message) or about somebody else.
    """

    messaging: Any
    app_instance: str
    role: str
    privacy: str
    mode: str
    own: bool
    joined: bool
    """Whether an administrator or a moderator is a member too."""
    channel: str = field(init=False)

    def __post_init__(self) -> None:
        """Create the channel."""
        modes = {"Privacy": self.privacy, "Mode": self.mode}
        self.channel = create(
            self.messaging,
            self.app_instance,
            self.arn("ada"),
            MemberArns=[self.arn("dan"), *([self.bearer] if self.is_member else [])],
            **({"ModeratorArns": [self.bearer]} if self.role == "ChannelModerator" else {}),
            **modes,
        )

    def arn(self, name: str) -> str:
        return f"{self.app_instance}/user/{name}"

    @property
    def bearer(self) -> str:
        return self.arn(BEARERS[self.role])

    @property
    def is_member(self) -> bool:
        return self.role == "Member" or self.joined

    @property
    def subject(self) -> str:
        return self.bearer if self.own else self.arn("dan")

    def as_ada(self, operation: str, **more: Any) -> Any:
        return getattr(self.messaging, operation)(ChannelArn=self.channel, ChimeBearer=self.arn("ada"), **more)

    def message(self) -> str:
        """Return the id of a message of the bearer, who is a member while writing it, or of Dan's."""
        if self.own and not self.is_member:
            self.as_ada("create_channel_membership", MemberArn=self.bearer, Type="DEFAULT")
        sent = send(self.messaging, self.channel, self.subject)
        if self.own and not self.is_member:
            self.as_ada("delete_channel_membership", MemberArn=self.bearer)
        return str(sent["MessageId"])

    def expected(self, rule: Rule) -> bool:
        """Tell whether *rule* lets the call pass."""
        return {
            Rule.ALLOWED: True,
            Rule.DENIED: False,
            Rule.IF_MEMBER: self.is_member,
            Rule.IF_SHOWN: self.is_member,
            Rule.IF_PUBLIC: self.privacy == "PUBLIC",
            Rule.IF_UNRESTRICTED: self.mode == "UNRESTRICTED",
            Rule.IF_OWN: self.own,
            Rule.IF_JOINING: self.own and self.privacy == "PUBLIC",
        }[rule]


def about(name: str) -> Callable[[Case], dict[str, Any]]:
    return lambda case: {name: case.subject}


def banned(case: Case) -> dict[str, Any]:
    case.as_ada("create_channel_ban", MemberArn=case.arn("dan"))
    return {"MemberArn": case.arn("dan")}


def newcomer(case: Case) -> str:
    return case.bearer if case.own else case.arn("frank")


PARAMETERS: dict[str, Callable[[Case], dict[str, Any]]] = {
    "UpdateChannel": lambda _: {"Name": "Other"},
    "DeleteChannel": lambda _: {},
    "DescribeChannel": lambda _: {},
    "DescribeChannelMembershipForAppInstanceUser": about("AppInstanceUserArn"),
    "DescribeChannelModeratedByAppInstanceUser": about("AppInstanceUserArn"),
    "CreateChannelMembership": lambda case: {"MemberArn": newcomer(case), "Type": "DEFAULT"},
    "BatchCreateChannelMembership": lambda case: {"MemberArns": [newcomer(case)]},
    "DescribeChannelMembership": about("MemberArn"),
    "ListChannelMemberships": lambda _: {},
    "DeleteChannelMembership": about("MemberArn"),
    "SendChannelMessage": lambda _: {"Content": "x", "Type": "STANDARD", "Persistence": "PERSISTENT"},
    "GetChannelMessage": lambda case: {"MessageId": case.message()},
    "ListChannelMessages": lambda _: {},
    "DeleteChannelMessage": lambda case: {"MessageId": case.message()},
    "RedactChannelMessage": lambda case: {"MessageId": case.message()},
    "UpdateChannelMessage": lambda case: {"MessageId": case.message(), "Content": "y"},
    "GetChannelMessageStatus": lambda case: {"MessageId": case.message()},
    "UpdateChannelReadMarker": lambda _: {},
    "GetChannelMembershipPreferences": about("MemberArn"),
    "PutChannelMembershipPreferences": lambda case: {
        "MemberArn": case.subject,
        "Preferences": {"PushNotifications": {"AllowNotifications": "NONE"}},
    },
    "CreateChannelModerator": lambda case: {"ChannelModeratorArn": case.arn("dan")},
    "DeleteChannelModerator": lambda case: {"ChannelModeratorArn": case.arn("ada")},
    "DescribeChannelModerator": lambda case: {"ChannelModeratorArn": case.arn("ada")},
    "ListChannelModerators": lambda _: {},
    "CreateChannelBan": lambda case: {"MemberArn": case.arn("dan")},
    "DeleteChannelBan": banned,
    "DescribeChannelBan": banned,
    "ListChannelBans": lambda _: {},
}
"""What is asked for beside the channel and the bearer."""

ABOUT_SOMEBODY = PARAMETERS.keys() - {
    "UpdateChannel",
    "DeleteChannel",
    "DescribeChannel",
    "ListChannelMemberships",
    "SendChannelMessage",
    "ListChannelMessages",
    "UpdateChannelReadMarker",
    *(name for name in PARAMETERS if "Moderator" in name or "Ban" in name),
}
MODES = ("RESTRICTED", "UNRESTRICTED")
MODERATED = ["list_channels_moderated_by_app_instance_user"]


@pytest.fixture
def everybody(chime: Any, app_instance: str) -> str:
    """The AppInstance's ARN, with its users."""
    for name in ("ada", "bob", "carol", "dan", "eve", "frank", "mod"):
        chime.create_app_instance_user(AppInstanceArn=app_instance, AppInstanceUserId=name, Name=name.title())
    chime.create_app_instance_admin(AppInstanceArn=app_instance, AppInstanceAdminArn=f"{app_instance}/user/eve")
    return app_instance


def is_refused_by_role(case: Case, operation: str) -> bool:
    parameters = PARAMETERS[operation](case)
    call = getattr(case.messaging, xform_name(operation))
    try:
        call(ChannelArn=case.channel, ChimeBearer=case.bearer, **parameters)
    except ClientError as error:
        return error.response["Error"]["Message"] == REFUSED_BY_ROLE
    return False


def cases(messaging: Any, app_instance: str, operation: str) -> Iterator[Case]:
    """Yield the cases of an operation. Those that can make no difference are left out, because each takes its time."""
    modes = MODES if Rule.IF_UNRESTRICTED in RULES[operation] else MODES[:1]
    own = (False, True) if operation in ABOUT_SOMEBODY else (False,)
    for role in ROLES:
        joined = (False, True) if role in {"AppInstanceAdmin", "ChannelModerator"} else (False,)
        for choice in itertools.product(("PUBLIC", "PRIVATE"), modes, own, joined):
            yield Case(messaging, app_instance, role, *choice)


def rules(operation: str, case: Case) -> list[Rule]:
    """Return the cells that hold for the bearer: an administrator who is a member has both roles."""
    place = "Member" if case.is_member else "Non-member"
    return [RULES[operation][ROLES.index(role)] for role in {case.role, place}]


@pytest.mark.parametrize("operation", PARAMETERS)
def test_line_of_the_table(operation: str, messaging: Any, everybody: str) -> None:
    wrong = [
        case
        for case in cases(messaging, everybody, operation)
        if is_refused_by_role(case, operation) == any(case.expected(rule) for rule in rules(operation, case))
    ]
    assert wrong == []


def test_every_line_of_the_table_is_tested() -> None:
    assert PARAMETERS.keys() | LISTS == RULES.keys()


@pytest.mark.parametrize("operation", ["list_channel_memberships_for_app_instance_user", *MODERATED])
@pytest.mark.parametrize(
    ("bearer", "user", "allowed"),
    [
        pytest.param("ada", None, True, id="one's own by default"),
        pytest.param("ada", "ada", True, id="one's own"),
        pytest.param("ada", "bob", False, id="another's"),
        pytest.param("eve", "bob", True, id="another's, as an administrator"),
        pytest.param("eve", "nobody", False, id="nobody's, as an administrator"),
        pytest.param("nobody", "nobody", False, id="one's own, as nobody"),
    ],
)
def test_channels_of_a_user_are_listed(  # noqa: PLR0913 - who, whose, and where
    *, operation: str, bearer: str, user: str | None, allowed: bool, messaging: Any, everybody: str
) -> None:
    whose = {"AppInstanceUserArn": f"{everybody}/user/{user}"} if user else {}
    call = getattr(messaging, operation)
    if allowed:
        call(ChimeBearer=f"{everybody}/user/{bearer}", **whose)
        return
    with pytest.raises(messaging.exceptions.ForbiddenException):
        call(ChimeBearer=f"{everybody}/user/{bearer}", **whose)


@pytest.mark.parametrize("operation", ["list_channel_memberships_for_app_instance_user", *MODERATED])
def test_administrator_lists_no_channels_of_another_app_instance(
    operation: str, chime: Any, messaging: Any, everybody: str
) -> None:
    other = chime.create_app_instance(Name="Other")["AppInstanceArn"]
    boss = chime.create_app_instance_user(AppInstanceArn=other, AppInstanceUserId="boss", Name="Boss")
    chime.create_app_instance_admin(AppInstanceArn=other, AppInstanceAdminArn=boss["AppInstanceUserArn"])
    with pytest.raises(messaging.exceptions.ForbiddenException):
        getattr(messaging, operation)(
            ChimeBearer=boss["AppInstanceUserArn"], AppInstanceUserArn=f"{everybody}/user/ada"
        )


def test_hidden_member_cannot_write(messaging: Any, everybody: str) -> None:
    case = Case(messaging, everybody, "AppInstanceAdmin", "PRIVATE", "RESTRICTED", own=False, joined=False)
    case.as_ada("create_channel_membership", MemberArn=case.bearer, Type="HIDDEN")
    messaging.list_channel_messages(ChannelArn=case.channel, ChimeBearer=case.bearer)
    with pytest.raises(messaging.exceptions.ForbiddenException):
        send(messaging, case.channel, case.bearer)


@pytest.mark.parametrize("channel", ["there", "missing"])
def test_iam_is_asked_before_the_role_is(channel: str, aws: Aws, messaging: Any, everybody: str) -> None:
    ada = f"{everybody}/user/ada"
    arn = create(messaging, everybody, ada, ChannelId="there").replace("there", channel)
    aws.role("reader", {"Effect": "Allow", "Action": "chime:DescribeChannel", "Resource": "*"})
    reader = aws.as_role("reader", "chime-sdk-messaging")
    with pytest.raises(ClientError) as refused:
        reader.delete_channel(ChannelArn=arn, ChimeBearer=ada)
    assert refused.value.response["Error"]["Code"] == "AccessDeniedException"
    assert messaging.describe_channel(ChannelArn=f"{everybody}/channel/there", ChimeBearer=ada)
