"""Sound, video and shared screens in calls on the local AWS: who hears and sees whom, and who may."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

pytest.importorskip("aiortc", reason="calls need what `make .venv/meetings` installs")

from local.signaling import frames
from tests.integration.local_aws.callers import ANOTHER_DEVICE, REMOVED_STATUS, Caller, Line, line

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def lines() -> Iterator[Line]:
    with line() as opened:
        yield opened


def test_all_are_told_who_is_muted_and_how_loud_each_is(lines: Line, meeting: Any, attendees: dict[str, Any]) -> None:
    ada, bob = (lines.call(meeting, attendees[name]) for name in ("ada", "bob"))
    [came] = ada.roster()

    bob.say(frames.AUDIO_CONTROL, audio_control={"muted": True})
    [muted] = ada.roster()
    told = ada.hear(frames.AUDIO_METADATA).audio_metadata.attendee_states

    assert (muted.audio_stream_id, muted.muted, muted.attendee_id) == (came.audio_stream_id, True, "")
    assert {one.audio_stream_id for one in told} >= {came.audio_stream_id}
    assert all(0 <= one.volume <= 100 for one in told)


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


def test_video_is_off_the_index_when_its_sender_leaves(lines: Line, meeting: Any, attendees: dict[str, Any]) -> None:
    ada, bob = (lines.open(meeting, attendees[name]["JoinToken"]).join() for name in ("ada", "bob"))
    stream = {"media_type": frames.VIDEO, "track_label": "camera"}
    ada.say(frames.SUBSCRIBE, subscribe={"sdp_offer": lines.browser().offer(), "send_streams": [stream]})
    assert bob.hear(frames.INDEX).index.sources

    ada.say(frames.LEAVE)

    assert not bob.hear(frames.INDEX).index.sources


# ── What one may send and receive ───────────────────────────────────────────────────────────────────


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
