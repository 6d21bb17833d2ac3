"""
Say what a user may do in a channel, by role.

`RULES` is the four tables of https://docs.aws.amazon.com/chime-sdk/latest/dg/auth-by-role.html: one line for each
operation and one column for each role. Who has several roles may do what any of them may. A comment says which cells
are inferred, because the guide has no such line or contradicts itself there.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .channels import Channel
    from .users import Users


class Rule(Enum):
    """What a role may do: always, never, or under a condition."""

    ALLOWED = "Allowed"
    DENIED = "Denied"
    IF_MEMBER = "Allowed to those who are members too"
    IF_SHOWN = "Allowed to those who are members too, and not hidden ones"
    IF_PUBLIC = "Allowed in public channels"
    IF_UNRESTRICTED = "Allowed in unrestricted channels"
    IF_OWN = "Allowed on what is the caller's own: their ARN, their membership, their message"
    IF_JOINING = "Allowed to add oneself to a public channel"


_YES, _NO, _MEMBER, _PUBLIC, _OWN = Rule.ALLOWED, Rule.DENIED, Rule.IF_MEMBER, Rule.IF_PUBLIC, Rule.IF_OWN
_UNRESTRICTED, _JOINING, _SHOWN = Rule.IF_UNRESTRICTED, Rule.IF_JOINING, Rule.IF_SHOWN

ROLES = ("AppInstanceAdmin", "ChannelModerator", "Member", "Non-member")
"""The columns of `RULES`."""

RULES: dict[str, tuple[Rule, Rule, Rule, Rule]] = {
    "UpdateChannel": (_YES, _YES, _NO, _NO),
    "DeleteChannel": (_YES, _YES, _NO, _NO),
    # The guide lets moderators and members describe public channels only. That they may describe their own, too, is
    # inferred: they may list those with the same details, and Amazon's demo describes private channels.
    "DescribeChannel": (_YES, _YES, _YES, _PUBLIC),
    "ListChannelMembershipsForAppInstanceUser": (_YES, _OWN, _OWN, _OWN),
    # The guide lets non-members name another user, and members not. That only administrators may is inferred from
    # ListChannelMembershipsForAppInstanceUser, of which the API reference says so.
    "DescribeChannelMembershipForAppInstanceUser": (_YES, _OWN, _OWN, _OWN),
    "ListChannelsModeratedByAppInstanceUser": (_YES, _OWN, _OWN, _OWN),
    # Of moderators and members the guide says: "You can also populate an AppInstanceUserArn with another one".
    "DescribeChannelModeratedByAppInstanceUser": (_YES, _YES, _YES, _OWN),
    # The guide denies it to non-members, but lets "any user add themselves" to public channels (messaging-concepts).
    # That a restricted one is no exception is from Amazon's demo: it creates no other, and lets everybody join them.
    "CreateChannelMembership": (_YES, _YES, _UNRESTRICTED, _JOINING),
    # Inferred from CreateChannelMembership: the guide has no such line.
    "BatchCreateChannelMembership": (_YES, _YES, _UNRESTRICTED, _NO),
    "DescribeChannelMembership": (_YES, _YES, _YES, _PUBLIC),
    "ListChannelMemberships": (_YES, _YES, _YES, _PUBLIC),
    # The guide allows it to members without a condition. That they may only leave is inferred from the API reference:
    # members "leave the channel" (CreateChannelMembership), moderators "remove other members" (CreateChannelModerator).
    "DeleteChannelMembership": (_YES, _YES, _OWN, _NO),
    # That hidden members cannot write is from messaging-concepts.
    "SendChannelMessage": (_SHOWN, _SHOWN, _SHOWN, _NO),
    "GetChannelMessage": (_YES, _YES, _YES, _PUBLIC),
    "ListChannelMessages": (_YES, _YES, _YES, _PUBLIC),
    # The guide has both Denied and Allowed for members. That they may not is inferred from the API reference, in which
    # CreateAppInstanceAdmin names it as what administrators may do beyond moderators.
    "DeleteChannelMessage": (_YES, _NO, _NO, _NO),
    "RedactChannelMessage": (_YES, _YES, _OWN, _NO),
    "UpdateChannelMessage": (_OWN, _OWN, _OWN, _NO),
    "GetChannelMessageStatus": (_OWN, _OWN, _OWN, _OWN),
    "UpdateChannelReadMarker": (_MEMBER, _MEMBER, _YES, _NO),
    # From the API reference: members, on their own membership, whatever other role they have.
    "GetChannelMembershipPreferences": (_NO, _NO, _OWN, _NO),
    "PutChannelMembershipPreferences": (_NO, _NO, _OWN, _NO),
    "CreateChannelModerator": (_YES, _MEMBER, _NO, _NO),
    "DeleteChannelModerator": (_YES, _YES, _NO, _NO),
    "DescribeChannelModerator": (_YES, _YES, _NO, _NO),
    "ListChannelModerators": (_YES, _YES, _NO, _NO),
    "CreateChannelBan": (_YES, _YES, _NO, _NO),
    "DeleteChannelBan": (_YES, _YES, _NO, _NO),
    "DescribeChannelBan": (_YES, _YES, _NO, _NO),
    "ListChannelBans": (_YES, _YES, _NO, _NO),
}


def is_allowed(operation: str, channel: Channel, bearer_arn: str, owner_arn: str | None, users: Users) -> bool:
    """
    Tell whether the bearer may do *operation* in the channel.

    *owner_arn* is whose the thing is that the operation is about: the user in AppInstanceUserArn or MemberArn, or the
    sender of the message; None if it is about the channel.
    """
    rules = [
        rule for role, rule in zip(ROLES, RULES[operation], strict=True) if role in roles_of(bearer_arn, channel, users)
    ]
    return any(_holds(rule, channel, bearer_arn, owner_arn) for rule in rules)


def may_list(operation: str, bearer_arn: str, user_arn: str, users: Users) -> bool:
    """Tell whether the bearer may list channels of a user of the same AppInstance. Roles in channels do not count."""
    rule = RULES[operation][0 if users.is_admin(bearer_arn) else -1]
    return rule is Rule.ALLOWED or (rule is Rule.IF_OWN and user_arn == bearer_arn)


def sees_hidden_members(channel: Channel, user_arn: str, users: Users) -> bool:
    """Tell whether a user is a moderator of the channel or an administrator."""
    return user_arn in channel.moderators or users.is_admin(user_arn)


def roles_of(user_arn: str, channel: Channel, users: Users) -> set[str]:
    """Return the roles of a user of the channel's AppInstance in that channel; there is at least one."""
    is_member = user_arn in channel.members
    held = (users.is_admin(user_arn), user_arn in channel.moderators, is_member, not is_member)
    return {role for role, holds in zip(ROLES, held, strict=True) if holds}


def _holds(rule: Rule, channel: Channel, bearer_arn: str, owner_arn: str | None) -> bool:
    is_own, is_public = owner_arn == bearer_arn, channel.privacy == "PUBLIC"
    is_unrestricted = channel.mode == "UNRESTRICTED"
    return {
        Rule.ALLOWED: True,
        Rule.DENIED: False,
        Rule.IF_MEMBER: bearer_arn in channel.members,
        Rule.IF_SHOWN: bearer_arn in channel.members and channel.members[bearer_arn].type != "HIDDEN",
        Rule.IF_PUBLIC: is_public,
        Rule.IF_UNRESTRICTED: is_unrestricted,
        Rule.IF_OWN: is_own,
        Rule.IF_JOINING: is_own and is_public,
    }[rule]
