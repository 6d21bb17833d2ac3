"""Add up the sound of all whom an attendee hears. Sound is 48 kHz, stereo, 16 bits, as aiortc decodes it."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

RATE = 48_000
CHANNELS = 2
FRAME_SAMPLES = RATE // 50
"""The samples of 20 ms, in each channel."""

_FRAME = FRAME_SAMPLES * CHANNELS
_MOST = 10 * _FRAME
_LOUDEST = 32_767
_QUIETEST = -32_768


class Mixer:
    """Takes the sound of each speaker as it comes, and gives frames of 20 ms with all of it."""

    def __init__(self) -> None:
        self._waiting: dict[str, array[int]] = {}

    def put(self, speaker: str, sound: array[int]) -> None:
        """Add *sound* to what waits of *speaker*. All but the newest 200 ms are dropped: they would stay late."""
        waiting = self._waiting.setdefault(speaker, array("h"))
        waiting.extend(sound)
        del waiting[: max(0, len(waiting) - _MOST)]

    def remove(self, speaker: str) -> None:
        """Drop what waits of *speaker*, who has gone."""
        self._waiting.pop(speaker, None)

    def take(self) -> bytes:
        """Return the next 20 ms. Who has too little to fill them is not heard in them."""
        ready = [waiting for waiting in self._waiting.values() if len(waiting) >= _FRAME]
        frames = [waiting[:_FRAME] for waiting in ready]
        for waiting in ready:
            del waiting[:_FRAME]
        return _added(frames).tobytes()


def volume(sound: array[int]) -> int:
    """Return how loud the loudest moment of *sound* is: 0 is silence, and 32768 as loud as can be."""
    return max(abs(max(sound)), abs(min(sound))) if sound else 0


def _added(frames: Sequence[array[int]]) -> array[int]:
    if not frames:
        return array("h", bytes(2 * _FRAME))
    if len(frames) == 1:
        return frames[0]
    return array("h", [max(_QUIETEST, min(_LOUDEST, sum(values))) for values in zip(*frames, strict=True)])
