"""docs/attachments.md on the local AWS: its stack, created with its template, and files put and read over TLS."""

from __future__ import annotations

import contextlib
import io
import re
import secrets
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import boto3
import pytest
import urllib3
from botocore.config import Config
from botocore.exceptions import ClientError
from samtranslator.yaml_helper import yaml_parse  # type: ignore[import-untyped]

from local.cloudformation.deployment import REGION
from local.stack import GUESTS, LocalStack, StackOptions
from tests.end_to_end.conftest import ROOT, Client
from tests.end_to_end.operators import revoke

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PAGE = (ROOT / "docs" / "attachments.md").read_text()
TEMPLATE, ANSWERS = re.findall(r"^```yaml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
(SCRIPT,) = re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
APP = "http://localhost:5173"


class Files:
    """The stack that the page's script creates, and clients of S3 for people who signed in."""

    def __init__(self, stack: LocalStack, certificate: Path) -> None:
        self._stack, self.certificate = stack, certificate
        self.urls = {"http": stack.urls["aws"], "https": stack.urls["aws"].replace("http:", "https:")}
        self.printed = self._run_script()
        self.bucket = self.printed.split()[0]

    def signed_in(self, token: str) -> tuple[Any, str]:
        """Sign in; return a client of S3 and the user's folder."""
        answer = Client(self._stack.urls).sign_in(token).body
        return self.client(answer["ChimeCredentials"]), answer["ChimeUserId"]

    def client(self, credentials: dict[str, str], scheme: str = "https") -> Any:
        return boto3.Session().client(
            "s3",
            REGION,
            endpoint_url=self.urls[scheme],
            verify=str(self.certificate),
            aws_access_key_id=credentials["AccessKeyId"],
            aws_secret_access_key=credentials["SecretAccessKey"],
            aws_session_token=credentials.get("SessionToken"),
            config=Config(retries={"total_max_attempts": 1}, signature_version="s3v4"),
        )

    def _run_script(self) -> str:
        """Run the page's script, beside the page's template, and return what it prints."""
        script = SCRIPT.replace(".build/local/certificate.pem", str(self.certificate))
        for name, port in (("api", 3000), ("issuer", 3001), ("aws", 3002)):
            script = script.replace(f"127.0.0.1:{port}", self._stack.urls[name].removeprefix("http://"))
        folder = self.certificate.parent
        (folder / "files.yaml").write_text(TEMPLATE)
        printed = io.StringIO()
        with contextlib.chdir(folder), contextlib.redirect_stdout(printed):
            exec(script, {})  # noqa: S102 - the page is ours
        return printed.getvalue()


class People:
    """Ada and Bob, who are users, and Vera, a guest; each with a client of S3 and a folder."""

    def __init__(self, files: Files, client: Client) -> None:
        self.ada, self.ada_is = files.signed_in(client.token(sub="ada"))
        self.bob, self.bob_is = files.signed_in(client.token(sub="bob"))
        self.vera, self.vera_is = files.signed_in(client.token(iss=client.urls["issuer"] + GUESTS, sub="vera"))


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("certificate") / "certificate.pem"


@pytest.fixture(scope="module")
def stack(logs: list[bytes], certificate: Path) -> Iterator[LocalStack]:
    parameters = {"Guests": "true", "Revocation": "true", **yaml_parse(ANSWERS)}
    options = StackOptions(parameters=parameters, settings={"REVOKED_USERS_SECONDS": "0"}, log=logs.append)
    with LocalStack(replace(options, certificate=certificate)) as running:
        yield running


@pytest.fixture(scope="module")
def files(stack: LocalStack, certificate: Path) -> Files:
    return Files(stack, certificate)


@pytest.fixture(scope="module")
def people(files: Files, stack: LocalStack) -> People:
    return People(files, Client(stack.urls))


@pytest.fixture
def key(files: Files, people: People) -> str:
    """The key of a file that Ada has just put into her folder."""
    made = f"{people.ada_is}/{secrets.token_hex(8)}"
    people.ada.put_object(Bucket=files.bucket, Key=made, Body=b"a picture", ContentType="image/png")
    return made


def refused(call: Any, **parameters: Any) -> str:
    """Return the message with which S3 refuses a call."""
    with pytest.raises(ClientError) as caught:
        call(**parameters)
    answer = caught.value.response
    assert (answer["ResponseMetadata"]["HTTPStatusCode"], answer["Error"]["Code"]) == (403, "AccessDenied")
    return str(answer["Error"]["Message"])


def test_script_of_the_page_shows_what_bob_read(files: Files) -> None:
    assert files.printed == f"{files.bucket} ada/hello.txt Hello Bob\n"


def test_user_reads_what_they_put_and_so_does_who_knows_the_key(files: Files, people: People, key: str) -> None:
    for reader in (people.ada, people.bob):
        found = reader.get_object(Bucket=files.bucket, Key=key)
        assert (found["Body"].read(), found["ContentType"]) == (b"a picture", "image/png")


def test_another_users_folder_is_closed(files: Files, people: People, key: str) -> None:
    refused(people.bob.put_object, Bucket=files.bucket, Key=key, Body=b"another")
    refused(people.ada.put_object, Bucket=files.bucket, Key=f"{people.bob_is}/1", Body=b"a picture")
    for beside in (people.ada_is, f"{people.ada_is}x/1", "1"):
        refused(people.ada.put_object, Bucket=files.bucket, Key=beside, Body=b"a picture")
    assert people.ada.get_object(Bucket=files.bucket, Key=key)["Body"].read() == b"a picture"


def test_nobody_deletes_or_lists(files: Files, people: People, key: str) -> None:
    for person in (people.ada, people.bob):
        refused(person.delete_object, Bucket=files.bucket, Key=key)
        refused(person.list_objects_v2, Bucket=files.bucket)
        refused(person.get_object, Bucket=files.bucket, Key=f"{key}x")
    assert people.ada.get_object(Bucket=files.bucket, Key=key)


def test_guest_neither_writes_nor_reads(files: Files, people: People, key: str) -> None:
    said = refused(people.vera.put_object, Bucket=files.bucket, Key=f"{people.vera_is}/1", Body=b"a picture")
    assert said.endswith("with an explicit deny in an identity-based policy")
    refused(people.vera.get_object, Bucket=files.bucket, Key=key)


def test_nothing_goes_without_tls(stack: LocalStack, files: Files, key: str) -> None:
    client = files.client(stack.endpoint.admin_credentials(), "http")
    said = refused(client.get_object, Bucket=files.bucket, Key=key)
    assert said.endswith("with an explicit deny in a resource-based policy")
    assert files.client(stack.endpoint.admin_credentials()).get_object(Bucket=files.bucket, Key=key)


def test_revoked_user_is_denied_and_so_is_a_link_that_they_signed(
    stack: LocalStack, client: Client, files: Files, people: People, key: str
) -> None:
    eve, eve_is = files.signed_in(client.token(sub="eve"))
    eve.put_object(Bucket=files.bucket, Key=f"{eve_is}/1", Body=b"a picture")
    link = eve.generate_presigned_url("get_object", Params={"Bucket": files.bucket, "Key": key})
    with urllib3.PoolManager(ca_certs=str(files.certificate), retries=False) as pool:
        assert pool.request("GET", link).data == b"a picture"

        revoke(stack, "eve")

        assert pool.request("GET", link).status == 403
    said = refused(eve.put_object, Bucket=files.bucket, Key=f"{eve_is}/1", Body=b"another")
    assert said.endswith("with an explicit deny in an identity-based policy")
    refused(eve.get_object, Bucket=files.bucket, Key=key)
    assert people.ada.get_object(Bucket=files.bucket, Key=key)


@pytest.mark.parametrize(("origin", "allowed"), [(APP, True), ("https://evil.example", False)])
def test_page_of_the_app_alone_may_call(files: Files, origin: str, allowed: bool) -> None:  # noqa: FBT001 - a table's column
    headers = {"Origin": origin, "Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "x-amz-date"}
    answer = urllib3.request("OPTIONS", f"{files.urls['http']}/{files.bucket}/ada/1", headers=headers, retries=False)
    assert (answer.status == 200, answer.headers.get("Access-Control-Allow-Origin")) == (
        allowed,
        origin if allowed else None,
    )
