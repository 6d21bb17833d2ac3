"""The certificate authority of `make bench`, in real handshakes: who trusts it, and who does not."""

from __future__ import annotations

import shutil
import ssl
import subprocess
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
import urllib3

from benchmarks.trust import Authority, authority, trusting
from local.http.certificate import server_context
from local.http.server import Server

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path
    from wsgiref.types import StartResponse, WSGIEnvironment


@pytest.fixture(scope="module")
def added(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return authority(tmp_path_factory.mktemp("authority"))


def greeting(_: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    start_response("200 OK", [("Content-Length", "5")])
    return [b"hello"]


@pytest.fixture(scope="module")
def server(added: Authority) -> Iterator[Server]:
    with closing(Server(greeting, tls=server_context(added.server))) as running:
        yield running


def strict(cafile: Path | None = None, capath: Path | None = None) -> ssl.SSLContext:
    """Return a client's context as Python 3.13 makes it by default, which trusts nothing but what is there."""
    context = ssl.create_default_context(cafile=cafile, capath=capath)
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    return context


def greeted(server: Server, context: ssl.SSLContext) -> bytes:
    with urllib3.PoolManager(ssl_context=context) as client:
        return client.request("GET", server.url.replace("http:", "https:"), retries=False).data


@pytest.fixture
def shipped(tmp_path: Path) -> Path:
    """Something with a bundle, a directory by hash, and what is neither."""
    folder = tmp_path / "shipped"
    (folder / "roots").mkdir(parents=True)
    other = authority(folder)
    other.server.unlink()
    (folder / "bundle.pem").write_bytes(other.certificate * 2)
    (folder / "roots" / f"{int('12ab', 16):08x}.0").write_bytes(other.certificate)
    (folder / "source.py").write_text('BEGIN = "-----BEGIN CERTIFICATE-----"')
    return folder


def test_a_copy_trusts_the_authority_too_wherever_it_has_certificates(
    shipped: Path, tmp_path: Path, added: Authority, server: Server
) -> None:
    before = {path: path.read_bytes() for path in shipped.rglob("*") if path.is_file()}
    copy = trusting(shipped, tmp_path / "copy", added)
    assert [str(path) for path in (*copy.bundles, *copy.directories)] == ["bundle.pem", "roots"]
    assert greeted(server, strict(cafile=copy.folder / "bundle.pem")) == b"hello"
    assert greeted(server, strict(capath=copy.folder / "roots")) == b"hello"
    assert (copy.folder / "bundle.pem").read_bytes().startswith((shipped / "bundle.pem").read_bytes().rstrip())
    assert {path: path.read_bytes() for path in shipped.rglob("*") if path.is_file()} == before


def test_what_was_shipped_does_not_trust_it(shipped: Path, server: Server) -> None:
    for context in (strict(cafile=shipped / "bundle.pem"), strict(capath=shipped / "roots")):
        with pytest.raises(urllib3.exceptions.SSLError):
            greeted(server, context)


@pytest.mark.skipif(not shutil.which("openssl"), reason="there is no openssl here to compare with")
def test_the_name_in_a_directory_is_openssl_s(added: Authority) -> None:
    command = ["openssl", "x509", "-noout", "-subject_hash"]
    assert subprocess.run(
        command, input=added.certificate, capture_output=True, check=True
    ).stdout.decode().strip() == (added.hashed_name)
