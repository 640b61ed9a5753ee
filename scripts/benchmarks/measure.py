"""Measuring side by side, and printing what came out."""

import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

PROGRAM = str(Path(sys.executable).with_name("cellgraph"))
REPOSITORY = Path(__file__).resolve().parents[2]


def data_dir() -> Path:
    """Return the folder of real images."""
    folder = Path(os.environ.get("CELLGRAPH_TEST_DATA", REPOSITORY.parent / "shared" / "data"))
    if not folder.is_dir():
        sys.exit(f"scripts/bench: no folder {folder}; CELLGRAPH_TEST_DATA names the one with the real images")
    return folder


def in_turn(contenders: dict[str, Callable[[], object]], rounds: int) -> dict[str, list[float]]:
    """Run each contender once to warm it, then all in turn; return the seconds of each run."""
    for contender in contenders.values():
        contender()
    seconds: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, contender in contenders.items():
            begin = time.perf_counter()
            contender()
            seconds[name].append(time.perf_counter() - begin)
    return seconds


def ratio(seconds: dict[str, list[float]], of: str, to: str) -> float:
    """Return how many times faster `of` is than `to`: the median of the rounds."""
    return median(b / a for a, b in zip(seconds[of], seconds[to], strict=True))


# A process counts the memory of the one that started it as its own peak, so a small one is between.
_SMALL = """
import json, os, subprocess, sys, time
os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: int(sys.argv[1])])
begin = time.perf_counter()
process = subprocess.Popen(sys.argv[2:], stdout=subprocess.DEVNULL)
_, status, usage = os.wait4(process.pid, 0)
print(json.dumps([time.perf_counter() - begin, usage.ru_maxrss * 1024, usage.ru_utime + usage.ru_stime, status]))
"""


@dataclass(frozen=True)
class Taken:
    """What a command took: seconds, peak memory of its process in bytes, and seconds of processor time."""

    seconds: float
    peak: int
    processor: float


def command(*arguments: object, cwd: Path | None = None, cores: int | None = None, **environment: str) -> Taken:
    """Run ``cellgraph``, on some of the cores."""
    done = subprocess.run(
        [sys.executable, "-S", "-c", _SMALL, str(cores or os.cpu_count()), PROGRAM, *map(str, arguments)],
        cwd=cwd,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    seconds, peak, processor, status = json.loads(done.stdout)
    if status:
        sys.exit(f"scripts/bench: cellgraph {' '.join(map(str, arguments))} failed:\n{done.stderr}")
    return Taken(seconds, peak, processor)


@contextmanager
def folder() -> Iterator[Path]:
    """Give a folder that is removed afterwards."""
    path = Path(tempfile.mkdtemp(prefix="cellgraph-bench-", dir=os.environ.get("CELLGRAPH_BENCH_DIR")))
    try:
        yield path
    finally:
        shutil.rmtree(path)


class Table:
    """A table in Markdown, printed row by row, so that what was measured is there when a later row fails."""

    def __init__(self, title: str, *header: str) -> None:
        cores = len(os.sched_getaffinity(0))
        print(f"\n### {title}\n\n{cores} cores, Python {platform.python_version()}\n")
        self.row(*header)
        self.row(*("---" for _ in header))

    def row(self, *cells: object) -> None:
        """Print one row."""
        print("| " + " | ".join(map(str, cells)) + " |", flush=True)
