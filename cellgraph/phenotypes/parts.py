"""Cells as Parquet files that processes of a Spark cluster work on, where one machine is not enough.

The work is the same function of a block of cells as on one machine, so the numbers are the same too.  MLlib is not
used: its k-means of data frames takes no initial centres, so its groups would be others than those of one machine, and
its older interface for Python pickles every cell.
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
"""Cells in a file."""


class Map(Protocol):
    """What makes something of each block of cells, in their order."""

    def __call__(self, work: Callable[[ScaledBlock], Made]) -> Iterable[Made]:
        """Yield what `work` makes of each block."""


@dataclass(frozen=True)
class OnSpark:
    """Where Spark works.

    Attributes
    ----------
    master : str, optional
        URL of its master, as ``spark://host:7077`` or ``yarn``; None is this machine.
    workers : int, optional
        Processes here (None: one for each core), or the most cores of a master.
    work : path, optional
        A folder that all workers see, for the cells; None is a temporary one on this machine.
    """

    master: str | None = None
    workers: int | None = None
    work: str | os.PathLike[str] | None = None


@contextmanager
def spread(scaled: Scaled, spark: OnSpark | None) -> Iterator[Map]:
    """Give what maps a function over the cells: in this process, or on Spark.

    Raises
    ------
    ParameterError
        If workers of another machine have no folder in which they see the cells.
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
            raise ParameterError("workers of a Spark master need a folder that all of them see; name it with --work.")
        if spark.work is not None and not Path(spark.work).is_dir():
            raise NotFoundError(f"the folder {os.fspath(spark.work)!r} of --work does not exist; make it first.")
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
    """Do some work on the cells of a file; called in a worker."""
    import pyarrow.parquet as pq

    table = pq.read_table(file)
    samples = table["sample"].to_numpy()
    values = np.stack([table[name].to_numpy() for name in table.column_names[1:]], axis=1)
    return work(ScaledBlock(samples, np.empty(0, np.int64), values))
