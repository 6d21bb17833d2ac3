"""A function to play with: what it does is said by its event."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from local.lambda_runtime.functions import Functions

if TYPE_CHECKING:
    from local.lambda_runtime.process import Function

HANDLERS = '''
    import json, logging, os, subprocess, sys, time
    from pathlib import Path

    def handler(event, context):
        return globals()[event.get("do", "pid")](event, context)

    def pid(event, context):
        return os.getpid()

    def environment(event, context):
        return dict(os.environ) | {"cwd": os.getcwd(), "path": sys.path[0], "local": "local" in sys.modules}

    def about(event, context):
        names = ("function_name", "function_version", "invoked_function_arn", "memory_limit_in_mb", "log_group_name")
        return {name: getattr(context, name) for name in names} | {
            "aws_request_id": context.aws_request_id, "left": context.get_remaining_time_in_millis()}

    def fail(event, context):
        raise KeyError("secret")

    def leave(event, context):
        os._exit(3)

    def marshal(event, context):
        return {1, 2}

    def sleep(event, context):
        time.sleep(60)

    def meet(event, context):
        """Wait until that many events are being handled at once."""
        Path(event["folder"], str(os.getpid())).touch()
        while len(os.listdir(event["folder"])) < event["together"]:
            time.sleep(0.01)
        return os.getpid()

    def talk(event, context):
        print("printed")
        os.write(1, b"written\\n")
        logging.warning("logged")
        subprocess.run([sys.executable, "-c", "print('by a child')"], check=True)
        return sys.stdin.read()

    def unfinished(event, context):
        os.write(2, b"no end of line")

    def root(event, context):
        logging.getLogger("a.library").debug("for %s", "debugging")
        return logging.getLevelName(logging.getLogger().level)
'''


def credentials(role: str, *, seconds: int = 3600) -> dict[str, str]:
    """Return what a function gets for its role, for that many seconds."""
    ends = datetime.now(UTC) + timedelta(seconds=seconds)
    secrets = {"AccessKeyId": f"key of {role}", "SecretAccessKey": "secret", "SessionToken": "token"}
    return secrets | {"Expiration": ends.strftime("%Y-%m-%dT%H:%M:%SZ")}


class Toy:
    """One function that runs, and its log."""

    def __init__(self, function: Function, seconds: int = 3600) -> None:
        self.log: list[bytes] = []
        self._functions = Functions(
            {"Toy": function}, lambda role: credentials(role, seconds=seconds), "http://aws", self.log.append
        )
        self.close = self._functions.close

    def __call__(self, do: str = "pid", wait_seconds: float = 60, **event: Any) -> Any:
        return self._functions.invoke("Toy", {"do": do, **event}, wait_seconds)


def gone(pid: int) -> bool:
    """Wait until the process has ended; the test's timeout is the limit."""
    while True:
        try:
            os.kill(pid, 0)
            stat = Path(f"/proc/{pid}/stat")
            # The process may end between two of these lines, and then reading fails in the same way.
            if stat.exists() and " Z " in stat.read_text():
                return True
        except (ProcessLookupError, FileNotFoundError):
            return True
        time.sleep(0.01)
