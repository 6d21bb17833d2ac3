"""
By which roots the certificates of AWS's endpoints are verified: Amazon's own five first, then all that botocore brings.

botocore reads its bundle of some 130 roots for each connection, which takes 15 milliseconds each time; Amazon's five
take less than one. AWS's endpoints are under these five, but AWS supports no pinning and promises nothing. So a
certificate that they do not verify is verified by botocore's bundle, as it would be without them, and from then on all
are: nobody should have to deploy anew because AWS has a new root.

Source: https://www.amazontrust.com/repository/
"""

from __future__ import annotations

import functools
import os
import ssl
import sys
import threading
from typing import TYPE_CHECKING

from botocore.httpsession import get_cert_path

from signin import telemetry

if TYPE_CHECKING:
    from collections.abc import Iterable

FILE = "amazon_roots.pem"
"""Where the layer has Amazon's roots, beside its packages. layers/amazon_roots.py makes it."""
PARTITION = "aws"
"""The partition whose endpoints are under these roots. Of those in China and of GovCloud nobody says so."""


class AwsTrust:
    """Amazon's roots, until they do not suffice."""

    def __init__(self, places: Iterable[str]) -> None:
        """Look for Amazon's roots in *places*. If they are in none, botocore's bundle is used, as botocore would."""
        self._lock = threading.Lock()
        self._amazons = _file_in(places)

    def narrowed(self, bundle: str | None) -> str | None:
        """
        Return the file that is to be used in place of *bundle*, by which botocore is about to verify.

        Only botocore's own bundle is ever replaced. If AWS_CA_BUNDLE, REQUESTS_CA_BUNDLE or `ca_bundle` say whom to
        trust, or if nothing is verified, *bundle* is another one or None.
        """
        amazons = self._amazons
        return amazons if amazons and bundle == get_cert_path(True) else bundle  # noqa: FBT003 - botocore's name for it

    def widen(self, host: str) -> None:
        """Use botocore's bundle from now on, because Amazon's roots have not verified *host*."""
        with self._lock:
            is_first, self._amazons = self._amazons is not None, None
        if is_first:
            telemetry.trust_widened(host)


class AmazonRootsFirst:
    """A mixin for a connection: it is verified by `AwsTrust`. It goes before a class of urllib3's."""

    host: str
    ca_certs: str | None
    _tunnel_host: str | None

    def connect(self) -> None:
        """Open the connection, a second time if Amazon's roots do not verify it. Nothing has been sent by then."""
        bundle = self.ca_certs
        self.ca_certs = trust().narrowed(bundle)
        try:
            self._connect_or_widen(bundle)
        finally:
            self.ca_certs = bundle  # the same object connects again when its server has closed the connection

    def _connect_or_widen(self, bundle: str | None) -> None:
        try:
            super().connect()  # type: ignore[misc]  # the connection that this is mixed into has it
        except ssl.SSLCertVerificationError:
            if self.ca_certs == bundle:
                raise
            trust().widen(self._tunnel_host or self.host)  # through a proxy `host` is the proxy's
            self.ca_certs = bundle
            super().connect()  # type: ignore[misc]


_LOCK = threading.Lock()


def trust() -> AwsTrust:
    """Return the one of this process."""
    # Under a lock: threads that made it at the same time would each widen one of their own.
    with _LOCK:
        return _trust()


@functools.cache
def _trust() -> AwsTrust:
    return AwsTrust(sys.path)


def _file_in(places: Iterable[str]) -> str | None:
    files = (os.path.join(place, FILE) for place in places)  # noqa: PTH118 - a cold start makes no Path objects for it
    return next((file for file in files if os.path.isfile(file)), None)  # noqa: PTH113 - as above
