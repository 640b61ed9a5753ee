"""Phenotypes over many tables of cells: load, mean of a column, variation, components, an iteration of k-means.

CELLGRAPH_BENCH_TABLES and CELLGRAPH_BENCH_CELLS say how many CSV files of how many cells; 1276 files of 43,000 cells
are the 55 million that this is for, and need 14 GB for the files and as much again for the database.
"""

import os
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np
import pyarrow as pa
import pyarrow.csv
from measure import Table, command, folder

TABLES = int(os.environ.get("CELLGRAPH_BENCH_TABLES", "24"))
CELLS = int(os.environ.get("CELLGRAPH_BENCH_CELLS", "43000"))
NINE = "volume,length,width,height,stretch,oblateness,canal_distance,density,radius"
TEN = f"{NINE},mask_distance"
ROUNDS = 3


def run() -> None:
    """Print the table."""
    from cellgraph.phenotypes.components import pca
    from cellgraph.phenotypes.selection import read_columns
    from cellgraph.phenotypes.variation import variation
    from cellgraph.stores import open_store

    total = TABLES * CELLS
    table = Table(
        f"Phenotypes of {total:,} cells in {TABLES:,} CSV files, {14} columns", "what", "seconds", "whole command, s",
        "peak memory, MB",
    )  # fmt: skip
    with folder() as place:
        (place / "scans").mkdir()
        for number in range(TABLES):
            pyarrow.csv.write_csv(made(number), place / "scans" / f"s{number:04d}.csv")
        size = sum(path.stat().st_size for path in (place / "scans").iterdir())
        taken = command("load-tables", "--cells", "scans/*.csv", "-q", cwd=place)
        table.row(f"load-tables of {size / 1e6:,.0f} MB", "", f"{taken.seconds:.1f}", f"{taken.peak / 1e6:.0f}")
        db = place / "cellgraph.db"
        with open_store(db, read_only=True) as store:
            mean = warm(lambda: store.run("MATCH (c:Cell) RETURN avg(c.volume) AS mean"))
            column = warm(lambda: [block.numbers(["volume"]) for block in read_columns(store, "volume").blocks()])
        words = ["query", "--cypher", "MATCH (c:Cell) RETURN avg(c.volume) AS mean"]
        taken = command(*words, cwd=place)
        table.row("mean of a column, in Cypher", f"{mean:.3f}", f"{taken.seconds:.1f}", f"{taken.peak / 1e6:.0f}")
        table.row("a column read into memory", f"{column:.3f}", "", "")
        for name, asked, words in (
            ("variation of 9 columns", lambda: variation(NINE, db), ["variation", NINE]),
            ("components of 10 columns", lambda: pca(TEN, db), ["pca", "--columns", TEN]),
        ):
            seconds, taken = warm(asked), command(*words, cwd=place)
            table.row(name, f"{seconds:.2f}", f"{taken.seconds:.1f}", f"{taken.peak / 1e6:.0f}")
        for name, goal in (
            ("within 5 s", ["--within-time", "5"]),
            ("to 1 %", ["--within-ci", "0.95", "--error", "0.01"]),
        ):
            taken = command("estimate", "mean(volume)", *goal, cwd=place)
            table.row(f"estimate of a mean {name}", "", f"{taken.seconds:.1f}", f"{taken.peak / 1e6:.0f}")
        one = iteration(db)
        taken = command("cluster", "kmeans", "--k", "8", "--columns", TEN, cwd=place)
        table.row("k-means of 10 columns, 8 groups: one iteration; whole", f"{one:.3f}", f"{taken.seconds:.1f}",
                  f"{taken.peak / 1e6:.0f}")  # fmt: skip


def iteration(db: Path) -> float:
    """Return the seconds of one iteration of k-means: a tenth of what eleven take more than one."""
    from sklearn.cluster import KMeans

    from cellgraph.phenotypes.scaling import scale_columns
    from cellgraph.phenotypes.selection import read_columns
    from cellgraph.stores import open_store

    with open_store(db, read_only=True) as store:
        values = scale_columns(read_columns(store, TEN), "robust", labels=False).whole.values
    values = np.asarray(values, np.float32)  # as 55 million are held
    begin = values[:: max(1, len(values) // 8)][:8]
    one, eleven = (warm(KMeans(8, init=begin, n_init=1, max_iter=passes, tol=0).fit, values) for passes in (1, 11))
    return (eleven - one) / 10


def made(number: int) -> pa.Table:
    """Return the cells of a sample; its means differ a little from those of others."""
    random = np.random.default_rng(number)
    axes = np.sort(random.lognormal(random.normal(2.5, 0.05), 0.35, (CELLS, 3)), axis=1)[:, ::-1]
    length, width, height = axes.T
    columns = {
        "label": np.arange(1, CELLS + 1),
        **{axis: random.random(CELLS) * 1000 for axis in "zyx"},
        "volume": np.pi / 6 * length * width * height,
        "length": length,
        "width": width,
        "height": height,
        "stretch": (length - height) / length,
        "oblateness": 2 * (width - height) / (length - height) - 1,
    }
    further = ("canal_distance", "density", "radius", "mask_distance")
    return pa.table(columns | {name: random.gamma(2, 10, CELLS) for name in further})


def warm(work: Callable[..., object], *values: object) -> float:
    """Return the median seconds of some runs, after one that does not count."""
    seconds = []
    for _ in range(ROUNDS + 1):
        begin = time.perf_counter()
        work(*values)
        seconds.append(time.perf_counter() - begin)
    return median(seconds[1:])
