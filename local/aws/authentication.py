"""
Verify Signature Version 4, as https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html describes it.

botocore's own signer computes the expected signature from the request as it arrived: the raw path and query, which are
encoded anew for S3, and the headers that were signed. A presigned URL is accepted for S3 and for opening a WebSocket
only; any other request with a signature in its query counts as unsigned. What S3 does otherwise is in
https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html and sigv4-query-string-auth.html there.
"""

from __future__ import annotations

import functools
import hashlib
import hmac
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NoReturn
from urllib.parse import quote, unquote_to_bytes

import boto3
from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.compat import HTTPHeaders
from botocore.credentials import Credentials

from local.aws import errors, identities
from local.aws.authorization import MAX_CLOCK_SKEW, QueryAuthorization
from local.aws.errors import AwsError
from local.aws.s3_requests import UNSIGNED, PayloadError

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
            region), InvalidClientTokenId (for an unknown key or a wrong session token) or ExpiredToken. For S3 also
            those of `_check_time_for_s3`, `_check_headers_for_s3` and `S3Request.check`, and InvalidToken.

    """
    authorization = _authorization(request)
    if request.s3:
        _check_headers_for_s3(request, authorization)
        _check_time_for_s3(request, authorization, now)
    _check_scope(request, authorization, now)
    caller = identities.find(authorization.access_key_id)
    if request.s3 and caller and not _token_matches(authorization.session_token(request.http_request.headers), caller):
        raise AwsError("InvalidToken", "The provided token is malformed or otherwise invalid.", 400)
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


def _check_headers_for_s3(request: AwsRequest, authorization: Authorization) -> None:
    """
    Check that the signature covers every header of S3's own.

    Raises:
        AwsError: InvalidArgument, InvalidRequest or AccessDenied.
    """
    headers = request.http_request.headers.items()
    of_s3 = {name.lower() for name, _ in headers if name.lower().startswith("x-amz-")}
    if not isinstance(authorization, QueryAuthorization) and "X-Amz-Signature" in request.http_request.args:
        raise AwsError("InvalidArgument", "Only one auth mechanism allowed", 400)
    if not isinstance(authorization, QueryAuthorization) and "x-amz-content-sha256" not in of_s3:
        raise AwsError("InvalidRequest", "Missing required header for this request: x-amz-content-sha256", 400)
    if not of_s3 <= set(authorization.signed_headers):
        raise AwsError("AccessDenied", "There were headers present in the request which were not signed")


def _check_time_for_s3(request: AwsRequest, authorization: Authorization, now: datetime) -> None:
    """
    Check the time of signing, for which S3 has words of its own.

    Raises:
        AwsError: RequestTimeTooSkewed; AccessDenied for a presigned URL.
    """
    signed_at = _signed_at(request, authorization)
    is_presigned = isinstance(authorization, QueryAuthorization)
    if signed_at >= now - authorization.lifetime and signed_at <= now + MAX_CLOCK_SKEW:
        return
    if is_presigned:
        raise AwsError("AccessDenied", "Request has expired" if signed_at < now else "Request is not yet valid")
    message = "The difference between the request time and the current time is too large."
    raise AwsError("RequestTimeTooSkewed", message, 403)


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
    if stated_hash is not None and not request.s3 and not hmac.compare_digest(stated_hash.encode(), body_hash.encode()):
        _reject(_MISMATCH)
    if not hmac.compare_digest(_expected_signature(request, authorization, caller), authorization.signature):
        _reject(_MISMATCH)
    if request.s3:
        try:
            request.s3.check()
        except PayloadError as error:
            raise AwsError(error.code, str(error), 501 if error.code == "NotImplemented" else 400) from error


def _expected_signature(request: AwsRequest, authorization: Authorization, caller: CallerIdentity) -> str:
    credentials = Credentials(caller.access_key_id, caller.secret_access_key)
    signer = (_S3Signer if request.s3 else _Signer)(credentials, authorization.service, authorization.region)
    signed = _signed_request(request, authorization)
    signature: str = signer.signature(signer.string_to_sign(signed, signer.canonical_request(signed)), signed)
    return signature


def _signed_request(request: AwsRequest, authorization: Authorization) -> AWSRequest:
    http = request.http_request
    headers = {name: http.headers.get(name, "") for name in authorization.signed_headers}
    path, query = http.raw_path, authorization.signed_query(http.query_string.decode("latin-1"))
    if request.s3:
        # S3 encodes both anew, so that it refuses who signs another spelling: an apostrophe that is not encoded, say.
        path, query = _canonical(path, safe="/"), "&".join(map(_canonical_parameter, query.split("&")))
    # With an http URL, because botocore can leave the body of a request to an https URL unsigned.
    url = f"http://{http.host}{path}"
    signed = AWSRequest(http.method, f"{url}?{query}" if query else url, headers, request.body)
    signed.context["timestamp"] = authorization.signing_time(http.headers)
    return signed


def _canonical(encoded: str, safe: str = "") -> str:
    """Return a part of a URL as it is signed for S3: all but unreserved characters, and *safe*, are %XX."""
    return quote(unquote_to_bytes(encoded), safe)


def _canonical_parameter(pair: str) -> str:
    name, equals, value = pair.partition("=")
    return _canonical(name) + equals + _canonical(value)


class _ExactHeaders:
    """Has a signer of botocore sign exactly the headers that the client signed."""

    def headers_to_sign(self, request: AWSRequest) -> HTTPHeaders:
        headers = HTTPHeaders()
        for name, value in request.headers.items():
            headers[name.lower()] = value
        return headers


class _Signer(_ExactHeaders, SigV4Auth):
    """For all services but S3."""


class _S3Signer(_ExactHeaders, S3SigV4Auth):
    """For S3: the path is not encoded a second time, and a presigned URL says nothing of the body."""

    def payload(self, request: AWSRequest) -> str:  # noqa: ARG002 - botocore's method
        return UNSIGNED


def _reject(message: str) -> NoReturn:
    raise AwsError("SignatureDoesNotMatch", message)
