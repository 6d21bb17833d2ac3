"""Build both functions and serve them in Docker on port 3000 until told to stop: `make start-api`."""

from __future__ import annotations

import signal
import sys

from tests.docker import sam
from tests.docker.cloud import Cloud

WELCOME = """
The built functions, in Docker, against an AWS of this process. `sam local` ignores gateway responses:
what API Gateway makes of refusals is shown by `make run`. Sign Ada Lovelace in, within the hour:

curl -X POST http://127.0.0.1:3000/signin -H "Authorization: Bearer {token}"

Ctrl-C stops it.
"""


def main() -> int:
    """Return the exit status of `sam local start-api`."""
    try:
        flags = sam.image_flags()
        sam.build()
        with Cloud() as cloud:
            sam.prepare(cloud)
            print(WELCOME.format(token=cloud.token()), flush=True)  # noqa: T201 - the command's own output
            # Ctrl-C is for `sam`, which has it from the terminal too and removes its containers.
            signal.signal(signal.SIGINT, lambda *_: None)
            return sam.start_api(cloud, flags, port=3000).wait()
    except sam.SamError as error:
        print(error, file=sys.stderr)  # noqa: T201 - likewise
        return 1


if __name__ == "__main__":
    sys.exit(main())
