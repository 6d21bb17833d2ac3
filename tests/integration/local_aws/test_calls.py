"""Calls on the local AWS: who gets in, what each message does, and how a connection ends."""

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
from tests.integration.local_aws.callers import SUBPROTOCOL, Caller, Line, line

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

UNAVAILABLE, ENDED, ANOTHER_DEVICE = (4403, "attendee unavailable"), (4410, "meeting ended"), 1000
REMOVED_STATUS, ENDED_STATUS, ANOTHER_DEVICE_STATUS = 411, 410, 301


@pytest.fixture
def lines() -> Iterator[Line]:
    with line() as opened:
        yield opened


@pytest.fixture
def meeting(meetings: Any) -> Any:
    return meetings.create_meeting(**HALL)["Meeting"]


@pytest.fixture
def attendees(meetings: Any, meeting: Any) -> dict[str, Any]:
    return {name: join(meetings, meeting["MeetingId"], name) for name in ("ada", "bob", "cyd")}


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
        connect(meeting["MediaPlacement"]["SignalingUrl"], subprotocols=subprotocols)

    assert failed.value.response.status_code == 400


def test_without_a_token_nobody_gets_in(meeting: Any) -> None:
    with connect(meeting["MediaPlacement"]["SignalingUrl"], subprotocols=[SUBPROTOCOL]) as websocket:
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


def test_all_are_told_who_is_muted_and_how_loud_each_is(lines: Line, meeting: Any, attendees: dict[str, Any]) -> None:
    ada, bob = (lines.call(meeting, attendees[name]) for name in ("ada", "bob"))
    [came] = ada.roster()

    bob.say(frames.AUDIO_CONTROL, audio_control={"muted": True})
    [muted] = ada.roster()
    told = ada.hear(frames.AUDIO_METADATA).audio_metadata.attendee_states

    assert (muted.audio_stream_id, muted.muted, muted.attendee_id) == (came.audio_stream_id, True, "")
    assert {one.audio_stream_id for one in told} >= {came.audio_stream_id}
    assert all(0 <= one.volume <= 100 for one in told)


def test_data_message_reaches_all_but_its_sender(lines: Line, meeting: Any, attendees: dict[str, Any]) -> None:
    ada, bob = (lines.open(meeting, attendees[name]["JoinToken"]).join() for name in ("ada", "bob"))

    ada.say(frames.DATA_MESSAGE, data_message={"messages": [{"topic": "hands", "data": b"up"}]})
    bob.say(frames.DATA_MESSAGE, data_message={"messages": [{"topic": "hands", "data": b"down"}]})
    [to_bob], [to_ada] = (one.hear(frames.DATA_MESSAGE).data_message.messages for one in (bob, ada))

    assert (to_bob.topic, to_bob.data, to_ada.data) == ("hands", b"up", b"down")
    assert (to_bob.sender_attendee_id, to_bob.sender_external_user_id) == (attendees["ada"]["AttendeeId"], "ada")


def test_video_goes_to_who_asks_for_it(lines: Line, meeting: Any, attendees: dict[str, Any]) -> None:
    ada, bob = (lines.open(meeting, attendees[name]["JoinToken"]).join() for name in ("ada", "bob"))
    camera, screen = lines.browser(), lines.browser()
    camera.send_video()
    stream = {"media_type": frames.VIDEO, "track_label": "camera", "max_bitrate_kbps": 600}
    ada.say(frames.SUBSCRIBE, subscribe={"sdp_offer": camera.offer(), "send_streams": [stream]})
    acknowledged = ada.hear(frames.SUBSCRIBE_ACK).subscribe_ack
    camera.take(acknowledged.sdp_answer)
    [allocated] = acknowledged.allocations
    [source] = bob.hear(frames.INDEX).index.sources

    screen.receive_video()
    asked = {"sdp_offer": screen.offer(), "receive_stream_ids": [source.stream_id]}
    bob.say(frames.SUBSCRIBE, subscribe=asked)
    acknowledged = bob.hear(frames.SUBSCRIBE_ACK).subscribe_ack
    [track] = acknowledged.tracks
    screen.take(acknowledged.sdp_answer)

    assert (source.stream_id, source.group_id) == (allocated.stream_id, allocated.group_id)
    assert (source.attendee_id, source.external_user_id) == (attendees["ada"]["AttendeeId"], "ada")
    assert (allocated.track_label, source.max_bitrate_kbps) == ("camera", 600)
    assert (track.stream_id, track.track_label) == (source.stream_id, "v_1")
    assert f"a=ssrc:{track.ssrc} " in acknowledged.sdp_answer
    assert screen.picture().width == 640

    lines.open(meeting, attendees["ada"]["JoinToken"]).join()  # from another device, which sends no video
    assert not bob.hear(frames.INDEX).index.sources
    assert ada.closing()[0] == ANOTHER_DEVICE


def test_shared_screen_is_a_second_connection_of_the_same_attendee(
    lines: Line, meetings: Any, meeting: Any, attendees: dict[str, Any]
) -> None:
    ada = lines.call(meeting, attendees["ada"])
    token = attendees["ada"]["JoinToken"] + "#content"
    screen = lines.open(meeting, token).join()
    screen.say(frames.PING_PONG, ping_pong={"type": frames.PING, "ping_id": 1})
    screen.hear(frames.PING_PONG)

    meetings.delete_attendee(MeetingId=meeting["MeetingId"], AttendeeId=attendees["ada"]["AttendeeId"])

    assert ada.hear(frames.AUDIO_STATUS).audio_status.audio_status == REMOVED_STATUS
    assert screen.hear(frames.AUDIO_STATUS).audio_status.audio_status == REMOVED_STATUS


def may(meetings: Any, attendee: Any, meeting: Any, **changes: str) -> None:
    """Change what an attendee may send and receive."""
    names = {"MeetingId": meeting["MeetingId"], "AttendeeId": attendee["AttendeeId"]}
    capabilities = dict.fromkeys(("Audio", "Video", "Content"), "SendReceive") | changes
    meetings.update_attendee_capabilities(**names, Capabilities=capabilities)


def is_loud(client: Caller, audio_stream_id: int) -> bool:
    """Tell what the next message about volumes says of an attendee."""
    told = client.hear(frames.AUDIO_METADATA).audio_metadata.attendee_states
    volumes: dict[int, int] = {one.audio_stream_id: one.volume for one in told}
    return volumes[audio_stream_id] < 40


def test_who_may_not_send_sound_is_not_heard(
    lines: Line, meetings: Any, meeting: Any, attendees: dict[str, Any]
) -> None:
    may(meetings, attendees["bob"], meeting, Audio="Receive")
    ada, _ = (lines.call(meeting, attendees[name]) for name in ("ada", "bob"))
    [bob] = ada.roster()

    assert [is_loud(ada, bob.audio_stream_id) or ada.browser.hears() for _ in range(5)] == [False] * 5

    may(meetings, attendees["bob"], meeting)
    while not is_loud(ada, bob.audio_stream_id):
        pass
    while not ada.browser.hears():
        pass


def test_who_may_not_receive_sound_hears_nothing(
    lines: Line, meetings: Any, meeting: Any, attendees: dict[str, Any]
) -> None:
    may(meetings, attendees["ada"], meeting, Audio="Send")
    ada, _ = (lines.call(meeting, attendees[name]) for name in ("ada", "bob"))
    [bob] = ada.roster()
    while not is_loud(ada, bob.audio_stream_id):
        pass

    assert not any(ada.browser.hears() for _ in range(20))

    may(meetings, attendees["ada"], meeting)
    while not ada.browser.hears():
        pass


@pytest.mark.parametrize(("medium", "modality"), [("Video", ""), ("Content", "#content")])
def test_video_needs_capabilities_on_both_sides(  # noqa: PLR0913, PLR0917 - what takes part
    lines: Line, meetings: Any, meeting: Any, attendees: dict[str, Any], medium: str, modality: str
) -> None:
    ada, bob, cyd = (
        lines.open(meeting, attendees[name]["JoinToken"] + mark).join()
        for name, mark in (("ada", modality), ("bob", modality), ("cyd", ""))
    )
    may(meetings, attendees["ada"], meeting, **{medium: "Receive"})
    may(meetings, attendees["cyd"], meeting, Content="Send", Video="Send" if medium == "Video" else "Receive")
    stream = {"media_type": frames.VIDEO, "track_label": "camera"}
    for client in (ada, bob):
        client.say(frames.SUBSCRIBE, subscribe={"sdp_offer": lines.browser().offer(), "send_streams": [stream]})
    assert not ada.hear(frames.SUBSCRIBE_ACK).subscribe_ack.allocations
    assert bob.hear(frames.SUBSCRIBE_ACK).subscribe_ack.allocations
    [source] = cyd.hear(frames.INDEX).index.sources
    assert source.attendee_id == attendees["bob"]["AttendeeId"] + modality

    screen = lines.browser()
    screen.receive_video()
    for allowed in (False, True):
        if allowed:
            may(meetings, attendees["cyd"], meeting)
        asked = {"sdp_offer": screen.offer(), "receive_stream_ids": [source.stream_id]}
        cyd.say(frames.SUBSCRIBE, subscribe=asked)
        answered = cyd.hear(frames.SUBSCRIBE_ACK).subscribe_ack
        screen.take(answered.sdp_answer)
        assert bool(answered.tracks) == allowed


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


def test_video_is_off_the_index_when_its_sender_leaves(lines: Line, meeting: Any, attendees: dict[str, Any]) -> None:
    ada, bob = (lines.open(meeting, attendees[name]["JoinToken"]).join() for name in ("ada", "bob"))
    stream = {"media_type": frames.VIDEO, "track_label": "camera"}
    ada.say(frames.SUBSCRIBE, subscribe={"sdp_offer": lines.browser().offer(), "send_streams": [stream]})
    assert bob.hear(frames.INDEX).index.sources

    ada.say(frames.LEAVE)

    assert not bob.hear(frames.INDEX).index.sources


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
