from __future__ import annotations

from pathlib import Path

import pytest

from cellgraph.server.memory import Memory, sizes, total_bytes

GIB = 2**30


@pytest.mark.parametrize(
    ("total", "expected"),
    [(GIB, 512), (2 * GIB, 512), (8 * GIB, 2048), (16 * GIB, 4096), (1024 * GIB, 4096)],
)
def test_a_quarter_of_the_memory_within_limits(total: int, expected: int) -> None:
    assert sizes(total) == Memory(heap=expected, page_cache=expected)


def test_the_lowest_limit_of_the_control_groups_counts(tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.write_text("0::/user.slice/job\n")
    cgroups = tmp_path / "cgroup"
    (cgroups / "user.slice" / "job").mkdir(parents=True)
    (cgroups / "user.slice" / "job" / "memory.max").write_text("max\n")
    unlimited = total_bytes(cgroups, own)
    (cgroups / "user.slice" / "memory.max").write_text(f"{64 * 2**20}\n")
    assert total_bytes(cgroups, own) == 64 * 2**20 < unlimited


def test_the_limit_of_version_1_counts_too(tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.write_text("4:memory:/docker/abc\n")
    (tmp_path / "memory").mkdir()
    (tmp_path / "memory" / "memory.limit_in_bytes").write_text("67108864\n")
    assert total_bytes(tmp_path, own) == 67108864


def test_without_control_groups_it_is_the_memory_of_the_machine(tmp_path: Path) -> None:
    assert total_bytes(tmp_path, tmp_path / "absent") > 64 * 2**20
