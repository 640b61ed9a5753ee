"""The guard against leaked processes finds one, and is content when it has ended."""

from __future__ import annotations

import subprocess
import sys

import leaks
import pytest


def test_a_process_that_was_left_running_is_found() -> None:
    process = None
    try:
        with pytest.raises(AssertionError, match="left processes running"), leaks.none_allowed(patience=0):
            process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, start_new_session=True)
    finally:
        if process:
            process.communicate()


def test_a_process_that_ends_is_waited_for() -> None:
    with leaks.none_allowed():
        process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
        process.communicate(b"\n")
