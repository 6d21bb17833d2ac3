"""
Calls: Chime's signaling, and the media, for the meetings of the local AWS.

A browser with amazon-chime-sdk-js opens a WebSocket, joins, and offers a connection for its media. What it then hears
and sees of the others, and who of them comes and goes, comes from here. Read `conversation` first: what each message
does. `frames` has the messages, `endings` the ways in which a connection ends, `room` what the others are told, `media`
what aiortc does, `sdp` and `mixing` what that needs; `calls` has all of it. Who may join is decided elsewhere, and
given to `calls` as an `attendee`.

Sources: `protocol/SignalingProtocol.proto` and `src/` of amazon-chime-sdk-js 3.33, for what a client says and expects.
What AWS does beyond that is inferred; docs/local-stack.md lists it.
"""
