"""Volumes on web servers and on S3, and networks that break."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorstore
import web_server
import zarr
from volume_reading import assert_reads, cells
from web_server import WebServer

from cellgraph.errors import NotFoundError, ParameterError, VolumeReadError
from cellgraph.volumes import Volume, open_volume, remote_objects

ARRAY = cells((9, 11, 13), "u4")


@pytest.fixture
def web(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[WebServer]:
    monkeypatch.setattr(remote_objects, "_FIRST_PAUSE_S", 0.01)
    with web_server.serving(tmp_path) as site:
        yield site


def save_zarr(path: Path, **options: Any) -> None:
    zarr.create_array(path, shape=ARRAY.shape, dtype=ARRAY.dtype, chunks=(4, 5, 6), **options)[...] = ARRAY


def save_n5(path: Path) -> None:
    metadata = {
        "dimensions": ARRAY.shape[::-1],
        "blockSize": [6, 5, 4],
        "dataType": "uint32",
        "compression": {"type": "gzip"},
        "resolution": [1.0, 2.0, 3.0],
        "units": ["um", "um", "um"],
    }
    kvstore = {"driver": "file", "path": f"{path}/"}
    store = tensorstore.open({"driver": "n5", "kvstore": kvstore, "metadata": metadata, "create": True}).result()
    store[...].write(np.ascontiguousarray(ARRAY.transpose())).result()


def save_precomputed(path: Path) -> None:
    spec = {
        "driver": "neuroglancer_precomputed",
        "kvstore": {"driver": "file", "path": f"{path}/"},
        "multiscale_metadata": {"type": "segmentation", "data_type": "uint32", "num_channels": 1},
        "scale_metadata": {
            "size": ARRAY.shape[::-1], "resolution": [8, 8, 40], "chunk_size": [6, 5, 4],
            "encoding": "compressed_segmentation", "compressed_segmentation_block_size": [8, 8, 8],
        },
        "create": True,
    }  # fmt: skip
    tensorstore.open(spec).result()[..., 0].write(np.ascontiguousarray(ARRAY.transpose())).result()


def read(url: str) -> None:
    volume = open_volume(url)
    try:
        assert_whole(volume)
    finally:
        volume.close()


def assert_whole(volume: Volume) -> None:
    """Check that a volume gives `ARRAY`; how it may be read in parts is tested on local files."""
    np.testing.assert_array_equal(volume.read((0, 0, 0), ARRAY.shape), ARRAY)
    np.testing.assert_array_equal(volume.read((3, 4, 5), (5, 6, 7)), ARRAY[3:5, 4:6, 5:7])
    assert volume.fingerprint() == volume.fingerprint()


def test_zarr_and_ome_zarr(web: WebServer) -> None:
    save_zarr(web.folder / "v2.zarr", zarr_format=2)
    save_zarr(web.folder / "v3.zarr", attributes={"element_size_um": [3, 2, 1]})
    save_zarr(web.folder / "array")
    for name in ("v2.zarr", "v3.zarr", "v3.zarr/", "array"):
        read(f"{web.url}/{name}")
    read(f"zarr://{web.url}/v2.zarr")
    volume = open_volume(f"{web.url}/v3.zarr")
    assert (volume.header.spacing, volume.header.unit) == ((3.0, 2.0, 1.0), "micrometer")
    assert volume.header.source == f"{web.url}/v3.zarr"
    volume.close()


@pytest.mark.parametrize("ranges", [True, False])
def test_shards(web: WebServer, ranges: bool) -> None:
    save_zarr(web.folder / "cells.zarr", shards=(8, 10, 12))
    web.ranges = ranges
    read(f"{web.url}/cells.zarr")


def test_blocks_from_several_threads(web: WebServer) -> None:
    save_zarr(web.folder / "cells.zarr")
    volume = open_volume(f"{web.url}/cells.zarr")
    assert_reads(volume, ARRAY)
    volume.close()


def test_arrays_in_a_hierarchy(web: WebServer) -> None:
    group = zarr.create_group(web.folder / "image.zarr", zarr_format=2)
    group.create_array("labels/cells/0", shape=ARRAY.shape, dtype=ARRAY.dtype, chunks=(4, 5, 6))[...] = ARRAY
    scale = {"type": "scale", "scale": [3.0, 2.0, 1.0]}
    axes = [{"name": a, "type": "space", "unit": "micrometer"} for a in "zyx"]
    group["labels/cells"].attrs["multiscales"] = [
        {"axes": axes, "datasets": [{"path": "0", "coordinateTransformations": [scale]}]}
    ]
    group["labels"].attrs["labels"] = ["cells"]
    for source in ("image.zarr", "image.zarr/labels/cells", "image.zarr:labels/cells", "image.zarr/labels/cells/0"):
        volume = open_volume(f"{web.url}/{source}")
        assert volume.header.spacing == (3.0, 2.0, 1.0)
        assert_whole(volume)
        volume.close()


def test_the_only_array_of_a_consolidated_group(web: WebServer) -> None:
    for version in (2, 3):
        group = zarr.create_group(web.folder / f"{version}.zarr", zarr_format=version)  # type: ignore[arg-type]
        group.create_array("a/b", shape=ARRAY.shape, dtype=ARRAY.dtype, chunks=(4, 5, 6))[...] = ARRAY
        if version == 2:
            zarr.consolidate_metadata(group.store)
        else:
            with pytest.warns(UserWarning, match="Consolidated metadata"):
                zarr.consolidate_metadata(group.store)
        read(f"{web.url}/{version}.zarr")


def test_n5(web: WebServer) -> None:
    save_n5(web.folder / "cells.n5")
    save_n5(web.folder / "array")
    for source in ("cells.n5", "array"):
        volume = open_volume(f"{web.url}/{source}")
        assert (volume.header.spacing, volume.header.unit) == ((3.0, 2.0, 1.0), "micrometer")
        assert_whole(volume)
        volume.close()
    read(f"n5://{web.url}/array")


def test_precomputed(web: WebServer) -> None:
    save_precomputed(web.folder / "cells")
    for source in (f"{web.url}/cells", f"precomputed://{web.url}/cells", f"precomputed://{web.url}/cells:0"):
        volume = open_volume(source)
        assert (volume.header.spacing, volume.header.unit) == ((40.0, 8.0, 8.0), "nanometer")
        assert_whole(volume)
        volume.close()


def test_missing_chunks_are_the_fill_value(web: WebServer) -> None:
    save_zarr(web.folder / "cells.zarr", fill_value=7)
    (web.folder / "cells.zarr/c/0/0/0").unlink()
    volume = open_volume(f"{web.url}/cells.zarr")
    assert (volume.read((0, 0, 0), (4, 5, 6)) == 7).all()
    volume.close()


def test_a_server_that_falls_silent_is_an_error(web: WebServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote_objects, "_SILENCE_S", 0.1)
    save_zarr(web.folder / "cells.zarr")
    volume = open_volume(f"{web.url}/cells.zarr")
    web.silent = True
    with pytest.raises(VolumeReadError, match=r"could not be read in 5 tries .* goes on with --resume"):
        volume.read((0, 0, 0), (4, 5, 6))
    web.silent = False
    np.testing.assert_array_equal(volume.read((0, 0, 0), (4, 5, 6)), ARRAY[:4, :5, :6])
    volume.close()


@pytest.mark.parametrize("save", [save_zarr, save_n5])
def test_broken_connections_are_tried_again(web: WebServer, save: Any) -> None:
    save(web.folder / "cells")
    volume = open_volume(f"{web.url}/cells")
    web.drop = remote_objects.TRIES - 1
    np.testing.assert_array_equal(volume.read((0, 0, 0), (4, 5, 6)), ARRAY[:4, :5, :6])
    assert web.drop == 0
    web.drop = 2
    volume.close()
    volume = open_volume(f"{web.url}/cells")  # opening has the same patience
    volume.close()


@pytest.mark.parametrize("status", [500, 503, 429])
def test_servers_in_trouble_are_asked_again(web: WebServer, status: int) -> None:
    save_zarr(web.folder / "cells.zarr")
    volume = open_volume(f"{web.url}/cells.zarr")
    answers = iter([status, status])
    web.status = lambda path: next(answers, None)
    np.testing.assert_array_equal(volume.read((0, 0, 0), (4, 5, 6)), ARRAY[:4, :5, :6])
    volume.close()


def test_a_network_that_stays_broken_ends_with_a_sentence(web: WebServer) -> None:
    save_zarr(web.folder / "cells.zarr")
    volume = open_volume(f"{web.url}/cells.zarr")
    web.drop = 10**6
    web.requests.clear()
    with pytest.raises(VolumeReadError, match=r"c/0/0/0: could not be read in 5 tries.*--resume") as caught:
        volume.read((0, 0, 0), (4, 5, 6))
    assert web.requests == ["/cells.zarr/c/0/0/0"] * 5
    assert "\n" not in str(caught.value)
    web.drop = 0
    assert_whole(volume)  # and it works again when the network does
    volume.close()


def test_a_precomputed_volume_on_a_network_that_stays_broken(web: WebServer) -> None:
    save_precomputed(web.folder / "cells")
    volume = open_volume(f"{web.url}/cells")
    web.status = lambda path: 503
    with pytest.raises(VolumeReadError, match=r"/0-6_0-5_0-4: could not be read in 5 tries.*--resume"):
        volume.read((0, 0, 0), (4, 5, 6))
    web.status = lambda path: None
    assert_whole(volume)
    volume.close()


def test_no_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote_objects, "_FIRST_PAUSE_S", 0.01)
    with web_server.serving(tmp_path) as site:
        url = site.url
    with pytest.raises(VolumeReadError, match="could not be read in 5 tries"):
        open_volume(f"{url}/cells.zarr")


def test_nothing_there(web: WebServer) -> None:
    for name in ("cells.zarr", "cells", "cells.zarr/labels"):
        with pytest.raises(NotFoundError, match="no Zarr or N5 array and no precomputed volume there"):
            open_volume(f"{web.url}/{name}")
    with pytest.raises(NotFoundError, match="no N5 array"):
        open_volume(f"{web.url}/cells.n5")
    with pytest.raises(NotFoundError, match="expected a precomputed volume"):
        open_volume(f"precomputed://{web.url}/cells")


@pytest.mark.parametrize("status", [401, 403])
def test_no_permission(web: WebServer, status: int) -> None:
    save_zarr(web.folder / "cells.zarr")
    volume = open_volume(f"{web.url}/cells.zarr")
    web.status = lambda path: status
    with pytest.raises(VolumeReadError, match="no permission"):
        open_volume(f"{web.url}/cells.zarr")
    with pytest.raises(VolumeReadError, match="no permission"):
        volume.read((0, 0, 0), (4, 5, 6))
    volume.close()


def test_a_chunk_without_permission(web: WebServer) -> None:
    save_zarr(web.folder / "cells.zarr")
    web.status = lambda path: 403 if path.endswith("c/0/0/0") else None
    volume = open_volume(f"{web.url}/cells.zarr")
    with pytest.raises(VolumeReadError, match="no permission"):
        volume.read((0, 0, 0), (4, 5, 6))
    volume.close()


@pytest.mark.parametrize("version", [2, 3])
def test_a_server_that_says_forbidden_for_missing(web: WebServer, version: Any) -> None:
    save_zarr(web.folder / "cells.zarr", zarr_format=version)
    (web.folder / "cells.zarr" / ("0.0.0" if version == 2 else "c/0/0/0")).unlink()
    web.status = lambda path: None if (web.folder / path.lstrip("/")).is_file() else 403
    volume = open_volume(f"{web.url}/cells.zarr")
    assert not volume.read((0, 0, 0), (4, 5, 6)).any()
    np.testing.assert_array_equal(volume.read((4, 0, 0), (9, 11, 13)), ARRAY[4:])
    web.status = lambda path: 403  # as when credentials expire
    with pytest.raises(VolumeReadError, match="no permission"):
        volume.read((4, 0, 0), (9, 11, 13))
    volume.close()


def test_other_answers_are_told(web: WebServer) -> None:
    save_zarr(web.folder / "cells.zarr")
    web.status = lambda path: 410
    with pytest.raises(VolumeReadError, match="the server answered 410"):
        open_volume(f"{web.url}/cells.zarr")


@pytest.mark.parametrize("url", ["ftp://host/cells.zarr", "zarr://cells.zarr", "precomputed://cells", "x://y"])
def test_unknown_urls(url: str) -> None:
    with pytest.raises(ParameterError, match="expected a URL that begins with s3://"):
        open_volume(url)


def test_the_fingerprint_follows_the_metadata(web: WebServer) -> None:
    save_zarr(web.folder / "cells.zarr")
    volume = open_volume(f"{web.url}/cells.zarr")
    before = volume.fingerprint()
    assert set(before) == {"size", "checksum"}
    document = web.folder / "cells.zarr/zarr.json"
    document.write_text(document.read_text().replace("3", "3 ", 1))
    assert volume.fingerprint() != before
    volume.close()


@pytest.fixture(scope="module")
def s3_server() -> Iterator[str]:
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer("127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def s3(s3_server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder whose contents `upload` puts into the bucket ``cells``."""
    monkeypatch.setattr(remote_objects, "_FIRST_PAUSE_S", 0.01)
    monkeypatch.setenv("AWS_ENDPOINT_URL", s3_server)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    return tmp_path


def upload(folder: Path, bucket: str = "cells", acl: str = "private") -> None:
    import boto3

    client = boto3.client("s3")
    client.create_bucket(Bucket=bucket)
    for file in folder.rglob("*"):
        if file.is_file():
            key = file.relative_to(folder).as_posix()
            client.put_object(Bucket=bucket, Key=key, Body=file.read_bytes(), ACL=acl)


def test_s3(s3: Path) -> None:
    save_zarr(s3 / "cells.zarr", shards=(8, 10, 12))
    save_zarr(s3 / "v2.zarr", zarr_format=2)
    save_n5(s3 / "cells.n5")
    save_precomputed(s3 / "cells")
    group = zarr.create_group(s3 / "group.zarr")
    group.create_array("a/b", shape=ARRAY.shape, dtype=ARRAY.dtype, chunks=(4, 5, 6))[...] = ARRAY
    upload(s3)
    for name in ("cells.zarr", "v2.zarr", "cells.n5", "cells", "group.zarr", "group.zarr/a/b", "group.zarr:a/b"):
        read(f"s3://cells/{name}")
    with pytest.raises(NotFoundError, match=r"'a/c' in it; it has b\."):
        open_volume("s3://cells/group.zarr/a/c")


def test_s3_fingerprint(s3: Path) -> None:
    save_zarr(s3 / "tagged.zarr")
    upload(s3, "tagged")
    volume = open_volume("s3://tagged/tagged.zarr")
    assert {"ETag", "LastModified"} <= set(volume.fingerprint())
    assert volume.fingerprint() == volume.fingerprint()
    volume.close()


def test_s3_without_the_bucket_or_the_array(s3: Path) -> None:
    for url in ("s3://no-such-bucket/cells.zarr", "s3://no-such-bucket/cells"):
        with pytest.raises(NotFoundError, match="no Zarr or N5 array"):
            open_volume(url)


def test_s3_that_is_down(tmp_path: Path, s3: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with web_server.serving(tmp_path) as site:
        url = site.url
    monkeypatch.setenv("AWS_ENDPOINT_URL", url)
    with pytest.raises(VolumeReadError, match="could not be read in 5 tries"):
        open_volume("s3://cells/cells.zarr")


def test_s3_that_forbids(tmp_path: Path, s3: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with web_server.serving(tmp_path) as site:
        site.status = lambda path: 403
        monkeypatch.setenv("AWS_ENDPOINT_URL", site.url)
        with pytest.raises(VolumeReadError, match=r"no permission.*AWS_ACCESS_KEY_ID"):
            open_volume("s3://cells/cells.zarr")


def test_s3_without_credentials_is_read_as_anybody(s3: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save_zarr(s3 / "open.zarr")
    upload(s3, "open", "public-read")
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(s3 / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(s3 / "none"))
    read("s3://open/open.zarr")
