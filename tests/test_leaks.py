"""The guard against leaked processes finds one, and is content when it has ended."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import leaks
import pytest


def begin(**options: Any) -> subprocess.Popen[bytes]:
    """Start a process that waits for a line, and return when it does: before, Linux may not show its environment."""
    code = "print('ready', flush=True); input()"
    process = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, **options)
    assert process.stdout.readline() == b"ready\n"
    return process


def test_a_process_that_was_left_running_is_found() -> None:
    process = None
    try:
        with pytest.raises(AssertionError, match="left processes running"), leaks.none_allowed(patience=0):
            process = begin(start_new_session=True)
    finally:
        if process:
            process.communicate(b"\n")


def test_a_process_that_ends_is_waited_for() -> None:
    with leaks.none_allowed():
        process = begin()
        process.communicate(b"\n")
