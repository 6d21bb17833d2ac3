"""Build the functions and invoke them in Docker, the others with what the authorizer answers: `make invoke`."""

from __future__ import annotations

import json
import sys

from tests.docker import sam
from tests.docker.cloud import Cloud
from tests.docker.events import authorizer_event, rooms_event, signin_event


def main() -> int:
    """Return the exit status: 0 if Ada Lovelace was signed in, and let into a room."""
    try:
        flags = sam.image_flags()
        sam.build()
        with Cloud() as cloud:
            sam.prepare(cloud)
            token = cloud.token()
            policy = sam.invoke("AuthorizerFunction", authorizer_event(token), cloud, flags)
            _show("events/authorizer.json to AuthorizerFunction", policy)
            answer = sam.invoke("SigninFunction", signin_event(token, policy["context"]), cloud, flags)
            _show("events/signin.json to SigninFunction", {**answer, "body": json.loads(answer["body"])})
            joined = sam.invoke("RoomsFunction", rooms_event(token, policy["context"]), cloud, flags)
            _show("events/rooms.json to RoomsFunction", {**joined, "body": json.loads(joined["body"])})
    except sam.SamError as error:
        print(error, file=sys.stderr)  # noqa: T201 - the command's own output
        return 1
    return 0 if answer["statusCode"] == joined["statusCode"] == 200 else 1


def _show(what: str, answer: object) -> None:
    print(f"{what}:\n{json.dumps(answer, indent=2)}\n", flush=True)  # noqa: T201 - likewise


if __name__ == "__main__":
    sys.exit(main())
