"""Certificate authorities of our own, with names of any kind, and servers whose certificates they sign."""

from __future__ import annotations

import inspect
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from local.http.certificate import HERE, server_context

if TYPE_CHECKING:
    from collections.abc import Iterable

DAY = timedelta(days=1)
CA_USAGE = x509.KeyUsage(
    digital_signature=False, content_commitment=False, key_encipherment=False, data_encipherment=False,
    key_agreement=False, key_cert_sign=True, crl_sign=True, encipher_only=False, decipher_only=False,
)  # fmt: skip


def common_name(text: str) -> x509.Name:
    """Return the name that consists of *text*."""
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])


class Authority:
    """A root. Its certificate and those that it signs are such as Python 3.13's strict verification demands."""

    def __init__(self, name: x509.Name, issuers_name: x509.Name | None = None) -> None:
        """Take its *name*, and its *issuers_name* as the certificates spell it that it signs, if that differs."""
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._issuers_name = issuers_name or name
        constraints = x509.BasicConstraints(ca=True, path_length=None)
        builder = (
            _builder(name, name, self._key.public_key())
            .add_extension(constraints, critical=True)
            .add_extension(CA_USAGE, critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(self._key.public_key()), critical=False)
        )
        self.certificate = builder.sign(self._key, hashes.SHA256())
        self.der = self.certificate.public_bytes(serialization.Encoding.DER)
        self.pem = self.certificate.public_bytes(serialization.Encoding.PEM).decode()

    def server(self, names: Iterable[x509.GeneralName] = HERE) -> ssl.SSLContext:
        """Return the TLS context of a server called *names*."""
        # The `ssl` module loads certificates from files only.
        with TemporaryDirectory() as folder:
            file = Path(folder, "both.pem")
            file.write_text(self.server_pem(names))
            return server_context(file)

    def server_pem(self, names: Iterable[x509.GeneralName] = HERE) -> str:
        """Return, in PEM, a certificate for a server called *names*, and its key."""
        key = ec.generate_private_key(ec.SECP256R1())
        identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        builder = (
            _builder(common_name("a server"), self._issuers_name, key.public_key())
            .add_extension(x509.SubjectAlternativeName(names), critical=False)
            .add_extension(identifier, critical=False)
        )
        pem = builder.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
        pem += key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return pem.decode()


def _builder(name: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return x509.CertificateBuilder(issuer, name, key, x509.random_serial_number(), now - DAY, now + DAY)


def shake_hands(client: ssl.SSLContext, server: ssl.SSLContext) -> None:
    """Connect *client* to *server* in memory, or raise ssl.SSLError."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = [
        client.wrap_bio(to_client, to_server, server_hostname="localhost"),
        server.wrap_bio(to_server, to_client, server_side=True),
    ]
    while ends:
        end = ends.pop(0)
        try:
            end.do_handshake()
        except ssl.SSLWantReadError:
            ends.append(end)


SHAKE_HANDS = inspect.getsource(shake_hands)
"""For an interpreter of another machine."""
