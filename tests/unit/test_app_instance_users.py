"""The pages of Chime's lists, for which botocore has no paginators."""

from __future__ import annotations

from typing import Any

from operations.aws import pages


def test_every_page_is_read_with_the_same_parameters() -> None:
    asked: list[dict[str, str]] = []

    def admins(**parameters: str) -> dict[str, Any]:
        asked.append(parameters)
        more = {"NextToken": f"page {len(asked) + 1}"} if len(asked) < 3 else {"NextToken": None}
        return {"Admins": [len(asked)], **more}

    assert [page["Admins"] for page in pages(admins, AppInstanceArn="arn")] == [[1], [2], [3]]
    assert asked == [
        {"AppInstanceArn": "arn"},
        {"AppInstanceArn": "arn", "NextToken": "page 2"},
        {"AppInstanceArn": "arn", "NextToken": "page 3"},
    ]
