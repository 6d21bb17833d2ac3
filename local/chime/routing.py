"""
Find the operation that a request is for, exactly as the model of its service has it.

moto's own router is more lenient: a label at the end of a path also takes slashes, so that
`/app-instances/{arn}/streaming-configurations` would be DescribeAppInstance, and a header that is required counts as
much as `operation=search` in the query, so that SearchChannels would be CreateChannel. A permission would then be asked
for one operation where AWS does another. Source: https://smithy.io/2.0/spec/http-bindings.html.
"""

from __future__ import annotations

import functools
import re
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote

from moto.core.utils import get_service_model

if TYPE_CHECKING:
    from collections.abc import Mapping

    from moto.core.model import OperationModel
    from moto.core.request import Request

_APP_INSTANCE = "arn(?::|%3A)[^/]*(?::|%3A)app-instance/[^/]+"
_USER = f"{_APP_INSTANCE}/(?:user|bot)/[^/]+"
BARE_ARNS = {
    "appInstanceArn": _APP_INSTANCE,
    "appInstanceAdminArn": _USER,
    "appInstanceBotArn": _USER,
    "appInstanceUserArn": _USER,
    "channelArn": f"{_APP_INSTANCE}/channel/[^/]+",
    "channelFlowArn": f"{_APP_INSTANCE}/channel-flow/[^/]+",
    "channelModeratorArn": _USER,
    "memberArn": _USER,
}
"""By label: an ARN whose slashes are not percent-encoded, as some clients write it."""


@dataclass(frozen=True)
class _Route:
    method: str
    path: re.Pattern[str]
    labels: tuple[str, ...]
    query: Mapping[str, str | None]
    """The parameters that tell the operations of one path apart: `operation` or `scope`, with their values."""
    operation: OperationModel


_MAKING = threading.Lock()


def match(service_name: str, request: Request) -> tuple[OperationModel, dict[str, str]] | None:
    """
    Return the operation of botocore's *service_name* that the request is for, and the labels of its path; or None.

    A label is one segment of the path, percent-encoded, or an ARN with bare slashes. That AWS answers an unknown value
    of `operation` or `scope` as an unknown operation is inferred; here it has to, so that it is not done as another.
    """
    found = [
        (route, labels)
        for route in _routes(service_name)
        if route.method == request.method and (labels := route.path.fullmatch(request.raw_path))
    ]
    told_apart_by = {name for route, _ in found for name in route.query}
    given = {name: request.args.getlist(name) for name in told_apart_by if name in request.args}
    for route, labels in found:
        if given == {name: [value] for name, value in route.query.items()}:
            values = (unquote(value) for value in labels.groups())
            return route.operation, dict(zip(route.labels, values, strict=True))
    return None


def _routes(service_name: str) -> tuple[_Route, ...]:
    # One thread at a time: while moto makes its model of an operation, others would get botocore's from the same cache.
    with _MAKING:
        return _made(service_name)


@functools.cache
def _made(service_name: str) -> tuple[_Route, ...]:
    service = get_service_model(service_name)
    return tuple(_route(service.operation_model(name)) for name in service.operation_names)


def _route(operation: OperationModel) -> _Route:
    trait = operation.http_trait
    # Every second part is the name of a label.
    parts = re.split(r"{(\w+)}", trait.path)
    pattern = "".join(_label(part) if number % 2 else re.escape(part) for number, part in enumerate(parts))
    return _Route(trait.method, re.compile(pattern), tuple(parts[1::2]), trait.query_args, operation)


def _label(name: str) -> str:
    return f"([^/]+|{BARE_ARNS[name]})" if name in BARE_ARNS else "([^/]+)"
