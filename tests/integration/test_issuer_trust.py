"""Whose certificates an issuer may have: the layer's roots, then the machine's too; what the environment says wins."""

from __future__ import annotations

import json
import ssl
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from cryptography.x509 import DNSName

from authorizer.algorithms import ASYMMETRIC
from authorizer.errors import KeysUnavailable
from authorizer.https import IssuerDocuments
from authorizer.trust import FOLDER, Trust, _trust, trust
from tests import layers
from tests.authorities import Authority, common_name
from tests.issuers import Issuer
from tests.tokens import claims, rsa_signer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

roots = layers.module("roots")
IN_THE_LAYER = Authority(common_name("A root of the layer"))
OF_THE_MACHINE = Authority(common_name("A root of the machine"))
OF_NOBODY = Authority(common_name("A root of nobody's"))


@pytest.fixture
def issuer_under() -> Iterator[Callable[[ssl.SSLContext], Issuer]]:
    made = []

    def make(tls: ssl.SSLContext) -> Issuer:
        issuer = Issuer(tls)
        issuer.serve("/keys", {"keys": [dict(rsa_signer().jwk)]})
        made.append(issuer)
        return issuer

    yield make
    for issuer in made:
        issuer.server.close()


@pytest.fixture(autouse=True)
def layer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A place of packages with roots, such as the layer is."""
    roots.write(tmp_path / FOLDER, [IN_THE_LAYER.der])
    monkeypatch.syspath_prepend(tmp_path)
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)
    _trust.cache_clear()
    yield tmp_path
    _trust.cache_clear()


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """
    The store of this machine, with one root.

    OpenSSL reads it anew each time that it is asked for the machine's store. The authorizer has looked before whether
    anybody chose it, and saw that nobody did.
    """
    trust()
    store = tmp_path / "store.pem"
    store.write_text(OF_THE_MACHINE.pem)
    monkeypatch.setenv("SSL_CERT_FILE", str(store))
    return store


def keys_of(issuer: Issuer) -> int:
    return len(IssuerDocuments(ASYMMETRIC, seconds=60.0).key_set_at(issuer.url + "/keys").value.keys)


def widenings() -> list[str]:
    """Return a list that grows when the machine's roots are added."""
    seen: list[str] = []
    trust().on_widened = lambda: seen.append("widened")
    return seen


def test_layer_s_roots_suffice_for_issuers_under_them(issuer_under: Callable[[ssl.SSLContext], Issuer]) -> None:
    seen = widenings()

    assert keys_of(issuer_under(IN_THE_LAYER.server())) == 1

    assert seen == []
    assert trust().tls().cert_store_stats()["x509"] == 1  # it was read for this issuer; no other was


@pytest.mark.usefixtures("machine")
def test_machine_s_roots_are_added_once_and_the_layer_s_stay(issuer_under: Callable[[ssl.SSLContext], Issuer]) -> None:
    seen = widenings()
    of_the_machine, in_the_layer = issuer_under(OF_THE_MACHINE.server()), issuer_under(IN_THE_LAYER.server())

    assert [keys_of(issuer) for issuer in (of_the_machine, in_the_layer, of_the_machine)] == [1, 1, 1]

    assert seen == ["widened"]


@pytest.mark.usefixtures("machine")
def test_machine_s_roots_are_added_once_however_many_fetch(issuer_under: Callable[[ssl.SSLContext], Issuer]) -> None:
    seen, issuer, at_once = widenings(), issuer_under(OF_THE_MACHINE.server()), threading.Barrier(8)

    def fetch(_: int) -> int:
        at_once.wait()
        return keys_of(issuer)

    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(fetch, range(8))) == [1] * 8
    assert seen == ["widened"]


def test_all_who_failed_by_the_layer_s_roots_get_the_wider_context() -> None:
    narrow = trust().tls()

    wider = trust().wider_than(narrow)

    assert wider is not None
    assert wider is trust().wider_than(narrow) is trust().tls()
    assert trust().wider_than(wider) is None


@pytest.mark.usefixtures("machine")
@pytest.mark.parametrize(
    "server",
    [
        pytest.param(OF_NOBODY.server(), id="an unknown root"),
        pytest.param(IN_THE_LAYER.server([DNSName("issuer.example")]), id="another name, under the layer's"),
        pytest.param(OF_THE_MACHINE.server([DNSName("issuer.example")]), id="another name, under the machine's"),
    ],
)
def test_certificate_that_proves_nothing_gives_no_keys_ever(
    server: ssl.SSLContext, issuer_under: Callable[[ssl.SSLContext], Issuer]
) -> None:
    issuer = issuer_under(server)

    for _ in range(2):
        with pytest.raises(KeysUnavailable, match="SSLCertVerificationError"):
            keys_of(issuer)

    assert issuer.asked == []


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "SSL_CERT_DIR"])
def test_what_the_environment_says_is_all_that_is_trusted(
    variable: str, issuer_under: Callable[[ssl.SSLContext], Issuer], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen, folder = tmp_path / "chosen.pem", tmp_path / "chosen"
    chosen.write_text(OF_THE_MACHINE.pem)
    roots.write(folder, [OF_THE_MACHINE.der])
    monkeypatch.setenv("SSL_CERT_FILE", str(chosen if variable == "SSL_CERT_FILE" else tmp_path / "none.pem"))
    if variable == "SSL_CERT_DIR":
        monkeypatch.setenv("SSL_CERT_DIR", str(folder))
    seen = widenings()

    assert keys_of(issuer_under(OF_THE_MACHINE.server())) == 1
    with pytest.raises(KeysUnavailable, match="SSLCertVerificationError"):
        keys_of(issuer_under(IN_THE_LAYER.server()))
    assert seen == []


PROPERTIES = [
    *("check_hostname", "verify_mode", "verify_flags", "minimum_version", "maximum_version", "options", "protocol"),
    *("post_handshake_auth", "security_level", "hostname_checks_common_name", "keylog_filename", "sslsocket_class"),
]


@pytest.mark.parametrize("wide", [False, True])
def test_all_but_the_roots_is_as_python_has_it(wide: bool) -> None:  # noqa: FBT001 - one of two contexts
    context = trust().tls()
    ours = trust().wider_than(context) if wide else context
    default = ssl.create_default_context()

    assert ours is not None
    assert {name: getattr(ours, name) for name in PROPERTIES} == {name: getattr(default, name) for name in PROPERTIES}
    assert ours.get_ciphers() == default.get_ciphers()
    assert (ours.check_hostname, ours.verify_mode) == (True, ssl.CERT_REQUIRED)
    assert ours.minimum_version >= ssl.TLSVersion.TLSv1_2
    plain = {name for name, value in vars(ssl.SSLContext).items() if isinstance(value, property)}
    told = {"session_stats", "sni_callback", "_msg_callback", "num_tickets"}  # of servers, and for debugging
    assert plain <= set(PROPERTIES) | told


def test_without_a_layer_the_machine_s_store_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    without = Trust({}, [str(tmp_path / "nowhere")])
    store = tmp_path / "store.pem"
    store.write_text(OF_THE_MACHINE.pem)
    monkeypatch.setenv("SSL_CERT_FILE", str(store))

    assert OF_THE_MACHINE.der in without.tls().get_ca_certs(binary_form=True)
    assert without.wider_than(without.tls()) is None


def test_unknown_root_is_counted_and_answered_as_an_outage(
    layer: Path, issuer_under: Callable[[ssl.SSLContext], Issuer]
) -> None:
    issuer = issuer_under(OF_NOBODY.server())
    provider = {"name": "main", "issuer": issuer.url, "audience": "chime-signin", "jwks_uri": issuer.url + "/keys"}
    token = rsa_signer().token(claims(iss=issuer.url))
    event = {"methodArn": "arn", "headers": {"Authorization": f"Bearer {token}"}}
    code = f"""\
import sys
sys.path.append({str(layer)!r})
from authorizer.app import handler
try:
    print(handler({event!r}, None))
except Exception as error:
    print(type(error).__name__, "encodings.idna" in sys.modules)"""

    *log, answer = layers.run("authorizer", code, {"PROVIDERS": json.dumps([provider])}).splitlines()

    assert answer == "KeysUnavailable False"  # nor did it load tables of Unicode to find the issuer
    told = [json.loads(line) for line in log]
    assert [line["service"] for line in told if "TrustWidened" in line] == ["authorizer"]
    assert [line["level"] for line in told if line.get("message") == "machine's roots added"] == ["WARNING"]
