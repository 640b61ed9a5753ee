"""How much memory the server may use, from what the machine (or the container) has."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

_MIB = 2**20


@dataclass(frozen=True)
class Memory:
    """Sizes in MiB: of Java's heap, and of the page cache that holds the graph outside it."""

    heap: int
    page_cache: int


def sizes(total: int) -> Memory:
    """Take a quarter of the memory for each, at least 512 MiB (Neo4j's own minimum) and at most 4 GiB.

    Parameters
    ----------
    total : int
        Memory of the machine, bytes.
    """
    quarter = min(max(total // 4 // _MIB, 512), 4096)
    return Memory(heap=quarter, page_cache=quarter)


def total_bytes(cgroups: Path = Path("/sys/fs/cgroup"), own: Path = Path("/proc/self/cgroup")) -> int:
    """Return the memory of the machine, or the limit of the control group if that is lower, in bytes."""
    physical = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return min([physical, *_limits(cgroups, own)])


def _limits(cgroups: Path, own: Path) -> list[int]:
    """Read the limits of our control group and of those around it (version 2, and the root of version 1)."""
    files = [cgroups / "memory" / "memory.limit_in_bytes"]
    try:
        entry = next((line for line in own.read_text().splitlines() if line.startswith("0::")), "0::/")
    except OSError:  # not Linux
        return []
    group = cgroups / entry.removeprefix("0::").strip("/")
    files += [folder / "memory.max" for folder in (group, *group.parents) if folder.is_relative_to(cgroups)]
    limits = [file.read_text().strip() for file in files if file.is_file()]
    return [int(limit) for limit in limits if limit.isdigit()]
