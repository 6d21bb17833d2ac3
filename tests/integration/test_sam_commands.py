"""How tests/docker runs the SAM CLI, as far as that shows without Docker."""

from __future__ import annotations

import signal
import subprocess

import pytest

from tests.docker.sam import interruptible

WAITS = ["sh", "-c", "echo ready; exec sleep 600"]


def test_command_is_ended_by_sigint_although_who_started_it_ignores_that() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        running = subprocess.Popen(interruptible(WAITS), stdout=subprocess.PIPE, text=True)
    finally:
        signal.signal(signal.SIGINT, before)
    with running:
        assert running.stdout
        assert running.stdout.readline() == "ready\n"
        running.send_signal(signal.SIGINT)
        try:
            assert running.wait(timeout=60) == -signal.SIGINT
        except subprocess.TimeoutExpired:
            running.kill()
            pytest.fail("It ignores SIGINT.")
