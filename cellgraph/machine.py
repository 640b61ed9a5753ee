"""Cores and memory available to this process, within the limits of its container or batch job."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterator
from pathlib import Path

_CGROUPS = Path("/sys/fs/cgroup")
_PROC = Path("/proc")

# Names of the limit, of the usage, and of the part of the usage that the kernel drops when memory is short (the cache
# of files), for both versions of control groups.
_VERSION_1 = ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
_VERSION_2 = ("memory.max", "memory.current", "inactive_file")


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def total_memory(cgroups: Path = _CGROUPS, proc: Path = _PROC) -> int:
    """Return the memory of the machine, or the lowest limit set for this process if that is lower, in bytes."""
    physical = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    limits = [limit for limit, _ in _groups(cgroups, proc)]
    return min([physical, *limits, *(limit for limit, _ in _address_space(proc))])


def free_memory(cgroups: Path = _CGROUPS, proc: Path = _PROC) -> int:
    """Return how many bytes of memory this process can still allocate, as estimated by the kernel.

    This is the lowest of what is available on the machine, what its control groups (the container) leave, and what
    its own limit on address space (``ulimit -v``) leaves.
    """
    rooms = [limit - used for limit, used in (*_groups(cgroups, proc), *_address_space(proc))]
    return max(0, min([_available(proc), *rooms]))


def give_back_memory() -> None:
    """Return unused memory of this process to the system; the C library of Linux (glibc) would keep it.

    After a sweep of a million cells this is 0.3 GB, which the database then uses.
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


def _available(proc: Path) -> int:
    """Return the memory that is available on the machine; half of its total if the system does not say."""
    for line in _lines(proc / "meminfo"):
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2


def _groups(cgroups: Path, proc: Path) -> Iterator[tuple[int, int]]:
    """Yield limit and usage of the control groups (v1 and v2) of this process and of their parents."""
    for line in _lines(proc / "self" / "cgroup"):
        _, _, entry = line.partition(":")
        controllers, _, name = entry.partition(":")
        if controllers and "memory" not in controllers.split(","):
            continue
        files = _VERSION_1 if controllers else _VERSION_2
        root = cgroups / "memory" if controllers else cgroups
        group = root / name.strip("/")
        # Inside a container, the name may be the one on the host, and only the root exists.
        for folder in (group, *group.parents):
            if folder.is_relative_to(root) and (limit := _number(folder / files[0])) is not None:
                used = (_number(folder / files[1]) or 0) - _dropped(folder, files[2])
                yield limit, max(0, used)


def _dropped(folder: Path, name: str) -> int:
    return next((int(line.split()[1]) for line in _lines(folder / "memory.stat") if line.startswith(f"{name} ")), 0)


def _address_space(proc: Path) -> Iterator[tuple[int, int]]:
    """Yield limit and usage of the address space of this process, if there is a limit."""
    try:
        import resource
    except ImportError:  # Windows
        return
    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    if limit != resource.RLIM_INFINITY:
        pages = next((int(line.split()[0]) for line in _lines(proc / "self" / "statm")), 0)
        yield limit, pages * os.sysconf("SC_PAGE_SIZE")


def _number(file: Path) -> int | None:
    """Return the number in a file; None if there is no such file, or it says ``max``."""
    text = next(iter(_lines(file)), "")
    return int(text) if text.isdigit() else None


def _lines(file: Path) -> list[str]:
    try:
        return [line.strip() for line in file.read_text().splitlines()]
    except OSError:  # not Linux, or not mounted here
        return []
