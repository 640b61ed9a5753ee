"""How much memory the server may use, given that of the machine (or the container)."""

from __future__ import annotations

from dataclasses import dataclass

_MIB = 2**20


@dataclass(frozen=True)
class Memory:
    """Sizes in MiB: of Java's heap, and of the off-heap page cache that holds the graph."""

    heap: int
    page_cache: int


def sizes(total: int) -> Memory:
    """Use a quarter of the memory for each, at least 512 MiB (Neo4j's own minimum) and at most 4 GiB.

    Parameters
    ----------
    total : int
        Memory of the machine, bytes.
    """
    quarter = min(max(total // 4 // _MIB, 512), 4096)
    return Memory(heap=quarter, page_cache=quarter)
