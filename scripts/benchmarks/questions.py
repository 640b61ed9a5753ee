"""k-hop counts: for one cell, for 10,000 and for all of a graph of a million."""

import time
from statistics import median

from databases import SIZES, graph_of
from measure import Table, folder

import cellgraph
from cellgraph.stores import open_store


def timed(db: cellgraph.Database, **parameters: object) -> float:
    """Return the seconds that a k-hop query takes."""
    begin = time.perf_counter()
    db.query("khop", k=2, **parameters)
    return time.perf_counter() - begin


def run() -> None:
    """Print the table."""
    table = Table("k-hop counts, k = 2, embedded database", "graph", "for", "how", "seconds")
    with folder() as place:
        for size, (cells, shape) in SIZES.items():
            path = place / f"{cells}.db"
            with open_store(path, create=True) as store:
                store.write(graph_of(cells, shape, place).network())
            with cellgraph.open(path) as db:
                db.query("khop", k=2, cell=1)
                one = median(timed(db, cell=cells // 2) for _ in range(5))
                table.row(size, "one cell", "Cypher", f"{one:.3f}")
                if cells <= 100_000:
                    every = timed(db, method="cypher")
                    table.row(size, "all cells", "Cypher", f"{every:.1f}")
                compiled = median(timed(db, method="compiled") for _ in range(3))
                table.row(size, "all cells", "compiled", f"{compiled:.2f}")
