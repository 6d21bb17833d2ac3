"""
Check Signature Version 4, as https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html describes it.

The expected signature is computed by botocore's own signer from the request as it came: raw path, raw query, the
headers that were signed. A presigned address opens a WebSocket and nothing else: elsewhere it counts as unsigned.
"""

from __future__ import annotations

import functools
import hashlib
import hmac
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import boto3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.compat import HTTPHeaders
from botocore.credentials import Credentials

from local.aws import callers, errors
from local.aws.authorization import SKEW
from local.aws.errors import AwsError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import timedelta

    from werkzeug.wrappers import Response

    from local.aws.authorization import Authorization
    from local.aws.call import Call
    from local.aws.callers import Caller

_TIME = "%Y%m%dT%H%M%SZ"
_MISMATCH = (
    "The request signature we calculated does not match the signature you provided. "
    "Check your AWS Secret Access Key and signing method. Consult the service documentation for details."
)


class Authentication:
    """Lets signed calls through, with their caller."""

    def __init__(self, following: Callable[[Call], Response], clock: Callable[[], datetime] | None = None) -> None:
        """Take the next layer, and what tells the time (aware)."""
        self._following = following
        self._clock = clock or (lambda: datetime.now(UTC))

    def __call__(self, call: Call) -> Response:
        """Answer with the next layer's response, or with the refusal."""
        try:
            call.caller = authenticate(call, self._clock())
        except AwsError as error:
            return errors.refuse(call, error)
        return self._following(call)


def authenticate(call: Call, now: datetime) -> Caller:
    """
    Return who signed the call.

    Raises:
        AwsError: MissingAuthenticationToken, IncompleteSignature, SignatureDoesNotMatch (for a wrong time, region or
            signature), InvalidClientTokenId (for an unknown key or a wrong session token) or ExpiredToken.

    """
    claims = _claims(call)
    _check_scope(call, claims, now)
    caller = callers.find(claims.access_key_id)
    if caller is None or not _token_matches(claims.security_token(call.request.headers), caller):
        raise AwsError("InvalidClientTokenId", "The security token included in the request is invalid.")
    if caller.session and caller.session.expired:
        raise AwsError("ExpiredToken", "The security token included in the request is expired")
    _check_signature(call, claims, caller)
    return caller


def _claims(call: Call) -> Authorization:
    claims = call.authorization
    if claims is None and not call.request.headers.get("Authorization"):
        raise AwsError("MissingAuthenticationToken", "Missing Authentication Token")
    if claims is None or not claims.complete:
        message = (
            "Authorization header requires 'Credential', 'Signature' and 'SignedHeaders' with host and x-amz-date."
        )
        raise AwsError("IncompleteSignature", message)
    return claims


def _check_scope(call: Call, claims: Authorization, now: datetime) -> None:
    signed_at = _signed_at(call, claims)
    stamp, current = signed_at.strftime(_TIME), now.strftime(_TIME)
    if claims.date != stamp[:8]:
        _refuse(
            f"Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: "
            f"'{claims.date}' != '{stamp[:8]}', from '{stamp}'."
        )
    earliest = now - claims.lifetime
    if signed_at < earliest:
        _refuse(
            f"Signature expired: {stamp} is now earlier than {earliest.strftime(_TIME)} "
            f"({current} - {_shown(claims.lifetime)})"
        )
    if signed_at > now + SKEW:
        _refuse(
            f"Signature not yet current: {stamp} is still later than {(now + SKEW).strftime(_TIME)} "
            f"({current} + 15 min.)"
        )
    if claims.service == "chime" and claims.region not in _chime_regions():
        # On AWS there is no host to send this to; of the answers that exist this is the one that says what is wrong.
        _refuse(f"Credential should be scoped to a valid region, not '{claims.region}'. ")


@functools.cache
def _chime_regions() -> frozenset[str]:
    return frozenset(boto3.Session().get_available_regions("chime-sdk-identity"))


def _shown(time: timedelta) -> str:
    seconds = int(time.total_seconds())
    return f"{seconds} sec." if seconds % 60 else f"{seconds // 60} min."


def _signed_at(call: Call, claims: Authorization) -> datetime:
    stamp = claims.stamp(call.request.headers)
    try:
        return datetime.strptime(stamp, _TIME).replace(tzinfo=UTC)
    except ValueError as error:
        raise AwsError("IncompleteSignature", "Date must be in ISO-8601 'basic format'.") from error


def _token_matches(token: str, caller: Caller) -> bool:
    expected = caller.session.session_token if caller.session else ""
    return hmac.compare_digest(token.encode(), expected.encode())


def _check_signature(call: Call, claims: Authorization, caller: Caller) -> None:
    # The hash that a client states goes into the signature as a header: it has to be the body's, or it proves nothing.
    stated = call.request.headers.get("X-Amz-Content-SHA256")
    body_hash = hashlib.sha256(call.body).hexdigest()
    if stated is not None and not hmac.compare_digest(stated.encode(), body_hash.encode()):
        _refuse(_MISMATCH)
    if not hmac.compare_digest(_expected(call, claims, caller), claims.signature):
        _refuse(_MISMATCH)


def _expected(call: Call, claims: Authorization, caller: Caller) -> str:
    signer = _Signer(Credentials(caller.access_key_id, caller.secret_access_key), claims.service, claims.region)
    request = _as_sent(call, claims)
    signature: str = signer.signature(signer.string_to_sign(request, signer.canonical_request(request)), request)
    return signature


def _as_sent(call: Call, claims: Authorization) -> AWSRequest:
    headers = {name: call.request.headers.get(name, "") for name in claims.signed_headers}
    # An http address, because botocore leaves bodies unsigned at https ones if told so.
    url = f"http://{call.request.host}{call.request.raw_path}"
    query = claims.signed_query(call.request.query_string.decode("latin-1"))
    request = AWSRequest(call.request.method, f"{url}?{query}" if query else url, headers, call.body)
    request.context["timestamp"] = claims.stamp(call.request.headers)
    return request


class _Signer(SigV4Auth):
    """botocore's signer, over exactly the headers that the client signed."""

    def headers_to_sign(self, request: AWSRequest) -> HTTPHeaders:
        headers = HTTPHeaders()
        for name, value in request.headers.items():
            headers[name.lower()] = value
        return headers


def _refuse(message: str) -> None:
    raise AwsError("SignatureDoesNotMatch", message)
