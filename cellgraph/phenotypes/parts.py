"""Cells in Parquet files for the workers of a Spark cluster, if one machine is not enough.

The same function is applied to a block of cells as on one machine, so the numbers are the same too.  MLlib is not used:
its k-means on data frames takes no initial centres, so its groups would differ from those on one machine, and its older
Python interface pickles every cell.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Protocol, TypeVar

import numpy as np

from cellgraph.errors import CellgraphError, NotFoundError, ParameterError
from cellgraph.phenotypes.scaling import Scaled, ScaledBlock

Made = TypeVar("Made")

_CELLS = 250_000
"""Maximum number of cells in a file."""


class Map(Protocol):
    """A map over the blocks of cells, in order."""

    def __call__(self, work: Callable[[ScaledBlock], Made]) -> Iterable[Made]:
        """Yield the result of `work` for each block."""


@dataclass(frozen=True)
class OnSpark:
    """Where Spark runs.

    Attributes
    ----------
    master : str, optional
        URL of its master, such as ``spark://host:7077`` or ``yarn``; None is this machine.
    workers : int, optional
        Number of local processes (None: one per core), or the maximum number of cores of a master.
    work : path, optional
        A folder for the cells that all workers can access; None is a temporary one on this machine.
    """

    master: str | None = None
    workers: int | None = None
    work: str | os.PathLike[str] | None = None


@contextmanager
def spread(scaled: Scaled, spark: OnSpark | None) -> Iterator[Map]:
    """Yield a map over the cells: in this process, or on Spark.

    Raises
    ------
    ParameterError
        If workers on other machines have no folder with access to the cells.
    NotFoundError
        If the folder does not exist.
    MissingExtraError
        If pyspark is not installed.
    """
    if spark is None:
        yield scaled.map
        return
    from cellgraph.engines.spark import SparkEngine

    with closing(SparkEngine(spark.workers, master=spark.master)) as engine:
        if not engine.local and spark.work is None:
            raise ParameterError(
                "workers of a Spark master need a folder that all of them can access; name it with --work."
            )
        if spark.work is not None and not Path(spark.work).is_dir():
            raise NotFoundError(f"the folder {os.fspath(spark.work)!r} of --work does not exist; create it first.")
        with tempfile.TemporaryDirectory(prefix="cellgraph-cells-", dir=spark.work) as folder:
            files = _write(scaled, Path(folder))

            def mapped(work: Callable[[ScaledBlock], Made]) -> Iterable[Made]:
                return engine.apply(partial(_of_file, work), files)

            yield mapped


def _write(scaled: Scaled, folder: Path) -> list[str]:
    """Write the cells, and return the names of the files."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    files = list[str]()
    try:
        for block in scaled.blocks():
            for start in range(0, len(block.samples), _CELLS):
                part = slice(start, start + _CELLS)
                columns: dict[str, Any] = {"sample": block.samples[part]}
                columns |= {f"v{place}": block.values[part, place] for place in range(len(scaled.names))}
                files.append(str(folder.absolute() / f"part-{len(files):06d}.parquet"))
                pq.write_table(pa.table(columns), files[-1], use_dictionary=["sample"])
    except OSError as error:
        raise CellgraphError(
            f"the cells cannot be written into {str(folder.parent)!r} ({error.strerror or error}); name another folder "
            "with --work."
        ) from error
    return files


def _of_file(work: Callable[[ScaledBlock], Made], file: str) -> Made:
    """Apply `work` to the cells in a file; called in a worker."""
    import pyarrow.parquet as pq

    table = pq.read_table(file)
    samples = table["sample"].to_numpy()
    values = np.stack([table[name].to_numpy() for name in table.column_names[1:]], axis=1)
    return work(ScaledBlock(samples, np.empty(0, np.int64), values))
