"""The role table against the four tables of the developer guide."""

from __future__ import annotations

import pytest

from local.chime.chimesdkmessaging.roles import ROLES, RULES, Rule

# https://docs.aws.amazon.com/chime-sdk/latest/dg/auth-by-role.html, of February 2023 (the last version on GitHub):
# A is Allowed, R is Allowed with restriction, D is Denied; in the order of ROLES. ListSubChannels and the operations of
# channel flows are left out, because they are not implemented.
GUIDE = """
UpdateChannel A A D D
DeleteChannel A A D D
DescribeChannel A R R R
ListChannelMembershipsForAppInstanceUser A R R R
DescribeChannelMembershipForAppInstanceUser A R R R
ListChannelsModeratedByAppInstanceUser A R R R
DescribeChannelModeratedByAppInstanceUser A R R R
CreateChannelMembership A A R D
DescribeChannelMembership A A A R
ListChannelMemberships A A A R
DeleteChannelMembership A A A D
SendChannelMessage R R A D
GetChannelMessage A A A R
ListChannelMessages A A A R
DeleteChannelMessage A D D D
RedactChannelMessage A A R D
UpdateChannelMessage R R R D
GetChannelMessageStatus R R R R
UpdateChannelReadMarker R R R D
CreateChannelModerator A A D D
DeleteChannelModerator A A D D
DescribeChannelModerator A A D D
ListChannelModerators A A D D
CreateChannelBan R R D D
DeleteChannelBan R R D D
DescribeChannelBan A A D D
ListChannelBans A A D D
"""
OTHERWISE = {
    ("DescribeChannel", "ChannelModerator"): "their own channels, too",
    ("DescribeChannel", "Member"): "their own channels, too",
    ("DescribeChannelModeratedByAppInstanceUser", "ChannelModerator"): "the restriction is that any user may be named",
    ("DescribeChannelModeratedByAppInstanceUser", "Member"): "the restriction is that any user may be named",
    ("CreateChannelMembership", "Non-member"): "joining a public channel, as Amazon's demo does",
    ("DeleteChannelMembership", "Member"): "leaving only, as the API reference has it",
    ("SendChannelMessage", "Member"): "not for hidden members, as the guide says elsewhere",
    ("UpdateChannelReadMarker", "Member"): "the restriction is for elastic channels, which are not here",
    ("CreateChannelModerator", "ChannelModerator"): "the note says that a membership comes first",
    ("CreateChannelBan", "AppInstanceAdmin"): "the restriction is whom one bans, which is not a matter of role",
    ("CreateChannelBan", "ChannelModerator"): "the restriction is whom one bans, which is not a matter of role",
    ("DeleteChannelBan", "AppInstanceAdmin"): "no restriction is named",
    ("DeleteChannelBan", "ChannelModerator"): "no restriction is named",
}
"""The cells that are not as the guide's, each with the reason."""
NOT_IN_THE_GUIDE = {
    "BatchCreateChannelMembership",
    "GetChannelMembershipPreferences",
    "PutChannelMembershipPreferences",
}
LINES = [line.split() for line in GUIDE.split("\n") if line]


def letter(rule: Rule) -> str:
    return {Rule.ALLOWED: "A", Rule.DENIED: "D"}.get(rule, "R")


@pytest.mark.parametrize("line", LINES, ids=lambda line: str(line[0]))
def test_line_is_the_guides(line: list[str]) -> None:
    operation, *guide = line
    ours = [letter(rule) for rule in RULES[operation]]
    differing = {(operation, role) for role, one, other in zip(ROLES, ours, guide, strict=True) if one != other}
    assert differing == {cell for cell in OTHERWISE if cell[0] == operation}


def test_table_has_the_guides_lines_and_three_more() -> None:
    assert RULES.keys() == {line[0] for line in LINES} | NOT_IN_THE_GUIDE
