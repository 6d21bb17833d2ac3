"""The life of a guest on the local stack, as docs/guests.md shows it, and what else is different for guests."""

from __future__ import annotations

import json
import re
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from local.stack import GUESTS, LocalStack, StackOptions
from tests.end_to_end.conftest import ROOT, Answer, Client, aws
from tests.end_to_end.operators import PAUSE, finish, owner, revoke, start

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = (ROOT / "docs" / "guests.md").read_text()
DAY = 24 * 3600
EXPIRATION = "PutAppInstanceUserExpirationSettings"
REHEARSED = {"ENV": "local", "AWS_SAM_STACK_NAME": None, "AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None}
"""With what an erasure need not wait for an hour."""
CHIME = {"DescribeAppInstanceUser", "CreateAppInstanceUser", "UpdateAppInstanceUser", EXPIRATION}


@pytest.fixture(scope="module")
def stack(logs: list[bytes]) -> Iterator[LocalStack]:
    parameters = {"Guests": "true", "Revocation": "true", "Messaging": "member", "ContactList": "true"}
    with LocalStack(
        StackOptions(parameters=parameters, settings={"REVOKED_USERS_SECONDS": "0"}, log=logs.append)
    ) as running:
        yield running


def invitation(client: Client, sub: str = "vera", **claims: Any) -> str:
    return client.token(**{"iss": client.urls["issuer"] + GUESTS, "sub": sub, "name": "Vera (guest)", **claims})


class Life:
    """Writes down what becomes of a guest. Between two steps days go by."""

    def __init__(self, stack: LocalStack, client: Client) -> None:
        self._stack, self._client = stack, client
        self._day = 0
        self.lines: list[str] = []
        ada = client.sign_in(client.token(sub="ada", name="Ada Lovelace")).body
        self._ada = aws(stack, "chime-sdk-messaging", ada["ChimeCredentials"])
        self._as_ada = {"ChimeBearer": ada["ChimeAppInstanceUserArn"]}
        opened = self._ada.create_channel(AppInstanceArn=ada["ChimeAppInstanceArn"], Name="Engines", **self._as_ada)
        self._channel = opened["ChannelArn"]
        self.signed_in: dict[str, Any] = {}

    def wait_until(self, day: int) -> None:
        """Let days go by for the users in Chime, until *day*."""
        passed = {"advance_seconds": (day - self._day) * DAY}
        self._client.control("POST", "aws", "/local/users/clock", passed)
        self._day = day

    def sign_in(self, step: str = "signs in", **claims: Any) -> None:
        self._client.control("DELETE", "aws", "/local/calls")
        answer = self._client.sign_in(invitation(self._client, **claims))
        called = [_shown(call) for call in self._client.calls() if call["operation"] in CHIME]
        if answer.status == 200:
            self.signed_in = answer.body
        self._write(step, f"{_told(answer)}{'; ' * bool(called)}{', '.join(called)}")

    def send(self) -> None:
        chime = aws(self._stack, "chime-sdk-messaging", self.signed_in["ChimeCredentials"])
        message = {"ChannelArn": self._channel, "Content": "Hello", "Type": "STANDARD", "Persistence": "PERSISTENT"}
        bearer = {"ChimeBearer": self.signed_in["ChimeAppInstanceUserArn"]}
        self._write("writes in the channel", self._outcome(chime.send_channel_message, **message, **bearer))

    def be_added(self) -> None:
        """Be added to the channel by the application's server, which acts as the channel's moderator."""
        added = {"ChannelArn": self._channel, "MemberArn": self.signed_in["ChimeAppInstanceUserArn"], "Type": "DEFAULT"}
        self._write(
            "is added by the server", self._outcome(self._ada.create_channel_membership, **added, **self._as_ada)
        )

    def be_revoked(self) -> None:
        revoke(self._stack, self.signed_in["ChimeUserId"])
        self._write("is revoked", "make revoke USER=guest-…")

    def _outcome(self, call: Any, **parameters: Any) -> str:
        try:
            call(**parameters)
        except ClientError as error:
            return str(error.response["Error"]["Code"])
        return "done"

    def _write(self, step: str, outcome: str) -> None:
        self.lines.append(f"day {self._day:<3} {step:<23} {outcome}")


def _told(answer: Answer) -> str:
    if answer.status == 200:
        return f"200, ChimeGuest: {json.dumps(answer.body['ChimeGuest'])}"
    return f"{answer.status}, reason: {answer.body['reason']}"


def _shown(call: dict[str, Any]) -> str:
    days = (call["parameters"].get("ExpirationSettings") or {}).get("ExpirationDays")
    failed = "" if call["status"] < 400 else f" ({call['status']})"
    return str(call["operation"]) + (f" {days} days" if days else "") + failed


@pytest.mark.timeout(180)
def test_life_of_a_guest_is_as_the_page_shows_it(stack: LocalStack, client: Client) -> None:
    life = Life(stack, client)

    life.sign_in()
    life.send()
    life.be_added()
    life.send()
    life.wait_until(10)
    life.sign_in()
    life.wait_until(20)
    life.sign_in()
    life.wait_until(51)  # expired, and not deleted yet
    life.sign_in()
    life.send()
    life.wait_until(90)  # deleted
    life.sign_in()
    life.send()
    life.be_added()
    life.send()
    life.be_revoked()
    life.send()
    life.sign_in()
    life.sign_in("another, 10 min left", sub="walt", expires_in=600)

    [shown] = re.findall(r"^```text\n(day.*?)^```$", PAGE, flags=re.MULTILINE | re.DOTALL)
    assert life.lines == shown.splitlines()


def test_renewal_of_a_guest_makes_no_call_of_chime(client: Client) -> None:
    client.sign_in(invitation(client, "rosa"))
    client.control("DELETE", "aws", "/local/calls")

    renewed = client.sign_in(invitation(client, "rosa"), "/signin?renewal=true")

    assert (renewed.status, renewed.body["ChimeGuest"]) == (200, True)
    assert [call["operation"] for call in client.calls() if call["operation"] != "GetParameter"] == ["AssumeRole"]


def test_devices_of_a_new_guest_who_sign_in_at_once_are_one_guest(client: Client) -> None:
    with ThreadPoolExecutor(4) as devices:
        tokens = [invitation(client, "rita", name=f"Rita {number}") for number in range(4)]
        answers = list(devices.map(client.sign_in, tokens))

    assert [answer.status for answer in answers] == [200] * 4
    assert len({answer.body["ChimeUserId"] for answer in answers}) == 1
    created = [call["status"] for call in client.calls() if call["operation"] == "CreateAppInstanceUser"]
    assert created.count(201) == 1


def test_answer_to_a_user_does_not_speak_of_guests(client: Client) -> None:
    assert "ChimeGuest" not in client.sign_in(client.token(sub="bob")).body


def test_erased_guest_has_no_session_and_is_gone_from_chime(stack: LocalStack, client: Client) -> None:
    erased = client.sign_in(invitation(client, "ines")).body
    guest, own = erased["ChimeUserId"], {"AppInstanceUserArn": erased["ChimeAppInstanceUserArn"]}
    chime = aws(stack, "chime-sdk-identity", erased["ChimeCredentials"])
    assert chime.describe_app_instance_user(**own)["AppInstanceUser"]["Name"] == "Vera (guest)"

    asked = ("erase", guest, "--confirm", guest, "--pause", PAUSE, "--wait", PAUSE)
    code, printed = finish(start(stack, *asked, variables=REHEARSED))

    assert code == 0, printed
    denied = [call["parameters"]["RoleName"] for call in client.calls() if call["operation"] == "PutRolePolicy"]
    assert any("GuestRole" in role for role in denied)
    with pytest.raises(ClientError, match="Forbidden"):
        owner(stack, "chime-sdk-identity").describe_app_instance_user(**own)


def test_guest_whose_session_was_opened_is_logged_as_a_guest(client: Client) -> None:
    client.sign_in(invitation(client, "lola"))

    told = [json.loads(line) for line in client.logs if b'"signed in"' in line]
    assert told[-1]["guest"] is True
    assert "GuestRole" in told[-1]["role"]
