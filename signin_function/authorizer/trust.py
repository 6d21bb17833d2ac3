"""
Whose certificates an issuer may have: those under the roots that the layer brings, or all that this machine trusts.

The layer's roots (layers/roots.py) are in a folder from which OpenSSL reads the one that it needs. Reading all that a
machine trusts takes a cold start seventeen milliseconds, so that is done when the layer's do not suffice.
"""

from __future__ import annotations

import functools
import os
import ssl
import sys
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

FOLDER = "issuer_roots"
"""Where the layer has its roots, beside its packages."""
OWN_CHOICE = frozenset({"SSL_CERT_FILE", "SSL_CERT_DIR"})
"""Variables by which OpenSSL is told whom to trust. If there is one, it alone says so."""


class Trust:
    """
    The TLS context for issuers: one for all of them, made when it is first asked for.

    It is Python's default context but for the roots: the host's name is checked, and certificates strictly.
    """

    def __init__(self, environ: Mapping[str, str], places: Iterable[str]) -> None:
        """Look for the layer's roots in *places*, unless *environ* says whom to trust. Else use the machine's."""
        self._folder = None if OWN_CHOICE & environ.keys() else _folder_in(places)
        self._lock = threading.Lock()
        self._context: ssl.SSLContext | None = None
        self._may_widen = self._folder is not None
        self.on_widened: Callable[[], None] = lambda: None
        """Called when the machine's own roots are added to the layer's."""

    def tls(self) -> ssl.SSLContext:
        """Return the context that is to be used now."""
        # Made under a lock: reading all certificates takes so long that many fetches at once would all be late.
        with self._lock:
            if self._context is None:
                self._context = ssl.create_default_context(capath=self._folder)
            return self._context

    def wider_than(self, context: ssl.SSLContext) -> ssl.SSLContext | None:
        """
        Return a context that trusts more than *context*, by which a certificate was not verified; None if none does.

        It trusts the machine's roots too, because the layer's are as old as the layer. It is used for all from then on.
        """
        with self._lock:
            if not self._may_widen:
                return None if context is self._context else self._context
            self._may_widen = False
            # A new one, because others may be verifying by the old one. Some issuers may need the layer's roots.
            self._context = wider = ssl.create_default_context()
            wider.load_verify_locations(capath=self._folder)
        self.on_widened()
        return wider


_LOCK = threading.Lock()


def trust() -> Trust:
    """Return the one of this process."""
    with _LOCK:
        return _trust()


@functools.cache
def _trust() -> Trust:
    return Trust(os.environ, sys.path)


def _folder_in(places: Iterable[str]) -> str | None:
    folders = (os.path.join(place, FOLDER) for place in places)  # noqa: PTH118 - a cold start loads no pathlib for it
    return next((folder for folder in folders if os.path.isdir(folder)), None)  # noqa: PTH112 - as above
