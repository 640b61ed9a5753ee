"""Files that files name: the right one is read, or the sentence names it; never another one, and none outside."""

from __future__ import annotations

import json
import resource
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import tifffile

from cellgraph.errors import CellgraphError, FormatError, NotFoundError, VolumeReadError
from cellgraph.volumes import open_volume
from cellgraph.volumes.files import OpenFile

LABELS = np.arange(512, dtype=np.uint16).reshape(8, 8, 8)


def read(source: str) -> np.ndarray[Any, Any]:
    with closing(open_volume(source)) as volume:
        return np.array(volume.read((0, 0, 0), volume.header.shape))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with the right file, while another of that name lies in the working folder."""
    (tmp_path / "data").mkdir()
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    for place, labels in (("data", LABELS), ("work", np.ones_like(LABELS)), ("", LABELS)):
        with h5py.File(tmp_path / place / "other.h5", "w") as file:
            file["labels"] = labels
            file.create_dataset("packed", data=labels, chunks=(4, 4, 4), compression="gzip")
    return tmp_path / "data"


@pytest.mark.parametrize("name", ["labels", "packed"])
def test_an_external_link_is_read_from_the_file_that_it_names(folder: Path, name: str) -> None:
    with h5py.File(folder / "cells.h5", "w") as file:
        file["padding"] = np.ones((8, 8, 8), np.uint16)
        file["link"] = h5py.ExternalLink("other.h5", f"/{name}")
    assert (read(f"{folder}/cells.h5:link") == LABELS).all()


@pytest.mark.parametrize("named", ["../other.h5", "/absolute"])
def test_an_external_link_that_leads_outside_is_refused(folder: Path, named: str) -> None:
    named = named.replace("/absolute", str(folder.parent / "other.h5"))
    with h5py.File(folder / "cells.h5", "w") as file:
        file["link"] = h5py.ExternalLink(named, "/labels")
    with pytest.raises(FormatError, match=r"cells\.h5.*the link 'link' leads to .*other\.h5'.*out of the folder"):
        read(f"{folder}/cells.h5:link")


def test_an_external_link_is_not_looked_for_in_the_working_folder(folder: Path) -> None:
    (folder / "other.h5").unlink()
    with h5py.File(folder / "cells.h5", "w") as file:
        file["link"] = h5py.ExternalLink("other.h5", "/labels")
    with pytest.raises(NotFoundError, match=r"leads to .*data/other\.h5, which is not there"):
        read(f"{folder}/cells.h5:link")


def test_voxels_in_a_file_that_is_not_hdf5_are_refused(folder: Path) -> None:
    with h5py.File(folder / "cells.h5", "w") as file:
        file.create_dataset("labels", (8, 8, 8), "u2", external=[("raw.bin", 0, 1024)])
    with pytest.raises(FormatError, match=r"its voxels lie in another file, 'raw\.bin'"):
        read(f"{folder}/cells.h5")


@pytest.mark.parametrize(
    ("named", "dataset", "error"),
    [
        ("other.h5", "labels", None),
        ("other.h5", "absent", NotFoundError),
        ("absent.h5", "labels", NotFoundError),
        ("../other.h5", "labels", FormatError),
    ],
)
def test_a_virtual_dataset(folder: Path, named: str, dataset: str, error: type[CellgraphError] | None) -> None:
    layout = h5py.VirtualLayout((8, 8, 8), "u2")
    layout[:] = h5py.VirtualSource(named, dataset, (8, 8, 8))
    with h5py.File(folder / "cells.h5", "w") as file:
        file.create_virtual_dataset("virtual", layout)
    if error is None:
        assert (read(f"{folder}/cells.h5") == LABELS).all()
        return
    with pytest.raises(error, match=r"cells\.h5"):
        read(f"{folder}/cells.h5")


@pytest.mark.parametrize("path", ["../secret", "/absolute/secret", "a/../../secret"])
def test_an_ome_zarr_image_whose_array_lies_elsewhere_is_refused(tmp_path: Path, path: str) -> None:
    import zarr

    zarr.create_array(tmp_path / "secret", data=LABELS, zarr_format=2)
    image = tmp_path / "image"
    image.mkdir()
    (image / ".zgroup").write_text('{"zarr_format": 2}')
    path = path.replace("/absolute", str(tmp_path))
    (image / ".zattrs").write_text(json.dumps({"multiscales": [{"version": "0.4", "datasets": [{"path": path}]}]}))
    with pytest.raises(FormatError, match=r"image.*secret.*leads elsewhere"):
        open_volume(image)


def save_ome(folder: Path, names: list[str]) -> Path:
    """Write an OME-TIFF image of one file a slice, of which the first describes all; return that one."""
    data = "".join(
        f'<TiffData FirstZ="{z}" IFD="0" PlaneCount="1"><UUID FileName="{name}">urn:uuid:{z:032x}</UUID></TiffData>'
        for z, name in enumerate(names)
    )
    for z, name in enumerate(names):
        text = (
            '<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06" '
            f'UUID="urn:uuid:{z:032x}"><Image ID="Image:0"><Pixels ID="Pixels:0" DimensionOrder="XYZCT" '
            f'Type="uint16" SizeX="8" SizeY="8" SizeZ="{len(names)}" SizeC="1" SizeT="1">{data}</Pixels></Image></OME>'
        )
        tifffile.imwrite(folder / name, LABELS[z % 8], description=text, metadata=None, compression="zlib")
    return folder / names[0]


def test_pages_of_an_ome_tiff_file_in_another_folder_are_refused(tmp_path: Path) -> None:
    (tmp_path / "image").mkdir()
    path = save_ome(tmp_path / "image", ["a.ome.tif", "../b.ome.tif"])
    with pytest.raises(FormatError, match=r"a\.ome\.tif: some of its pages lie in .*b\.ome\.tif, out of its folder"):
        open_volume(path)


@pytest.fixture
def few_handles() -> Iterator[None]:
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, limits[1]))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, limits)


@pytest.mark.usefixtures("few_handles")
def test_an_ome_tiff_image_of_more_files_than_may_be_open(tmp_path: Path) -> None:
    path = save_ome(tmp_path, [f"s{z:03d}.ome.tif" for z in range(300)])
    assert (read(str(path)) == LABELS[np.arange(300) % 8]).all()


def test_a_file_that_cannot_be_opened_leaves_nothing_to_close(tmp_path: Path) -> None:
    with pytest.raises(VolumeReadError, match="the file has gone"):
        OpenFile(tmp_path / "absent", "absent")


def test_zero_is_white_in_an_image_of_one_bit_that_says_so(tmp_path: Path) -> None:
    white = LABELS[0] > 20
    tifffile.imwrite(tmp_path / "white.tif", ~white, photometric="miniswhite")
    tifffile.imwrite(tmp_path / "black.tif", white, photometric="minisblack")
    for name in ("white.tif", "black.tif"):
        assert (read(str(tmp_path / name))[0] == white).all()


def test_links_to_a_file_or_its_folder_are_the_users_own(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    labels = np.arange(1, 13, dtype=np.uint16).reshape(3, 4)
    tifffile.imwrite(tmp_path / "real" / "cells.ome.tif", labels, metadata={"axes": "YX"})
    (tmp_path / "folder").symlink_to("real")
    (tmp_path / "cells.ome.tif").symlink_to("real/cells.ome.tif")
    for path in ("folder/cells.ome.tif", "cells.ome.tif"):
        volume = open_volume(tmp_path / path)
        assert volume.read((0, 0, 0), (1, 3, 4)).ravel().tolist() == labels.ravel().tolist()
        volume.close()


@pytest.mark.parametrize("link", ["folder/a.ome.tif", "deep/a.ome.tif"])
@pytest.mark.parametrize("beside", [True, False])
def test_pages_of_an_ome_tiff_file_behind_a_link_lie_beside_the_real_one(
    tmp_path: Path, link: str, beside: bool
) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "deep").mkdir()
    save_ome(tmp_path / "real", ["a.ome.tif", "b.ome.tif" if beside else "../b.ome.tif"])
    (tmp_path / "folder").symlink_to("real")
    (tmp_path / "deep" / "a.ome.tif").symlink_to("../real/a.ome.tif")
    if beside:
        assert (read(f"{tmp_path}/{link}") == LABELS[:2]).all()
    else:
        with pytest.raises(FormatError, match=rf"{link}: some of its pages lie in .*b\.ome\.tif, out of its folder"):
            open_volume(tmp_path / link)
