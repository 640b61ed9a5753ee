"""Files are written whole or not at all."""

from __future__ import annotations

import resource
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from cellgraph.errors import CellgraphError, ExistsError, NotFoundError
from cellgraph.files import output_file, replacing, require_target, write_durably, write_text
from cellgraph.pictures.plot import plot
from tests.command import cellgraph
from tests.six_cells import IMAGE


@contextmanager
def full_disk(room: int) -> Iterator[None]:
    """Files end at so many bytes, in the middle of a write, as on a full disk."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def test_what_is_written_replaces_what_was_there_and_keeps_its_permissions(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("before")
    path.chmod(0o640)
    with output_file(path) as part:
        part.write_text("after")
        assert path.read_text() == "before"
    assert (path.read_text(), path.stat().st_mode & 0o777) == ("after", 0o640)
    assert [*tmp_path.iterdir()] == [path]


def test_a_folder_replaces_a_folder(tmp_path: Path) -> None:
    path = tmp_path / "labels.zarr"
    (path / "old").mkdir(parents=True)
    with replacing(path) as part:
        (part / "new").mkdir(parents=True)
    assert [entry.name for entry in path.iterdir()] == ["new"]
    assert [*tmp_path.iterdir()] == [path]


def _write_output(path: Path, text: str) -> None:
    with output_file(path) as part:
        part.write_text(text)


def _write_durably(path: Path, text: str) -> None:
    write_durably(path, text.encode())


@pytest.mark.parametrize("write", [_write_output, write_text, _write_durably])
def test_a_full_disk_leaves_the_file_that_was_there_and_nothing_else(
    tmp_path: Path, write: Callable[[Path, str], None]
) -> None:
    path = tmp_path / "state"
    path.write_text("before")
    with full_disk(1000), pytest.raises((OSError, CellgraphError), match="File too large"):
        write(path, "a" * 5000)
    assert path.read_text() == "before"
    assert [*tmp_path.iterdir()] == [path]


def test_a_name_as_long_as_names_can_be(tmp_path: Path) -> None:
    path = tmp_path / ("n" * 255)
    write_text(path, "text")
    assert path.read_text() == "text"


def test_a_private_file_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "password"
    write_text(path, "secret", private=True)
    assert path.stat().st_mode & 0o777 == 0o600


def test_an_output_that_cannot_be_is_refused_before_anything_is_computed(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="does not exist; create it first"):
        require_target(tmp_path / "none" / "page.html", overwrite=True)
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "nowhere")
    with pytest.raises(ExistsError, match=r"already there.*--overwrite"):
        require_target(link, overwrite=False)
    require_target(link, overwrite=True)


def test_a_picture_that_does_not_fit_on_the_disk_leaves_the_one_that_was_there(tmp_path: Path) -> None:
    image = tmp_path / "six.npy"
    np.save(image, IMAGE)
    cellgraph("load", image, "--spacing", "1,1", "--db", "db", cwd=tmp_path)
    picture = tmp_path / "six.png"
    picture.write_bytes(b"an earlier picture")
    with full_disk(4096), pytest.raises(CellgraphError, match=r"cannot write .*six\.png"):
        plot(db=tmp_path / "db", output=picture, overwrite=True)
    assert picture.read_bytes() == b"an earlier picture"
