"""The memory of this machine and of this process."""

from __future__ import annotations

import ctypes
import os
from pathlib import Path


def free_memory() -> int:
    """Return how many bytes of memory are free for use now, as the kernel estimates it, or half of all."""
    meminfo = Path("/proc/meminfo")  # Linux only
    if meminfo.is_file():
        for line in meminfo.read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2


def give_back_memory() -> None:
    """Return memory that is free in this process to the system; the C library of Linux (glibc) keeps it otherwise.

    After the sweep of a million cells that is 0.3 GB, which the database then takes.
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
