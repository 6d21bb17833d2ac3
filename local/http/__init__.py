"""
The HTTP server that every part of the local stack is served by, and what each request passes first.

Read `server`, then what stands before an application: `hosts`, `same_origin` and `bodies`. `websocket` takes over a
connection of `server`; `certificate` makes what it needs for TLS.
"""
