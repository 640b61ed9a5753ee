"""Loading a graph that is ready into each database, and Neo4j by plain UNWIND for comparison."""

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from measure import Table, folder

from cellgraph import server
from cellgraph.loading.arrays import sweep
from cellgraph.model import CellGraph, Network
from cellgraph.phantoms.phantom import phantom
from cellgraph.server import offline
from cellgraph.server.home import Home
from cellgraph.stores import open_store
from cellgraph.stores.bolt.importfiles import ImportFiles
from cellgraph.stores.tables import prepare
from cellgraph.volumes import open_volume

SIZES = {100_000: (128, 640, 640), 1_000_000: (256, 1280, 1600)}  # cells: shape
ROUNDS = 3
BATCH = 20_000


def graph_of(cells: int, place: Path) -> CellGraph:
    """Return the graph of a phantom."""
    path = place / f"{cells}.npy"
    phantom(path, cells, SIZES[cells], seed=1)
    volume = open_volume(path)
    graph = sweep(volume.read((0, 0, 0), volume.header.shape), name=f"tissue-{cells}")
    volume.close()
    path.unlink()
    return graph


@contextmanager
def neo4j(place: Path) -> Iterator[tuple[str, str, str]]:
    """Run a Neo4j of its own; give its address, user and password, which the environment has too."""
    home = Path(os.environ.get("CELLGRAPH_BENCH_NEO4J", place / "neo4j"))
    server.start(home)
    try:
        uri, user, password = server.credentials(home)
        os.environ |= {"NEO4J_USERNAME": user, "NEO4J_PASSWORD": password}
        yield uri, user, password
    finally:
        server.stop(home)


def run() -> None:
    """Print the table: the small graph in rounds, the large one once."""
    header = ("cells", "contacts", "database", "seconds", "cells and contacts a second", "times plain UNWIND")
    table = Table("Loading a graph that is ready", *header)
    small, large = SIZES
    with folder() as place, neo4j(place) as (uri, user, password):

        def add(name: str, network: Network, seconds: list[float], plain: list[float] | None = None) -> None:
            cells, contacts = network.cells.num_rows, network.contacts.num_rows
            rate = (cells + contacts) / median(seconds)
            faster = f"{median(b / a for a, b in zip(seconds, plain, strict=True)):.2f}" if plain else ""
            table.row(f"{cells:,}", f"{contacts:,}", name, f"{median(seconds):.1f}", f"{rate:,.0f}", faster)

        network = graph_of(small, place).network()
        rounds = [
            (
                load(network, place / "small.db"),
                load(network, uri),
                bulk_import(network, place),
                plain_unwind(network, uri, user, password),
            )
            for _ in range(ROUNDS)
        ]
        embedded, bolt, imported, plain = (list(seconds) for seconds in zip(*rounds, strict=True))
        add("embedded", network, embedded, plain)
        add("Neo4j, through Bolt", network, bolt, plain)
        add("Neo4j, files and neo4j-admin import", network, imported, plain)
        add("Neo4j, plain UNWIND", network, plain)
        network = graph_of(large, place).network()
        add("embedded", network, [load(network, place / "large.db")])
        add("Neo4j, through Bolt", network, [load(network, uri)])
        add("Neo4j, files and neo4j-admin import", network, [bulk_import(network, place)])


def load(network: Network, target: Path | str) -> float:
    """Write a network into an empty database; return the seconds."""
    with open_store(target, create=True) as store:
        for sample in store.sample_names():
            store.delete(sample)
        if isinstance(target, str):
            forget_schema(target)
        begin = time.perf_counter()
        store.write(network)
        return time.perf_counter() - begin


def forget_schema(uri: str) -> None:
    """Drop constraints and indexes, so that a load is the first one."""
    from neo4j import GraphDatabase

    auth = (os.environ["NEO4J_USERNAME"], os.environ["NEO4J_PASSWORD"])
    with GraphDatabase.driver(uri, auth=auth) as driver, driver.session() as session:
        for name in session.run("SHOW CONSTRAINTS YIELD name").value("name"):
            session.run(f"DROP CONSTRAINT {name}").consume()
        for name in session.run("SHOW INDEXES YIELD name, type WHERE type = 'RANGE' RETURN name").value("name"):
            session.run(f"DROP INDEX {name}").consume()


def bulk_import(network: Network, place: Path) -> float:
    """Write the files of an export and import them into a database that is not running; return the seconds."""
    home = Home(place / "import")
    for name in ("conf", "files"):
        (home.path / name).mkdir(parents=True)
    home.configuration.write_text("")
    begin = time.perf_counter()
    files = ImportFiles(home.path / "files")
    files.add(prepare(network), loaded=0)
    arguments = ("database", "import", "full", "neo4j", *files.arguments())
    offline.admin(home, home.configuration.parent, *arguments, cwd=home.path / "files")
    seconds = time.perf_counter() - begin
    shutil.rmtree(home.path)
    return seconds


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
