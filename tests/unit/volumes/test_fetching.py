"""Threads that help whoever reads."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from cellgraph.volumes.fetching import Fetchers


@pytest.mark.parametrize("threads", [1, 2, 8])
@pytest.mark.parametrize("parts", [0, 1, 3, 500])
def test_each_part_is_done_once(threads: int, parts: int) -> None:
    fetchers = Fetchers(threads)
    done: list[int] = []
    fetchers.run(done.append, range(parts))
    assert sorted(done) == list(range(parts))
    fetchers.close()


def test_parts_are_done_at_the_same_time() -> None:
    fetchers = Fetchers(3)
    meeting = threading.Barrier(3, timeout=20)  # broken, if three do not meet in it
    fetchers.run(lambda _: meeting.wait(), range(3))
    fetchers.close()


def test_many_readers_share_the_threads() -> None:
    fetchers = Fetchers(3)
    with ThreadPoolExecutor(8) as readers:
        sums = list(readers.map(lambda n: _sum(fetchers, n), [50] * 40))
    assert sums == [sum(range(50))] * 40
    fetchers.close()


def _sum(fetchers: Fetchers, parts: int) -> int:
    done: list[int] = []
    fetchers.run(done.append, range(parts))
    return sum(done)


@pytest.mark.parametrize("threads", [1, 4])
def test_the_first_error_is_raised_when_nothing_is_under_way(threads: int) -> None:
    fetchers = Fetchers(threads)
    under_way = []

    def work(part: int) -> None:
        under_way.append(part)
        try:
            if part == 5:
                raise ValueError("five")
        finally:
            under_way.remove(part)

    with pytest.raises(ValueError, match="five"):
        fetchers.run(work, range(1000))
    assert not under_way
    fetchers.run(under_way.append, range(3))  # and it goes on working
    assert len(under_way) == 3
    fetchers.close()


def test_closing_ends_the_threads() -> None:
    before = threading.active_count()
    fetchers = Fetchers(4)
    fetchers.run(lambda _: None, range(100))
    fetchers.close()
    fetchers.close()
    assert threading.active_count() == before
