"""What an AWS account has, before a deployment: who asks, the stack as it is, roles, secrets and limits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from operations.aws import aws_errors_as_operation_errors
from operations.errors import OperationError

if TYPE_CHECKING:
    import boto3

UNSAID = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "ForbiddenException", "NotImplemented"}
"""Codes of answers that leave a question open."""


@dataclass(frozen=True)
class Secret:
    """A secret in Secrets Manager; `key` is the KMS key that it is encrypted with, or empty if that is AWS's own."""

    arn: str
    key: str
    is_deleted: bool


class NotSaidError(OperationError):
    """The account does not say: whoever asks may not know it."""


class Account:
    """The account and the region of *session*. Each method raises OperationError if AWS cannot be asked."""

    def __init__(self, session: boto3.Session) -> None:
        """Take the credentials to ask with."""
        self._session = session
        self.region = str(session.region_name or "")

    def id(self) -> str:
        """Return the account's number; whoever has no credentials, or expired ones, is told so here."""
        with aws_errors_as_operation_errors():
            return str(self._client("sts").get_caller_identity()["Account"])

    def stack_status(self, name: str) -> str:
        """Return CloudFormation's word for the stack; empty if there is none."""
        with aws_errors_as_operation_errors():
            try:
                return str(self._client("cloudformation").describe_stacks(StackName=name)["Stacks"][0]["StackStatus"])
            except ClientError as error:
                if "does not exist" not in str(error):
                    raise
                return ""

    def log_role(self) -> str:
        """Return the ARN of the role by which API Gateway writes logs; empty if none is set."""
        return str(self._said(lambda: self._client("apigateway").get_account()).get("cloudwatchRoleArn") or "")

    def concurrency(self) -> int:
        """Return how many functions of the account may run at once."""
        said = self._said(lambda: self._client("lambda").get_account_settings())
        return int(said["AccountLimit"]["ConcurrentExecutions"])

    def secret(self, arn: str) -> Secret | None:
        """Return the secret at *arn*, or of that name, in the region that the ARN names; None if there is none."""
        region = arn.split(":")[3] if arn.startswith("arn:") else None
        client = self._client("secretsmanager", region)
        try:
            said = self._said(lambda: client.describe_secret(SecretId=arn))
        except client.exceptions.ResourceNotFoundException:
            return None
        key = str(said.get("KmsKeyId") or "")
        return Secret(str(said["ARN"]), "" if "alias/aws/" in key else key, "DeletedDate" in said)

    def make_secret(self, name: str, value: str) -> str:
        """Store a new secret. Return its ARN."""
        with aws_errors_as_operation_errors():
            made = self._client("secretsmanager").create_secret(
                Name=name, SecretString=value, Description="Chime sign-in: what the application signs its tokens with"
            )
            return str(made["ARN"])

    def has_app_instance(self, arn: str) -> bool:
        """Tell whether there is an AppInstance at *arn*."""
        client = self._client("chime-sdk-identity", arn.split(":")[3])
        try:
            self._said(lambda: client.describe_app_instance(AppInstanceArn=arn))
        except client.exceptions.NotFoundException:
            return False
        except NotSaidError:
            # Chime answers Forbidden for one that is missing, too.
            raise NotSaidError(f"{arn} is not there, or whoever runs this may not look at it.") from None
        return True

    def _said(self, ask: Any) -> dict[str, Any]:
        """Return what *ask* returns. What was not found is the caller's, and what may not be asked is NotSaidError."""
        try:
            answer: dict[str, Any] = ask()
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code", "")
            if code in UNSAID:
                raise NotSaidError(f"AWS does not say: {error}") from error
            if "NotFound" in code:
                raise
            with aws_errors_as_operation_errors():
                raise
        return answer

    def _client(self, service: Any, region: str | None = None) -> Any:
        with aws_errors_as_operation_errors():
            return self._session.client(service, region_name=region)
