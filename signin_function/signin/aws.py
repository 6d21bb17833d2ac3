"""What the AWS adapters share: clients, their connections and timeouts, and the meaning of AWS's errors."""

from __future__ import annotations

import functools
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

import boto3
from botocore.awsrequest import AWSHTTPConnectionPool, AWSHTTPSConnectionPool, AWSRequest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, ConnectionError, HTTPClientError  # noqa: A004
from botocore.handlers import BUILTIN_HANDLERS
from botocore.parsers import ResponseParserError
from botocore.session import Session as BotocoreSession

from signin.errors import Rejected, Throttled, Unavailable
from signin.trust import PARTITION, AmazonRootsFirst

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

THROTTLING = {
    *("BandwidthLimitExceeded", "EC2Throttled", "LimitExceeded", "PriorRequestNotComplete", "RequestLimitExceeded"),
    *("ProvisionedThroughputExceeded", "RequestThrottled", "SlowDown", "Throttled", "ThrottledClient", "Throttling"),
    *("TooManyRequests", "TransactionInProgress"),
}
"""The codes, as `_code_of` gives them, that mean throttling: botocore's own list, and Chime's, which it lacks."""
TIMEOUT = "RequestTimeout"
"""A code that AWS sends with a 4xx status, although a retry may succeed."""
CONNECT_SECONDS = 1.5
READ_SECONDS = 4.0
"""Half of a sign-in's deadline, so that there is time for a retry after a call that hung."""

FIRST_SERVER_ERROR = 500
TOO_MANY_REQUESTS = 429

_wanted: ContextVar[Callable[[], bool]] = ContextVar("_wanted", default=lambda: True)


class AwsAdapter:
    """A client of one AWS *service* in *region*, or else in the function's own region."""

    def __init__(self, service: str, region: str | None = None) -> None:
        """Open no connection yet."""
        self._client = client(service, region)

    def connect(self) -> None:
        """
        Open the connection that the first call will use.

        An unsigned HEAD request opens it: that asks nothing of the service, needs no permission and counts against no
        quota. A failure raises nothing, because the first call will meet it again.
        """
        request = AWSRequest("HEAD", self._client.meta.endpoint_url).prepare()
        with suppress(BotoCoreError):
            self._client._endpoint.http_session.send(request)  # noqa: SLF001 - botocore has no other way to connections

    def close(self) -> None:
        """Close the connections that no call is using; the next call opens another."""
        self._client.close()


class GivenUpError(Exception):
    """A request was not sent, because it is no longer wanted. botocore makes an HTTPClientError of this."""


class _AskingConnection:
    """A mixin for a connection: when the connection is open, it asks whether the request is still wanted."""

    sock: Any
    connect: Callable[[], None]

    def send(self, data: Any) -> None:
        if self.sock is None:
            self.connect()
        if not _wanted.get()():
            raise GivenUpError
        super().send(data)  # type: ignore[misc]  # the connection that this is mixed into has it


def _asking(pool: Any, *mixins: type) -> Any:
    connection = type("AskingConnection", (_AskingConnection, *mixins, pool.ConnectionCls), {})
    return type("AskingPool", (pool,), {"ConnectionCls": connection})


_POOLS = {"http": _asking(AWSHTTPConnectionPool), "https": _asking(AWSHTTPSConnectionPool)}
_POOLS_BY_AMAZONS_ROOTS = {**_POOLS, "https": _asking(AWSHTTPSConnectionPool, AmazonRootsFirst)}


def client(service: str, region: str | None = None) -> Any:
    """Return a client of *service* in *region*, or else in the function's own region. It opens no connection yet."""
    # `deadline` retries, not botocore: botocore knows neither the deadline nor Chime's throttling.
    config = Config(
        connect_timeout=CONNECT_SECONDS,
        read_timeout=READ_SECONDS,
        retries={"total_max_attempts": 1},
        tcp_keepalive=True,
    )
    session: Any = shared_session()  # Any, because boto3's types know services by literal names only
    made = session.client(service, region_name=region, config=config)
    # botocore's own hooks are called too early: before the connection is opened, which may take long.
    pools = _POOLS_BY_AMAZONS_ROOTS if made.meta.partition == PARTITION else _POOLS
    made._endpoint.http_session._pool_classes_by_scheme.update(pools)  # noqa: SLF001 - it has no other way to them
    return made


@functools.cache
def shared_session() -> boto3.Session:
    """
    Return what all clients share, above all the credentials.

    It has those of botocore's handlers that are for every service. About a hundred others are for one service each,
    none of them ours, and to register them takes longer than to make both clients.
    """
    session = BotocoreSession(include_builtin_handlers=False)
    for event, handler, *_ in BUILTIN_HANDLERS:
        if "." not in event:
            session.register(event, handler)
    return boto3.Session(botocore_session=session)


@contextmanager
def sent_if(wanted: Callable[[], bool]) -> Iterator[None]:
    """Send the requests of this thread only if they are still *wanted* when a connection for them is open."""
    before = _wanted.set(wanted)
    try:
        yield
    finally:
        _wanted.reset(before)


@contextmanager
def aws_errors_translated(operation: str) -> Iterator[None]:
    """
    Turn botocore's exceptions, and what reading an answer may raise, into ours, while *operation* is called.

    The `code` of the error is AWS's, without the suffix "Exception".

    Raises:
        Throttled: AWS asks us to slow down.
        Unavailable: AWS cannot be reached, failed inside, or something on the way answered in its place.
        Rejected: Anything else, such as an answer that lacks what was asked for.
    """
    try:
        yield
    except ClientError as error:
        raise _meaning(error, operation) from error
    except (ConnectionError, HTTPClientError, ResponseParserError) as error:
        raise Unavailable(type(error).__name__, operation=operation) from error
    except BotoCoreError as error:
        raise Rejected(type(error).__name__, operation=operation) from error
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        # botocore does not check whether an answer has the form that AWS documents.
        raise Rejected("MalformedAnswer", operation=operation) from error


def _meaning(error: ClientError, operation: str) -> Throttled | Unavailable | Rejected:
    code = _code_of(error)
    metadata = error.response.get("ResponseMetadata", {})
    status = metadata.get("HTTPStatusCode", FIRST_SERVER_ERROR)
    retry_after = _seconds(metadata.get("HTTPHeaders", {}).get("retry-after", ""))
    if status == TOO_MANY_REQUESTS or code in THROTTLING:
        return Throttled(code, retry_after, operation=operation)
    if status >= FIRST_SERVER_ERROR or code == TIMEOUT:
        return Unavailable(code, retry_after, operation=operation)
    return Rejected(code, operation=operation)


def _code_of(error: ClientError) -> str:
    # Without the suffix, because Chime's answer says `Forbidden` or `ForbiddenException`, depending on its headers.
    # `str`, because a malformed answer may have a number here.
    return str(error.response.get("Error", {}).get("Code", "Unknown")).removesuffix("Exception")


def _seconds(header: str) -> int | None:
    """Read a Retry-After in seconds (RFC 9110, 10.2.3). AWS sends no dates."""
    return int(header) if header.isascii() and header.isdigit() and len(header) <= len("86400") else None
