"""
Amazon Chime SDK meetings: meetings, and the attendees who may join them.

Read `models` first: it is the state, and has the seams for whoever carries signalling and media. `meetings` has what
one meeting is and when it ends, `features` what its attendees can be capable of, `behaviours` what nobody has proved of
AWS.
"""

from __future__ import annotations

from .models import chimesdkmeetings_backends

__all__ = ["chimesdkmeetings_backends"]
