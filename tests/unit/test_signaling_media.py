"""What stands between a browser and aiortc: session descriptions, and sound."""

from __future__ import annotations

from array import array

import pytest

from local.signaling.mixing import CHANNELS, FRAME_SAMPLES, Mixer, volume
from local.signaling.sdp import MalformedSdpError, Sections, split

HEAD = "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE {}\r\na=msid-semantic: WMS *\r\n"
FRAME = FRAME_SAMPLES * CHANNELS


def section(mid: str, kind: str = "video", direction: str = "recvonly", *more: str, port: int = 9) -> str:
    lines = [f"m={kind} {port} UDP/TLS/RTP/SAVPF 96", "c=IN IP4 0.0.0.0", f"a=mid:{mid}", f"a={direction}", *more]
    return "\r\n".join([*lines, ""])


def description(*sections: str, bundle: str = "0 1 2") -> str:
    return HEAD.format(bundle) + "".join(sections)


AUDIO = section("0", "audio", "sendrecv")


def mids(sdp: str) -> list[str]:
    return [one.mid for one in split(sdp)[1]]


def test_candidates_are_not_handed_on() -> None:
    candidate = "a=candidate:1 1 udp 2 192.0.2.7 5000 typ host\r\na=candidate:2 1 udp 2 x.local 5 typ host"
    offer = description(section("0", "audio", "sendrecv", candidate, "a=end-of-candidates", "a=ice-ufrag:u"))

    told = Sections().offer_for_server(offer)

    assert "candidate" not in told
    assert "a=ice-ufrag:u" in told


def test_section_that_was_taken_away_stays_as_an_inactive_one() -> None:
    sections = Sections()
    sections.offer_for_server(description(AUDIO, section("1"), section("2")))

    offer = description(AUDIO, section("1", direction="inactive", port=0), section("2"), bundle="0 2")
    told = sections.offer_for_server(offer)
    answer = sections.answer_for_browser(told, offer)

    assert mids(told) == ["0", "1", "2"]
    assert split(told)[1][1].direction == "inactive"
    assert "a=group:BUNDLE 0 1 2\r\n" in told
    assert "a=group:BUNDLE 0 2\r\n" in answer
    rejected = split(answer)[1][1].text.splitlines()
    assert rejected == ["m=video 0 UDP/TLS/RTP/SAVPF 96", "c=IN IP4 0.0.0.0", "a=mid:1", "a=inactive"]


def test_section_in_the_place_of_another_one_is_a_new_one_at_the_end() -> None:
    sections = Sections()
    sections.offer_for_server(description(AUDIO, section("1"), section("2")))

    offer = description(AUDIO, section("3"), section("2"), bundle="0 3 2")
    told = sections.offer_for_server(offer)
    answer = sections.answer_for_browser(told, offer)

    assert mids(told) == ["0", "1", "2", "3"]
    assert mids(answer) == ["0", "3", "2"]


def test_section_that_is_only_in_the_bundle_is_not_rejected() -> None:
    told = Sections().offer_for_server(description(AUDIO, section("1", "video", "recvonly", "a=bundle-only", port=0)))

    assert mids(told) == ["0", "1"]


def test_streams_have_the_names_that_the_sdk_expects() -> None:
    sections = Sections()
    offer = description(AUDIO, section("1"))
    sections.offer_for_server(offer)

    answer = sections.answer_for_browser(description(AUDIO, section("1", "video", "sendonly", "a=msid:x y")), offer)

    assert "a=msid:v_1 v_1\r\n" in answer
    assert "\r\r" not in answer


@pytest.mark.parametrize("text", ["", "hello", HEAD.format(0), "m=audio 9 x 1\r\n", description("m=audio 9 x 1\r\n")])
def test_what_is_no_offer_is_refused(text: str) -> None:
    with pytest.raises(MalformedSdpError):
        Sections().offer_for_server(text)


def frame(value: int) -> array[int]:
    return array("h", [value] * FRAME)


def test_all_who_speak_are_heard_together_and_nobody_else() -> None:
    mixer = Mixer()
    assert mixer.take() == bytes(2 * FRAME)

    mixer.put("ada", frame(100))
    mixer.put("bob", frame(-30))
    mixer.put("cyd", frame(1000)[: FRAME // 2])

    assert mixer.take() == frame(70).tobytes()
    assert mixer.take() == bytes(2 * FRAME)

    mixer.put("cyd", frame(1000)[: FRAME // 2])
    assert mixer.take() == frame(1000).tobytes()


def test_what_is_too_loud_together_is_as_loud_as_can_be() -> None:
    mixer = Mixer()
    for speaker in ("ada", "bob"):
        mixer.put(speaker, array("h", [30_000, -30_000] * (FRAME // 2)))

    assert mixer.take() == array("h", [32_767, -32_768] * (FRAME // 2)).tobytes()


def test_sound_that_comes_too_fast_does_not_stay_late() -> None:
    mixer = Mixer()
    for value in range(30):
        mixer.put("ada", frame(value))

    assert mixer.take() == frame(20).tobytes()


def test_who_has_gone_is_heard_no_more() -> None:
    mixer = Mixer()
    mixer.put("ada", frame(1))
    mixer.remove("ada")
    mixer.remove("nobody")

    assert mixer.take() == bytes(2 * FRAME)


@pytest.mark.parametrize(
    ("sound", "loud"), [([], 0), ([0, 0], 0), ([3, -5], 5), ([-1, -7], 7), ([2, 9], 9), ([-32_768], 32_768)]
)
def test_volume_is_the_loudest_moment(sound: list[int], loud: int) -> None:
    assert volume(array("h", sound)) == loud
