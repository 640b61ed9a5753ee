"""What this process may use of the machine: its cores and its memory, as the container or the batch job limits them."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterator
from pathlib import Path

_CGROUPS = Path("/sys/fs/cgroup")
_PROC = Path("/proc")

# Names of the limit, of what is used, and of the part of it that the kernel drops when memory is short (files that
# were read), for both versions of control groups.
_VERSION_1 = ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
_VERSION_2 = ("memory.max", "memory.current", "inactive_file")


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def total_memory(cgroups: Path = _CGROUPS, proc: Path = _PROC) -> int:
    """Return the memory of the machine, or the lowest limit that is set for this process, in bytes."""
    physical = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    limits = [limit for limit, _ in _groups(cgroups, proc)]
    return min([physical, *limits, *(limit for limit, _ in _address_space(proc))])


def free_memory(cgroups: Path = _CGROUPS, proc: Path = _PROC) -> int:
    """Return how many bytes of memory this process can still take, as the kernel estimates it.

    The lowest of what is available on the machine, what its control groups (the container) leave, and what its own
    limit of address space (``ulimit -v``) leaves.
    """
    rooms = [limit - used for limit, used in (*_groups(cgroups, proc), *_address_space(proc))]
    return max(0, min([_available(proc), *rooms]))


def give_back_memory() -> None:
    """Return memory that is free in this process to the system; the C library of Linux (glibc) keeps it otherwise.

    After the sweep of a million cells that is 0.3 GB, which the database then takes.
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


def _available(proc: Path) -> int:
    """Return the memory that is available on the machine; half of it where the system does not say."""
    for line in _lines(proc / "meminfo"):
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2


def _groups(cgroups: Path, proc: Path) -> Iterator[tuple[int, int]]:
    """Yield limit and use of the control groups of this process and of those around them, both versions."""
    for line in _lines(proc / "self" / "cgroup"):
        _, _, entry = line.partition(":")
        controllers, _, name = entry.partition(":")
        if controllers and "memory" not in controllers.split(","):
            continue
        files = _VERSION_1 if controllers else _VERSION_2
        root = cgroups / "memory" if controllers else cgroups
        group = root / name.strip("/")
        # Inside a container the name may be that of the host, and only the root is there.
        for folder in (group, *group.parents):
            if folder.is_relative_to(root) and (limit := _number(folder / files[0])) is not None:
                used = (_number(folder / files[1]) or 0) - _dropped(folder, files[2])
                yield limit, max(0, used)


def _dropped(folder: Path, name: str) -> int:
    return next((int(line.split()[1]) for line in _lines(folder / "memory.stat") if line.startswith(f"{name} ")), 0)


def _address_space(proc: Path) -> Iterator[tuple[int, int]]:
    """Yield limit and use of the address space of this process, if there is a limit."""
    try:
        import resource
    except ImportError:  # Windows
        return
    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    if limit != resource.RLIM_INFINITY:
        pages = next((int(line.split()[0]) for line in _lines(proc / "self" / "statm")), 0)
        yield limit, pages * os.sysconf("SC_PAGE_SIZE")


def _number(file: Path) -> int | None:
    """Return the number that a file holds; None if it is not there, or says ``max``."""
    text = next(iter(_lines(file)), "")
    return int(text) if text.isdigit() else None


def _lines(file: Path) -> list[str]:
    try:
        return [line.strip() for line in file.read_text().splitlines()]
    except OSError:  # not Linux, or not mounted here
        return []
