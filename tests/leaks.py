"""Find processes that tests started and nobody stopped."""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

MARK = "CELLGRAPH_TEST_SESSION"

# Helpers of Python's multiprocessing and of Spark that end by themselves with the process that they serve.
ENDING_WITH_US = ("multiprocessing.resource_tracker", "multiprocessing.forkserver", "org.apache.spark.deploy")


def _command(pid: int) -> str:
    return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()


def _ends_with_us(command: str) -> bool:
    return any(part in command for part in ENDING_WITH_US)


def marked_processes(mark: str) -> dict[int, str]:
    """Return pid and command of every other living process whose environment carries `mark`.

    The environment is inherited, so daemons that left their process group are found as well.
    """
    wanted = f"{MARK}={mark}".encode()
    commands = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            if wanted in (entry / "environ").read_bytes().split(b"\0"):
                commands[int(entry.name)] = _command(int(entry.name))
        except OSError:
            continue  # it ended while we looked, or is somebody else's
    return {pid: command for pid, command in commands.items() if command and not _ends_with_us(command)}


@contextmanager
def none_allowed(patience: float = 20.0) -> Iterator[None]:
    """Mark all processes started from here on; assert at the end that they have ended (Linux only)."""
    mark = uuid.uuid4().hex
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(MARK, mark)
        yield
    if not Path("/proc/self/environ").exists():
        return
    end = time.monotonic() + patience
    while (left := marked_processes(mark)) and time.monotonic() < end:
        time.sleep(0.2)
    assert not left, f"tests left processes running: {left}"
