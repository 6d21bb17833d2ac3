"""
A certificate authority for one run, and copies of what contenders ship that trust it beside what they trust already.

A client must read as many certificates as on AWS, so the authority is added to the files that a program has, and takes
the place of none. Which files these are is not written down anywhere: whatever holds certificates is one.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import warnings
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from benchmarks.measure import CannotMeasureError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

_LIFETIME = timedelta(days=1)
_BEGIN = b"-----BEGIN CERTIFICATE-----"
_HASHED = re.compile(r"[0-9a-f]{8}\.\d+")
"""The name of a certificate's file in a directory that OpenSSL searches: the hash of its subject, and a number."""
_PEM = serialization.Encoding.PEM


@dataclass(frozen=True)
class Authority:
    """*certificate* (PEM) is what clients trust; *server* is a file with the key and the certificates of a server."""

    certificate: bytes
    server: Path

    @property
    def hashed_name(self) -> str:
        """Return the name under which OpenSSL looks for it in a directory, without the number."""
        subject = x509.load_pem_x509_certificate(self.certificate).subject.public_bytes()
        # OpenSSL hashes the subject in lower case, each text as UTF8String, and without the header of the sequence:
        # `_NAME` is in that form already, because it is short, lower-case ASCII.
        return f"{int.from_bytes(hashlib.sha1(subject[2:]).digest()[:4], 'little'):08x}"  # noqa: S324 - OpenSSL's choice


_NAME = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "benchmark")])


def authority(folder: Path) -> Authority:
    """Return a new authority for servers on 127.0.0.1. Its files are in *folder*; its own key is in no file."""
    own, server = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    root = _root(own)
    key = server.private_bytes(_PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file = folder / "server.pem"
    file.write_bytes(key + _leaf(own, server).public_bytes(_PEM))
    return Authority(root.public_bytes(_PEM), file)


def _builder(key: EllipticCurvePrivateKey, issuer: EllipticCurvePrivateKey, name: x509.Name) -> x509.CertificateBuilder:
    now = datetime.now(UTC) - timedelta(minutes=1)
    builder = x509.CertificateBuilder(
        _NAME, name, key.public_key(), x509.random_serial_number(), now, now + _LIFETIME
    ).add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.public_key())
    return builder.add_extension(identifier, critical=False)


def _root(key: EllipticCurvePrivateKey) -> x509.Certificate:
    builder = _builder(key, key, _NAME).add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    return builder.add_extension(_usage(signs_certificates=True), critical=True).sign(key, hashes.SHA256())


def _leaf(issuer: EllipticCurvePrivateKey, key: EllipticCurvePrivateKey) -> x509.Certificate:
    here = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1")), x509.DNSName("localhost")])
    builder = _builder(key, issuer, x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "server")]))
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    builder = builder.add_extension(_usage(signs_certificates=False), critical=True).add_extension(here, critical=False)
    for_servers = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
    return builder.add_extension(for_servers, critical=False).sign(issuer, hashes.SHA256())


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


@dataclass(frozen=True)
class Trusting:
    """
    A copy of what somebody ships.

    *bundles* are its files of certificates, to each of which the authority was appended, and *directories* those that
    OpenSSL searches by hash, to each of which its file was added; all paths are relative to *folder*.
    """

    folder: Path
    bundles: tuple[Path, ...]
    directories: tuple[Path, ...]


def trusting(shipped: Path, copy: Path, added: Authority) -> Trusting:
    """Copy *shipped* to *copy* (by hard links, but for what is changed), and have it trust *added* too."""
    shutil.copytree(shipped, copy, copy_function=_linked)
    bundles, directories = [], set()
    for file in list(_holding_certificates(copy)):
        if _HASHED.fullmatch(file.name):
            directories.add(file.parent)
        else:
            content = file.read_bytes()
            file.unlink()  # the original has the same content as long as it is the same file
            file.write_bytes(content.rstrip() + b"\n" + added.certificate)
            bundles.append(file.relative_to(copy))
    for directory in directories:
        (directory / f"{added.hashed_name}.0").write_bytes(added.certificate)
    relative = (directory.relative_to(copy) for directory in directories)
    return Trusting(copy, tuple(sorted(bundles)), tuple(sorted(relative)))


def _linked(source: str, target: str) -> None:
    Path(target).hardlink_to(source)


def _holding_certificates(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and _is_certificates(path.read_bytes()):
            yield path


def _is_certificates(content: bytes) -> bool:
    if _BEGIN not in content:
        return False
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the bundles have certificates that are older than today's rules for them
        try:
            return bool(x509.load_pem_x509_certificates(content))
        except ValueError:  # a source that has the words in a text
            return False


def system_store(python: str, added: Authority, folder: Path) -> Path:
    """
    Return a file in *folder* with what *python*'s `ssl` trusts by itself on this machine, and *added*.

    On Lambda that is a file too, with as many certificates.

    Raises:
        CannotMeasureError: `ssl` has no such file here.
    """
    code = "import ssl; print(ssl.get_default_verify_paths().cafile or '')"
    said = subprocess.run([python, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    if not said:
        raise CannotMeasureError(f"The ssl module of {python} has no file of trusted certificates on this machine.")
    store = folder / "system.pem"
    store.write_bytes(Path(said).read_bytes().rstrip() + b"\n" + added.certificate)
    return store
