"""What the AWS adapters share: a session, and a sentence or two on what to do about each error of boto3."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import boto3
from boto3.exceptions import Boto3Error
from botocore import exceptions as aws
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.session import Session

from operations.errors import OperationError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SIGN_IN = "Sign in as you do to deploy (aws login, aws sso login or aws configure), or set AWS_PROFILE."
REGION = "Write region in samconfig.toml under [ENV.deploy.parameters], as make deploy does, or set AWS_REGION."
PROFILE = "aws configure list-profiles lists the profiles; set AWS_PROFILE, or profile in samconfig.toml."
NETWORK = "Check this machine's network, and the region. What was done before is printed above."
LATER = "Run it again in a minute."
PERMISSIONS = "Whoever runs this needs a policy as docs/permissions.md has it under Operators."

HINTS: tuple[tuple[tuple[type[Exception], ...], str], ...] = (
    ((aws.NoRegionError, aws.InvalidRegionError), REGION),
    ((aws.ProfileNotFound,), PROFILE),
    (
        (aws.NoCredentialsError, aws.PartialCredentialsError, aws.CredentialRetrievalError, aws.NoAuthTokenError),
        SIGN_IN,
    ),
    ((aws.SSOError, aws.TokenRetrievalError, aws.LoginError), SIGN_IN),
    (
        (aws.ConfigNotFound, aws.ConfigParseError, aws.InvalidConfigError),
        "Correct the AWS configuration, which is in ~/.aws or where AWS_CONFIG_FILE says.",
    ),
    ((aws.ConnectionError, aws.HTTPClientError), NETWORK),
)
"""By the class of an error that came before any answer of AWS; the first that fits is used."""

CODES: tuple[tuple[frozenset[str], str], ...] = (
    (
        frozenset({"ExpiredToken", "ExpiredTokenException", "RequestExpired"}),
        f"Your credentials have expired. {SIGN_IN}",
    ),
    (
        frozenset(
            {"InvalidClientTokenId", "UnrecognizedClientException", "InvalidAccessKeyId", "AuthFailure"}
            | {
                "SignatureDoesNotMatch",
                "InvalidSignatureException",
                "IncompleteSignature",
                "MissingAuthenticationToken",
            }
        ),
        f"AWS does not accept your credentials. {SIGN_IN}",
    ),
    (frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"}), PERMISSIONS),
    (frozenset({"Throttling", "ThrottlingException", "TooManyUpdates", "RequestLimitExceeded"}), LATER),
    (frozenset({"ServiceFailure", "ServiceUnavailable", "InternalFailure", "InternalServerError"}), LATER),
)
"""By the code of AWS's answer."""


def session(region: str | None, profile: str | None, call_seconds: int | None = None) -> boto3.Session:
    """
    Return a session; None means what the AWS configuration says.

    With *call_seconds*, an attempt of its clients takes that long at most, and there are two attempts.

    Raises:
        OperationError: There is no such profile, or the configuration cannot be read.
    """
    with aws_errors_as_operation_errors():
        own: Any = Session(profile=profile)
        if call_seconds:
            retries: Any = {"total_max_attempts": 2}
            limits = Config(connect_timeout=call_seconds, read_timeout=call_seconds, retries=retries)
            own.set_default_client_config(limits)
        return boto3.Session(region_name=region, profile_name=profile, botocore_session=own)


@contextmanager
def aws_errors_as_operation_errors() -> Iterator[None]:
    """Turn an error of AWS or boto3 into an OperationError that says what to do."""
    try:
        yield
    except (ClientError, BotoCoreError, Boto3Error) as error:
        raise OperationError(_sentence(error)) from error


def pages(operation: Callable[..., dict[str, Any]], **parameters: Any) -> Iterator[dict[str, Any]]:
    """Yield all pages of an *operation* of Chime, for which botocore has no paginators."""
    page = operation(**parameters)
    yield page
    while token := page.get("NextToken"):
        page = operation(**parameters, NextToken=token)
        yield page


def _sentence(error: Exception) -> str:
    """Return what went wrong and what to do about it, on one line."""
    message = " ".join(str(error).split())
    stop = "" if message.endswith((".", "!", "?")) else "."
    return f"{message}{stop} {_hint(error)}".strip()


def _hint(error: Exception) -> str:
    if isinstance(error, ClientError):
        code = error.response.get("Error", {}).get("Code", "")
        return next((hint for codes, hint in CODES if code in codes), "")
    return next((hint for kinds, hint in HINTS if isinstance(error, kinds)), "")
