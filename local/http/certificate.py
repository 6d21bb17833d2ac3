"""Make a self-signed certificate for this machine: a new one at each start, which is stored nowhere."""

from __future__ import annotations

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
HERE = x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))


def self_signed(names: Iterable[x509.GeneralName] = HERE) -> ssl.SSLContext:
    """Return the TLS context of a server called *names*. Clients must be told to trust its certificate."""
    key = ec.generate_private_key(ec.SECP256R1())
    key_pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    # No session tickets, which arrive after the handshake: if one thread of a client reads them while another writes,
    # Python's `ssl` may lose what was written, and both sides wait for ever. Nobody resumes a session here.
    context.num_tickets = 0
    # The `ssl` module loads certificates from files only.
    with TemporaryDirectory() as folder:
        file = Path(folder, "both.pem")
        file.write_bytes(key_pem + _certificate(key, names).public_bytes(serialization.Encoding.PEM))
        context.load_cert_chain(file)
    return context


def _certificate(key: EllipticCurvePrivateKey, names: Iterable[x509.GeneralName]) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "the local stack of Chime sign-in")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, now + LIFETIME)
    return builder.add_extension(x509.SubjectAlternativeName(names), critical=False).sign(key, hashes.SHA256())
