"""DynamoDB of the local AWS: conditional writes, who may do what, and errors as AWS gives them."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError
from moto.dynamodb.models.table import Table

if TYPE_CHECKING:
    from tests.integration.conftest import Aws

TABLE = "rooms"
ARN = f"arn:aws:dynamodb:us-east-1:123456789012:table/{TABLE}"
INDEX = {
    "IndexName": "by-end",
    "KeySchema": [{"AttributeName": "ends_at", "KeyType": "HASH"}],
    "Projection": {"ProjectionType": "ALL"},
}
ROUNDS, WRITERS = 40, 8


@pytest.fixture
def dynamodb(aws: Aws) -> Any:
    """A client of the owner, and a table that is there."""
    client = aws.client("dynamodb")
    client.create_table(
        TableName=TABLE,
        KeySchema=[{"AttributeName": "name", "KeyType": "HASH"}],
        AttributeDefinitions=[
            {"AttributeName": "name", "AttributeType": "S"},
            {"AttributeName": "ends_at", "AttributeType": "N"},
        ],
        GlobalSecondaryIndexes=[INDEX],
        BillingMode="PAY_PER_REQUEST",
    )
    return client


@pytest.fixture
def _slow_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Time passes in moto between reading an item and judging it, so that whoever can come in between does."""
    read = Table.get_item

    def get_item(*arguments: Any, **named: Any) -> Any:
        item = read(*arguments, **named)
        time.sleep(0.01)
        return item

    monkeypatch.setattr(Table, "get_item", get_item)


def item(name: str, **more: Any) -> dict[str, Any]:
    return {
        "name": {"S": name},
        **{key: {"S" if isinstance(value, str) else "N": str(value)} for key, value in more.items()},
    }


def code(refused: pytest.ExceptionInfo[ClientError]) -> tuple[str, int]:
    answer = refused.value.response
    return answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]


@pytest.mark.usefixtures("_slow_reads", "dynamodb")
def test_one_of_many_conditional_writes_wins(aws: Aws) -> None:
    together = Barrier(WRITERS)
    clients = [aws.client("dynamodb") for _ in range(WRITERS)]

    def write(writer: int) -> list[bool]:
        won = []
        for number in range(ROUNDS):
            together.wait(60)
            try:
                clients[writer].put_item(
                    TableName=TABLE,
                    Item=item(str(number), writer=writer),
                    ConditionExpression="attribute_not_exists(#name)",
                    ExpressionAttributeNames={"#name": "name"},
                )
            except clients[writer].exceptions.ConditionalCheckFailedException:
                won.append(False)
            else:
                won.append(True)
        return won

    with ThreadPoolExecutor(WRITERS) as threads:
        winners = [sum(won) for won in zip(*threads.map(write, range(WRITERS)), strict=True)]
    assert winners == [1] * ROUNDS


def test_condition_that_does_not_hold(dynamodb: Any) -> None:
    dynamodb.put_item(TableName=TABLE, Item=item("a", uuid="1"))
    with pytest.raises(ClientError) as refused:
        dynamodb.update_item(
            TableName=TABLE,
            Key=item("a"),
            UpdateExpression="SET #uuid = :new",
            ConditionExpression="#uuid = :old",
            ExpressionAttributeNames={"#uuid": "uuid"},
            ExpressionAttributeValues={":new": {"S": "3"}, ":old": {"S": "2"}},
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
        )
    assert code(refused) == ("ConditionalCheckFailedException", 400)
    assert dict(refused.value.response)["Item"] == item("a", uuid="1")
    assert dynamodb.get_item(TableName=TABLE, Key=item("a"), ConsistentRead=True)["Item"] == item("a", uuid="1")


def test_update_without_an_expression_makes_an_item_of_its_key(dynamodb: Any) -> None:
    dynamodb.put_item(TableName=TABLE, Item=item("a", uuid="1"))

    for name, expected in (("a", item("a", uuid="1")), ("b", item("b"))):
        answer = dynamodb.update_item(TableName=TABLE, Key=item(name), ReturnValues="ALL_NEW")
        assert answer["Attributes"] == expected
        assert dynamodb.get_item(TableName=TABLE, Key=item(name))["Item"] == expected


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        pytest.param(
            {"TableName": "elsewhere", "Key": item("a")},
            ("ResourceNotFoundException", 400),
            id="a table that is not there",
        ),
        pytest.param({"TableName": TABLE, "Key": {"id": {"S": "a"}}}, ("ValidationException", 400), id="another key"),
        pytest.param({"TableName": TABLE, "Key": item("")}, ("ValidationException", 400), id="an empty key"),
    ],
)
def test_call_is_refused_for(call: dict[str, Any], expected: tuple[str, int], dynamodb: Any) -> None:
    with pytest.raises(ClientError) as refused:
        dynamodb.get_item(**call)
    assert code(refused) == expected


def test_throttling_is_a_fault(aws: Aws, dynamodb: Any) -> None:
    fault = {"operation": "GetItem", "error": "ProvisionedThroughputExceededException"}
    assert aws.local("POST", "faults", fault)[0] == 200
    with pytest.raises(dynamodb.exceptions.ProvisionedThroughputExceededException) as refused:
        dynamodb.get_item(TableName=TABLE, Key=item("a"))
    assert code(refused) == ("ProvisionedThroughputExceededException", 400)
    assert "Item" not in dynamodb.get_item(TableName=TABLE, Key=item("a"))


def test_item_past_its_end_is_still_read(dynamodb: Any) -> None:
    # AWS deletes it within a few days; until then it is read, so that code must look at the time itself:
    # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/TTL.html
    dynamodb.update_time_to_live(TableName=TABLE, TimeToLiveSpecification={"Enabled": True, "AttributeName": "ends_at"})
    ended = item("a", ends_at=int(time.time()) - 3600)
    dynamodb.put_item(TableName=TABLE, Item=ended)
    assert dynamodb.get_item(TableName=TABLE, Key=item("a"))["Item"] == ended
    said = dynamodb.describe_time_to_live(TableName=TABLE)["TimeToLiveDescription"]
    assert said == {"TimeToLiveStatus": "ENABLED", "AttributeName": "ends_at"}


CALLS: dict[str, dict[str, Any]] = {
    "GetItem": {"TableName": TABLE, "Key": item("a")},
    "PutItem": {"TableName": TABLE, "Item": item("a")},
    "UpdateItem": {"TableName": TABLE, "Key": item("a"), "UpdateExpression": "REMOVE meeting_id"},
    "DeleteItem": {"TableName": TABLE, "Key": item("a")},
    "Scan": {"TableName": TABLE},
    "DescribeTable": {"TableName": TABLE},
    "ListTables": {},
}


def method(operation: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in operation)[1:]


@pytest.mark.usefixtures("dynamodb")
@pytest.mark.parametrize("operation", CALLS)
def test_operation_needs_its_action_on_the_table(operation: str, aws: Aws) -> None:
    resource = ARN if CALLS[operation] else "*"
    aws.role("good", {"Effect": "Allow", "Action": f"dynamodb:{operation}", "Resource": resource})
    aws.role("other-action", {"Effect": "Allow", "NotAction": f"dynamodb:{operation}", "Resource": "*"})
    aws.role("other-table", {"Effect": "Allow", "Action": "dynamodb:*", "Resource": f"{ARN}s"})
    getattr(aws.as_role("good", "dynamodb"), method(operation))(**CALLS[operation])
    for role in ("other-action", "other-table"):
        with pytest.raises(ClientError) as refused:
            getattr(aws.as_role(role, "dynamodb"), method(operation))(**CALLS[operation])
        assert code(refused) == ("AccessDeniedException", 400)


@pytest.mark.usefixtures("dynamodb")
def test_index_is_a_resource_of_its_own(aws: Aws) -> None:
    query = {
        "TableName": TABLE,
        "IndexName": "by-end",
        "KeyConditionExpression": "ends_at = :end",
        "ExpressionAttributeValues": {":end": {"N": "1"}},
    }
    aws.role("table", {"Effect": "Allow", "Action": "dynamodb:Query", "Resource": ARN})
    aws.role("index", {"Effect": "Allow", "Action": "dynamodb:Query", "Resource": f"{ARN}/index/by-end"})
    assert aws.as_role("index", "dynamodb").query(**query)["Count"] == 0
    with pytest.raises(ClientError) as refused:
        aws.as_role("table", "dynamodb").query(**query)
    assert code(refused) == ("AccessDeniedException", 400)


@pytest.mark.usefixtures("dynamodb")
def test_transaction_needs_the_action_of_each_of_its_items(aws: Aws) -> None:
    items = [{"Put": {"TableName": TABLE, "Item": item("a")}}, {"Delete": {"TableName": TABLE, "Key": item("b")}}]
    for name, actions in {"both": ["PutItem", "DeleteItem"], "one": ["PutItem", "TransactWriteItems"]}.items():
        aws.role(name, {"Effect": "Allow", "Action": [f"dynamodb:{action}" for action in actions], "Resource": ARN})
    aws.as_role("both", "dynamodb").transact_write_items(TransactItems=items)
    with pytest.raises(ClientError) as refused:
        aws.as_role("one", "dynamodb").transact_write_items(TransactItems=items)
    assert code(refused) == ("AccessDeniedException", 400)


@pytest.mark.usefixtures("dynamodb")
def test_condition_key_that_is_not_known_is_never_ignored(aws: Aws) -> None:
    pinned = {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["a"]}}
    aws.role("pinned", {"Effect": "Allow", "Action": "dynamodb:GetItem", "Resource": ARN, "Condition": pinned})
    with pytest.raises(ClientError) as refused:
        aws.as_role("pinned", "dynamodb").get_item(**CALLS["GetItem"])
    assert code(refused) == ("NotImplementedException", 501)


def test_answer_says_which_json_it_is(aws: Aws, dynamodb: Any) -> None:
    with pytest.raises(ClientError) as refused:
        aws.client("dynamodb", {"AccessKeyId": "AKIAIOSFODNN7EXAMPLE", "SecretAccessKey": "x"}).list_tables()
    assert code(refused) == ("UnrecognizedClientException", 400)
    assert refused.value.response["ResponseMetadata"]["HTTPHeaders"]["content-type"] == "application/x-amz-json-1.0"
    assert json.dumps(dynamodb.list_tables()["TableNames"]) == '["rooms"]'
