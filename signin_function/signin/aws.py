"""What the AWS adapters share: clients, how they wait, and what their failures mean."""

from __future__ import annotations

import functools
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from botocore.awsrequest import AWSHTTPConnectionPool, AWSHTTPSConnectionPool, AWSRequest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, ConnectionError, HTTPClientError  # noqa: A004
from botocore.handlers import BUILTIN_HANDLERS
from botocore.parsers import ResponseParserError
from botocore.session import Session

from signin.errors import Rejected, Throttled, Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

THROTTLING = {
    *("BandwidthLimitExceeded", "EC2Throttled", "LimitExceeded", "PriorRequestNotComplete", "RequestLimitExceeded"),
    *("ProvisionedThroughputExceeded", "RequestThrottled", "SlowDown", "Throttled", "ThrottledClient", "Throttling"),
    *("TooManyRequests", "TransactionInProgress"),
}
"""As `code_of` gives them: botocore's own list, and Chime's, which it lacks."""
TIMEOUT = "RequestTimeout"
"""A refusal by its status, and yet mended by another attempt."""
CONNECT_SECONDS = 1.5
READ_SECONDS = 4.0
"""Half of the deadline, so that a call that hangs can be made once more."""

FIRST_SERVER_ERROR = 500
TOO_MANY_REQUESTS = 429

_wanted: ContextVar[Callable[[], bool]] = ContextVar("_wanted", default=lambda: True)


class GivenUpError(Exception):
    """A request was not sent, because nobody wants it any more. botocore makes an HTTPClientError of it."""


class _Asking:
    """Of a connection: asks, when it is open, whether what is to be sent is wanted still."""

    sock: Any
    connect: Callable[[], None]

    def send(self, data: Any) -> None:
        if self.sock is None:
            self.connect()
        if not _wanted.get()():
            raise GivenUpError
        super().send(data)  # type: ignore[misc]  # the connection that this is mixed into has it


def _asking(pool: Any) -> Any:
    connection = type("AskingConnection", (_Asking, pool.ConnectionCls), {})
    return type("AskingPool", (pool,), {"ConnectionCls": connection})


_POOLS = {"http": _asking(AWSHTTPConnectionPool), "https": _asking(AWSHTTPSConnectionPool)}


def client(service: str, region: str | None = None) -> Any:
    """
    Return a client of *service* in *region*, or else in the function's own. It opens no connection yet.

    Retries are `deadline`'s: botocore's know neither our deadline nor Chime's throttling.
    """
    config = Config(
        connect_timeout=CONNECT_SECONDS,
        read_timeout=READ_SECONDS,
        retries={"total_max_attempts": 1},
        tcp_keepalive=True,
    )
    made: Any = shared_session().create_client(service, region_name=region, config=config)
    # botocore's own hooks come before the connection, which may take long to open.
    made._endpoint.http_session._pool_classes_by_scheme.update(_POOLS)  # noqa: SLF001 - it has no other way to them
    return made


@functools.cache
def shared_session() -> Session:
    """
    Return what all clients share: credentials, most of all.

    Of botocore's own handlers it has those that are for every service. The hundred that are for one each, and none of
    them ours, take longer to register than both clients to make.
    """
    session = Session(include_builtin_handlers=False)
    for event, handler, *_ in BUILTIN_HANDLERS:
        if "." not in event:
            session.register(event, handler)
    return session


@contextmanager
def sent_if(wanted: Callable[[], bool]) -> Iterator[None]:
    """Send the requests that this thread makes within only if they are *wanted* when there is a connection for them."""
    before = _wanted.set(wanted)
    try:
        yield
    finally:
        _wanted.reset(before)


def open_connection(client: Any) -> None:
    """
    Open the connection that the first call of *client* will use.

    An unsigned HEAD asks nothing of the service, needs no permission and counts against no quota. A failure is left
    for the first call to find.
    """
    request = AWSRequest("HEAD", client.meta.endpoint_url).prepare()
    with suppress(BotoCoreError):
        client._endpoint.http_session.send(request)  # noqa: SLF001 - botocore has no other way to its connections


def code_of(error: ClientError) -> str:
    """Return AWS's code without its suffix: Chime says `Forbidden` or `ForbiddenException`, as its headers allow."""
    # A number, if a spoilt answer says so.
    return str(error.response.get("Error", {}).get("Code", "Unknown")).removesuffix("Exception")


@contextmanager
def aws_errors_translated() -> Iterator[None]:
    """
    Turn botocore's exceptions, and what reading an answer may raise, into ours.

    Raises:
        Throttled: AWS asks us to slow down.
        Unavailable: AWS cannot be reached, failed inside, or something on the way answered in its place.
        Rejected: Anything else, such as an answer that lacks what it is asked for.
    """
    try:
        yield
    except ClientError as error:
        raise _meaning(error) from error
    except (ConnectionError, HTTPClientError, ResponseParserError) as error:
        raise Unavailable(type(error).__name__) from error
    except BotoCoreError as error:
        raise Rejected(type(error).__name__) from error
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        # botocore reads what it is sent, and does not look whether it has AWS's form.
        raise Rejected("MalformedAnswer") from error


def _meaning(error: ClientError) -> Throttled | Unavailable | Rejected:
    code = code_of(error)
    metadata = error.response.get("ResponseMetadata", {})
    status = metadata.get("HTTPStatusCode", FIRST_SERVER_ERROR)
    retry_after = _seconds(metadata.get("HTTPHeaders", {}).get("retry-after", ""))
    if status == TOO_MANY_REQUESTS or code in THROTTLING:
        return Throttled(code, retry_after)
    if status >= FIRST_SERVER_ERROR or code == TIMEOUT:
        return Unavailable(code, retry_after)
    return Rejected(code)


def _seconds(header: str) -> int | None:
    """Read a Retry-After in seconds (RFC 9110, 10.2.3). AWS sends no dates."""
    return int(header) if header.isascii() and header.isdigit() and len(header) <= len("86400") else None
