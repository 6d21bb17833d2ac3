"""
The errors of Chime SDK identity, messaging and meetings; their HTTP statuses come from botocore's model.

`code` is the exception's name in the model and is sent in the `x-amzn-errortype` header; `Code` is a value of the
model's ErrorCode and is sent in the body. The other services use these classes too. They are in this package, because
moto takes the name of an exception's package for the name of a service.
"""

from __future__ import annotations

from moto.core.exceptions import ServiceException


class ChimeError(ServiceException):
    """The base of the errors; its text is the message."""

    Code: str


class BadRequestError(ChimeError):
    """A parameter breaks a limit of the service."""

    code = "BadRequestException"
    Code = "BadRequest"


class ConflictError(ChimeError):
    """The request contradicts a resource that exists."""

    code = "ConflictException"
    Code = "Conflict"


class ResourceLimitExceededError(ChimeError):
    """The request would exceed a limit of the service, such as the number of tags."""

    code = "ResourceLimitExceededException"
    Code = "ResourceLimitExceeded"


class LimitExceededError(ChimeError):
    """There would be more meetings in the account, or attendees in a meeting, than there may be."""

    code = "LimitExceededException"
    Code = "LimitExceeded"


class ForbiddenError(ChimeError):
    """The resource does not exist, or the caller may not access it."""

    code = "ForbiddenException"
    Code = "Forbidden"


class NotFoundError(ChimeError):
    """The resource does not exist."""

    code = "NotFoundException"
    Code = "NotFound"
