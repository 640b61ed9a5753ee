"""The ledger: whole or not at all, whatever happens to its files, and never taken for another one's."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest
from engine_cases import blocks_of, opened, same, tissue, whole, write_zarr
from hypothesis import given
from hypothesis import strategies as st

from cellgraph.engines import Ledger, ThreadsEngine, ledger
from cellgraph.engines.manifest import MANIFEST, has_work, read_manifest
from cellgraph.errors import ResumeError, StoreError
from cellgraph.voxels.parameters import Rules
from cellgraph.voxels.tally import Tally, merge

IDENTITY = {
    "source": "/data/cells.zarr",
    "dataset": None,
    "fingerprint": {"size": 12345, "mtime_ns": 1},
    "shape": [32, 32, 48],
    "dtype": "uint32",
    "background": 0,
    "connectivity": 6,
    "grid": [16, 16, 16],
    "version": "0.1.0",
}
LABELS = tissue((32, 32, 48), 30)


@pytest.fixture(scope="module")
def parts(tmp_path_factory) -> dict[int, Tally]:
    """Return the tally of each of twelve blocks."""
    path = write_zarr(tmp_path_factory.mktemp("ledger") / "cells.zarr", LABELS)
    with opened(path) as job:
        return {done[0].index: tally for done, tally in ThreadsEngine(1).tallies(job, blocks_of(job.volume))}


def saving(folder: Path) -> Ledger:
    """Return a ledger that writes at every block."""
    return Ledger(folder, dict(IDENTITY), save_seconds=0)


def fill(ledger: Ledger, parts: dict[int, Tally]) -> Ledger:
    for number, tally in parts.items():
        ledger.add([number], tally)
    return ledger


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def snapshot(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def resume(folder: Path) -> Ledger:
    return Ledger.resume(folder, dict(IDENTITY))


def test_what_was_added_is_there_again(parts, tmp_path):
    fill(saving(tmp_path), parts)
    again = resume(tmp_path)
    assert again.done == set(parts)
    assert again.redone == []
    assert same(again.total(), whole(LABELS, Rules()))


@given(st.permutations(range(12)), st.lists(st.integers(1, 5), min_size=12))
def test_any_order_and_any_grouping_give_the_same_total(parts, order, sizes):
    one = Ledger(None, {}, save_seconds=0)
    left = list(order)
    for size in sizes:
        some, left = left[:size], left[size:]
        if some:
            one.add(some, merge(parts[number] for number in some))
    assert same(one.total(), whole(LABELS, Rules()))


def test_nothing_is_written_before_it_is_time(parts, tmp_path):
    one = fill(Ledger(tmp_path, dict(IDENTITY), save_seconds=3600), parts)
    assert files(tmp_path) == []
    one.flush()
    assert files(tmp_path) == [MANIFEST, "tally-000001.bin"]
    before = snapshot(tmp_path)
    one.flush()  # with nothing new
    assert snapshot(tmp_path) == before


@pytest.mark.parametrize("key", IDENTITY)
def test_another_load_is_refused_and_told_what_differs(parts, tmp_path, key):
    fill(saving(tmp_path), parts)
    other = {**IDENTITY, key: {"size": 1} if key == "fingerprint" else "another"}
    with pytest.raises(ResumeError) as caught:
        Ledger.resume(tmp_path, other)
    said = str(caught.value)
    expected = "the volume itself has changed" if key == "fingerprint" else f"{key} was {IDENTITY[key]!r}, is 'another'"
    assert expected in said
    assert str(tmp_path) in said
    assert "without --resume" in said
    assert sum(f"{name} was" in said for name in IDENTITY) == (key != "fingerprint")  # and nothing else
    assert resume(tmp_path).done == set(parts)  # which is not harmed by asking


def flip_a_byte(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def truncate(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def replace_by_another(path: Path) -> None:
    path.write_bytes(Tally.empty().to_bytes())  # whole, but not what was written


@pytest.mark.parametrize("damage", [flip_a_byte, truncate, replace_by_another, Path.unlink])
def test_blocks_of_a_damaged_file_are_done_again(parts, tmp_path, damage):
    one = saving(tmp_path)
    one.add(range(5), merge(parts[number] for number in range(5)))
    one.add([7], parts[7])
    damage(tmp_path / "tally-000001.bin")
    again = resume(tmp_path)
    assert again.done == {7}
    assert again.redone == ["tally-000001.bin"]
    assert same(again.total(), parts[7])
    fill(again, {number: tally for number, tally in parts.items() if number != 7})
    again.flush()
    assert same(resume(tmp_path).total(), whole(LABELS, Rules()))


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b'"text"', b"{}", b"\xff\xfe", b'{"format": 2}'])
def test_a_damaged_manifest_is_refused(parts, tmp_path, text):
    fill(saving(tmp_path), parts)
    (tmp_path / MANIFEST).write_bytes(text)
    with pytest.raises(ResumeError, match=r"manifest\.json is damaged .* load without --resume"):
        resume(tmp_path)


def test_a_manifest_with_one_digit_changed_is_refused(parts, tmp_path):
    fill(saving(tmp_path), parts)
    path = tmp_path / MANIFEST
    text = path.read_text()
    path.write_text(text.replace('"level": 0', '"level": 1', 1))
    assert path.read_text() != text
    with pytest.raises(ResumeError, match="its checksum does not match"):
        read_manifest(tmp_path)


def test_a_manifest_of_another_format_is_refused(parts, tmp_path):
    fill(saving(tmp_path), parts)
    document = json.loads((tmp_path / MANIFEST).read_text())
    (tmp_path / MANIFEST).write_text(json.dumps({**document, "format": 99}))
    with pytest.raises(ResumeError, match=r"another format \(expected 2, got 99\)"):
        resume(tmp_path)


def test_left_overs_are_removed(parts, tmp_path):
    (tmp_path / "tally-000099.bin").write_bytes(b"of a process that died before it wrote the manifest")
    (tmp_path / "tally-000003.bin.part").write_bytes(b"half")
    fill(saving(tmp_path), parts)
    listed = read_manifest(tmp_path)["files"]
    assert files(tmp_path) == sorted([MANIFEST, *listed])


def test_no_file_takes_the_name_of_another(parts, tmp_path, monkeypatch):
    """A crash between file and manifest must not put new contents under a name that an old manifest lists."""
    fill(saving(tmp_path), parts)
    old = snapshot(tmp_path)
    anew = Ledger(tmp_path, {**IDENTITY, "background": 1}, save_seconds=3600)
    anew.add([0], Tally.empty())
    monkeypatch.setattr(ledger, "write_manifest", _crash)
    with pytest.raises(_Crash):
        anew.flush()
    assert {name: (tmp_path / name).read_bytes() for name in old} == old
    assert same(resume(tmp_path).total(), whole(LABELS, Rules()))


class _Crash(BaseException):
    """The end of the process, as far as the files are concerned."""


def _crash(*_: object) -> None:
    raise _Crash


def test_a_crash_at_any_moment_of_a_flush_leaves_what_was_before_or_after(parts, tmp_path):
    """Die at every call that changes the disk, in turn."""
    numbers = list(parts)
    for moment in range(100):
        folder = tmp_path / str(moment)
        one = fill(saving(folder), {number: parts[number] for number in numbers[:7]})
        one.save_seconds = 3600
        one.add([numbers[7]], parts[numbers[7]])  # the eighth: files are merged upward
        finished = _die_at(moment, one.flush)
        again = resume(folder)
        assert again.redone == []
        assert again.done in (set(numbers[:7]), set(numbers[:8]))
        assert same(again.total(), merge(parts[number] for number in again.done))
        fill(again, {number: parts[number] for number in numbers if number not in again.done})
        again.flush()
        assert same(resume(folder).total(), whole(LABELS, Rules()))
        assert files(folder) == sorted([MANIFEST, *read_manifest(folder)["files"]])
        if finished:
            break
    assert finished
    assert moment > 5  # there was something to interrupt


def _die_at(moment: int, function) -> bool:
    """Call a function, with a crash at the given call that changes the disk; tell whether it was finished."""
    calls = 0

    def counted(real):
        def call(*arguments, **options):
            nonlocal calls
            calls += 1
            if calls > moment:
                raise _Crash
            return real(*arguments, **options)

        return call

    with pytest.MonkeyPatch.context() as patch:
        for name in ("replace", "fsync"):
            patch.setattr(os, name, counted(getattr(os, name)))
        patch.setattr(Path, "unlink", counted(Path.unlink))
        try:
            function()
        except _Crash:
            return False
    return True


def test_there_are_never_many_files(tmp_path):
    one = saving(tmp_path)
    most = 0
    for number in range(150):
        one.add([number], Tally.empty())
        most = max(most, len(files(tmp_path)))
    assert most <= 3 * 7 + 1 + 8  # seven of each of three levels, the manifest, and what a merge has not removed yet
    assert resume(tmp_path).done == set(range(150))
    assert sum(len(entry["blocks"]) for entry in read_manifest(tmp_path)["files"].values()) < 30


def test_remove_leaves_nothing_of_its_own_and_all_else(parts, tmp_path):
    one = fill(saving(tmp_path), parts)
    (tmp_path / "notes.txt").write_text("mine")
    (tmp_path / (MANIFEST + ".part")).write_text("{")
    assert has_work(tmp_path)
    one.remove()
    assert files(tmp_path) == ["notes.txt"]
    assert not has_work(tmp_path)


def test_without_a_folder_nothing_is_written(parts, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    one = fill(Ledger(None, {}, save_seconds=0), parts)
    one.remove()
    assert files(tmp_path) == []
    assert same(one.total(), whole(LABELS, Rules()))


FULL_DISK = """
    import errno, resource, signal, sys
    from pathlib import Path
    import numpy as np
    from cellgraph.engines import Ledger
    from cellgraph.errors import StoreError
    from cellgraph.voxels.tally import Tally

    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # so that a write fails, as on a full disk

    def tally(first, cells):
        empty = Tally.empty()
        labels = np.arange(first, first + cells)
        return Tally(labels, np.ones((cells, empty.cells.shape[1]), np.int64), empty.pairs, empty.counts)

    ledger = Ledger(Path(sys.argv[1]), {"source": "x"}, save_seconds=0)
    ledger.add([0], tally(1, 10))
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), resource.RLIM_INFINITY))
    for attempt in range(2):
        try:
            ledger.add([attempt + 1], tally(100 + 100_000 * attempt, 100_000))
        except StoreError as error:
            print(error)
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    assert Ledger.resume(Path(sys.argv[1]), {"source": "x"}).done == {0}
    if sys.argv[3] == "more":
        ledger.flush()
        again = Ledger.resume(Path(sys.argv[1]), {"source": "x"})
        assert again.done == {0, 1, 2}
        assert len(again.total().labels) == 200_010
"""


@pytest.mark.parametrize("more", ["more", "none"])
def test_no_space_is_said_and_nothing_is_lost(tmp_path, more):
    """The kernel refuses to let files grow past a limit, in the middle of a write, as a full disk does."""
    folder = tmp_path / "work"
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(FULL_DISK), folder, str(1 << 20), more], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    sentences = done.stdout.splitlines()
    assert len(sentences) == 2
    for sentence in sentences:
        assert f"the work folder {folder} cannot be written" in sentence
        assert "--resume" in sentence
    assert not list(folder.glob("*.part"))


def test_a_work_folder_that_is_a_file(parts, tmp_path):
    (tmp_path / "work").write_text("a file")
    with pytest.raises(StoreError, match="cannot be written"):
        fill(saving(tmp_path / "work"), parts)


def test_numbers_are_exact_after_saving(tmp_path):
    largest = np.array([2**63 - 1])
    empty = Tally.empty()
    tally = Tally(largest, np.full((1, empty.cells.shape[1]), 2**62), empty.pairs, empty.counts)
    saving(tmp_path).add([0], tally)
    assert same(resume(tmp_path).total(), tally)
