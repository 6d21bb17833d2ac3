"""Operate a deployed stack: `python -m operations revoke ada`; `make` has the same commands."""

from __future__ import annotations

import sys

STOPPED = "Stopped. The same command again does what is left."


def main() -> int:
    """Run the command that the command line names. Return the exit status."""
    try:
        # Imported late, because it takes a second: who presses Ctrl-C meanwhile shall not get a traceback.
        from operations.commands import run_command  # noqa: PLC0415

        return run_command()
    except KeyboardInterrupt:
        print(STOPPED, file=sys.stderr)  # noqa: T201 - for whoever called the command
        return 130


if __name__ == "__main__":
    sys.exit(main())
