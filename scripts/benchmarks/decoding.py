"""Decoding Zarr: the codecs of cellgraph beside zarr-python with the pipeline of zarrs (pip install zarrs)."""

import gzip
import subprocess
import sys
from pathlib import Path

import numpy as np
import zarr
from measure import Table, folder, in_turn, ratio
from zarr.codecs import BloscCodec, GzipCodec, ZstdCodec

from cellgraph.volumes import open_volume, plan_blocks

ROUNDS = 3
SHAPE = (512, 1024, 1024)
BLOSC = BloscCodec(cname="zstd", clevel=3, shuffle="noshuffle")
CONTENDERS = ("cellgraph", "zarrs")
WHOLE = {"chunks": (64, 256, 256)}
KINDS = {
    "Blosc, zstd": {**WHOLE, "compressors": [BLOSC]},
    "gzip": {**WHOLE, "compressors": [GzipCodec(level=1)]},
    "Zstandard": {**WHOLE, "compressors": [ZstdCodec(level=1)]},
    "Blosc, zstd, in shards": {"chunks": (64, 128, 128), "shards": (128, 512, 512), "compressors": [BLOSC]},
}


def run() -> None:
    """Print the tables."""
    use_zarrs()
    labels = np.random.default_rng(0).integers(1, 60_000, [n // 8 for n in SHAPE]).astype(np.uint32)
    labels = np.kron(labels, np.ones((8, 8, 8), np.uint32))
    table = Table(f"Zarr of {labels.size / 1e9:.2f} GVoxel", "codec", "cellgraph, MVoxel/s", "zarrs", "ratio")
    with folder() as where:
        for name, kind in KINDS.items():
            path = where / f"{len(list(where.iterdir()))}.zarr"
            zarr.create_array(path, shape=SHAPE, dtype="u4", **kind)[...] = labels
            volume, array = open_volume(path), zarr.open_array(path, mode="r")
            blocks = plan_blocks(volume.header, None, 2)

            def with_cellgraph(volume=volume, blocks=blocks) -> None:
                for block in blocks:
                    volume.read(block.start, block.stop)

            def with_zarrs(array=array, blocks=blocks) -> None:
                for block in blocks:
                    array[tuple(slice(a, b) for a, b in zip(block.start, block.stop, strict=True))]

            seconds = in_turn(dict(zip(CONTENDERS, (with_cellgraph, with_zarrs), strict=True)), ROUNDS)
            rates = (f"{labels.size / min(seconds[each]) / 1e6:.0f}" for each in CONTENDERS)
            table.row(name, *rates, f"{ratio(seconds, 'zarrs', 'cellgraph'):.2f}")
        bomb = where / "bomb.zarr"
        zarr.create_array(bomb, shape=(32,) * 3, chunks=(32,) * 3, dtype="u2", compressors=[GzipCodec()])
        (bomb / "c/0/0").mkdir(parents=True)
        with gzip.open(bomb / "c/0/0/0", "wb") as file:
            for _ in range(2048):
                file.write(bytes(1 << 20))
        for each in CONTENDERS:
            subprocess.run([sys.executable, __file__, each, str(bomb)], check=True)


def use_zarrs() -> None:
    """Let zarr-python decode by zarrs, with two threads."""
    import zarrs  # noqa: F401

    zarr.config.set({"codec_pipeline.path": "zarrs.ZarrsCodecPipeline", "threading.max_workers": 2})


def refuse_bomb(by: str, path: Path) -> None:
    """Print how much memory it takes to refuse a chunk that holds 2 GB."""
    use_zarrs()
    before = peak()
    try:
        if by == "zarrs":
            zarr.open_array(path, mode="r")[...]
        else:
            open_volume(path).read((0, 0, 0), (32, 32, 32))
    except Exception as error:
        print(f"{by}: a bomb of 2 GB was refused with {(peak() - before) / 1024:,.0f} MB more ({str(error)[:60]}…)")


def peak() -> int:
    """Return the most memory that this process has had, in KB; that of `resource` counts what started it as well."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0])


if __name__ == "__main__":
    refuse_bomb(sys.argv[1], Path(sys.argv[2]))
