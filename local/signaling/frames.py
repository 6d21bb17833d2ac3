"""
The messages of Chime's signaling, and their form on the wire.

A WebSocket message is one byte, the frame type, and then a `Frame` in protocol buffers. The numbers below are those of
`protocol/SignalingProtocol.proto` in amazon-chime-sdk-js 3.33. Only the fields that this package reads or writes are
here: a parser skips the others. They stand in a table, not in a .proto file, because the compiler for that would be one
more tool to install, and its output one more file to keep.
"""

from __future__ import annotations

from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.message import DecodeError

FRAME_TYPE_RTC = 0x05
"""The first byte of each message. The SDK's comments say that AWS itself may send 0x02."""

JOIN, JOIN_ACK, SUBSCRIBE, SUBSCRIBE_ACK, INDEX = 1, 2, 3, 4, 5
LEAVE, LEAVE_ACK = 9, 10
AUDIO_CONTROL, AUDIO_METADATA, AUDIO_STREAM_ID_INFO, PING_PONG, AUDIO_STATUS = 16, 17, 18, 19, 20
DATA_MESSAGE = 22
PING, PONG = 1, 2
AUDIO, VIDEO = 1, 2

_PACKAGE = "local.signaling"
_SCALARS = {
    name: getattr(descriptor_pb2.FieldDescriptorProto, f"TYPE_{name.upper()}")
    for name in ("uint32", "uint64", "int64", "bool", "string", "bytes")
}
# Message: {field: (number, type)}. `*` before a type: repeated. A type that is no scalar is a message of this table.
_MESSAGES: dict[str, dict[str, tuple[int, str]]] = {
    "Frame": {
        "timestamp_ms": (1, "uint64"),
        "type": (2, "uint32"),
        "join_ack": (5, "JoinAck"),
        "subscribe": (6, "Subscribe"),
        "subscribe_ack": (7, "SubscribeAck"),
        "index": (8, "Index"),
        "leave_ack": (12, "LeaveAck"),
        "audio_control": (17, "AudioControl"),
        "audio_metadata": (18, "AudioMetadata"),
        "audio_stream_id_info": (19, "AudioStreamIdInfo"),
        "ping_pong": (20, "PingPong"),
        "audio_status": (21, "AudioStatus"),
        "data_message": (23, "DataMessage"),
    },
    "JoinAck": {"video_subscription_limit": (2, "uint32"), "wants_compressed_sdp": (3, "bool")},
    "Subscribe": {
        "duplex": (1, "uint32"),
        "send_streams": (2, "*Stream"),
        "receive_stream_ids": (3, "*uint32"),
        "sdp_offer": (4, "string"),
        "audio_host": (5, "string"),
        "audio_muted": (7, "bool"),
    },
    "SubscribeAck": {
        "duplex": (1, "uint32"),
        "allocations": (2, "*Allocation"),
        "sdp_answer": (3, "string"),
        "tracks": (4, "*Track"),
    },
    "Allocation": {"track_label": (1, "string"), "stream_id": (2, "uint32"), "group_id": (3, "uint32")},
    "Track": {"stream_id": (1, "uint32"), "ssrc": (2, "uint32"), "track_label": (3, "string")},
    "Index": {"at_capacity": (1, "bool"), "sources": (2, "*Stream"), "num_participants": (4, "uint32")},
    "Stream": {
        "stream_id": (1, "uint32"),
        "framerate": (2, "uint32"),
        "max_bitrate_kbps": (3, "uint32"),
        "track_label": (4, "string"),
        "group_id": (6, "uint32"),
        "avg_bitrate_bps": (7, "uint32"),
        "attendee_id": (8, "string"),
        "media_type": (9, "uint32"),
        "external_user_id": (10, "string"),
        "width": (11, "uint32"),
        "height": (12, "uint32"),
    },
    "LeaveAck": {},
    "AudioControl": {"muted": (1, "bool")},
    "AudioMetadata": {"attendee_states": (1, "*AttendeeState")},
    "AttendeeState": {"audio_stream_id": (1, "uint32"), "volume": (2, "uint32")},
    "AudioStreamIdInfo": {"streams": (1, "*AudioStream")},
    "AudioStream": {
        "audio_stream_id": (1, "uint32"),
        "attendee_id": (2, "string"),
        "muted": (3, "bool"),
        "external_user_id": (4, "string"),
        "dropped": (5, "bool"),
    },
    "PingPong": {"type": (1, "uint32"), "ping_id": (2, "uint32")},
    "AudioStatus": {"audio_status": (1, "uint32")},
    "DataMessage": {"messages": (1, "*Datum")},
    "Datum": {
        "topic": (1, "string"),
        "data": (2, "bytes"),
        "sender_attendee_id": (4, "string"),
        "ingest_time_ns": (5, "int64"),
        "sender_external_user_id": (6, "string"),
    },
}


class MalformedFrameError(ValueError):
    """A message of the client is not a frame."""


def decode(message: str | bytes) -> Any:
    """
    Return the `Frame` in a WebSocket message.

    Raises:
        MalformedFrameError: It begins with another byte, is not in protocol buffers, or has a text that is not UTF-8.
    """
    if isinstance(message, str) or message[:1] != bytes([FRAME_TYPE_RTC]):
        raise MalformedFrameError("The message is a text, or does not begin with the frame type.")
    try:
        frame = Frame.FromString(message[1:])
    except DecodeError as error:
        raise MalformedFrameError("The frame is not in protocol buffers.") from error
    if not _has_texts(frame):
        raise MalformedFrameError("A text in the frame is not UTF-8.")
    return frame


def _has_texts(message: Any) -> bool:
    """Tell whether all texts are UTF-8: the parser lets through others, as bytes, which nobody here expects."""
    for field, value in message.ListFields():
        if field.type == field.TYPE_STRING and isinstance(value, bytes):
            return False
        if field.message_type is not None and not all(map(_has_texts, value if field.is_repeated else [value])):
            return False
    return True


def encode(frame_type: int, timestamp_ms: int, **fields: Any) -> bytes:
    """Return the WebSocket message with one frame. *fields* are those of `Frame`, messages as dicts."""
    frame = Frame(type=frame_type, timestamp_ms=timestamp_ms, **fields)
    return bytes([FRAME_TYPE_RTC, *frame.SerializeToString()])


def _file() -> descriptor_pb2.FileDescriptorProto:
    file = descriptor_pb2.FileDescriptorProto(name="signaling.proto", package=_PACKAGE, syntax="proto2")
    for message, fields in _MESSAGES.items():
        declared = file.message_type.add(name=message)
        for name, (number, kind) in fields.items():
            plain = kind.removeprefix("*")
            label = descriptor_pb2.FieldDescriptorProto.LABEL_REPEATED
            if plain == kind:
                label = descriptor_pb2.FieldDescriptorProto.LABEL_OPTIONAL
            field = declared.field.add(name=name, number=number, label=label)
            if plain in _SCALARS:
                field.type = _SCALARS[plain]
            else:
                field.type, field.type_name = field.TYPE_MESSAGE, f".{_PACKAGE}.{plain}"
    return file


_pool = descriptor_pool.DescriptorPool()
_pool.Add(_file())
Frame: Any = message_factory.GetMessageClass(_pool.FindMessageTypeByName(f"{_PACKAGE}.Frame"))
