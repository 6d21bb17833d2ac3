"""Chime SDK identity through boto3."""

from __future__ import annotations

import importlib
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import moto
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from local.chime import register
from tests.integration.clients import HTTP

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.integration.conftest import Aws

GOOD: dict[str, Any] = {"AppInstanceUserId": "ada", "Name": "Ada Lovelace", "Metadata": '{"team": "engines"}'}


@pytest.fixture
def ada(chime: Any, app_instance: str) -> str:
    """A user's ARN."""
    return str(chime.create_app_instance_user(AppInstanceArn=app_instance, **GOOD)["AppInstanceUserArn"])


def test_app_instances_arn_has_region_account_and_a_uuid(app_instance: str) -> None:
    assert re.fullmatch(r"arn:aws:chime:us-east-1:123456789012:app-instance/[0-9a-f-]{36}", app_instance)


def test_app_instance_is_described_updated_and_deleted(chime: Any, app_instance: str) -> None:
    chime.update_app_instance(AppInstanceArn=app_instance, Name="Renamed", Metadata="m")
    described = chime.describe_app_instance(AppInstanceArn=app_instance)["AppInstance"]
    assert (described["Name"], described["Metadata"]) == ("Renamed", "m")
    chime.delete_app_instance(AppInstanceArn=app_instance)
    with pytest.raises(chime.exceptions.ForbiddenException):
        chime.describe_app_instance(AppInstanceArn=app_instance)


def test_one_token_makes_one_app_instance(chime: Any) -> None:
    first = chime.create_app_instance(Name="Demo", ClientRequestToken="token")
    again = chime.create_app_instance(Name="Demo", ClientRequestToken="token")
    assert first["AppInstanceArn"] == again["AppInstanceArn"]
    with pytest.raises(chime.exceptions.ConflictException):
        chime.create_app_instance(Name="Other", ClientRequestToken="token")


def test_users_arn_is_the_app_instances_with_the_id(app_instance: str, ada: str) -> None:
    assert ada == f"{app_instance}/user/ada"


def test_user_is_described_as_created(chime: Any, ada: str) -> None:
    user = chime.describe_app_instance_user(AppInstanceUserArn=ada)["AppInstanceUser"]
    assert (user["AppInstanceUserArn"], user["Name"], user["Metadata"]) == (ada, GOOD["Name"], GOOD["Metadata"])
    assert user["CreatedTimestamp"] == user["LastUpdatedTimestamp"]


def test_creating_the_same_user_again_gives_the_same_arn(chime: Any, app_instance: str, ada: str) -> None:
    again = chime.create_app_instance_user(AppInstanceArn=app_instance, **GOOD)
    assert again["AppInstanceUserArn"] == ada


@pytest.mark.parametrize(
    "change", [pytest.param({"Name": "Ada King"}, id="name"), pytest.param({"Metadata": "{}"}, id="metadata")]
)
@pytest.mark.usefixtures("ada")
def test_creating_a_user_with_another(change: dict[str, str], chime: Any, app_instance: str) -> None:
    with pytest.raises(chime.exceptions.ConflictException) as refused:
        chime.create_app_instance_user(AppInstanceArn=app_instance, **{**GOOD, **change})
    response = refused.value.response
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 409
    assert response["Code"] == "Conflict"
    assert response["ResponseMetadata"]["HTTPHeaders"]["x-amzn-errortype"] == "ConflictException"


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"AppInstanceUserId": "-ada"}, id="an id that starts with a dash"),
        pytest.param({"AppInstanceUserId": "auth0|ada"}, id="an id with a bar"),
        pytest.param({"AppInstanceUserId": "a" * 65}, id="an id of 65"),
        pytest.param({"AppInstanceUserId": "adé"}, id="an id beyond ASCII"),
        pytest.param({"AppInstanceUserId": "ada\n"}, id="an id that ends in a line break"),
        pytest.param({"Name": "a" * 101}, id="a name of 101"),
        pytest.param({"Name": "   "}, id="a blank name"),
        pytest.param({"Name": ""}, id="an empty name"),
        pytest.param({"Name": None}, id="no name"),
        pytest.param({"Name": 5}, id="a name that is a number"),
        pytest.param({"AppInstanceUserId": ""}, id="an empty id"),
        pytest.param({"ClientRequestToken": "t"}, id="a token of 1"),
        pytest.param({"Metadata": "m" * 1025}, id="metadata of 1025"),
        pytest.param({"ClientRequestToken": "t" * 65}, id="a token of 65"),
        pytest.param({"ClientRequestToken": "to ken"}, id="a token with a space"),
        pytest.param({"AppInstanceArn": "arn:aws:chime"}, id="no ARN"),
        pytest.param({"Tags": [{"Key": "k" * 129, "Value": "v"}]}, id="a tag key of 129"),
        pytest.param(
            {"ExpirationSettings": {"ExpirationDays": 5476, "ExpirationCriterion": "CREATED_TIMESTAMP"}},
            id="an expiration after 15 years",
        ),
        pytest.param(
            {"ExpirationSettings": {"ExpirationDays": 1, "ExpirationCriterion": "NEVER"}}, id="an unknown criterion"
        ),
    ],
)
def test_bad_request_for(change: dict[str, Any], chime: Any, app_instance: str) -> None:
    with pytest.raises(chime.exceptions.BadRequestException) as refused:
        chime.create_app_instance_user(**{"AppInstanceArn": app_instance, **GOOD, **change})
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"AppInstanceUserId": "a"}, id="an id of 1"),
        pytest.param({"AppInstanceUserId": "a" * 64}, id="an id of 64"),
        pytest.param({"AppInstanceUserId": "us-east-1:7f:a@b.c_d"}, id="every mark that an id may have"),
        pytest.param({"Name": "é" * 100}, id="a name of 100"),
        pytest.param({"Metadata": "m" * 1024}, id="metadata of 1024"),
    ],
)
def test_accepts(change: dict[str, Any], chime: Any, app_instance: str) -> None:
    arn = chime.create_app_instance_user(**{"AppInstanceArn": app_instance, **GOOD, **change})["AppInstanceUserArn"]
    assert chime.describe_app_instance_user(AppInstanceUserArn=arn)["AppInstanceUser"]["AppInstanceUserArn"] == arn


@pytest.mark.parametrize(
    "ask",
    [
        pytest.param(lambda chime, arn: chime.describe_app_instance_user(AppInstanceUserArn=arn), id="describe"),
        pytest.param(lambda chime, arn: chime.delete_app_instance_user(AppInstanceUserArn=arn), id="delete"),
        pytest.param(
            lambda chime, arn: chime.update_app_instance_user(AppInstanceUserArn=arn, Name="n", Metadata=""),
            id="update",
        ),
    ],
)
@pytest.mark.parametrize(
    "missing",
    [
        pytest.param(lambda arn: f"{arn}/user/bob", id="user"),
        pytest.param(lambda arn: f"{arn[:-1]}x/user/bob", id="app instance"),
        pytest.param(lambda arn: f"{arn.replace('us-east-1', 'eu-central-1')}/user/bob", id="region"),
    ],
)
def test_forbidden_for_a_missing(
    missing: Callable[[str], str], ask: Callable[[Any, str], Any], chime: Any, app_instance: str
) -> None:
    with pytest.raises(chime.exceptions.ForbiddenException) as refused:
        ask(chime, missing(app_instance))
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403


def test_missing_can_be_switched_to_not_found(chime: Any, app_instance: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # The package is on moto's path since the endpoint started, out of the type checker's sight.
    models = importlib.import_module("moto.chimesdkidentity.models")
    exceptions = importlib.import_module("moto.chimesdkidentity.exceptions")
    monkeypatch.setattr(models.ChimeSDKIdentityBackend, "missing_resource", exceptions.NotFoundError)
    with pytest.raises(chime.exceptions.NotFoundException) as refused:
        chime.describe_app_instance_user(AppInstanceUserArn=f"{app_instance}/user/bob")
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 404


def test_update_keeps_only_the_metadata_that_is_handed_back(chime: Any, ada: str) -> None:
    chime.update_app_instance_user(AppInstanceUserArn=ada, Name="Ada King", Metadata="")
    user = chime.describe_app_instance_user(AppInstanceUserArn=ada)["AppInstanceUser"]
    assert (user["Name"], user["Metadata"]) == ("Ada King", "")
    assert user["LastUpdatedTimestamp"] >= user["CreatedTimestamp"]


def test_deleted_user_is_gone(chime: Any, app_instance: str, ada: str) -> None:
    answer = chime.delete_app_instance_user(AppInstanceUserArn=ada)["ResponseMetadata"]
    assert (answer["HTTPStatusCode"], answer["HTTPHeaders"].get("content-length", "0")) == (204, "0")
    assert chime.list_app_instance_users(AppInstanceArn=app_instance)["AppInstanceUsers"] == []


def test_lists_come_in_pages(chime: Any, app_instance: str) -> None:
    for user_id in ("c", "a", "b"):
        chime.create_app_instance_user(AppInstanceArn=app_instance, AppInstanceUserId=user_id, Name=user_id)
    first = chime.list_app_instance_users(AppInstanceArn=app_instance, MaxResults=2)
    rest = chime.list_app_instance_users(AppInstanceArn=app_instance, MaxResults=2, NextToken=first["NextToken"])
    assert [user["Name"] for user in first["AppInstanceUsers"] + rest["AppInstanceUsers"]] == ["a", "b", "c"]
    assert "NextToken" not in rest


@pytest.mark.parametrize(
    "page",
    [
        pytest.param({"NextToken": "made up"}, id="an unknown token"),
        pytest.param({"MaxResults": 51}, id="more than 50 results"),
    ],
)
def test_page_is_refused_for(page: dict[str, Any], chime: Any) -> None:
    with pytest.raises(chime.exceptions.BadRequestException):
        chime.list_app_instances(**page)


def test_regions_are_apart(aws: Aws, app_instance: str) -> None:
    frankfurt = aws.client("chime-sdk-identity", region="eu-central-1")
    assert frankfurt.list_app_instances()["AppInstances"] == []
    made = frankfurt.create_app_instance(Name="Demo")["AppInstanceArn"]
    assert made.startswith("arn:aws:chime:eu-central-1:")
    with pytest.raises(frankfurt.exceptions.ForbiddenException):
        frankfurt.describe_app_instance(AppInstanceArn=app_instance)


def test_region_without_the_service_is_refused(aws: Aws) -> None:
    with pytest.raises(ClientError, match="Credential should be scoped to a valid region, not 'eu-west-1'"):
        aws.client("chime-sdk-identity", region="eu-west-1").list_app_instances()


def test_fifty_devices_of_a_new_user_make_one_user(aws: Aws, chime: Any, app_instance: str) -> None:
    clients = [aws.client("chime-sdk-identity") for _ in range(5)]

    def create(number: int) -> str:
        created = clients[number % 5].create_app_instance_user(AppInstanceArn=app_instance, **GOOD)
        return str(created["AppInstanceUserArn"])

    with ThreadPoolExecutor(50) as devices:
        arns = set(devices.map(create, range(50)))
    assert arns == {f"{app_instance}/user/ada"}
    assert len(chime.list_app_instance_users(AppInstanceArn=app_instance)["AppInstanceUsers"]) == 1


def test_error_on_the_wire_is_the_header_and_two_members(aws: Aws, chime: Any, app_instance: str) -> None:
    sent: list[Any] = []
    chime.meta.events.register("before-send", lambda request, **_: sent.append(request))
    with pytest.raises(chime.exceptions.ForbiddenException):
        chime.describe_app_instance_user(AppInstanceUserArn=f"{app_instance}/user/bob")
    request = sent[0]
    headers = {name: value.decode() if isinstance(value, bytes) else value for name, value in request.headers.items()}
    answer = HTTP.request(request.method, request.url, headers=headers)
    assert request.url.startswith(aws.url)
    assert answer.headers["x-amzn-errortype"] == "ForbiddenException"
    assert set(answer.json()) == {"Code", "Message"}


def test_the_service_works_under_mock_aws(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    register()
    with moto.mock_aws():
        chime: Any = boto3.client("chime-sdk-identity", region_name="us-east-1")
        arn = chime.create_app_instance(Name="Demo")["AppInstanceArn"]
        user = chime.create_app_instance_user(AppInstanceArn=arn, **GOOD)["AppInstanceUserArn"]
        assert chime.describe_app_instance_user(AppInstanceUserArn=user)["AppInstanceUser"]["Name"] == GOOD["Name"]


def test_under_mock_aws_a_region_without_the_service_is_out_of_reach(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    register()
    with moto.mock_aws(), pytest.raises(EndpointConnectionError):
        boto3.client("chime-sdk-identity", region_name="eu-west-1").list_app_instances()


ALONE = """
import sys

sys.path.insert(0, sys.argv[1])
import boto3
import chime
import moto

chime.register()
with moto.mock_aws():
    identity = boto3.client("chime-sdk-identity", region_name="us-east-1")
    arn = identity.create_app_instance(Name="Demo")["AppInstanceArn"]
    user = {"AppInstanceArn": arn, "AppInstanceUserId": "ada", "Name": "Ada"}
    bearer = identity.create_app_instance_user(**user)["AppInstanceUserArn"]
    messaging = boto3.client("chime-sdk-messaging", region_name="us-east-1")
    messaging.create_channel(AppInstanceArn=arn, Name="Engines", ChimeBearer=bearer)
    meetings = boto3.client("chime-sdk-meetings", region_name="us-east-1")
    meeting = meetings.create_meeting(MediaRegion="us-east-1", ExternalMeetingId="hall")["Meeting"]["MeetingId"]
    meetings.create_attendee(MeetingId=meeting, ExternalUserId="ada")
print([name for name in sys.modules if name.partition(".")[0] in ("local", "authorizer", "signin", "operations")])
"""


def test_package_works_without_the_local_stack(tmp_path: Path) -> None:
    shutil.copytree(Path(register.__code__.co_filename).parent, tmp_path / "chime")
    keys = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing"}
    command = [sys.executable, "-I", "-c", ALONE, str(tmp_path)]
    done = subprocess.run(command, env=keys, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("[]\n", "")
