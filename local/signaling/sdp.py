"""
Session descriptions (RFC 8866) between a browser and aiortc.

A browser takes sections away: a stopped transceiver's section is rejected (port 0), and a later one may stand in its
place (RFC 8829, 5.2.2). aiortc 1.16 knows neither. So aiortc is told of every section that there ever was, in the order
in which they came, the ones that were taken away as inactive; and the browser gets an answer with the sections that it
offered.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_SECTION = re.compile(r"^(?=m=)", re.MULTILINE)
_MID = re.compile(r"^a=mid:(\S+)", re.MULTILINE)
_DIRECTION = re.compile(r"^a=(sendrecv|sendonly|recvonly|inactive)", re.MULTILINE)
_SSRC = re.compile(r"^a=ssrc:(\d+)", re.MULTILINE)
_CANDIDATE = re.compile(r"^a=(candidate:.*|end-of-candidates)\r?\n", re.MULTILINE)
_BUNDLE = re.compile(r"^a=group:BUNDLE.*\r?\n", re.MULTILINE)
_MSID = re.compile(r"^a=msid:.*$", re.MULTILINE)


class MalformedSdpError(ValueError):
    """A text is no session description, or has a section without `mid`."""


@dataclass(frozen=True)
class Section:
    """One media section, from its `m=` line to the next one's."""

    text: str

    @property
    def mid(self) -> str:
        """
        The name of the section.

        Raises:
            MalformedSdpError: It has none.
        """
        found = _MID.search(self.text)
        if found is None:
            raise MalformedSdpError("A media section has no mid.")
        return found[1]

    @property
    def kind(self) -> str:
        """What it is for, such as "video"."""
        return self.text[2:].partition(" ")[0]

    @property
    def direction(self) -> str:
        """One of "sendrecv", "sendonly", "recvonly" and "inactive"."""
        found = _DIRECTION.search(self.text)
        return found[1] if found else "sendrecv"

    @property
    def is_rejected(self) -> bool:
        """Whether the browser has taken the section away."""
        port = self.text.split(" ", 2)[1:2]
        return port == ["0"] and "a=bundle-only" not in self.text

    @property
    def ssrc(self) -> int | None:
        """The first synchronization source, if any is announced."""
        found = _SSRC.search(self.text)
        return int(found[1]) if found else None

    def inactive(self) -> Section:
        """Return the section with nothing flowing in either direction."""
        return Section(_DIRECTION.sub("a=inactive", self.text))


def split(sdp: str) -> tuple[str, list[Section]]:
    """
    Return what stands before the media sections, and these.

    Raises:
        MalformedSdpError: *sdp* does not begin as a session description does, or has no media section.
    """
    head, *sections = _SECTION.split(sdp)
    if not head.startswith("v=0") or not sections:
        raise MalformedSdpError("It does not begin with v=0, or has no media section.")
    return head, [Section(text) for text in sections]


def stream_name(mid: str) -> str:
    """Return the name of the stream in section *mid*. The SDK's comments say that AWS forms it so."""
    return f"v_{mid}"


@dataclass
class Sections:
    """The sections of one connection, by `mid`, in the order in which they were first offered."""

    _seen: dict[str, Section] = field(default_factory=dict)

    def offer_for_server(self, offer: str) -> str:
        """
        Return the browser's *offer* as aiortc shall see it.

        It has no candidates. The browser's first check tells aiortc where the browser is (RFC 8445, 7.3.1.3), and so
        nothing is sent to an address only because a client names it.

        Raises:
            MalformedSdpError: *offer* is no offer.
        """
        head, sections = split(offer)
        offered = {section.mid: section for section in sections if not section.is_rejected}
        for mid, section in offered.items():
            self._seen[mid] = Section(_CANDIDATE.sub("", section.text))
        told = [section if mid in offered else section.inactive() for mid, section in self._seen.items()]
        return _with_bundle(head, list(self._seen)) + "".join(section.text for section in told)

    def answer_for_browser(self, answer: str, offer: str) -> str:
        """Return aiortc's *answer* with the sections of the browser's *offer*, in their order."""
        head, answered = split(answer)
        by_mid = {section.mid: section for section in answered}
        sections = split(offer)[1]
        kept = [section.mid for section in sections if not section.is_rejected]
        told = [_rejected(one) if one.is_rejected else _named(by_mid[one.mid]) for one in sections]
        return _with_bundle(head, kept) + "".join(told)


def _with_bundle(head: str, mids: list[str]) -> str:
    return _BUNDLE.sub("", head) + f"a=group:BUNDLE {' '.join(mids)}\r\n"


def _named(section: Section) -> str:
    name = stream_name(section.mid)
    return _MSID.sub(f"a=msid:{name} {name}", section.text.replace("\r\n", "\n")).replace("\n", "\r\n")


def _rejected(section: Section) -> str:
    kind, _, rest = section.text.splitlines()[0].split(" ", 2)
    mid = _MID.search(section.text)
    lines = [f"{kind} 0 {rest}", "c=IN IP4 0.0.0.0", *([mid[0]] if mid else []), "a=inactive"]
    return "\r\n".join([*lines, ""])
