"""Memory of a program that writes 10 million contacts, and of one that reads 7.3 million back into a file."""

import multiprocessing
import os
from pathlib import Path

import numpy as np
import pyarrow as pa
from measure import Table, command, folder

from cellgraph.model import CELL_COLUMNS, CONTACT_COLUMNS, Network, Sample
from cellgraph.stores import open_store

WRITTEN = (110, 10_000_000)  # cells along an edge, contacts
READ = (100, 7_300_000)


def network(side: int, contacts: int) -> Network:
    """Return a made-up tissue: cells in a grid that touch those after them, with all columns."""
    cells = side**3
    steps = -(-contacts // cells)
    a = np.repeat(np.arange(cells), steps + 1)
    b = a + np.tile(np.arange(1, steps + 2), cells)
    keep = np.flatnonzero(b < cells)[:contacts]
    random = np.random.default_rng(1)
    kinds = {"int": lambda n: random.integers(1, 1000, n), "float": lambda n: random.random(n)}
    kinds["bool"] = lambda n: random.random(n) < 0.5
    columns = {c.name: kinds[c.type](cells) for c in CELL_COLUMNS if c.name != "label"}
    names = pa.DictionaryArray.from_arrays(pa.array(np.zeros(cells, np.int32)), pa.array(["made-up"])).cast(pa.string())
    links = {c.name: kinds[c.type](len(keep)) for c in CONTACT_COLUMNS if c.name not in ("cell_a", "cell_b")}
    return Network(
        (Sample("made-up"),),
        pa.table({"sample": names, "label": np.arange(1, cells + 1), **columns}),
        pa.table({"a": a[keep], "b": b[keep], **links}),
    )


def write(target: str, side: int, contacts: int) -> None:
    """Write a network, replacing what is there."""
    with open_store(target, create=True) as store:
        store.write(network(side, contacts), replace=True)


def peak_of_writing(target: str, side: int, contacts: int) -> int:
    """Return the peak memory of a process that makes and writes a network, bytes."""
    context = multiprocessing.get_context("spawn")
    with context.Pool(1) as pool:
        return int(pool.apply(_peak, (target, side, contacts)))


def _peak(target: str, side: int, contacts: int) -> int:
    write(target, side, contacts)
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return int(status["VmHWM"].split()[0]) * 1024


def run() -> None:
    """Print the table: the embedded database, and the Neo4j that NEO4J_URI names, if it does."""
    table = Table("Memory", "database", "what", "seconds", "peak memory, MB")
    neo4j = os.environ.get("NEO4J_URI")
    with folder() as place:
        for name, target in (("embedded", str(place / "cells.db")), ("Neo4j", neo4j)):
            if target is None:
                continue
            peak = peak_of_writing(target, *WRITTEN)
            table.row(name, f"a network of {WRITTEN[1]:,} contacts made and written", "", f"{peak / 1e6:,.0f}")
            write(target, *READ)
            for ending in ("csv", "json", "parquet"):
                taken = command("query", "contacts", "--output", f"contacts.{ending}", "--db", target, cwd=place)
                what = f"query contacts --output contacts.{ending}, {READ[1]:,} rows"
                table.row(name, what, f"{taken.seconds:.0f}", f"{taken.peak / 1e6:,.0f}")
