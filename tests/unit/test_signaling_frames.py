"""The messages of calls, beside what amazon-chime-sdk-js 3.32 makes and reads (SignalingProtocol.js in its package)."""

from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("google.protobuf", reason="calls need what `make .venv/meetings` installs")

from local.signaling import frames

NOW = 1_767_225_600_123
PING = "0508fbd0eab6b7331013a2010408011007"
JOIN = "0508fbd0eab6b733100122160802180222082a066368726f6d653080d0acf30e3801"
SUBSCRIBE = (
    "0508fbd0eab6b7331003323d080312290802100f18f80a2217416d617a6f6e4368696d6545787072657373566964656f30024203612d31"
    "4802180018052203763d302a016830003801"
)


def test_frames_of_the_sdk_are_read() -> None:
    ping, join, subscribe = (frames.decode(bytes.fromhex(text)) for text in (PING, JOIN, SUBSCRIBE))

    assert (ping.type, ping.timestamp_ms, ping.ping_pong.type, ping.ping_pong.ping_id) == (19, NOW, frames.PING, 7)
    assert join.type == frames.JOIN
    asked = subscribe.subscribe
    assert (subscribe.type, asked.sdp_offer, asked.audio_muted) == (frames.SUBSCRIBE, "v=0", True)
    assert list(asked.receive_stream_ids) == [0, 5]
    [stream] = asked.send_streams
    assert (stream.media_type, stream.track_label, stream.framerate) == (frames.VIDEO, "AmazonChimeExpressVideo", 15)
    assert (stream.max_bitrate_kbps, stream.attendee_id) == (1400, "a-1")


@pytest.mark.parametrize(
    ("frame_type", "fields", "expected"),
    [
        pytest.param(
            frames.JOIN_ACK,
            {"join_ack": {"video_subscription_limit": 25, "wants_compressed_sdp": False}},
            "10022a0410191800",
            id="join ack",
        ),
        pytest.param(
            frames.SUBSCRIBE_ACK,
            {
                "subscribe_ack": {
                    "duplex": 3,
                    "allocations": [{"track_label": "x", "stream_id": 4, "group_id": 5}],
                    "sdp_answer": "v=0",
                    "tracks": [{"stream_id": 1, "ssrc": 4_000_000_000, "track_label": "v_2"}],
                }
            },
            "10043a1f080312070a0178100418051a03763d30220d08011080d0acf30e1a03765f32",
            id="subscribe ack",
        ),
        pytest.param(
            frames.INDEX,
            {
                "index": {
                    "at_capacity": False,
                    "sources": [
                        {
                            "stream_id": 1,
                            "group_id": 2,
                            "attendee_id": "a",
                            "external_user_id": "e",
                            "media_type": frames.VIDEO,
                            "max_bitrate_kbps": 600,
                            "framerate": 15,
                            "avg_bitrate_bps": 1,
                            "width": 2,
                            "height": 3,
                            "track_label": "l",
                        }
                    ],
                    "num_participants": 2,
                }
            },
            "100542200800121a0801100f18d80422016c300238014201614802520165580260032002",
            id="index",
        ),
        pytest.param(
            frames.AUDIO_STREAM_ID_INFO,
            {
                "audio_stream_id_info": {
                    "streams": [
                        {"audio_stream_id": 1, "attendee_id": "a", "external_user_id": "e", "muted": False},
                        {"audio_stream_id": 2, "dropped": True},
                    ]
                }
            },
            "10129a01120a0a080112016118002201650a0408022801",
            id="roster",
        ),
        pytest.param(
            frames.AUDIO_METADATA,
            {"audio_metadata": {"attendee_states": [{"audio_stream_id": 1, "volume": 20}]}},
            "10119201060a0408011014",
            id="volumes",
        ),
        pytest.param(frames.AUDIO_STATUS, {"audio_status": {"audio_status": 301}}, "1014aa010308ad02", id="status"),
        pytest.param(frames.PING_PONG, {"ping_pong": {"type": 2, "ping_id": 7}}, "1013a2010408021007", id="pong"),
        pytest.param(frames.LEAVE_ACK, {"leave_ack": {}}, "100a6200", id="leave ack"),
        pytest.param(
            frames.DATA_MESSAGE,
            {
                "data_message": {
                    "messages": [
                        {
                            "topic": "hands",
                            "data": b"\1\xff",
                            "sender_attendee_id": "a",
                            "ingest_time_ns": NOW * 1_000_000,
                            "sender_external_user_id": "e",
                        }
                    ]
                }
            },
            "1016ba011d0a1b0a0568616e6473120201ff22016128c0a9bbaa9fca9cc318320165",
            id="data message",
        ),
    ],
)
def test_frames_are_as_the_sdk_reads_them(frame_type: int, fields: dict[str, Any], expected: str) -> None:
    assert frames.encode(frame_type, NOW, **fields).hex() == "0508fbd0eab6b733" + expected


@pytest.mark.parametrize(
    "message",
    [
        *("text", b"", bytes.fromhex("02" + PING[2:]), b"\x05\xff", b"\x05\x08"),
        pytest.param(bytes.fromhex("0510033203" + "2201ff"), id="an offer that is not UTF-8"),
        pytest.param(bytes.fromhex("051016ba01050a030a01ff"), id="a topic that is not UTF-8"),
    ],
    ids=repr,
)
def test_what_is_no_frame_is_refused(message: str | bytes) -> None:
    with pytest.raises(frames.MalformedFrameError):
        frames.decode(message)
