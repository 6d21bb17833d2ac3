"""Calls on the local AWS: who gets in, what each message does, and how a connection ends; media aside."""

from __future__ import annotations

import re
import ssl
import sys
import threading
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from local.aws.endpoint import AwsEndpoint
from local.aws.meetings import backends
from local.http.certificate import kept
from local.http.server import Server
from tests.integration.conftest import SESSION, Aws
from tests.integration.local_aws.meetings import HALL, join

pytest.importorskip("aiortc", reason="calls need what `make .venv/meetings` installs")

from local.signaling import frames
from tests.integration.local_aws.callers import (
    ANOTHER_DEVICE,
    ANOTHER_DEVICE_STATUS,
    ENDED,
    ENDED_STATUS,
    PATIENCE,
    REMOVED_STATUS,
    SUBPROTOCOL,
    UNAVAILABLE,
    Caller,
    Line,
    line,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def lines() -> Iterator[Line]:
    with line() as opened:
        yield opened


@pytest.fixture
def ada(lines: Line, meeting: Any, attendees: dict[str, Any]) -> Caller:
    """Ada's client, connected and not joined."""
    return lines.open(meeting, attendees["ada"]["JoinToken"])


# ── Who gets in ──────────────────────────────────────────────────────────────────────────────────


def test_join_is_acknowledged_without_turn_credentials_and_with_an_index(ada: Caller) -> None:
    ada.say(frames.JOIN)

    acknowledged, index = ada.next(), ada.next()

    assert (acknowledged.type, index.type) == (frames.JOIN_ACK, frames.INDEX)
    assert acknowledged.join_ack.SerializeToString() == bytes([0x10, 25, 0x18, 0])
    assert (list(index.index.sources), index.index.num_participants) == ([], 1)


def test_meeting_that_was_created_over_https_is_joined_over_tls(
    lines: Line, endpoint: AwsEndpoint, tmp_path: Path
) -> None:
    certificate, key = tmp_path / "certificate.pem", endpoint.admin_credentials()
    with closing(Server(endpoint, tls=kept(certificate))) as server:
        meetings: Any = SESSION.client(
            "chime-sdk-meetings",
            "us-east-1",
            endpoint_url=server.url.replace("http:", "https:"),
            aws_access_key_id=key["AccessKeyId"],
            aws_secret_access_key=key["SecretAccessKey"],
            verify=str(certificate),
        )
        meeting = meetings.create_meeting(**HALL)["Meeting"]
        token = join(meetings, meeting["MeetingId"], "ada")["JoinToken"]

        assert meeting["MediaPlacement"]["SignalingUrl"].startswith("wss://127.0.0.1:")
        lines.open(meeting, token, ssl.create_default_context(cafile=certificate)).join()


def test_connection_of_nobody_is_closed_before_anything_is_said(lines: Line, meeting: Any) -> None:
    assert lines.open(meeting, "A" * 160).closing() == (*UNAVAILABLE, [])


@pytest.mark.parametrize("change", ["Z{}", "{}Z", "{}#content#content", "#content"])
def test_token_that_is_almost_right_is_refused(
    lines: Line, meeting: Any, attendees: dict[str, Any], change: str
) -> None:
    token = change.format(attendees["ada"]["JoinToken"])

    assert lines.open(meeting, token).closing() == (*UNAVAILABLE, [])


def test_token_of_another_meeting_is_refused(lines: Line, meetings: Any, meeting: Any) -> None:
    other = meetings.create_meeting(**{**HALL, "ClientRequestToken": "second"})["Meeting"]
    foreign = join(meetings, other["MeetingId"], "ada")

    assert lines.open(meeting, foreign["JoinToken"]).closing() == (*UNAVAILABLE, [])
    lines.open(other, foreign["JoinToken"]).join()


def test_token_of_a_removed_attendee_is_refused(
    lines: Line, meetings: Any, meeting: Any, attendees: dict[str, Any]
) -> None:
    gone = attendees["ada"]
    meetings.delete_attendee(MeetingId=meeting["MeetingId"], AttendeeId=gone["AttendeeId"])

    assert lines.open(meeting, gone["JoinToken"]).closing() == (*UNAVAILABLE, [])


def test_who_comes_after_the_end_is_told_that_the_meeting_has_ended(
    lines: Line, meetings: Any, meeting: Any, attendees: dict[str, Any]
) -> None:
    meetings.delete_meeting(MeetingId=meeting["MeetingId"])

    assert lines.open(meeting, attendees["ada"]["JoinToken"]).closing() == (*ENDED, [])
    assert lines.open(meeting, "A" * 160).closing() == (*UNAVAILABLE, [])


@pytest.mark.parametrize(
    "subprotocols", [None, ["other"], ["token", SUBPROTOCOL]], ids=["none", "another", "another first"]
)
def test_handshake_with_other_subprotocols_fails(meeting: Any, subprotocols: Any) -> None:
    with pytest.raises(InvalidStatus) as failed:
        connect(meeting["MediaPlacement"]["SignalingUrl"], subprotocols=subprotocols, open_timeout=PATIENCE)

    assert failed.value.response.status_code == 400


def test_without_a_token_nobody_gets_in(meeting: Any) -> None:
    url = meeting["MediaPlacement"]["SignalingUrl"]
    with connect(url, subprotocols=[SUBPROTOCOL], open_timeout=PATIENCE, close_timeout=PATIENCE) as websocket:
        assert Caller(websocket).closing() == (*UNAVAILABLE, [])


def test_stack_without_aiortc_says_how_to_get_it(
    lines: Line, meeting: Any, attendees: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "aiortc", None)  # as if it was not installed

    code, reason, _ = lines.open(meeting, attendees["ada"]["JoinToken"]).closing()

    assert code == 4400
    assert "make run MEETINGS=1" in reason
    assert lines.open(meeting, "A" * 160).closing() == (*UNAVAILABLE, [])


# ── The conversation ─────────────────────────────────────────────────────────────────────────────


def test_ping_is_answered_also_before_a_join(ada: Caller) -> None:
    ada.say(frames.PING_PONG, ping_pong={"type": frames.PING, "ping_id": 7})

    pong = ada.next()

    assert (pong.type, pong.ping_pong.type, pong.ping_pong.ping_id) == (frames.PING_PONG, frames.PONG, 7)
    assert pong.timestamp_ms > 1_700_000_000_000


def test_frames_of_other_types_are_passed_over(ada: Caller) -> None:
    ada.say(21)  # CLIENT_METRIC
    ada.say(4_000_000_000)
    ada.say(frames.PING_PONG, ping_pong={"type": frames.PONG, "ping_id": 1})
    ada.say(frames.PING_PONG, ping_pong={"type": frames.PING, "ping_id": 2})

    assert ada.next().ping_pong.ping_id == 2


@pytest.mark.parametrize("message", ["text", b"", b"\x02\x08\x00\x10\x01", b"\x05\xff"], ids=repr)
def test_what_is_no_frame_closes_the_connection(ada: Caller, message: str | bytes) -> None:
    ada.send(message)

    assert ada.closing() == (4400, "malformed frame", [])


@pytest.mark.parametrize("offer", ["", "v=0\r\n", "v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\n", "hello"])
def test_offer_that_is_none_closes_the_connection(ada: Caller, offer: str) -> None:
    ada.join().say(frames.SUBSCRIBE, subscribe={"sdp_offer": offer})

    code, reason, _ = ada.closing()

    assert (code, reason) == (4400, "the offer cannot be answered")


def test_subscribe_needs_a_join(ada: Caller, lines: Line) -> None:
    ada.say(frames.SUBSCRIBE, subscribe={"sdp_offer": lines.browser().offer()})

    assert ada.closing() == (4400, "subscribe before join", [])


def test_media_are_on_loopback_alone(ada: Caller, lines: Line) -> None:
    ada.join().say(frames.SUBSCRIBE, subscribe={"sdp_offer": lines.browser().offer()})

    answer = ada.hear(frames.SUBSCRIBE_ACK).subscribe_ack.sdp_answer

    assert set(re.findall(r"^a=candidate:\S+ \d+ \S+ \d+ (\S+) \d+ typ (\S+)", answer, re.MULTILINE)) == {
        ("127.0.0.1", "host")
    }


def test_each_is_on_the_roster_of_all_once_the_media_are_connected(
    lines: Line, meeting: Any, attendees: dict[str, Any], aws: Aws
) -> None:
    ada = lines.call(meeting, attendees["ada"])
    bob = lines.open(meeting, attendees["bob"]["JoinToken"])
    bob.say(frames.JOIN)
    [seen] = bob.roster()
    cyd = lines.call(meeting, attendees["cyd"], muted=True)
    [came] = ada.roster()

    assert (seen.attendee_id, seen.external_user_id, seen.muted) == (attendees["ada"]["AttendeeId"], "ada", False)
    assert (came.attendee_id, came.external_user_id, came.muted) == (attendees["cyd"]["AttendeeId"], "cyd", True)
    assert came.audio_stream_id > seen.audio_stream_id
    [shown] = aws.local("GET", "meetings")[1]
    assert [one["connected"] for one in shown["attendees"]] == [True, False, True]

    cyd.say(frames.LEAVE)
    cyd.hear(frames.LEAVE_ACK)
    [left] = ada.roster()

    assert left.audio_stream_id == came.audio_stream_id
    assert [field.name for field, _ in left.ListFields()] == ["audio_stream_id"]
    [shown] = aws.local("GET", "meetings")[1]
    assert [one["connected"] for one in shown["attendees"]] == [True, False, False]


def test_who_goes_without_a_word_has_dropped(lines: Line, meeting: Any, attendees: dict[str, Any]) -> None:
    ada, bob = (lines.call(meeting, attendees[name]) for name in ("ada", "bob"))
    [came] = ada.roster()

    bob.hang_up()
    [left] = ada.roster()

    assert (left.audio_stream_id, left.dropped) == (came.audio_stream_id, True)


def test_data_message_reaches_all_but_its_sender(lines: Line, meeting: Any, attendees: dict[str, Any]) -> None:
    ada, bob = (lines.open(meeting, attendees[name]["JoinToken"]).join() for name in ("ada", "bob"))

    ada.say(frames.DATA_MESSAGE, data_message={"messages": [{"topic": "hands", "data": b"up"}]})
    bob.say(frames.DATA_MESSAGE, data_message={"messages": [{"topic": "hands", "data": b"down"}]})
    [to_bob], [to_ada] = (one.hear(frames.DATA_MESSAGE).data_message.messages for one in (bob, ada))

    assert (to_bob.topic, to_bob.data, to_ada.data) == ("hands", b"up", b"down")
    assert (to_bob.sender_attendee_id, to_bob.sender_external_user_id) == (attendees["ada"]["AttendeeId"], "ada")


# ── The end ──────────────────────────────────────────────────────────────────────────────────────


def test_removed_attendee_is_told_and_cut_off(
    lines: Line, meetings: Any, meeting: Any, attendees: dict[str, Any]
) -> None:
    ada, bob = (lines.call(meeting, attendees[name]) for name in ("ada", "bob"))
    ada.roster()

    meetings.delete_attendee(MeetingId=meeting["MeetingId"], AttendeeId=attendees["bob"]["AttendeeId"])

    assert bob.hear(frames.AUDIO_STATUS).audio_status.audio_status == REMOVED_STATUS
    assert bob.closing()[:2] == UNAVAILABLE
    [left] = ada.roster()
    assert not left.attendee_id


@pytest.mark.parametrize("by", ["the host", "the clock"])
def test_end_of_the_meeting_reaches_all(
    lines: Line, meeting: Any, attendees: dict[str, Any], aws: Aws, by: str
) -> None:
    connected, waiting = lines.call(meeting, attendees["ada"]), lines.open(meeting, attendees["bob"]["JoinToken"])
    waiting.say(frames.PING_PONG, ping_pong={"type": frames.PING, "ping_id": 1})
    waiting.hear(frames.PING_PONG)

    if by == "the host":
        aws.client("chime-sdk-meetings").delete_meeting(MeetingId=meeting["MeetingId"])
    else:
        aws.local("POST", "meetings/clock", {"advance_seconds": 24 * 3600})

    for client in (connected, waiting):
        assert client.hear(frames.AUDIO_STATUS).audio_status.audio_status == ENDED_STATUS
        assert client.closing()[:2] == ENDED


def test_meeting_whose_time_is_over_ends_while_nobody_calls_the_service(
    lines: Line, meeting: Any, attendees: dict[str, Any]
) -> None:
    ada = lines.call(meeting, attendees["ada"])

    for backend in backends():
        backend.clock.advance(30 * 60)  # with one connection

    assert ada.hear(frames.AUDIO_STATUS).audio_status.audio_status == ENDED_STATUS
    assert ada.closing()[:2] == ENDED


def test_second_device_ends_the_first(lines: Line, meeting: Any, attendees: dict[str, Any]) -> None:
    bob, first = (lines.call(meeting, attendees[name]) for name in ("bob", "ada"))
    [came] = bob.roster()

    second = lines.call(meeting, attendees["ada"])

    assert first.hear(frames.AUDIO_STATUS).audio_status.audio_status == ANOTHER_DEVICE_STATUS
    assert first.closing()[0] == ANOTHER_DEVICE
    told = [*bob.roster(), *bob.roster()]
    assert [one.attendee_id for one in told] == ["", attendees["ada"]["AttendeeId"]]
    assert told[0].audio_stream_id == came.audio_stream_id < told[1].audio_stream_id
    second.say(frames.PING_PONG, ping_pong={"type": frames.PING, "ping_id": 1})
    assert second.hear(frames.PING_PONG)


def test_leave_is_acknowledged_and_final(ada: Caller, lines: Line) -> None:
    ada.join().say(frames.LEAVE)
    ada.hear(frames.LEAVE_ACK)

    ada.say(frames.SUBSCRIBE, subscribe={"sdp_offer": lines.browser().offer()})

    assert ada.closing()[:2] == (4400, "subscribe before join")


def test_nothing_of_a_call_is_left_when_the_stack_stops(lines: Line) -> None:
    before = set(threading.enumerate())
    with closing(AwsEndpoint()) as endpoint, closing(Server(endpoint)) as server:
        meetings = Aws(endpoint, server.url).client("chime-sdk-meetings")
        meeting = meetings.create_meeting(**HALL)["Meeting"]
        lines.call(meeting, join(meetings, meeting["MeetingId"], "ada"))

    assert "media of calls" not in {thread.name for thread in set(threading.enumerate()) - before}
