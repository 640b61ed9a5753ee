"""The sweep at growing sizes, on threads and on Dask workers, resumed, watched, and estimated.

CELLGRAPH_BENCH_LARGEST (in GVoxel, 20 by default) leaves out larger volumes; CELLGRAPH_BENCH_DIR is where they lie.
"""

import os
import shutil
import time
from pathlib import Path
from statistics import median

import numpy as np
import tifffile
import zarr
from measure import Table, command, folder

from cellgraph.engines import Ledger, ThreadsEngine
from cellgraph.engines.engine import sweep_part
from cellgraph.phantoms.phantom import phantom
from cellgraph.volumes import HaloReader, plan_blocks
from cellgraph.volumes.scan import open_scan

VOLUMES = {  # GVoxel: cells, shape; at each size a cell has some 20,000 voxels
    0.13: (6_500, (128, 1024, 1024)),
    1: (50_000, (256, 2048, 2048)),
    4: (200_000, (512, 2800, 2800)),
    20: (1_000_000, (628, 2800, 11500)),
}


def run() -> None:
    """Print the tables."""
    largest = float(os.environ.get("CELLGRAPH_BENCH_LARGEST", 20))
    with folder() as place:
        sizes(place, largest)
        small = place / "small.zarr"
        cells, shape = VOLUMES[1]
        phantom(small, cells, shape)
        workers(place, small)
        resume(place, small)
        live(place)


def sizes(place: Path, largest: float) -> None:
    """Load volumes of growing size by the command line, and ask for a first estimate of each."""
    header = ("GVoxel", "cells", "phantom, s", "load, s", "GVoxel/s", "peak memory, GB")
    parts = ("processor, ns a voxel", "read and decode", "sweep", "merge", "start, last merge, database")
    first = ("first estimate from the volume, s", "from the database, s")
    table = Table("cellgraph load --memory 768MB, Zarr on disk, 2 threads", *header, *parts, *first)
    for size, (cells, shape) in VOLUMES.items():
        if size > largest:
            continue
        path = place / "volume.zarr"
        begin = time.perf_counter()
        phantom(path, cells, shape, overwrite=True)
        made = time.perf_counter() - begin
        load = command("load", path, "--db", "volume.db", "--replace", "--memory", "768MB", "-q", cwd=place)
        voxels = float(np.prod(shape))
        estimate = ("estimate", "mean(volume)", "--within-time", "1ms")
        early = [command(*estimate, *of, cwd=place).seconds for of in (("--source", path), ("--db", "volume.db"))]
        known = shares(path)
        processor = load.processor / voxels * 1e9
        table.row(
            f"{voxels / 1e9:.2f}",
            f"{cells:,}",
            f"{made:.0f}",
            f"{load.seconds:.1f}",
            f"{voxels / load.seconds / 1e9:.3f}",
            f"{load.peak / 1e9:.2f}",
            *(f"{part:.2f}" for part in (processor, *known, processor - sum(known))),
            *(f"{seconds:.2f}" for seconds in early),
        )
        shutil.rmtree(path)
        (place / "volume.db").unlink()


def shares(path: Path) -> tuple[float, ...]:
    """Return the processor time of reading, sweeping and merging, in ns a voxel, over the first blocks."""
    scan = open_scan(path)
    reader, ledger = HaloReader(scan.volume), Ledger(None, {})
    spent, voxels = [0.0, 0.0, 0.0], 0
    clock = time.process_time
    for block in plan_blocks(scan.header, 768_000_000, 2)[:40]:
        times = [clock()]
        labels, halo = reader.read(block)
        times.append(clock())
        tally = sweep_part(scan, block, labels, halo)
        times.append(clock())
        ledger.add([block.index], tally)
        times.append(clock())
        spent = [total + b - a for total, a, b in zip(spent, times[:-1], times[1:], strict=True)]
        voxels += labels.size
    scan.close()
    return tuple(seconds / voxels * 1e9 for seconds in spent)


def workers(place: Path, path: Path) -> None:
    """Load one volume with 1 and 2 threads and Dask workers, on 1 and 2 cores, in turn."""
    kinds = [(engine, *kind) for engine in ("threads", "dask") for kind in ((1, 1), (1, 2), (2, 2))]
    times: dict[tuple[str, int, int], list[float]] = {kind: [] for kind in kinds}
    for _ in range(3):
        for engine, n, cores in kinds:
            options = ("--engine", engine, "--workers", n, "--replace", "-q")
            times[engine, n, cores].append(command("load", path, *options, cwd=place, cores=cores).seconds)
    table = Table("Workers, 1.07 GVoxel", "engine", "workers", "cores", "load, s", "speed-up")
    for (engine, n, cores), seconds in times.items():
        faster = median(a / b for a, b in zip(times[engine, 1, 1], seconds, strict=True))
        table.row(engine, n, cores, f"{median(seconds):.1f}", f"{faster:.2f}")


def resume(place: Path, path: Path) -> None:
    """Compare sweeps that keep their work on disk with sweeps that do not."""
    scan = open_scan(path)
    blocks = plan_blocks(scan.header, None, 2)

    def swept(work: Path | None) -> float:
        begin = time.perf_counter()
        ledger = Ledger(work, {})
        for done, tally in ThreadsEngine(2).tallies(scan, blocks):
            ledger.add([block.index for block in done], tally)
        ledger.flush()
        ledger.total()
        seconds = time.perf_counter() - begin
        ledger.remove()
        return seconds

    swept(None)
    pairs = [(swept(place / "work"), swept(None)) for _ in range(5)]
    scan.close()
    more = median(kept / bare - 1 for kept, bare in pairs)
    Table("Keeping work for --resume, 1.07 GVoxel, median of 5", "more time than without").row(f"{100 * more:.1f} %")


def live(place: Path) -> None:
    """Compare watch, with all slices there, and load of the same folder."""
    cells, shape = VOLUMES[0.13]
    phantom(place / "live.zarr", cells, shape)
    labels = np.asarray(zarr.open_array(place / "live.zarr" / "0", mode="r")[:])
    (place / "slices").mkdir()
    for z, plane in enumerate(labels):
        tifffile.imwrite(place / "slices" / f"slice_{z:04d}.tif", plane, compression="zlib")
    depth, ratios = len(labels), []
    for _ in range(3):
        watched = command("watch", "slices", "--until", depth, "--db", "watched.db", "--replace", "-q", cwd=place)
        loaded = command("load", "slices", "--db", "loaded.db", "--replace", "-q", cwd=place)
        ratios.append(watched.seconds / loaded.seconds)
    Table("watch against load, 128 slices of 1024 x 1024", "watch takes times").row(f"{median(ratios):.2f}")
