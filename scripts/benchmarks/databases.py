"""Loading a graph that is ready into each database, and Neo4j by plain UNWIND for comparison."""

import os
import time
from pathlib import Path

from measure import folder, table

from cellgraph import server
from cellgraph.build.arrays import sweep
from cellgraph.build.phantom import phantom
from cellgraph.model import CellGraph, Network
from cellgraph.stores import open_store
from cellgraph.volumes import open_volume

SIZES = {"100,000 cells": (100_000, (128, 640, 640)), "1,000,000 cells": (1_000_000, (256, 1280, 1600))}
BATCH = 20_000


def graph_of(cells: int, shape: tuple[int, int, int], place: Path) -> CellGraph:
    """Return the graph of a phantom."""
    path = place / f"{cells}.npy"
    phantom(path, cells, shape, seed=1)
    volume = open_volume(path)
    return sweep(volume.read((0, 0, 0), volume.header.shape), name=f"tissue-{cells}")


def run() -> None:
    """Print the table."""
    rows = []
    with folder() as place:
        home = Path(os.environ.get("CELLGRAPH_BENCH_NEO4J", place / "neo4j"))
        server.start(home)
        try:
            uri, user, password = server.credentials(home)
            os.environ |= {"NEO4J_USERNAME": user, "NEO4J_PASSWORD": password}
            for size, (cells, shape) in SIZES.items():
                network = graph_of(cells, shape, place).network()
                for name, target in (("embedded", str(place / f"{cells}.db")), ("Neo4j", uri)):
                    seconds = load(network, target)
                    rows.append((size, network.contacts.num_rows, name, *rates(network, seconds)))
                if cells <= 100_000:
                    seconds = plain_unwind(network, uri, user, password)
                    rows.append((size, network.contacts.num_rows, "Neo4j, plain UNWIND", *rates(network, seconds)))
        finally:
            server.stop(home)
    header = ("graph", "contacts", "database", "seconds", "cells and contacts a second")
    table("Loading a graph that is ready", header, rows)


def rates(network: Network, seconds: float) -> tuple[str, str]:
    """Return the last two columns."""
    rows = network.cells.num_rows + network.contacts.num_rows
    return f"{seconds:.1f}", f"{rows / seconds:,.0f}"


def load(network: Network, target: str) -> float:
    """Write a network; return the seconds."""
    begin = time.perf_counter()
    with open_store(target, create=True) as store:
        store.write(network)
    return time.perf_counter() - begin


def plain_unwind(network: Network, uri: str, user: str, password: str) -> float:
    """Write the same rows with one session and UNWIND of lists of maps, as most people begin; return the seconds."""
    from neo4j import GraphDatabase

    cells = network.cells.to_pylist()
    contacts = network.contacts.to_pylist()
    with GraphDatabase.driver(uri, auth=(user, password)) as driver, driver.session() as session:
        session.run("CREATE CONSTRAINT plain_id IF NOT EXISTS FOR (c:Plain) REQUIRE c.id IS UNIQUE").consume()
        session.run("CALL db.awaitIndexes()").consume()
        begin = time.perf_counter()
        session.run("CREATE (:PlainSample {name: 'plain'})").consume()
        for first in range(0, len(cells), BATCH):
            batch = [{**row, "id": first + k} for k, row in enumerate(cells[first : first + BATCH])]
            session.run(
                "MATCH (s:PlainSample {name: 'plain'}) UNWIND $rows AS row "
                "CREATE (s)-[:PLAIN_CELL]->(c:Plain) SET c = row",
                rows=batch,
            ).consume()
        for first in range(0, len(contacts), BATCH):
            session.run(
                "UNWIND $rows AS row MATCH (a:Plain {id: row.a}) MATCH (b:Plain {id: row.b}) "
                "CREATE (a)-[t:PLAIN_TOUCHES]->(b) SET t = row",
                rows=contacts[first : first + BATCH],
            ).consume()
        seconds = time.perf_counter() - begin
        session.run("MATCH (n:Plain) CALL (n) { DETACH DELETE n } IN TRANSACTIONS OF 5000 ROWS").consume()
        session.run("MATCH (n:PlainSample) DETACH DELETE n").consume()
    return seconds
