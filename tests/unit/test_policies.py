"""The policy engine: one good statement, then one change at a time."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.aws.policies import PolicyError, documents
from local.aws.policies.evaluation import UNKNOWN, Access, Decision, decide, decide_on_role
from local.aws.policies.patterns import Pattern
from local.aws.policies.principals import Principal

INSTANCE = "arn:aws:chime:us-east-1:123456789012:app-instance/one"
ADA = f"{INSTANCE}/user/ada"
GOOD: dict[str, Any] = {
    "Effect": "Allow",
    "Action": ["chime:Connect", "chime:DescribeAppInstanceUser"],
    "Resource": f"{INSTANCE}/user/${{aws:PrincipalTag/UserUUID}}",
    "Condition": {"StringLike": {"aws:PrincipalTag/UserUUID": "?*"}},
}
CONTEXT = {
    "aws:principaltag/useruuid": ("ada",),
    "aws:principalarn": ("arn:aws:iam::123456789012:role/User",),
    "aws:tagkeys": ("UserUUID", "Team"),
    "aws:currenttime": ("2026-01-01T12:00:00+00:00",),
    "aws:epochtime": ("1767268800",),
    "aws:securetransport": ("true",),
}


def parsed(*statements: Any, version: str | None = "2012-10-17", of_resource: bool = False) -> Any:
    versioned = {"Version": version} if version else {}
    return documents.parse(json.dumps({**versioned, "Statement": list(statements)}), of_resource=of_resource)


def decision(
    *statements: Any,
    action: str = "chime:Connect",
    resource: str = ADA,
    context: Any = CONTEXT,
    version: str | None = "2012-10-17",
) -> str:
    return decide(parsed(*statements, version=version), Access(action, resource, context)).value


def met(condition: Any, context: Any = CONTEXT) -> bool:
    return decision({**GOOD, "Resource": "*", "Condition": condition}, context=context) == "allowed"


def test_good_statement_allows() -> None:
    assert decision(GOOD) == "allowed"


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"Action": "chime:*"}, id="any action of the service"),
        pytest.param({"Action": "*"}, id="any action"),
        pytest.param({"Action": "CHIME:connect"}, id="the action in another case"),
        pytest.param({"Action": "chime:Conne?t"}, id="one character left open"),
        pytest.param({"Resource": "*"}, id="any resource"),
        pytest.param({"Resource": f"{INSTANCE}/user/*"}, id="any user"),
        pytest.param({"Resource": f"{INSTANCE}/user/ad?"}, id="a user with one letter left open"),
        pytest.param({"Resource": ["nothing", ADA]}, id="one of two resources"),
        pytest.param({"Resource": "arn:aws:chime:*:123456789012:app-instance/*"}, id="any region"),
        pytest.param({"Resource": "arn:aws:chime:*"}, id="a wildcard at the end, beyond the colons"),
        pytest.param({"Condition": {}}, id="no condition"),
    ],
)
def test_allowed_with(change: dict[str, Any]) -> None:
    assert decision({**GOOD, **change}) == "allowed"


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"Action": "chime:Connec"}, id="a shorter action"),
        pytest.param({"Action": "chime:Connect?"}, id="an action of one more character"),
        pytest.param({"Action": "sts:*"}, id="another service's actions"),
        pytest.param({"Resource": ADA.replace("/user/ada", "/user/Ada")}, id="a resource in another case"),
        pytest.param({"Resource": f"{INSTANCE}/user/ada?"}, id="a resource of one more character"),
        pytest.param({"Resource": INSTANCE}, id="the AppInstance alone"),
        pytest.param({"Resource": "arn:aws:*:app-instance/one/user/ada"}, id="a wildcard that would span colons"),
        pytest.param({"Resource": f"{INSTANCE}/user/${{aws:userid}}"}, id="a variable without a value"),
        pytest.param({"Condition": {"StringLike": {"aws:PrincipalTag/UserUUID": "b*"}}}, id="an unmet condition"),
    ],
)
def test_implicit_deny_with(change: dict[str, Any]) -> None:
    assert decision({**GOOD, **change}) == "implicit deny"


@pytest.mark.parametrize(
    ("tag", "resource", "decided"),
    [
        pytest.param("ada", f"{INSTANCE}/user/bob", "implicit deny", id="another user"),
        pytest.param("*", f"{INSTANCE}/user/bob", "implicit deny", id="a tag that is a wildcard"),
        pytest.param("ad?", ADA, "implicit deny", id="a tag with a question mark"),
        pytest.param("*", f"{INSTANCE}/user/*", "allowed", id="a wildcard for itself"),
        pytest.param("ada", f"{INSTANCE}/user/ada/", "implicit deny", id="more behind the user"),
        pytest.param("us-east-1:1", f"{INSTANCE}/user/us-east-1:1", "allowed", id="an id with a colon"),
    ],
)
def test_tag_pins_the_user(tag: str, resource: str, decided: str) -> None:
    assert decision(GOOD, resource=resource, context={"aws:principaltag/useruuid": (tag,)}) == decided


def test_missing_tag_matches_nothing() -> None:
    assert decision({**GOOD, "Condition": {}}, context={}) == "implicit deny"
    assert decision({**GOOD, "Condition": {}}, resource=f"{INSTANCE}/user/", context={}) == "implicit deny"


@given(st.text(alphabet="*?ab:/${}.", min_size=1), st.text(alphabet="*?ab:/${}.", min_size=1))
def test_value_of_a_variable_matches_only_itself(value: str, other: str) -> None:
    pattern, context = Pattern("user/${aws:userid}"), {"aws:userid": (value,)}
    assert pattern.covers(f"user/{value}", context)
    assert pattern.covers(f"user/{other}", context) == pattern.like(f"user/{other}", context) == (value == other)


@pytest.mark.parametrize(
    ("text", "value", "matches"),
    [
        pytest.param("${*}", "*", True, id="an escaped star"),
        pytest.param("${*}", "a", False, id="an escaped star is no wildcard"),
        pytest.param("${?}${$}", "?$", True, id="the other two"),
        pytest.param("a$b", "a$b", True, id="a lone dollar"),
        pytest.param("${aws:username, 'nobody'}", "nobody", True, id="a default"),
        pytest.param("${AWS:PrincipalTag/useruuid}", "ada", True, id="a variable in another case"),
        pytest.param("a.c", "abc", False, id="a dot is a dot"),
        pytest.param("a*c", "a\nc", True, id="a line break under a wildcard"),
    ],
)
def test_pattern(text: str, value: str, matches: bool) -> None:  # noqa: FBT001 - a table's column
    assert Pattern(text).like(value, CONTEXT) == matches


def test_older_version_has_no_variables() -> None:
    for version in ("2008-10-17", None):
        assert decision({**GOOD, "Condition": {}}, version=version) == "implicit deny"
        literal = f"{INSTANCE}/user/${{aws:PrincipalTag/UserUUID}}"
        assert decision({**GOOD, "Condition": {}}, resource=literal, version=version) == "allowed"


def test_no_statement_is_an_implicit_deny() -> None:
    assert decision() == "implicit deny"


def test_deny_wins_over_allow() -> None:
    assert decision(GOOD, {**GOOD, "Effect": "Deny"}, GOOD) == "explicit deny"
    assert decision(GOOD, {**GOOD, "Effect": "Deny", "Action": "chime:Delete*"}) == "allowed"


def test_all_but_some_actions_and_resources() -> None:
    others = {"Effect": "Allow", "NotAction": "chime:Delete*", "NotResource": f"{INSTANCE}/user/bob"}
    assert decision(others) == "allowed"
    assert decision(others, action="chime:DeleteAppInstanceUser") == "implicit deny"
    assert decision(others, resource=f"{INSTANCE}/user/bob") == "implicit deny"


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        pytest.param({"StringEquals": {"aws:PrincipalTag/UserUUID": "ada"}}, True, id="equal"),
        pytest.param({"StringEquals": {"AWS:principaltag/useruuid": "ada"}}, True, id="a key in another case"),
        pytest.param({"StringEquals": {"aws:PrincipalTag/UserUUID": "Ada"}}, False, id="equal but for case"),
        pytest.param({"StringEqualsIgnoreCase": {"aws:PrincipalTag/UserUUID": "Ada"}}, True, id="case ignored"),
        pytest.param({"StringEquals": {"aws:PrincipalTag/UserUUID": "a*"}}, False, id="equals has no wildcards"),
        pytest.param({"StringEquals": {"aws:PrincipalTag/UserUUID": ["b", "ada"]}}, True, id="one of two values"),
        pytest.param({"StringEquals": {"aws:PrincipalTag/Team": "x"}}, False, id="a missing key"),
        pytest.param({"StringEqualsIfExists": {"aws:PrincipalTag/Team": "x"}}, True, id="a missing key, if it exists"),
        pytest.param({"StringEqualsIfExists": {"aws:PrincipalTag/UserUUID": "x"}}, False, id="one that does exist"),
        pytest.param({"StringNotEquals": {"aws:PrincipalTag/UserUUID": "bob"}}, True, id="not equal"),
        pytest.param({"StringNotEquals": {"aws:PrincipalTag/UserUUID": ["b", "ada"]}}, False, id="not one of two"),
        pytest.param({"StringNotEquals": {"aws:PrincipalTag/Team": "x"}}, True, id="not equal to a missing key"),
        pytest.param({"StringNotLike": {"aws:PrincipalTag/UserUUID": "a*"}}, False, id="not like"),
        pytest.param({"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/*"}}, True, id="like an ARN"),
        pytest.param({"ArnEquals": {"aws:PrincipalArn": "arn:*:role/User"}}, False, id="an ARN part by part"),
        pytest.param({"ArnNotEquals": {"aws:PrincipalArn": "arn:aws:iam::*:role/User"}}, False, id="not an ARN"),
        pytest.param({"Null": {"aws:TokenIssueTime": "true"}}, True, id="no session"),
        pytest.param({"Null": {"aws:PrincipalTag/UserUUID": True}}, False, id="no tag"),
        pytest.param({"Null": {"aws:TagKeys": "false"}}, True, id="some tags"),
        pytest.param({"Bool": {"aws:SecureTransport": "true"}}, True, id="over TLS"),
        pytest.param({"Bool": {"aws:SecureTransport": False}}, False, id="not over TLS"),
        pytest.param({"DateLessThan": {"aws:CurrentTime": "2026-01-01T12:00:01Z"}}, True, id="before"),
        pytest.param({"DateLessThan": {"aws:CurrentTime": "2026-01-01T12:00:00Z"}}, False, id="not before itself"),
        pytest.param({"DateLessThanEquals": {"aws:CurrentTime": "2026-01-01T12:00:00Z"}}, True, id="not after"),
        pytest.param({"DateGreaterThan": {"aws:CurrentTime": "2026-01-01"}}, True, id="after midnight"),
        pytest.param({"DateGreaterThanEquals": {"aws:CurrentTime": "1767268800"}}, True, id="since, in seconds"),
        pytest.param({"DateNotEquals": {"aws:EpochTime": "2026-01-01T12:00:00Z"}}, False, id="at another time"),
        pytest.param({"DateLessThan": {"aws:TokenIssueTime": "2100-01-01T00:00:00Z"}}, False, id="a missing time"),
        pytest.param({"NumericLessThan": {"aws:EpochTime": 1767268801}}, True, id="less"),
        pytest.param({"NumericGreaterThanEquals": {"aws:EpochTime": "1767268801"}}, False, id="not less"),
        pytest.param({"NumericNotEquals": {"aws:EpochTime": "1"}}, True, id="another number"),
        pytest.param({"ForAllValues:StringEquals": {"aws:TagKeys": ["UserUUID", "Team"]}}, True, id="all are listed"),
        pytest.param({"ForAllValues:StringEquals": {"aws:TagKeys": ["UserUUID"]}}, False, id="one is not listed"),
        pytest.param({"ForAllValues:StringEquals": {"sts:TransitiveTagKeys": "x"}}, True, id="all of none"),
        pytest.param({"ForAnyValue:StringEquals": {"aws:TagKeys": ["Team", "x"]}}, True, id="one of them"),
        pytest.param({"ForAnyValue:StringEquals": {"sts:TransitiveTagKeys": "x"}}, False, id="one of none"),
        pytest.param({"ForAnyValue:StringNotEquals": {"aws:TagKeys": "Team"}}, True, id="one other"),
        pytest.param({"ForAllValues:StringNotEquals": {"aws:TagKeys": "Team"}}, False, id="all others"),
        pytest.param({"StringLike": {"aws:PrincipalTag/UserUUID": "${aws:PrincipalTag/UserUUID}"}}, True, id="itself"),
        pytest.param({"StringEquals": {"aws:PrincipalTag/UserUUID": "${aws:userid}"}}, False, id="an unresolved value"),
        pytest.param(
            {"StringLike": {"aws:PrincipalTag/UserUUID": "a*"}, "Bool": {"aws:SecureTransport": "false"}},
            False,
            id="two operators, one unmet",
        ),
        pytest.param(
            {"StringLike": {"aws:PrincipalTag/UserUUID": "a*", "aws:PrincipalTag/Team": "a*"}},
            False,
            id="two keys, one unmet",
        ),
    ],
)
def test_condition_is_met(condition: Any, expected: bool) -> None:  # noqa: FBT001 - a table's column
    assert met(condition) == expected


@pytest.mark.parametrize(
    ("change", "says"),
    [
        pytest.param({"Effect": "allow"}, "Effect", id="an effect in another case"),
        pytest.param({"Effect": None}, "Effect", id="no effect"),
        pytest.param({"NotAction": "x"}, "either Action or NotAction", id="both kinds of action"),
        pytest.param({"Action": []}, "Action has to be", id="no action"),
        pytest.param({"Resource": [7]}, "Resource has to be", id="a number for a resource"),
        pytest.param({"Resource": "${aws:FavouriteColour}"}, "FavouriteColour", id="an unknown variable"),
        pytest.param({"Resource": "${aws:TagKeys}"}, "several values", id="a variable with several values"),
        pytest.param({"Principal": "*"}, "Principal", id="a principal where none belongs"),
        pytest.param({"Conditions": {}}, "Conditions", id="a misspelt element"),
        pytest.param({"Condition": {"StringMatches": {"aws:userid": "x"}}}, "StringMatches", id="an unknown operator"),
        pytest.param({"Condition": {"StringEquals": {"aws:SourceIp": "x"}}}, "aws:SourceIp", id="an unknown key"),
        pytest.param({"Condition": {"IpAddress": {"aws:userid": "x"}}}, "IpAddress", id="an operator of no use here"),
        pytest.param({"Condition": {"NullIfExists": {"aws:userid": "true"}}}, "NullIfExists", id="null, if it exists"),
        pytest.param({"Condition": {"ForEach:StringLike": {"aws:userid": "x"}}}, "ForEach", id="another quantifier"),
        pytest.param({"Condition": {"StringEquals": {"aws:TagKeys": "x"}}}, "several values", id="no quantifier"),
        pytest.param({"Condition": {"StringEquals": {"aws:userid": []}}}, "no value", id="no value"),
        pytest.param({"Condition": {"StringEquals": {"aws:userid": None}}}, "None", id="null for a value"),
        pytest.param({"Condition": {"DateLessThan": {"aws:CurrentTime": "soon"}}}, "soon", id="not a date"),
        pytest.param({"Condition": {"NumericEquals": {"aws:EpochTime": "few"}}}, "few", id="not a number"),
        pytest.param({"Condition": {"Bool": {"aws:SecureTransport": "yes"}}}, "yes", id="neither true nor false"),
        pytest.param({"Condition": []}, "object", id="a list of conditions"),
    ],
)
def test_policy_error_for(change: dict[str, Any], says: str) -> None:
    with pytest.raises(PolicyError, match=says):
        parsed({**GOOD, **change})


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("{", id="not JSON"),
        pytest.param("[]", id="a list"),
        pytest.param('{"Version": "2026-01-01", "Statement": []}', id="another version"),
        pytest.param('{"Statements": []}', id="a misspelt member"),
        pytest.param('{"Statement": ["Allow"]}', id="a statement that is a string"),
    ],
)
def test_document_that_is_not_valid(text: str) -> None:
    with pytest.raises(PolicyError):
        documents.parse(text)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"Resource": None, "NotResource": "x${aws:userid}"}, id="all resources but an unresolved one"),
        pytest.param({"Condition": {"StringNotLike": {"aws:PrincipalTag/UserUUID": "${aws:userid}"}}}, id="not like"),
    ],
)
def test_unresolved_variable_in_a_negation_is_an_error(change: dict[str, Any]) -> None:
    statement = {name: value for name, value in {**GOOD, **change}.items() if value is not None}
    with pytest.raises(PolicyError, match="unresolved"):
        decision(statement)


def test_unknown_resource_is_decided_by_statements_about_all_resources() -> None:
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    assert decision(everything, resource=UNKNOWN) == "allowed"
    assert decision({**everything, "Action": "sts:*"}, resource=UNKNOWN) == "implicit deny"
    with pytest.raises(PolicyError, match="not known here on which resource"):
        decision(everything, {"Effect": "Deny", "Action": "chime:*", "Resource": ADA}, resource=UNKNOWN)


ROLE = "arn:aws:iam::123456789012:role/User"
FUNCTION = "arn:aws:iam::123456789012:role/Function"
SESSION = "arn:aws:sts::123456789012:assumed-role/Function/Function"
CALLER = Principal("123456789012", frozenset({FUNCTION, SESSION}))
MAY_ASSUME = {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": ROLE}
TRUST = {"Effect": "Allow", "Principal": {"AWS": FUNCTION}, "Action": "sts:AssumeRole"}


def on_role(own: list[Any], trust: list[Any], *, own_required: bool = False) -> Decision:
    access = Access("sts:AssumeRole", ROLE, {})
    return decide_on_role(parsed(*own), parsed(*trust, of_resource=True), CALLER, access, own_required=own_required)


@pytest.mark.parametrize(
    ("principal", "alone", "with_own_permission"),
    [
        pytest.param({"AWS": FUNCTION}, True, True, id="the caller's role"),
        pytest.param({"AWS": SESSION}, True, True, id="the caller's session"),
        pytest.param({"AWS": "*"}, True, True, id="everyone"),
        pytest.param("*", True, True, id="everyone, in short"),
        pytest.param({"AWS": "arn:aws:iam::123456789012:root"}, False, True, id="the account"),
        pytest.param({"AWS": "123456789012"}, False, True, id="the account by its number"),
        pytest.param({"AWS": ["210987654321", "123456789012"]}, False, True, id="two accounts"),
        pytest.param({"AWS": "210987654321"}, False, False, id="another account"),
        pytest.param({"AWS": f"{FUNCTION}s"}, False, False, id="another role"),
        pytest.param({"AWS": f"{SESSION}s"}, False, False, id="another session"),
        pytest.param({"Service": "lambda.amazonaws.com"}, False, False, id="a service"),
    ],
)
def test_trust_policy_with_the_principal(principal: Any, alone: bool, with_own_permission: bool) -> None:  # noqa: FBT001
    trust = {**TRUST, "Principal": principal}
    assert (on_role([], [trust]) is Decision.ALLOWED) == alone
    assert (on_role([MAY_ASSUME], [trust]) is Decision.ALLOWED) == with_own_permission


def test_permission_without_trust_is_not_enough() -> None:
    assert on_role([MAY_ASSUME], []) is Decision.IMPLICIT_DENY


def test_where_own_permission_is_required_trust_is_not_enough() -> None:
    assert on_role([], [TRUST], own_required=True) is Decision.IMPLICIT_DENY
    assert on_role([MAY_ASSUME], [TRUST], own_required=True) is Decision.ALLOWED


@pytest.mark.parametrize("principal", [{"AWS": FUNCTION}, {"AWS": "123456789012"}, "*"], ids=["role", "account", "all"])
def test_trust_policy_denies(principal: Any) -> None:
    assert on_role([MAY_ASSUME], [TRUST, {**TRUST, "Principal": principal, "Effect": "Deny"}]) is Decision.EXPLICIT_DENY


def test_own_policy_denies_what_trust_allows() -> None:
    assert on_role([{**MAY_ASSUME, "Effect": "Deny"}], [TRUST]) is Decision.EXPLICIT_DENY


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"Principal": None}, id="no principal"),
        pytest.param({"Principal": {}}, id="an empty one"),
        pytest.param({"Principal": {"Aws": "*"}}, id="an unknown kind"),
        pytest.param({"Principal": {"AWS": "arn:aws:iam::123456789012:role/*"}}, id="a wildcard in an ARN"),
        pytest.param({"NotPrincipal": {"AWS": "123456789012"}}, id="all but one"),
        pytest.param({"Resource": "*"}, id="a resource"),
    ],
)
def test_trust_policy_is_refused_with(change: dict[str, Any]) -> None:
    with pytest.raises(PolicyError):
        parsed({**TRUST, **change}, of_resource=True)
