"""What to do about each way in which boto3 says no, in a sentence or two."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from boto3.exceptions import Boto3Error
from botocore import exceptions as aws
from botocore.exceptions import BotoCoreError, ClientError

from operations.errors import OperationError

if TYPE_CHECKING:
    from collections.abc import Iterator

SIGN_IN = "Sign in as you do to deploy (aws login, aws sso login or aws configure), or set AWS_PROFILE."
REGION = "Write region in samconfig.toml under [ENV.deploy.parameters], as make deploy does, or set AWS_REGION."
PROFILE = "aws configure list-profiles names those that there are; set AWS_PROFILE, or profile in samconfig.toml."
NETWORK = "Is this machine's network well, and the region right? What was done before stands above."
LATER = "Run it again in a minute."
MAY = "Whoever runs this needs a policy as docs/permissions.md has it under Operators."

MENDS: tuple[tuple[tuple[type[Exception], ...], str], ...] = (
    ((aws.NoRegionError, aws.InvalidRegionError), REGION),
    ((aws.ProfileNotFound,), PROFILE),
    (
        (aws.NoCredentialsError, aws.PartialCredentialsError, aws.CredentialRetrievalError, aws.NoAuthTokenError),
        SIGN_IN,
    ),
    ((aws.SSOError, aws.TokenRetrievalError, aws.LoginError), SIGN_IN),
    (
        (aws.ConfigNotFound, aws.ConfigParseError, aws.InvalidConfigError),
        "Mend the file that ~/.aws or AWS_CONFIG_FILE is.",
    ),
    ((aws.ConnectionError, aws.HTTPClientError), NETWORK),
)
"""By the class of an error that came before any answer of AWS, the first that fits."""

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
        f"AWS does not take your credentials. {SIGN_IN}",
    ),
    (frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"}), MAY),
    (frozenset({"Throttling", "ThrottlingException", "TooManyUpdates", "RequestLimitExceeded"}), LATER),
    (frozenset({"ServiceFailure", "ServiceUnavailable", "InternalFailure", "InternalServerError"}), LATER),
)
"""By the code of AWS's answer."""


@contextmanager
def told() -> Iterator[None]:
    """Turn what AWS or boto3 says no with into what an operator is told. Raises OperationError."""
    try:
        yield
    except (ClientError, BotoCoreError, Boto3Error) as error:
        raise OperationError(sentence(error)) from error


def sentence(error: Exception) -> str:
    """Return what went wrong and what to do about it, on one line."""
    said = " ".join(str(error).split())
    stop = "" if said.endswith((".", "!", "?")) else "."
    return f"{said}{stop} {_mend(error)}".strip()


def _mend(error: Exception) -> str:
    if isinstance(error, ClientError):
        code = error.response.get("Error", {}).get("Code", "")
        return next((mend for codes, mend in CODES if code in codes), "")
    return next((mend for kinds, mend in MENDS if isinstance(error, kinds)), "")
