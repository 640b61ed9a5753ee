"""Memory of this process: the lowest of what the machine has, the container leaves, and ``ulimit`` allows."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from cellgraph.machine import cores, free_memory, total_memory

MIB = 2**20


@pytest.fixture
def system(tmp_path: Path) -> tuple[Path, Path]:
    """Return the folders of control groups and of processes of a machine with 2 GiB available."""
    cgroups, proc = tmp_path / "cgroup", tmp_path / "proc"
    (proc / "self").mkdir(parents=True)
    (proc / "meminfo").write_text("MemTotal: 4194304 kB\nMemAvailable: 2097152 kB\n")
    cgroups.mkdir()
    return cgroups, proc


def limit(group: Path, limit: str, used: int = 0, inactive: int = 0, version: int = 2) -> None:
    names = ("memory.max", "memory.current", "")
    if version == 1:
        names = ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_")
    group.mkdir(parents=True, exist_ok=True)
    (group / names[0]).write_text(f"{limit}\n")
    (group / names[1]).write_text(f"{used}\n")
    (group / "memory.stat").write_text(f"anon 5\n{names[2]}inactive_file {inactive}\nactive_file 7\n")


def test_the_lowest_limit_of_the_control_groups_counts(system: tuple[Path, Path]) -> None:
    cgroups, proc = system
    (proc / "self" / "cgroup").write_text("0::/user.slice/job\n")
    limit(cgroups / "user.slice" / "job", "max")
    unlimited = total_memory(cgroups, proc)
    assert free_memory(cgroups, proc) == 2048 * MIB
    limit(cgroups / "user.slice", str(64 * MIB), used=50 * MIB, inactive=10 * MIB)
    assert total_memory(cgroups, proc) == 64 * MIB < unlimited
    assert free_memory(cgroups, proc) == 24 * MIB


@pytest.mark.parametrize("group", ["", "docker/abc"])
def test_the_limit_of_version_1_counts_too(system: tuple[Path, Path], group: str) -> None:
    cgroups, proc = system
    (proc / "self" / "cgroup").write_text("5:cpu:/\n4:memory:/docker/abc\n0::/\n")
    limit(cgroups / "memory" / group, str(64 * MIB), used=70 * MIB, inactive=16 * MIB, version=1)
    assert total_memory(cgroups, proc) == 64 * MIB
    assert free_memory(cgroups, proc) == 10 * MIB


def test_a_full_container_leaves_nothing(system: tuple[Path, Path]) -> None:
    cgroups, proc = system
    (proc / "self" / "cgroup").write_text("0::/\n")
    limit(cgroups, str(64 * MIB), used=70 * MIB)
    assert free_memory(cgroups, proc) == 0


def test_without_control_groups_it_is_the_memory_of_the_machine(tmp_path: Path) -> None:
    assert total_memory(tmp_path, tmp_path) > 64 * MIB
    assert 0 < free_memory(tmp_path, tmp_path) < total_memory(tmp_path, tmp_path)


def test_a_limit_of_address_space_counts() -> None:
    code = (
        "import resource; resource.setrlimit(resource.RLIMIT_AS, (2**29, 2**29));"
        "from cellgraph.machine import free_memory, total_memory; print(total_memory(), free_memory())"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    total, free = map(int, told.split())
    assert total == 2**29
    assert 0 < free < 2**29


def test_cores() -> None:
    assert cores() >= 1
