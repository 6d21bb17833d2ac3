"""What the Chime SDK's services share over HTTP: parameters and results in the shapes of botocore's model."""

from __future__ import annotations

import base64
import binascii
import json
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from botocore.exceptions import EndpointConnectionError
from moto.core.base_backend import BaseBackend
from moto.core.exceptions import ServiceException
from moto.core.responses import ActionResult, BaseResponse
from moto.core.utils import get_service_model

from .chimesdkidentity.exceptions import BadRequestError
from .constraints import refusal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from moto.core.base_backend import BackendDict
    from moto.core.common_types import TYPE_RESPONSE

PAGE_SIZE = 50
"""Items in a page without MaxResults: inferred; the model allows 50 at most."""

_Backend = TypeVar("_Backend", bound=BaseBackend)
_Item = TypeVar("_Item")


class ChimeResponse(BaseResponse, Generic[_Backend]):
    """What a service's own class adds to: one method for each operation, named after it."""

    def __init__(self, service_name: str, backends: BackendDict[_Backend]) -> None:
        """Take botocore's name of the service and its state; let moto parse parameters by the model."""
        super().__init__(service_name=service_name)
        self.automated_parameter_parsing = True
        self._backends = backends

    @property
    def backend(self) -> _Backend:
        """
        The state of the caller's account in the request's region.

        Raises:
            EndpointConnectionError: The service is not there; on AWS that region's host name does not exist.

        """
        backends = self._backends[self.current_account]
        if self.region not in backends:
            model = get_service_model(self.service_name)
            raise EndpointConnectionError(endpoint_url=f"https://{model.endpoint_prefix}.{self.region}.amazonaws.com")
        return backends[self.region]

    def serialized(self, action_result: ActionResult) -> TYPE_RESPONSE:
        """Serialise by the model; an error's body is Code and Message, without the `__type` that moto adds."""
        status, headers, body = super().serialized(action_result)
        if isinstance(action_result.result, ServiceException):
            content = json.loads(body)
            content.pop("__type", None)
            body = json.dumps(content)
        return status, headers, body

    def valid(self) -> dict[str, Any]:
        """
        Return the parameters.

        Raises:
            BadRequestError: They do not match the restrictions that the model states.
        """
        operation = get_service_model(self.service_name).operation_model(self._get_action())
        parameters: dict[str, Any] = self._get_params()
        wrong = refusal(operation.input_shape, parameters)
        if wrong:
            raise BadRequestError(wrong)
        return parameters


def page_of(items: Sequence[_Item], parameters: dict[str, Any]) -> tuple[Sequence[_Item], str | None]:
    """Return the page of *items* that MaxResults and NextToken ask for, and the next one's token, if there is one."""
    start = _offset(parameters.get("NextToken"))
    end = start + (parameters.get("MaxResults") or PAGE_SIZE)
    next_token = base64.urlsafe_b64encode(str(end).encode()).decode() if end < len(items) else None
    return items[start:end], next_token


def _offset(next_token: str | None) -> int:
    try:
        return int(base64.urlsafe_b64decode(next_token)) if next_token else 0
    except (ValueError, binascii.Error) as error:
        raise BadRequestError("The NextToken is not one of ours.") from error
