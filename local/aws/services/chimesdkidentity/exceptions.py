"""
The errors of Chime SDK identity; statuses come from botocore's model.

`code` is the exception's name in the model and goes into the `x-amzn-errortype` header, `Code` is of the model's
ErrorCode and goes into the body.
"""

from __future__ import annotations

from moto.core.exceptions import ServiceException


class ChimeSDKIdentityError(ServiceException):
    """What Chime SDK identity refuses, in words."""

    Code: str


class BadRequestError(ChimeSDKIdentityError):
    """The input does not match the service's restrictions."""

    code = "BadRequestException"
    Code = "BadRequest"


class ConflictError(ChimeSDKIdentityError):
    """The request contradicts what is there."""

    code = "ConflictException"
    Code = "Conflict"


class ResourceLimitExceededError(ChimeSDKIdentityError):
    """There would be more than the service allows."""

    code = "ResourceLimitExceededException"
    Code = "ResourceLimitExceeded"


class ForbiddenError(ChimeSDKIdentityError):
    """The resource is missing, or is not the caller's to see."""

    code = "ForbiddenException"
    Code = "Forbidden"


class NotFoundError(ChimeSDKIdentityError):
    """The resource is missing, and the service says so."""

    code = "NotFoundException"
    Code = "NotFound"
