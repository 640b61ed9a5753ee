"""The guard against leaked processes finds one, and is content when it has ended."""

from __future__ import annotations

import subprocess
import sys

import leaks
import pytest

WAITING = [sys.executable, "-c", "print('ready', flush=True); input()"]


def test_a_process_that_was_left_running_is_found() -> None:
    process = None
    try:
        with pytest.raises(AssertionError, match="left processes running"), leaks.none_allowed(patience=0):
            process = subprocess.Popen(WAITING, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True)
            assert process.stdout.readline() == b"ready\n"  # before that, Linux may not show its environment yet
    finally:
        if process:
            process.communicate(b"\n")


def test_a_process_that_ends_is_waited_for() -> None:
    with leaks.none_allowed():
        process = subprocess.Popen(WAITING, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        process.communicate(b"\n")
