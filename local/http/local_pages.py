"""Let web pages that are developed on this machine call the API, whatever their port, and say what AWS would need."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from local.http.adapter import HEADERS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

    TellOrigin = Callable[[str, bool], None]

_LOCAL_PAGE = re.compile(r"http://localhost(:[0-9]{1,5})?")
# Strict, because it is shown in a command that somebody may type: nothing in it may mean something to a shell.
_SHOWN = re.compile(r"[a-z][a-z0-9+.-]*://[A-Za-z0-9._-]+(:[0-9]{1,5})?")
_ALLOWED = "Access-Control-Allow-Origin"
MOST_TOLD = 100
"""How many origins are told, each once: whoever makes some up must not fill a terminal."""


class LocalPages:
    """
    A WSGI middleware, for the gateway alone, by which pages of `http://localhost:PORT` get what a listed page gets.

    The function's own list stays as it is on AWS: it is told that the page is the stack's own, which it lists, and that
    origin in its answer becomes the page's.
    """

    def __init__(self, application: WSGIApplication, own: Sequence[str], tell: TellOrigin) -> None:
        """
        Take the next application, the origins of the stack's *own* page, which its functions list, and whom to *tell*.

        *tell* gets each other origin, once, and whether its page may read the answers here.
        """
        self._application = application
        self._own = own
        self._tell = tell
        self._told: set[str] = set()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        origin = environ.get("HTTP_ORIGIN", "")
        is_local = _LOCAL_PAGE.fullmatch(origin) is not None and origin not in self._own
        passed_on = _with_origin(environ, self._own[0]) if is_local else environ

        def start(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            allowed = next((value for name, value in headers if name.lower() == _ALLOWED.lower()), None)
            may_read = allowed == (self._own[0] if is_local else origin)
            if is_local and may_read:
                headers = [(name, origin if value is allowed else value) for name, value in headers]
            if origin and (is_local or not may_read):
                self._tell_once(origin, may_read=may_read)
            return start_response(status, headers, *rest)

        return self._application(passed_on, start)

    def _tell_once(self, origin: str, *, may_read: bool) -> None:
        if origin not in self._told and len(self._told) < MOST_TOLD and _SHOWN.fullmatch(origin):
            self._told.add(origin)
            self._tell(origin, may_read)


def _with_origin(environ: WSGIEnvironment, origin: str) -> WSGIEnvironment:
    # Once: a header that was sent twice would leave the page's own origin beside it.
    others = [(name, value) for name, value in environ[HEADERS] if name.lower() != "origin"]
    return {**environ, "HTTP_ORIGIN": origin, HEADERS: [*others, ("Origin", origin)]}
