"""
The HTTP server that every part of the local stack is served by, and what each request passes first.

Read `server`, which is uvicorn with `connection` for each connection and `adapter` to call WSGI applications. Then what
stands before an application: `hosts`, `same_origin` and `bodies`. `websocket` says how an application opens a
WebSocket; `certificate` makes what `server` needs for TLS.
"""
