"""A command that is stopped by Ctrl-C before it has begun."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
CTRL_C = "import os, signal; os.kill(os.getpid(), signal.SIGINT)"


def test_ctrl_c_while_a_command_is_loaded_is_no_traceback(tmp_path: Path) -> None:
    # Pressed when boto3, most of what is loaded, is asked for.
    (tmp_path / "boto3.py").write_text(CTRL_C)

    stopped = subprocess.run(
        [sys.executable, "-m", "operations", "revoked"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )

    said = "Stopped. The same command again does what is left.\n"
    assert (stopped.returncode, stopped.stdout, stopped.stderr) == (130, "", said)
