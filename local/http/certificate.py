"""
Make a self-signed certificate for this machine.

The one of `make run` is kept, with its key, in a file that only its owner can read: a browser that was told to trust it
trusts it at the next start, too.
"""

from __future__ import annotations

import fcntl
import os
import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

LIFETIME = timedelta(days=90)
RENEWED_BEFORE_END = timedelta(days=7)
"""Early, because a browser that trusts it should not lose it in the middle of a week's work."""
HERE = x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))


def self_signed(names: Iterable[x509.GeneralName] = HERE) -> ssl.SSLContext:
    """Return the TLS context of a server called *names*. Clients must be told to trust its certificate."""
    # The `ssl` module loads certificates from files only.
    with TemporaryDirectory() as folder:
        file = Path(folder, "both.pem")
        _write(file, _made(names, datetime.now(UTC)))
        return server_context(file)


def kept(file: Path, now: datetime | None = None) -> ssl.SSLContext:
    """
    Return the TLS context of a server on this machine with the certificate in *file*, made anew if it is of no use.

    It is not if it ends within a week of *now* (aware), cannot be read, or others than its owner can read or write it.
    Where no file can be written, the certificate is for this time only.
    """
    moment = now or datetime.now(UTC)
    try:
        if not _is_of_use(file, moment):
            file.parent.mkdir(parents=True, exist_ok=True)
            _renew(file, moment)
        return server_context(file)
    except OSError:
        return self_signed()


def _renew(file: Path, moment: datetime) -> None:
    # Under a lock, because of two stacks that start together each would make one, and the first one's would not last.
    locked = os.open(file.parent, os.O_RDONLY)
    try:
        fcntl.flock(locked, fcntl.LOCK_EX)
        if not _is_of_use(file, moment):
            # In one step, because another stack may be reading it.
            with TemporaryDirectory(dir=file.parent) as folder:
                fresh = Path(folder, file.name)
                _write(fresh, _made(HERE, moment))
                fresh.replace(file)
    finally:
        os.close(locked)


def _is_of_use(file: Path, now: datetime) -> bool:
    try:
        if file.stat().st_mode & 0o077:
            return False
        certificate = x509.load_pem_x509_certificate(file.read_bytes())
        server_context(file)
    except (OSError, ValueError):
        return False
    return certificate.not_valid_before_utc <= now < certificate.not_valid_after_utc - RENEWED_BEFORE_END


def server_context(file: Path) -> ssl.SSLContext:
    """Return the TLS context of a server with the private key and the certificates that *file* has, in PEM."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    # No session tickets, which arrive after the handshake: if one thread of a client reads them while another writes,
    # Python's `ssl` may lose what was written, and both sides wait for ever. Nobody resumes a session here.
    context.num_tickets = 0
    context.load_cert_chain(file)
    return context


def _write(file: Path, text: bytes) -> None:
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as opened:
        opened.write(text)


def _made(names: Iterable[x509.GeneralName], now: datetime) -> bytes:
    """Return a fresh private key and its certificate, in PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    key_pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return key_pem + _certificate(key, names, now).public_bytes(serialization.Encoding.PEM)


def _certificate(key: EllipticCurvePrivateKey, names: Iterable[x509.GeneralName], now: datetime) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "the local stack of Chime sign-in")])
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, now + LIFETIME)
    return builder.add_extension(x509.SubjectAlternativeName(names), critical=False).sign(key, hashes.SHA256())
