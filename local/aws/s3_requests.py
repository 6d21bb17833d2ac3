"""
Bring a request to S3 into the one form in which its operation is read, judged and done.

The bucket is in the path, also where the host names it; what a presigned URL says in place of headers is in headers;
and the body is what is to be stored, without the chunks and the checksum after them with which SDKs send it. The
signature is over the request as it arrived, so that `authentication` reads that.

Sources: pages VirtualHosting.html and checking-object-integrity.html of
https://docs.aws.amazon.com/AmazonS3/latest/userguide/, and sigv4-streaming-trailers.html of ../API/ there.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import re
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, cast
from urllib.parse import quote, unquote, unquote_to_bytes

from moto.core.request import Request
from moto.core.utils import get_service_model

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from moto.core.model import OperationModel
    from werkzeug.datastructures import Headers

BUCKET_NAME = re.compile(
    r"(?!xn--|sthree-|amzn-s3-demo-)(?!\d+\.\d+\.\d+\.\d+$)(?!.*\.\.)(?!.*(-s3alias|--ol-s3|\.mrap|--x-s3|--table-s3)$)"
    r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]"
)
"""https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html"""
RESERVED = frozenset(
    {
        *("account", "apikeys", "app-instance-bots", "app-instance-users", "app-instances", "channel-flows"),
        *("channels", "clientcertificates", "connect", "control", "domainnameaccessassociations", "domainnames"),
        *("endpoints", "local", "meetings", "rejectdomainnameaccessassociations", "restapis", "sdktypes", "tags"),
        *("usageplans", "vpclinks"),
    }
)
"""With what the paths of other services begin here: no bucket can be called so, because S3 has no host of its own."""

UNSIGNED = "UNSIGNED-PAYLOAD"
CHUNKED = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
_HASH = "X-Amz-Content-SHA256"
_HOST = re.compile(r"(?P<bucket>.+)\.(localhost|s3([.-][a-z0-9-]+)*\.amazonaws\.com)(:\d+)?")
_WITHOUT_BUCKET = "s3.amazonaws.com"
_OF_SIGNATURE = frozenset(
    {"algorithm", "content-sha256", "credential", "date", "expires", "security-token", "signature", "signedheaders"}
)
_CHUNK_SIZE = re.compile(rb"([0-9a-fA-F]{1,8})\r\n")
_CUT_OFF = "The request body terminated unexpectedly"
_ON_CHECKSUMS = frozenset({"algorithm", "mode", "type"})
"""How names of headers on checksums end that hold none."""
_CHECKSUMS: Mapping[str, Callable[[bytes], bytes]] = {
    "crc32": lambda content: zlib.crc32(content).to_bytes(4, "big"),
    "sha1": lambda content: hashlib.sha1(content, usedforsecurity=False).digest(),
    "sha256": lambda content: hashlib.sha256(content).digest(),
}


class PayloadError(Exception):
    """The body is not what the headers say; `code` is S3's error code."""

    def __init__(self, code: str, message: str) -> None:
        """Take the code and a message."""
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class S3Request:
    """A request as it was `received` with its `body`, and in that form: `http` with its `content`."""

    received: Request
    body: bytes
    http: Request
    content: bytes
    """What is to be stored; empty where `check` finds the body wrong."""

    @classmethod
    def read(cls, received: Request, body: bytes) -> S3Request:
        """Bring the request *received*, which has this *body*, into that form."""
        try:
            content, trailers = _decoded(received.headers, body)
        except PayloadError:
            content, trailers = b"", {}
        return cls(received, body, Request(_in_one_form(received, trailers), populate_request=False), content)

    def check(self) -> None:
        """
        Check the body against its hash, and the content in it against its checksums.

        Raises:
            PayloadError: XAmzContentSHA256Mismatch, IncompleteBody, MalformedTrailerError or BadDigest; InvalidRequest
                for checksums that do not go together; or NotImplemented, for a checksum or a way to sign a body that is
                not known here.
        """
        stated = self.received.headers.get(_HASH)
        if stated not in (None, UNSIGNED, CHUNKED):
            _check_hash(stated, self.body)
        _, trailers = _decoded(self.received.headers, self.body)
        _check_algorithms(self.received.headers, trailers)
        for name, value in self.http.headers.items():
            _check_digest(name.lower(), value, self.content)

    def foreign(self, operation: OperationModel) -> str | None:
        """
        Return a parameter or header of S3's own that the *operation* does not have; None if there is none.

        With it S3 may take the request for another operation, or refuse it: `DELETE ?acl` deletes nothing.
        """
        headers, parameters = _names_in(operation)
        of_s3 = _names_of_s3()
        given = [name for name, _ in _pairs(self.http) if name in of_s3.parameters - parameters]
        named = {name.lower() for name, _ in self.http.headers.items()} & of_s3.headers - headers
        return next(iter([*given, *sorted(named)]), None)

    def has_readable_path(self) -> bool:
        """Tell whether the path is UTF-8: https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html."""
        try:
            unquote_to_bytes(self.http.raw_path).decode()
        except UnicodeDecodeError:
            return False
        return True

    def environ(self, operation: OperationModel, bucket: str, key: str) -> dict[str, Any]:
        """
        Return a WSGI environment with what the operation's model knows, and nothing else of S3.

        moto would choose another operation by a parameter that this one does not have.
        """
        headers, parameters = _names_in(operation)
        query = "&".join(pair for name, pair in _pairs(self.http) if name in parameters)
        environ = {name: value for name, value in self.http.environ.items() if _is_known(name, headers)}
        path = f"/{bucket}/{quote(key, safe='/~')}" if key else f"/{bucket}"
        return environ | _target(path, query)


def lacks_required(shape: Any, value: Any) -> bool:
    """Tell whether a *value*, parsed by the model's *shape*, lacks something that the model requires, at any depth."""
    if shape is None or value is None:
        return False
    if shape.type_name == "list":
        return any(lacks_required(shape.member, each) for each in value)
    if shape.type_name != "structure":
        return False
    missing = any(value.get(name) in (None, []) for name in shape.required_members)
    return missing or any(lacks_required(each, value.get(name)) for name, each in shape.members.items())


def bucket_of(http: Request) -> str | None:
    """Return the name that stands where a bucket's does, in the host or in the path; None if nothing does."""
    found = _HOST.fullmatch(http.host.lower())
    name = found["bucket"] if found else unquote(http.raw_path.split("/")[1])
    return name if BUCKET_NAME.fullmatch(name) and (found or name not in RESERVED) else None


def _check_hash(stated: str, body: bytes) -> None:
    if not re.fullmatch("[0-9a-f]{64}", stated):
        raise PayloadError("NotImplemented", f"A body with {_HASH}: {stated[:60]} is not available on the local stack.")
    if hashlib.sha256(body).hexdigest() != stated:
        message = "The provided 'x-amz-content-sha256' header does not match what was computed."
        raise PayloadError("XAmzContentSHA256Mismatch", message)


def _check_algorithms(headers: Headers, trailers: Mapping[str, str]) -> None:
    """Check that there is one checksum at most, and that it is the one that the SDK says it has made."""
    given = {name for each, _ in headers.items() if (name := each.lower()).startswith("x-amz-checksum-")}
    given = {name for name in given if name.removeprefix("x-amz-checksum-") not in _ON_CHECKSUMS}
    if len(given) + len(trailers) > 1:
        raise PayloadError("InvalidRequest", "Expecting a single x-amz-checksum- header. Multiple are not allowed.")
    said = headers.get("X-Amz-Sdk-Checksum-Algorithm", "").lower()
    if said and {f"x-amz-checksum-{said}"} != given | trailers.keys():
        message = (
            "x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer headers."
        )
        raise PayloadError("InvalidRequest", message)


def _check_digest(name: str, value: str, content: bytes) -> None:
    algorithm = name.removeprefix("x-amz-checksum-")
    if name == "content-md5":
        digest = hashlib.md5(content, usedforsecurity=False).digest()
    elif algorithm == name or algorithm in _ON_CHECKSUMS:
        return
    elif algorithm in _CHECKSUMS:
        digest = _CHECKSUMS[algorithm](content)
    else:
        raise PayloadError("NotImplemented", f"The checksum {algorithm.upper()} is not available on the local stack.")
    if base64.b64encode(digest).decode() != value:
        raise PayloadError("BadDigest", f"The {name} you specified did not match the calculated checksum.")


def _decoded(headers: Headers, body: bytes) -> tuple[bytes, dict[str, str]]:
    """
    Return the content of a body in chunks and the headers after it; or the body, and none.

    Raises:
        PayloadError: The chunks, their whole length or what comes after them is not as the headers say.
    """
    if headers.get(_HASH) != CHUNKED:
        return body, {}
    chunks, start = [], 0
    while length := _chunk_size(body, start):
        start = body.index(b"\r\n", start) + 2
        end = start + length
        if body[end : end + 2] != b"\r\n":
            raise PayloadError("IncompleteBody", _CUT_OFF)
        chunks.append(body[start:end])
        start = end + 2
    content = b"".join(chunks)
    if headers.get("X-Amz-Decoded-Content-Length") != str(len(content)):
        raise PayloadError("IncompleteBody", "The decoded body is not as long as x-amz-decoded-content-length says.")
    return content, _trailers(headers, body[start:].partition(b"\r\n")[2])


def _chunk_size(body: bytes, start: int) -> int:
    found = _CHUNK_SIZE.match(body, start)
    if found is None:
        raise PayloadError("IncompleteBody", _CUT_OFF)
    return int(found[1], 16)


def _trailers(headers: Headers, rest: bytes) -> dict[str, str]:
    pairs = (line.partition(":") for line in rest.decode("latin-1").split("\r\n") if line)
    trailers = {name.strip().lower(): value.strip() for name, _, value in pairs}
    announced = {name.strip().lower() for name in headers.get("X-Amz-Trailer", "").split(",") if name.strip()}
    whole = rest == b"\r\n" or rest.endswith(b"\r\n\r\n")
    if not whole or trailers.keys() != announced or any(not name.startswith("x-amz-checksum-") for name in announced):
        raise PayloadError("MalformedTrailerError", "The request contained trailing data that was not well-formed.")
    return trailers


def _in_one_form(http: Request, trailers: Mapping[str, str]) -> dict[str, Any]:
    found = _HOST.fullmatch(http.host.lower())
    path = f"/{found['bucket']}{http.raw_path}" if found else http.raw_path
    pairs = list(_pairs(http))
    as_headers = {name: unquote(pair.partition("=")[2]) for name, pair in pairs if _is_header(name)}
    added = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in {**as_headers, **trailers}.items()}
    query = "&".join(pair for name, pair in pairs if not name.lower().startswith("x-amz-"))
    encodings = (each.strip() for each in http.headers.get("Content-Encoding", "").split(","))
    encoding = ",".join(each for each in encodings if each not in ("", "aws-chunked"))
    environ = {name: value for name, value in http.environ.items() if name != "HTTP_CONTENT_ENCODING"}
    if encoding:
        environ["HTTP_CONTENT_ENCODING"] = encoding
    return {**added, **environ, **_target(path, query), "HTTP_HOST": _WITHOUT_BUCKET}


def _is_header(name: str) -> bool:
    """Tell whether a parameter of a presigned URL stands for a header."""
    # The SDK for JavaScript writes the checksum of a body that it does not have. AWS ignores it (aws-sdk-js-v3 #4448);
    # that it also ignores the algorithm's name is inferred.
    of_s3, _, name = name.lower().partition("x-amz-")
    return not of_s3 and not name.startswith(("checksum-", "sdk-")) and name not in {*_OF_SIGNATURE, ""}


def _pairs(http: Request) -> Iterator[tuple[str, str]]:
    """Yield the parameters of the query, each once: its name, and the raw pair. The first of a name counts."""
    seen = set()
    for pair in filter(None, http.query_string.decode("latin-1").split("&")):
        name = unquote(pair.partition("=")[0])
        if name not in seen:
            seen.add(name)
            yield name, pair


def _target(path: str, query: str) -> dict[str, str]:
    uri = f"{path}?{query}" if query else path
    return {
        "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
        "QUERY_STRING": query,
        "RAW_URI": uri,
        "REQUEST_URI": uri,
    }


class _Names(NamedTuple):
    """Names of headers, in lower case, and of parameters in the query."""

    headers: frozenset[str]
    parameters: frozenset[str]


def _names_in(operation: OperationModel) -> _Names:
    """Return what the operation has there, also what only names it: `acl` in `?acl`."""
    headers, parameters = (_names(operation, place) for place in ("header", "querystring"))
    return _Names(frozenset(map(str.lower, headers)), frozenset(parameters | operation.http_trait.query_args.keys()))


@functools.cache
def _names_of_s3() -> _Names:
    """Return what any operation of S3 has there, without x-id, which changes nothing, and checksums, which fit any."""
    model = get_service_model("s3")
    each = [_names_in(cast("OperationModel", model.operation_model(name))) for name in model.operation_names]
    headers = {name for names in each for name in names.headers if name.startswith("x-amz-")}
    return _Names(
        frozenset(name for name in headers if not name.startswith("x-amz-checksum-")),
        frozenset(name for names in each for name in names.parameters) - {"x-id"},
    )


def _names(operation: OperationModel, place: str) -> set[str]:
    """Return the names of the operation's parameters that are there."""
    members = operation.input_shape.members.items() if operation.input_shape else ()
    return {str(each.serialization.get("name", name)) for name, each in members if _is_in(each, place)}


def _is_in(member: Any, place: str) -> bool:
    return bool(member.serialization.get("location") == place)


def _is_known(name: str, headers: frozenset[str]) -> bool:
    """Tell whether a name in a WSGI environment is not of a header of S3's own, or of one of *headers*, or metadata."""
    header = name.removeprefix("HTTP_").replace("_", "-").lower()
    return not header.startswith("x-amz-") or header.startswith("x-amz-meta-") or header in headers
