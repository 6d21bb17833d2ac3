"""Each misconfiguration that shows from outside: exactly its check goes wrong, with what was found and the mend."""

from __future__ import annotations

import json
import re
import socket
import time
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from werkzeug.wrappers import Response

from local.cloudformation.deployment import STACK_NAME
from local.http.certificate import self_signed
from operations.doctor.doctor import all_checks, examine
from operations.doctor.finding import Finding, Verdict
from operations.doctor.outside.service import with_stage
from operations.doctor.places import Outside
from operations.template import Template
from tests.between import Between, Spoil, always, as_it_is, only, without
from tests.end_to_end.conftest import command_line_stack
from tests.end_to_end.operators import owner
from tests.issuers import Issuer, years_ahead
from tests.tokens import rsa_signer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local.stack import LocalStack
    from tests.end_to_end.conftest import Client

ORIGIN = "https://localhost:9000"
PATIENT = 60.0
CHANGES = re.compile("^(Create|Delete|Put|Update|Tag|Assume|Send)")
CHECKS = [each for each in all_checks() if each.place == "outside"]
FORBIDDEN = '{"message": "Forbidden"}'
BLOCKED = '{"error": "forbidden", "reason": "blocked", "error_description": "", "requestId": "1"}'


@pytest.fixture(scope="module")
def healthy(stack: LocalStack) -> Outside:
    """The local stack, as it is deployed, without a token."""
    described = owner(stack, "cloudformation").describe_stacks(StackName=STACK_NAME)["Stacks"][0]
    values = {each["ParameterKey"]: each["ParameterValue"] for each in described["Parameters"]}
    return Outside(f"{stack.urls['api']}/signin", ORIGIN, values, Template(), time.time, call_seconds=PATIENT)


def wrong(outside: Outside) -> list[Finding]:
    findings = examine(CHECKS, {"outside": outside}, PATIENT)
    return [each for found in findings.values() for each in found if each.verdict is Verdict.WRONG]


def verdicts(outside: Outside) -> dict[str, set[str]]:
    findings = examine(CHECKS, {"outside": outside}, PATIENT)
    return {name: {each.verdict.value for each in found} for name, found in findings.items()}


@pytest.fixture
def no_such_name(monkeypatch: pytest.MonkeyPatch) -> str:
    """A name that leads to no address, without a resolver being asked."""
    name, real = "nobody.invalid", socket.getaddrinfo

    def resolved(host: Any, *rest: Any, **more: Any) -> Any:
        if host in (name, name.encode()):
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return real(host, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", resolved)
    return name


def assert_only(found: list[Finding], checks: set[str], said: str, mend: str) -> None:
    assert {each.check for each in found} == checks, found
    assert all(each.wanted for each in found)
    assert any(said in each.found for each in found), found
    assert any(mend in each.mend for each in found), found


def test_healthy_stack_is_ok_in_every_check(healthy: Outside, client: Client) -> None:
    whole = replace(healthy, token=client.token(sub="ada", name="Ada Lovelace"))

    assert verdicts(whole) == {each.name: {"ok"} for each in CHECKS}


def test_nothing_changes(healthy: Outside, client: Client) -> None:
    wrong(replace(healthy, token=client.token(sub="ada")))

    assert [call["operation"] for call in client.calls() if CHANGES.match(call["operation"] or "")] == []


# ── The address and what is between ──────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("url", "said", "mend"),
    [
        pytest.param("http://127.0.0.1:9/signin", "nobody answers there", "compare host and port", id="nobody there"),
        pytest.param("http://chat.example/signin", "http://chat.example", "output SigninUrl", id="without TLS"),
        pytest.param("https://chat.example/v1/", "https://chat.example/v1/", "output SigninUrl", id="without the path"),
    ],
)
def test_wrong_address_is_told(healthy: Outside, url: str, said: str, mend: str) -> None:
    assert_only(wrong(replace(healthy, url=url)), {"address"}, said, mend)


def test_name_that_leads_nowhere_is_told(healthy: Outside, no_such_name: str) -> None:
    lost = replace(healthy, url=f"https://{no_such_name}/signin")
    assert_only(wrong(lost), {"address"}, "leads to no address", "typing mistake")

    own = {"DomainName": no_such_name, "DomainCertificateArn": "arn:aws:acm:us-east-1:123456789012:certificate/1"}
    [found] = [each for each in wrong(replace(lost, values={**healthy.values, **own})) if each.check == "address"]
    assert "output DomainTarget" in found.mend


def test_certificate_that_nobody_trusts_is_told(healthy: Outside) -> None:
    with closing(Between(healthy.url.removesuffix("/signin"), tls=self_signed()).server) as server:
        url = f"https://127.0.0.1:{server.port}/signin"
        assert_only(wrong(replace(healthy, url=url)), {"address"}, "TLS fails: self", "its whole chain")


BETWEEN = [
    pytest.param(
        always(403, FORBIDDEN), (), {"address"}, "no stage of the API", "Deploy the stack again", id="no such stage"
    ),
    pytest.param(
        always(403, '{"message": "Missing Authentication Token"}'),
        (),
        {"address"},
        "no path of the API",
        "output SigninUrl",
        id="another API",
    ),
    pytest.param(
        always(308, "", Location="https://www.chat.example/signin"),
        (),
        {"address"},
        "redirects (308) to https://www.chat.example/signin",
        "Use https://www.chat.example/signin",
        id="a redirect",
    ),
    pytest.param(always(403, BLOCKED), (), {"address"}, "a WAF refuses", "AllowedSourceRanges", id="a WAF"),
    pytest.param(
        always(200, "<html>Sign in</html>", "text/html"),
        (),
        {"address"},
        "200, text/html: <html>Sign in",
        "captive portal",
        id="a page",
    ),
    pytest.param(
        as_it_is, ("authorization",), {"refusal"}, "401 unauthorized", "Authorization does not arrive", id="no token"
    ),
    pytest.param(
        without("WWW-Authenticate"),
        (),
        {"no token", "refusal"},
        "WWW-Authenticate: none",
        "hand on WWW-Authenticate",
        id="no challenge",
    ),
    pytest.param(
        only("OPTIONS", always(401, '{"error": "unauthorized"}')),
        (),
        {"preflight"},
        "answered by 401 unauthorized",
        "OPTIONS without asking for a token",
        id="a preflight that needs a token",
    ),
    pytest.param(
        only("OPTIONS", without("Access-Control-Allow-Headers")),
        (),
        {"preflight"},
        "authorization not allowed",
        "CORS headers",
        id="a preflight without Authorization",
    ),
    pytest.param(
        only("POST", without("Access-Control-Allow-Origin")),
        (),
        {"errors in browsers"},
        "Access-Control-Allow-Origin: none",
        "headers",
        id="errors without CORS",
    ),
    pytest.param(
        only("POST", without("Access-Control-Expose-Headers")),
        (),
        {"errors in browsers"},
        "without WWW-Authenticate and Retry-After exposed",
        "headers",
        id="errors that hide their challenge",
    ),
    pytest.param(
        only("GET", always(200, '{"pets": []}')),
        (),
        {"unknown path"},
        "200",
        "Take the stack out of use",
        id="a path that is open",
    ),
    pytest.param(
        only("POST", always(200, '{"ChimeUserId": "ada"}')),
        (),
        {"no token", "refusal", "errors in browsers"},
        "200",
        "nobody asks the authorizer",
        id="a route without its authorizer",
    ),
    pytest.param(
        only("POST", always(429, '{"error": "throttled"}')),
        (),
        {"no token", "refusal", "errors in browsers"},
        "429 throttled",
        "ThrottlingRate",
        id="a stack that is throttled",
    ),
]


@pytest.mark.parametrize(("spoil", "lost", "checks", "said", "mend"), BETWEEN)
def test_what_is_between_is_told(  # noqa: PLR0913, PLR0917 - a row of the table
    healthy: Outside, spoil: Spoil, lost: tuple[str, ...], checks: set[str], said: str, mend: str
) -> None:
    between = Between(healthy.url.removesuffix("/signin"), spoil, lost)
    with closing(between.server):
        assert_only(wrong(replace(healthy, url=f"{between.url}/signin")), checks, said, mend)


def test_authorizer_that_does_not_start_is_told(healthy: Outside) -> None:
    with command_line_stack("--set", "PROVIDERS=[]") as broken:
        found = wrong(replace(healthy, url=f"{broken.urls['api']}/signin"))

    assert_only(found, {"refusal"}, "503 unavailable", "output AuthorizerLogGroupName")


def test_stage_that_is_missing_is_written_into_the_address() -> None:
    address = "https://a1b2c3.execute-api.us-east-1.amazonaws.com"
    assert with_stage(f"{address}/prod/signin") == f"{address}/v1/signin"
    assert with_stage("https://chat.example/v1/creds") == "https://chat.example/creds"


@pytest.mark.parametrize(
    ("origin", "said", "mend"),
    [
        pytest.param(
            "https://evil.example", "pages of https://evil.example may not call", "Add https://", id="another"
        ),
        pytest.param("https://localhost:9001", " and https://localhost:9000 may", "Add", id="another port"),
        pytest.param("http://localhost:9000/", "the origin http://localhost:9000/", "as the browser", id="a slash"),
        pytest.param("https://Localhost:9000", "the origin https://Localhost", "as the browser", id="capitals"),
    ],
)
def test_page_that_may_not_call_is_told(healthy: Outside, origin: str, said: str, mend: str) -> None:
    found = [each for each in wrong(replace(healthy, origin=origin)) if each.check == "preflight"]

    assert_only(found, {"preflight"}, said, mend)


def test_stack_without_pages_is_not_asked_for_them(healthy: Outside) -> None:
    said = verdicts(replace(healthy, origin=""))

    assert said["preflight"] == said["errors in browsers"] == set()


# ── Clocks ───────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("seconds", "said"), [(-300, "300 s behind the service"), (900, "900 s ahead of the service")])
def test_clock_of_this_machine_is_compared(healthy: Outside, seconds: int, said: str) -> None:
    off = replace(healthy, now=lambda: time.time() + seconds)

    found = wrong(off)
    assert {each.check for each in found} == {"clock"}
    assert said.partition(" ")[2] in found[0].found
    assert "by NTP" in found[0].mend


# ── Settings ─────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("values", "said"),
    [
        pytest.param({"Providers": '[{"name": "main", "presett": "auth0"}]'}, "presett", id="an unknown option"),
        pytest.param({"SessionSeconds": "60"}, "SessionSeconds", id="a session that is too short"),
        pytest.param({"AllowedOrigins": "https://chat.example/"}, "AllowedOrigins", id="an origin with a slash"),
        pytest.param({"UserRoleArns": "none"}, "UserRoleArns", id="a role that is none"),
    ],
)
def test_settings_with_which_no_function_starts_are_told(healthy: Outside, values: dict[str, str], said: str) -> None:
    found = wrong(replace(healthy, values={**healthy.values, **values}))

    assert_only(found, {"settings"}, said, "make deploy")


# ── Identity providers ───────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    """An issuer whose documents are good."""
    made = Issuer()
    made.serve("/.well-known/openid-configuration", {"issuer": made.url, "jwks_uri": f"{made.url}/keys"})
    made.serve("/keys", {"keys": [rsa_signer().jwk]})
    with closing(made.server):
        yield made


def of_issuer(healthy: Outside, issuer: str, **options: Any) -> Outside:
    entry = {"name": "main", "issuer": issuer, "audience": "chat", **options}
    return replace(healthy, values={**healthy.values, "Providers": json.dumps([entry])})


def test_issuer_that_is_as_it_has_to_be_is_ok(healthy: Outside, issuer: Issuer) -> None:
    said = verdicts(of_issuer(healthy, issuer.url))

    assert said["discovery"] == said["keys"] == {"ok"}


ENCRYPTION = {**rsa_signer().jwk, "use": "enc"}
SHORT = rsa_signer(bits=1024).jwk
PAGE = "<html>Not found</html>"
DOCUMENTS = [
    pytest.param({"issuer": "{url}/"}, None, {"discovery"}, "differs in the slash", '"issuer": "{url}/"', id="slash"),
    pytest.param({"issuer": "https://other"}, None, {"discovery"}, "https://other", "a token's iss", id="another's"),
    pytest.param({"jwks_uri": None}, None, {"discovery"}, "jwks_uri None", "write jwks_uri", id="no jwks_uri"),
    pytest.param({"jwks_uri": "http://keys.example"}, None, {"discovery"}, "http://keys", "jwks_uri", id="no https"),
    pytest.param(None, None, {"discovery"}, "is answered by 404", "Compare the issuer", id="no discovery document"),
    pytest.param(Response(PAGE, content_type="text/html"), None, {"discovery"}, "text/html", "for people", id="HTML"),
    pytest.param(
        Response("", 302, {"Location": "https://new.example"}), None, {"discovery"}, "redirects to https://new.example",
        "leads there directly", id="a redirect",
    ),
    pytest.param({}, Response("", 500), {"keys"}, "500", "ask whoever runs the issuer", id="an outage"),
    pytest.param({}, {"keys": []}, {"keys"}, "no key that is usable", "publish such a key", id="no keys"),
    pytest.param({}, {"keys": [SHORT]}, {"keys"}, "rsa-1 has 1024 bits", "publish such a key", id="a short key"),
    pytest.param({}, {"keys": [ENCRYPTION]}, {"keys"}, "is for enc", "publish such a key", id="keys for encryption"),
    pytest.param({}, {"keys": [{**rsa_signer().jwk, "alg": "RS1"}]}, {"keys"}, "is for RS1", "algorithms", id="alg"),
    pytest.param({}, {"keys": [{**rsa_signer().jwk, "d": "AQ"}]}, {"keys"}, "is a private key", "", id="private"),
    pytest.param({}, {"certs": {}}, {"keys"}, "not a JWK Set", "publish such a key", id="certificates, no key set"),
]  # fmt: skip


@pytest.mark.parametrize(("discovery", "keys", "checks", "said", "mend"), DOCUMENTS)
def test_document_that_is_not_as_it_has_to_be_is_told(  # noqa: PLR0913, PLR0917 - a row of the table
    healthy: Outside, issuer: Issuer, discovery: Any, keys: Any, checks: set[str], said: str, mend: str
) -> None:
    path = "/.well-known/openid-configuration"
    if isinstance(discovery, dict):
        changes = {name: value and value.replace("{url}", issuer.url) for name, value in discovery.items()}
        issuer.serve(path, {**issuer.documents[path], **changes})
    else:
        issuer.serve(path, discovery)
    if keys is not None:
        issuer.serve("/keys", keys)

    found = wrong(of_issuer(healthy, issuer.url))
    assert_only(found, checks, said, mend.replace("{url}", issuer.url))


@pytest.mark.parametrize(
    ("url", "said", "mend"),
    [
        pytest.param("http://127.0.0.1:9", "nobody answers there", "host and port", id="nobody there"),
    ],
)
def test_issuer_that_is_not_reached_is_told(healthy: Outside, url: str, said: str, mend: str) -> None:
    assert_only(wrong(of_issuer(healthy, url)), {"discovery"}, said, mend)


def test_issuer_whose_name_leads_nowhere_is_told(healthy: Outside, no_such_name: str) -> None:
    found = wrong(of_issuer(healthy, f"https://{no_such_name}"))

    assert_only(found, {"discovery"}, "leads to no address", "typing mistake")


def test_issuer_with_a_certificate_that_nobody_trusts_is_told(healthy: Outside) -> None:
    issuer = Issuer(tls=self_signed())
    with closing(issuer.server):
        assert_only(wrong(of_issuer(healthy, issuer.url)), {"discovery"}, "TLS fails: self", "its whole chain")


def test_issuer_whose_clock_is_off_is_told(healthy: Outside) -> None:
    with years_ahead() as url:
        found = wrong(of_issuer(healthy, url))

    assert_only(found, {"clock"}, "the issuer of main is", "the issuer's clock")
