from __future__ import annotations

import pytest

from cellgraph.server.memory import Memory, sizes

GIB = 2**30


@pytest.mark.parametrize(
    ("total", "expected"),
    [(GIB, 512), (2 * GIB, 512), (8 * GIB, 2048), (16 * GIB, 4096), (1024 * GIB, 4096)],
)
def test_a_quarter_of_the_memory_within_limits(total: int, expected: int) -> None:
    assert sizes(total) == Memory(heap=expected, page_cache=expected)
