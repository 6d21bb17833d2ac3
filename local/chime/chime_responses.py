"""What the `responses` of all services share: parsing by botocore's model, errors as Chime sends them, and pages."""

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
from .constraints import validation_error
from .routing import match

if TYPE_CHECKING:
    from collections.abc import Sequence

    from moto.core.base_backend import BackendDict
    from moto.core.common_types import TYPE_RESPONSE
    from moto.core.request import Request

PAGE_SIZE = 50
"""Items in a page if MaxResults is not given. Inferred: the model says only that MaxResults is 50 at most."""

_Backend = TypeVar("_Backend", bound=BaseBackend)
_Item = TypeVar("_Item")


class ChimeResponse(BaseResponse, Generic[_Backend]):
    """The base of a service's response class, which has a method for each operation, named after it."""

    def __init__(self, service_name: str, backends: BackendDict[_Backend]) -> None:
        """Take botocore's name of the service, and its backends."""
        super().__init__(service_name=service_name)
        self.automated_parameter_parsing = True  # moto parses parameters by botocore's model
        self._backends = backends

    def setup_class(self, request: Request, *args: Any, **more: Any) -> None:
        """Let moto read every body as JSON: the mobile SDKs call theirs `application/x-amz-json-1.0`."""
        request.environ["CONTENT_TYPE"] = "application/json"
        super().setup_class(request, *args, **more)

    @property
    def backend(self) -> _Backend:
        """
        The backend of the caller's account in the request's region.

        Raises:
            EndpointConnectionError: The region does not have the service; on AWS it has no host name there.

        """
        backends = self._backends[self.current_account]
        if self.region not in backends:
            model = get_service_model(self.service_name)
            raise EndpointConnectionError(endpoint_url=f"https://{model.endpoint_prefix}.{self.region}.amazonaws.com")
        return backends[self.region]

    def _get_action(self) -> str:
        """Return the operation's name. moto would take it from a parameter Action or a header too."""
        matched = match(str(self.service_name), self.normalized_request)
        if matched is None:
            return ""
        operation, self.uri_match = matched
        return str(operation.name)

    def serialized(self, action_result: ActionResult) -> TYPE_RESPONSE:
        """Serialise by botocore's model. An error's body is Code and Message, without the `__type` that moto adds."""
        status, headers, body = super().serialized(action_result)
        if isinstance(action_result.result, ServiceException):
            content = json.loads(body)
            content.pop("__type", None)
            body = json.dumps(content)
        return status, headers, body

    def valid_parameters(self) -> dict[str, Any]:
        """
        Return the request's parameters.

        Raises:
            BadRequestError: A parameter breaks a limit of botocore's model.
        """
        operation = get_service_model(self.service_name).operation_model(self._get_action())
        parameters: dict[str, Any] = self._get_params()
        message = validation_error(operation.input_shape, parameters)
        if message:
            raise BadRequestError(message)
        return parameters


def page_of(items: Sequence[_Item], parameters: dict[str, Any]) -> tuple[Sequence[_Item], str | None]:
    """Return the page of *items* that MaxResults and NextToken ask for, and the next page's token, or None."""
    start = page_start(parameters)
    end = start + page_size(parameters)
    return items[start:end], page_token(end) if end < len(items) else None


def page_size(parameters: dict[str, Any]) -> int:
    """Return how many items a page has."""
    return parameters.get("MaxResults") or PAGE_SIZE


def page_token(number: int) -> str:
    """Return the NextToken of a page that starts at *number*, or after it, as its reader sees it."""
    return base64.urlsafe_b64encode(str(number).encode()).decode()


def page_start(parameters: dict[str, Any]) -> int:
    """
    Return the number in NextToken, or 0 if there is none.

    Raises:
        BadRequestError: It is not one that `page_token` has returned.
    """
    token = parameters.get("NextToken")
    if not token:
        return 0
    try:
        number = int(base64.urlsafe_b64decode(token))
    except (ValueError, binascii.Error) as error:
        raise BadRequestError("The NextToken is not valid.") from error
    # Compared, because the decoder passes over what is not base64, and `int` over spaces.
    if number < 1 or page_token(number) != token:
        raise BadRequestError("The NextToken is not valid.")
    return number
