"""
Verify Signature Version 4, as https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html describes it.

botocore's own signer computes the expected signature from the request as it arrived: the raw path, the raw query, and
the headers that were signed. A presigned URL is accepted for opening a WebSocket only; any other request with a
signature in its query counts as unsigned.
"""

from __future__ import annotations

import functools
import hashlib
import hmac
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NoReturn

import boto3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.compat import HTTPHeaders
from botocore.credentials import Credentials

from local.aws import errors, identities
from local.aws.authorization import MAX_CLOCK_SKEW
from local.aws.errors import AwsError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import timedelta

    from werkzeug.wrappers import Response

    from local.aws.authorization import Authorization
    from local.aws.aws_request import AwsRequest
    from local.aws.identities import CallerIdentity

_TIME_FORMAT = "%Y%m%dT%H%M%SZ"
_MISMATCH = (
    "The request signature we calculated does not match the signature you provided. "
    "Check your AWS Secret Access Key and signing method. Consult the service documentation for details."
)


class Authentication:
    """Passes on the requests whose signature is right, with their caller."""

    def __init__(
        self, get_response: Callable[[AwsRequest], Response], clock: Callable[[], datetime] | None = None
    ) -> None:
        """Take what answers the requests that are passed on, and a function that returns the time (aware, UTC)."""
        self._get_response = get_response
        self._clock = clock or (lambda: datetime.now(UTC))

    def __call__(self, request: AwsRequest) -> Response:
        """Answer with the response of what comes next, or with an error."""
        try:
            request.caller = authenticate(request, self._clock())
        except AwsError as error:
            return errors.shared_error_response(request, error)
        return self._get_response(request)


def authenticate(request: AwsRequest, now: datetime) -> CallerIdentity:
    """
    Return who signed the request.

    Raises:
        AwsError: MissingAuthenticationToken, IncompleteSignature, SignatureDoesNotMatch (also for a wrong time or
            region), InvalidClientTokenId (for an unknown key or a wrong session token) or ExpiredToken.

    """
    authorization = _authorization(request)
    _check_scope(request, authorization, now)
    caller = identities.find(authorization.access_key_id)
    if caller is None or not _token_matches(authorization.session_token(request.http_request.headers), caller):
        raise AwsError("InvalidClientTokenId", "The security token included in the request is invalid.")
    if caller.session and caller.session.expired:
        raise AwsError("ExpiredToken", "The security token included in the request is expired")
    _check_signature(request, authorization, caller)
    return caller


def _authorization(request: AwsRequest) -> Authorization:
    authorization = request.authorization
    if authorization is None and not request.http_request.headers.get("Authorization"):
        raise AwsError("MissingAuthenticationToken", "Missing Authentication Token")
    if authorization is None or not authorization.complete:
        message = (
            "Authorization header requires 'Credential', 'Signature' and 'SignedHeaders' with host and x-amz-date."
        )
        raise AwsError("IncompleteSignature", message)
    return authorization


def _check_scope(request: AwsRequest, authorization: Authorization, now: datetime) -> None:
    signed_at = _signed_at(request, authorization)
    signed, current = signed_at.strftime(_TIME_FORMAT), now.strftime(_TIME_FORMAT)
    if authorization.date != signed[:8]:
        _reject(
            f"Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: "
            f"'{authorization.date}' != '{signed[:8]}', from '{signed}'."
        )
    earliest, latest = now - authorization.lifetime, now + MAX_CLOCK_SKEW
    if signed_at < earliest:
        _reject(
            f"Signature expired: {signed} is now earlier than {earliest.strftime(_TIME_FORMAT)} "
            f"({current} - {_duration_text(authorization.lifetime)})"
        )
    if signed_at > latest:
        _reject(
            f"Signature not yet current: {signed} is still later than {latest.strftime(_TIME_FORMAT)} "
            f"({current} + 15 min.)"
        )
    if authorization.service == "chime" and authorization.region not in _chime_regions(request):
        # On AWS no host has that region's name, so there is no real answer; this one names the mistake.
        _reject(f"Credential should be scoped to a valid region, not '{authorization.region}'. ")


def _chime_regions(request: AwsRequest) -> frozenset[str]:
    # Identity's for a request that is for no operation: which of Chime's services it means is not known.
    return _regions(request.service.service_name if request.service else "chime-sdk-identity")


@functools.cache
def _regions(service: str) -> frozenset[str]:
    return frozenset(boto3.Session().get_available_regions(service))


def _duration_text(duration: timedelta) -> str:
    seconds = int(duration.total_seconds())
    return f"{seconds} sec." if seconds % 60 else f"{seconds // 60} min."


def _signed_at(request: AwsRequest, authorization: Authorization) -> datetime:
    text = authorization.signing_time(request.http_request.headers)
    try:
        return datetime.strptime(text, _TIME_FORMAT).replace(tzinfo=UTC)
    except ValueError as error:
        raise AwsError("IncompleteSignature", "Date must be in ISO-8601 'basic format'.") from error


def _token_matches(token: str, caller: CallerIdentity) -> bool:
    expected = caller.session.session_token if caller.session else ""
    return hmac.compare_digest(token.encode(), expected.encode())


def _check_signature(request: AwsRequest, authorization: Authorization, caller: CallerIdentity) -> None:
    # Compared with the body, because botocore's signer takes the hash in this header for the body's without reading it.
    stated_hash = request.http_request.headers.get("X-Amz-Content-SHA256")
    body_hash = hashlib.sha256(request.body).hexdigest()
    if stated_hash is not None and not hmac.compare_digest(stated_hash.encode(), body_hash.encode()):
        _reject(_MISMATCH)
    if not hmac.compare_digest(_expected_signature(request, authorization, caller), authorization.signature):
        _reject(_MISMATCH)


def _expected_signature(request: AwsRequest, authorization: Authorization, caller: CallerIdentity) -> str:
    credentials = Credentials(caller.access_key_id, caller.secret_access_key)
    signer = _Signer(credentials, authorization.service, authorization.region)
    signed = _signed_request(request, authorization)
    signature: str = signer.signature(signer.string_to_sign(signed, signer.canonical_request(signed)), signed)
    return signature


def _signed_request(request: AwsRequest, authorization: Authorization) -> AWSRequest:
    http = request.http_request
    headers = {name: http.headers.get(name, "") for name in authorization.signed_headers}
    # With an http URL, because botocore can leave the body of a request to an https URL unsigned.
    url = f"http://{http.host}{http.raw_path}"
    query = authorization.signed_query(http.query_string.decode("latin-1"))
    signed = AWSRequest(http.method, f"{url}?{query}" if query else url, headers, request.body)
    signed.context["timestamp"] = authorization.signing_time(http.headers)
    return signed


class _Signer(SigV4Auth):
    """botocore's signer, for exactly the headers that the client signed."""

    def headers_to_sign(self, request: AWSRequest) -> HTTPHeaders:
        headers = HTTPHeaders()
        for name, value in request.headers.items():
            headers[name.lower()] = value
        return headers


def _reject(message: str) -> NoReturn:
    raise AwsError("SignatureDoesNotMatch", message)
