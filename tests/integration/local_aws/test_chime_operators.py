"""The operations of Chime SDK identity for operators: tags, expiration settings, administrators."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from tests.integration.conftest import Aws

TEAM = {"Key": "Team", "Value": "engines"}
EXPIRATION = {"ExpirationDays": 30, "ExpirationCriterion": "CREATED_TIMESTAMP"}


@pytest.fixture
def ada(chime: Any, app_instance: str) -> str:
    """A user's ARN."""
    made = chime.create_app_instance_user(AppInstanceArn=app_instance, AppInstanceUserId="ada", Name="Ada", Tags=[TEAM])
    return str(made["AppInstanceUserArn"])


def tags(chime: Any, arn: str) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in chime.list_tags_for_resource(ResourceARN=arn)["Tags"]}


def code(call: Any, **parameters: Any) -> str:
    """Return the code of the refusal."""
    with pytest.raises(ClientError) as refused:
        call(**parameters)
    return str(refused.value.response["Error"]["Code"])


def test_user_has_the_tags_it_was_created_with(chime: Any, ada: str) -> None:
    assert tags(chime, ada) == {"Team": "engines"}


def test_tags_are_added_replaced_and_removed(chime: Any, ada: str) -> None:
    answer = chime.tag_resource(
        ResourceARN=ada, Tags=[{"Key": "Team", "Value": "poets"}, {"Key": "vip", "Value": "yes"}]
    )
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 204
    assert tags(chime, ada) == {"Team": "poets", "vip": "yes"}
    chime.untag_resource(ResourceARN=ada, TagKeys=["Team", "never there"])
    assert tags(chime, ada) == {"vip": "yes"}


def test_app_instance_has_tags_of_its_own(chime: Any, app_instance: str, ada: str) -> None:
    chime.tag_resource(ResourceARN=app_instance, Tags=[{"Key": "Stage", "Value": "live"}])
    assert tags(chime, app_instance) == {"Stage": "live"}
    assert tags(chime, ada) == {"Team": "engines"}


def test_fifty_tags_are_the_most(chime: Any, ada: str) -> None:
    chime.tag_resource(ResourceARN=ada, Tags=[{"Key": str(number), "Value": "x"} for number in range(49)])
    assert len(tags(chime, ada)) == 50
    over = [{"Key": "one more", "Value": "x"}]
    assert code(chime.tag_resource, ResourceARN=ada, Tags=over) == "ResourceLimitExceededException"
    assert "one more" not in tags(chime, ada)


@pytest.mark.parametrize("operation", ["tag_resource", "untag_resource", "list_tags_for_resource"])
def test_tags_of_a_missing_user_are_forbidden(chime: Any, app_instance: str, operation: str) -> None:
    parameters: dict[str, Any] = {"tag_resource": {"Tags": [TEAM]}, "untag_resource": {"TagKeys": ["Team"]}}
    arn = f"{app_instance}/user/bob"
    call = getattr(chime, operation)
    assert code(call, ResourceARN=arn, **parameters.get(operation, {})) == "ForbiddenException"


def test_expiration_is_set_shown_and_removed(chime: Any, ada: str) -> None:
    put, describe = chime.put_app_instance_user_expiration_settings, chime.describe_app_instance_user
    assert put(AppInstanceUserArn=ada, ExpirationSettings=EXPIRATION)["ExpirationSettings"] == EXPIRATION
    assert describe(AppInstanceUserArn=ada)["AppInstanceUser"]["ExpirationSettings"] == EXPIRATION
    assert "ExpirationSettings" not in put(AppInstanceUserArn=ada)
    assert "ExpirationSettings" not in describe(AppInstanceUserArn=ada)["AppInstanceUser"]


DAY = 24 * 3600
SIX_HOURS = 6 * 3600


@pytest.mark.parametrize(
    ("seconds", "is_there"),
    [
        pytest.param(30 * DAY, True, id="expired just now"),
        pytest.param(30 * DAY + SIX_HOURS - 60, True, id="expired, and not deleted yet"),
        pytest.param(30 * DAY + SIX_HOURS, False, id="deleted"),
    ],
)
def test_expired_user_is_active_until_the_background_process_deletes_them(
    aws: Aws, chime: Any, ada: str, seconds: int, *, is_there: bool
) -> None:
    chime.put_app_instance_user_expiration_settings(AppInstanceUserArn=ada, ExpirationSettings=EXPIRATION)

    assert aws.local("POST", "users/clock", {"advance_seconds": seconds})[0] == 200

    listed = chime.list_app_instance_users(AppInstanceArn=ada.partition("/user/")[0])["AppInstanceUsers"]
    assert [user["AppInstanceUserArn"] for user in listed] == ([ada] if is_there else [])
    described = chime.describe_app_instance_user
    if is_there:
        assert described(AppInstanceUserArn=ada)["AppInstanceUser"]["ExpirationSettings"] == EXPIRATION
    else:
        with pytest.raises(chime.exceptions.ForbiddenException):
            described(AppInstanceUserArn=ada)


def test_user_without_an_expiration_stays(aws: Aws, chime: Any, ada: str) -> None:
    aws.local("POST", "users/clock", {"advance_seconds": 5475 * DAY})

    assert chime.describe_app_instance_user(AppInstanceUserArn=ada)


def test_expired_user_is_kept_by_new_settings_that_count_from_the_creation(aws: Aws, chime: Any, ada: str) -> None:
    put = chime.put_app_instance_user_expiration_settings
    put(AppInstanceUserArn=ada, ExpirationSettings=EXPIRATION)
    aws.local("POST", "users/clock", {"advance_seconds": 30 * DAY + 60})

    put(AppInstanceUserArn=ada, ExpirationSettings=EXPIRATION | {"ExpirationDays": 61})
    aws.local("POST", "users/clock", {"advance_seconds": 30 * DAY})

    assert chime.describe_app_instance_user(AppInstanceUserArn=ada)


def test_deleted_user_is_created_anew_and_in_no_channel(
    aws: Aws, chime: Any, messaging: Any, app_instance: str, ada: str
) -> None:
    guest = {"AppInstanceArn": app_instance, "AppInstanceUserId": "guest", "Name": "Grace"}
    arn = chime.create_app_instance_user(**guest, ExpirationSettings=EXPIRATION)["AppInstanceUserArn"]
    opened = {"name": "Engines", "creator": ada, "members": [arn]}
    channel = aws.local("POST", "channels", opened)[1]["ChannelArn"]
    aws.local("POST", "users/clock", {"advance_seconds": 31 * DAY})

    # The first request after it is one of messaging: the user is gone there, too.
    members = messaging.list_channel_memberships(ChannelArn=channel, ChimeBearer=ada)["ChannelMemberships"]
    assert [each["Member"]["Arn"] for each in members] == [ada]
    assert chime.create_app_instance_user(**guest, ExpirationSettings=EXPIRATION)["AppInstanceUserArn"] == arn
    created = chime.describe_app_instance_user(AppInstanceUserArn=arn)["AppInstanceUser"]["CreatedTimestamp"]
    assert (datetime.now(UTC) - created).total_seconds() < DAY


@pytest.mark.parametrize(
    ("body", "field"),
    [
        pytest.param({}, "body", id="nothing"),
        pytest.param({"advance_seconds": -1}, "advance_seconds", id="a negative time"),
        pytest.param({"advance_seconds": True}, "advance_seconds", id="no number"),
    ],
)
def test_clock_of_users_is_moved_by_seconds(aws: Aws, body: dict[str, Any], field: str) -> None:
    status, error = aws.local("POST", "users/clock", body)

    assert (status, error["field"]) == (400, field)


def test_user_is_created_with_an_expiration(chime: Any, app_instance: str) -> None:
    user = {"AppInstanceArn": app_instance, "AppInstanceUserId": "bob", "Name": "Bob"}
    arn = chime.create_app_instance_user(**user, ExpirationSettings=EXPIRATION)["AppInstanceUserArn"]
    described = chime.describe_app_instance_user(AppInstanceUserArn=arn)["AppInstanceUser"]
    assert described["ExpirationSettings"] == EXPIRATION


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"ExpirationDays": 0}, id="no day"),
        pytest.param({"ExpirationCriterion": "LAST_SEEN"}, id="another criterion"),
    ],
)
def test_expiration_is_refused_for(change: dict[str, Any], chime: Any, ada: str) -> None:
    put = chime.put_app_instance_user_expiration_settings
    assert code(put, AppInstanceUserArn=ada, ExpirationSettings=EXPIRATION | change) == "BadRequestException"


def test_administrator_is_created_described_listed_and_deleted(chime: Any, app_instance: str, ada: str) -> None:
    both = {"AppInstanceArn": app_instance, "AppInstanceAdminArn": ada}
    identity = {"Arn": ada, "Name": "Ada"}
    assert chime.create_app_instance_admin(**both)["AppInstanceAdmin"] == identity
    described = chime.describe_app_instance_admin(**both)["AppInstanceAdmin"]
    assert (described["Admin"], described["AppInstanceArn"]) == (identity, app_instance)
    assert described["CreatedTimestamp"]
    listed = chime.list_app_instance_admins(AppInstanceArn=app_instance)
    assert listed["AppInstanceAdmins"] == [{"Admin": identity}]
    chime.delete_app_instance_admin(**both)
    assert chime.list_app_instance_admins(AppInstanceArn=app_instance)["AppInstanceAdmins"] == []
    assert code(chime.describe_app_instance_admin, **both) == "ForbiddenException"


def test_administrator_is_created_once(chime: Any, app_instance: str, ada: str) -> None:
    chime.create_app_instance_admin(AppInstanceArn=app_instance, AppInstanceAdminArn=ada)
    again = {"AppInstanceArn": app_instance, "AppInstanceAdminArn": ada}
    assert code(chime.create_app_instance_admin, **again) == "ConflictException"


def test_administrator_has_to_be_a_user_of_the_app_instance(chime: Any, app_instance: str, ada: str) -> None:
    other = chime.create_app_instance(Name="Other")["AppInstanceArn"]
    make = chime.create_app_instance_admin
    assert code(make, AppInstanceArn=other, AppInstanceAdminArn=ada) == "ForbiddenException"
    missing = f"{app_instance}/user/bob"
    assert code(make, AppInstanceArn=app_instance, AppInstanceAdminArn=missing) == "ForbiddenException"


def test_deleted_user_is_no_administrator(chime: Any, app_instance: str, ada: str) -> None:
    chime.create_app_instance_admin(AppInstanceArn=app_instance, AppInstanceAdminArn=ada)
    chime.delete_app_instance_user(AppInstanceUserArn=ada)
    chime.create_app_instance_user(AppInstanceArn=app_instance, AppInstanceUserId="ada", Name="Ada")
    assert chime.list_app_instance_admins(AppInstanceArn=app_instance)["AppInstanceAdmins"] == []
