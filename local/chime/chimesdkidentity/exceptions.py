"""
The errors that the Chime SDK's services share; statuses come from botocore's model.

`code` is the exception's name in the model and goes into the `x-amzn-errortype` header, `Code` is of the model's
ErrorCode and goes into the body. Messaging has the same ones: they stand here because moto takes the package of an
exception for a service.
"""

from __future__ import annotations

from moto.core.exceptions import ServiceException


class ChimeError(ServiceException):
    """What a service of the Chime SDK refuses, in words."""

    Code: str


class BadRequestError(ChimeError):
    """The input does not match the service's restrictions."""

    code = "BadRequestException"
    Code = "BadRequest"


class ConflictError(ChimeError):
    """The request contradicts what is there."""

    code = "ConflictException"
    Code = "Conflict"


class ResourceLimitExceededError(ChimeError):
    """There would be more than the service allows."""

    code = "ResourceLimitExceededException"
    Code = "ResourceLimitExceeded"


class ForbiddenError(ChimeError):
    """The resource is missing, or is not the caller's to see."""

    code = "ForbiddenException"
    Code = "Forbidden"


class NotFoundError(ChimeError):
    """The resource is missing, and the service says so."""

    code = "NotFoundException"
    Code = "NotFound"
