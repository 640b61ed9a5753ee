"""k-hop counts, k = 2: for one cell, for 10,000 and for all, in Cypher and compiled, from both databases."""

import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np
from databases import SIZES, graph_of, neo4j
from measure import Table, command, folder

import cellgraph
from cellgraph.adjacency.matrix import Adjacency
from cellgraph.adjacency.rings import counts_by_distance
from cellgraph.analyze.show import show
from cellgraph.stores import Topology, open_store

SOME = 10_000


def run() -> None:
    """Print the table."""
    table = Table("k-hop counts, k = 2", "database", "cells in it", "for", "how", "seconds", "peak memory, MB")
    with folder() as place:
        counted(max(SIZES), place)
        for cells in SIZES:
            ask(table, "embedded", str(place / f"{cells}.db"), cells, place)
        with neo4j(place) as (uri, _, _):
            ask(table, "Neo4j", uri, min(SIZES), place)


def counted(cells: int, place: Path) -> None:
    """Print how long counting alone takes, on a graph in memory, by how its cells are numbered."""
    network = graph_of(cells, place).network()
    a, b = (network.contacts[end].to_numpy() for end in ("a", "b"))
    table = Table(f"Counting, k = 2, {cells:,} cells with {len(a):,} contacts", "cells are numbered", "seconds")
    shuffled = np.random.default_rng(0).permutation(cells)
    every, names = np.arange(cells), np.full(cells, "sample", object)
    for order, ends in (("by place", (a, b)), ("at random", (shuffled[a], shuffled[b]))):
        graph = Adjacency.build(Topology(names, every, *ends))
        counts_by_distance(graph, every, 2)
        taken = [seconds(lambda graph=graph: counts_by_distance(graph, every, 2)) for _ in range(5)]
        table.row(order, f"{median(taken):.2f}")


def ask(table: Table, database: str, target: str, cells: int, place: Path) -> None:
    """Load a graph and print rows for it; all cells at once in Cypher only where that takes seconds."""
    with open_store(target, create=True) as store:
        store.write(graph_of(cells, place).network())
    some = show("khop", target, k=2).replace("WHERE c.sample", f"WHERE c.label <= {SOME} AND c.sample")

    def compiled_for_some() -> None:
        with open_store(target, read_only=True) as store:
            graph = Adjacency.build(store.topology())
        counts_by_distance(graph, np.arange(SOME), 2)

    def add(what: str, how: str, question: Callable[[], object], rounds: int) -> None:
        question()
        table.row(database, f"{cells:,}", what, how, f"{median(seconds(question) for _ in range(rounds)):.3g}", "")

    with cellgraph.open(target) as db:
        add("one cell", "Cypher", lambda: db.query("khop", k=2, cell=cells // 2), 5)
        add(f"{SOME:,} cells", "Cypher", lambda: db.cypher(some), 1)
        add(f"{SOME:,} cells", "compiled", compiled_for_some, 3)
        if cells == min(SIZES):
            add("all cells", "Cypher", lambda: db.query("khop", k=2, method="cypher"), 1)
        add("all cells", "compiled", lambda: db.query("khop", k=2, method="compiled"), 3)
    arguments = ("query", "khop", "--k", 2, "--db", target, "--output", place / "rows.parquet")
    taken = command(*arguments, cwd=place)
    figures = f"{taken.seconds:.3g}", f"{taken.peak / 1e6:.0f}"
    table.row(database, f"{cells:,}", "all cells", "whole command, to Parquet", *figures)


def seconds(question: Callable[[], object]) -> float:
    """Return how long a question takes."""
    begin = time.perf_counter()
    question()
    return time.perf_counter() - begin
