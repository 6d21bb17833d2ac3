"""The handler before and after a SnapStart snapshot, with the hooks called as Lambda's runtime calls them."""

from __future__ import annotations

import json
import os
import random
import ssl
import subprocess
import sys
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
import snapshot_restore_py as lambda_hooks
from werkzeug.wrappers import Response

from local.http.server import Server
from signin import snapshot
from signin.app import SignIn
from signin.sessions import SessionSettings
from signin.settings import Settings
from tests import layers
from tests.docker.events import signin_event
from tests.ports import lasting_free_port

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from wsgiref.types import StartResponse, WSGIEnvironment

    from tests.integration.conftest import Aws

LIST = "/test/revoked-users"
SERVICES = 3
"""Chime, STS and Parameter Store: a connection to each."""


MAY_CALL = ("AssumeRole", "CreateAppInstanceUser", "DescribeAppInstanceUser", "GetParameter", "UpdateAppInstanceUser")


class Handler:
    """The handler as it is when Lambda has started it, and what Lambda does to it."""

    def __init__(self, aws: Aws) -> None:
        chime = aws.client("chime-sdk-identity")
        app_instance = chime.create_app_instance(Name="test", ClientRequestToken="test")["AppInstanceArn"]
        policy = SessionSettings(aws.role("User"), 3600)
        settings = Settings(
            app_instance, policy, source_identity=False, allowed_origins=frozenset(), revoked_users=LIST
        )
        self.now = time.time()
        self._aws = aws
        self._sign_in = SignIn(settings, clock=lambda: self.now)
        self._sign_in.connect()
        snapshot.prepare(self._sign_in.disconnect, self._sign_in.connect)

    def snapshot(self) -> None:
        """Call the hooks before a snapshot."""
        for hook, arguments, named in reversed(lambda_hooks.get_before_snapshot()):
            hook(*arguments, **named)

    def restore(self) -> None:
        """Call the hooks after a copy was restored."""
        for hook, arguments, named in lambda_hooks.get_after_restore():
            hook(*arguments, **named)

    def sign_in(self, subject: str = "ada") -> int:
        """Return the status of a sign-in."""
        event = signin_event("token")
        event["requestContext"]["authorizer"]["subject"] = subject
        return int(self._sign_in.answer(event)["statusCode"])

    def calls(self, *operations: str) -> list[dict[str, Any]]:
        """Return the parameters of the calls that were *operations*, or of what the handler may call."""
        _, calls = self._aws.local("GET", "calls")
        return [call["parameters"] for call in calls if call["operation"] in (operations or MAY_CALL)]

    def revoke(self, *users: str) -> None:
        self._aws.client("ssm").put_parameter(Name=LIST, Value=json.dumps(users), Type="String", Overwrite=True)


@pytest.fixture
def _hooks(monkeypatch: pytest.MonkeyPatch) -> None:
    for registry in ("_before_snapshot_registry", "_after_restore_registry"):
        monkeypatch.setattr(lambda_hooks, registry, [])


@pytest.fixture
def front(default_aws: Aws, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """AWS at an address that the handler alone knows, so that all connections there are its own."""
    with closing(Server(default_aws.endpoint, port=lasting_free_port())) as running:
        monkeypatch.setenv("AWS_ENDPOINT_URL", running.url)
        yield running


@pytest.fixture
def handler(_hooks: None, default_aws: Aws, front: Server) -> Handler:  # noqa: ARG001 - the handler looks for it
    return Handler(default_aws)


def wait_for_no_connection(server: Server) -> None:
    """Wait until the last connection has been closed; the test's timeout is the limit."""
    while server.open:
        time.sleep(0.01)


def test_snapshot_holds_no_connection(handler: Handler, front: Server) -> None:
    assert front.open == SERVICES

    handler.snapshot()

    wait_for_no_connection(front)


def test_connections_that_a_sign_in_used_are_closed_too(handler: Handler, front: Server) -> None:
    assert handler.sign_in() == 200

    handler.snapshot()

    wait_for_no_connection(front)


def test_copy_signs_in_on_connections_that_it_opened_before(handler: Handler, front: Server) -> None:
    handler.snapshot()
    wait_for_no_connection(front)

    handler.restore()
    assert (front.open, front.accepted) == (SERVICES, 2 * SERVICES)
    assert handler.calls() == []

    assert handler.sign_in() == 200
    assert front.accepted == 2 * SERVICES


def test_copy_that_cannot_open_connections_leaves_that_to_the_sign_in(
    handler: Handler, default_aws: Aws, front: Server
) -> None:
    handler.snapshot()
    front.close()

    handler.restore()

    with closing(Server(default_aws.endpoint, port=front.port)):
        assert handler.sign_in() == 200


def test_copies_do_not_retry_in_step(handler: Handler) -> None:
    handler.snapshot()
    same = random.getstate()
    handler.restore()
    one = random.getstate()
    random.setstate(same)
    handler.restore()

    assert same != one != random.getstate()


def test_copies_add_to_what_tls_draws_its_keys_from(handler: Handler, monkeypatch: pytest.MonkeyPatch) -> None:
    added: list[bytes] = []
    monkeypatch.setattr(ssl, "RAND_add", lambda entropy, _: added.append(entropy))

    handler.restore()
    handler.restore()

    assert {len(entropy) for entropy in added} == {48}
    assert len(set(added)) == 2


def test_copies_with_the_same_random_numbers_make_different_requests(handler: Handler) -> None:
    same = random.getstate()
    for subject in ("ada", "grace"):
        random.setstate(same)
        assert handler.sign_in(subject) == 200

    one, other = handler.calls("CreateAppInstanceUser")
    assert one["ClientRequestToken"] != other["ClientRequestToken"]


def test_start_reads_no_list_of_revoked_users(handler: Handler) -> None:
    assert handler.calls("GetParameter") == []


def test_copy_does_not_use_the_list_of_revoked_users_in_the_snapshot(handler: Handler) -> None:
    assert handler.sign_in() == 200
    handler.snapshot()
    handler.revoke("ada")
    handler.now += 3600
    handler.restore()

    assert handler.sign_in() == 403


# ── Credentials ──────────────────────────────────────────────────────────────────────────────────────


class Credentials:
    """Lambda's place for credentials, where SnapStart has them fetched instead of giving environment variables."""

    def __init__(self, aws: Aws) -> None:
        self._aws = aws
        self.asked = 0

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer with the first credentials, which have expired by the time that they are used, or with new ones."""
        assert environ["HTTP_AUTHORIZATION"] == "token"
        self.asked += 1
        given = self._aws.endpoint.admin_credentials()
        ends = datetime.now(UTC) + timedelta(hours=-1 if self.asked == 1 else 6)
        answer = {
            "AccessKeyId": "expired" if self.asked == 1 else given["AccessKeyId"],
            "SecretAccessKey": given["SecretAccessKey"],
            "Token": given.get("SessionToken", ""),
            "Expiration": ends.strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
        return Response(json.dumps(answer), content_type="application/json")(environ, start_response)


@pytest.fixture
def credentials(default_aws: Aws, monkeypatch: pytest.MonkeyPatch) -> Iterator[Credentials]:
    credentials = Credentials(default_aws)
    with closing(Server(credentials)) as server:
        monkeypatch.delenv("AWS_ACCESS_KEY_ID")
        monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
        monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", server.url)
        monkeypatch.setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN", "token")
        yield credentials


def test_copy_refreshes_credentials_that_expired_in_the_snapshot(credentials: Credentials, handler: Handler) -> None:
    handler.snapshot()
    handler.restore()

    assert credentials.asked == 1
    assert handler.sign_in() == 200
    assert credentials.asked == 2


# ── At start ─────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("initialization", "hooks"), [("snap-start", "1 2"), ("on-demand", "0 0")])
def test_hooks_are_there_for_snapshots_alone(initialization: str, hooks: str) -> None:
    code = (
        "import signin.app, snapshot_restore_py as hooks;"
        "print(len(hooks.get_before_snapshot()), len(hooks.get_after_restore()))"
    )
    variables = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(layers.SIGNIN_FUNCTION),
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
        "AWS_LAMBDA_INITIALIZATION_TYPE": initialization,
        **layers.LAMBDA,
        **layers.SETTINGS["signin"],
    }
    done = subprocess.run([sys.executable, "-P", "-c", code], env=variables, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == hooks
