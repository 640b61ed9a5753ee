"""What Neo4j is asked: the graph alone, and no longer than the user wants to wait."""

from __future__ import annotations

import os
import signal
import subprocess

import neo4j
import pytest
from command import PROGRAM, cellgraph
from six_cells import six_cells

from cellgraph.errors import InputError, ParameterError
from cellgraph.queries.text import quoted
from cellgraph.stores import open_store
from cellgraph.stores.bolt.questions import require_question

NO_QUESTIONS = [
    "SHOW TRANSACTIONS",
    "show /* all */ transactions",
    "// whose?\nSHOW TRANSACTIONS YIELD transactionId AS id TERMINATE TRANSACTIONS id YIELD message RETURN message",
    "TERMINATE TRANSACTIONS 'neo4j-transaction-1'",
    "CYPHER 5 SHOW SETTINGS",
    "EXPLAIN SHOW USERS",
    "SHOW DATABASES",
    "CALL dbms.killConnection('bolt-1')",
    "CALL `dbms` . `killConnection`('bolt-1') YIELD message RETURN message",
    "C\\u0041LL dbms.killConnection('bolt-1')",
    "MATCH (c:Cell) WITH count(c) AS n CALL dbms.listConfig('x') YIELD name RETURN name",
    "CALL db.clearQueryCaches()",
    "CALL`dbms`.`killConnection`('bolt-1')",
    "WITH 1 AS `'` CALL dbms.killConnection('bolt-1') YIELD message AS `'` RETURN 1",
    "CALL tx.setMetaData({a: 1})",
    "LOAD CSV FROM 'file:///etc/passwd' AS row RETURN row",
    "MATCH (s:Sample) LOAD  CSV FROM 'http://127.0.0.1/' AS row RETURN row",
]

QUESTIONS = [
    "MATCH (c:Cell) RETURN c.label AS label",
    "RETURN 'SHOW TRANSACTIONS' AS `LOAD CSV`",
    "SHOW INDEXES YIELD name RETURN name",
    "CALL db.labels() YIELD label RETURN label",
    "CALL { RETURN 1 AS one } RETURN one",
    "MATCH (c:Cell) RETURN c.`CALL dbms.killConnection()` AS call",
]


@pytest.mark.parametrize("cypher", NO_QUESTIONS)
def test_what_is_about_the_server_is_no_question(cypher: str) -> None:
    with pytest.raises(ParameterError, match="is not a query of the graph"):
        require_question(cypher)


def test_questions_are_asked(empty_neo4j: str) -> None:
    with open_store(empty_neo4j) as store:
        for cypher in QUESTIONS:
            store.run(cypher)
        with pytest.raises(ParameterError, match="LOAD CSV is not a query"):
            store.run(NO_QUESTIONS[-1])


def test_ctrl_c_ends_a_query(empty_neo4j: str, neo4j_server: tuple[str, str, str]) -> None:
    with open_store(empty_neo4j) as store:
        store.write(six_cells().network())
    endless = "UNWIND range(1, 1000000000000) AS i WITH i WHERE i % 7 = 8 RETURN count(i) AS n"
    running = "SHOW TRANSACTIONS YIELD metaData WHERE metaData.query = '--cypher' RETURN count(*)"
    uri, user, password = neo4j_server
    command = [PROGRAM, "query", "--db", empty_neo4j, "--cypher", endless]
    with (
        neo4j.GraphDatabase.driver(uri, auth=(user, password)) as driver,
        driver.session() as session,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process,
    ):
        try:
            while not session.run(running).single(strict=True)[0]:
                assert process.poll() is None
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=60)  # it never ends by itself
        finally:
            process.kill()
        assert (process.returncode, out) == (130, "")
        assert "Traceback" not in err
        while session.run(running).single(strict=True)[0]:  # the server ends it too, if a little later
            pass


NAMES = [
    "a`: 1}) DETACH DELETE s //",
    "a\\u0060: 1}) DETACH DELETE s //",
    "a\\U0060",
    "\\u005cu0060",
    "a\nb",
    "a\0b",
    "\\uuuu0060",
]


@pytest.mark.parametrize("name", NAMES)
def test_a_name_never_becomes_cypher(name: str, empty_neo4j: str) -> None:
    import pyarrow as pa
    from store_graphs import table_network

    from cellgraph.model import Sample

    networks = [
        table_network({"label": [1, 2], name: [1, 2]}),
        table_network(
            {"label": [1, 2]}, {"a": pa.array([0]), "b": pa.array([1]), "junctions": pa.array([1]), name: pa.array([1])}
        ),
        table_network({"label": [1, 2]}, samples=(Sample("table", extra={name: "x"}),)),
    ]
    with open_store(empty_neo4j) as store:
        store.write(six_cells().network())
        for network in networks:
            with pytest.raises(InputError, match="cannot be a property"):
                store.write(network)
        assert store.sample_names() == ["six"]
    if "\n" not in name:
        with pytest.raises(InputError, match="cannot be used in Cypher"):
            quoted(name)


@pytest.mark.parametrize("name", ["a\\b", "a\\\\", "Länge (µm)", "a'b\"c", "$x", "u0060", "100%"])
def test_other_names_are_kept(name: str, empty_neo4j: str) -> None:
    from store_graphs import table_network

    import cellgraph as library

    with open_store(empty_neo4j) as store:
        store.write(table_network({"label": [1, 2], name: [10, 20]}))
    with library.open(empty_neo4j) as db:
        assert db.query("cells")[name].to_pylist() == [10, 20]
        assert db.cells.mean(name).exact().estimate == 15


def test_a_property_of_such_a_name_is_not_read_as_cypher(empty_neo4j: str, neo4j_server: tuple[str, str, str]) -> None:
    with open_store(empty_neo4j) as store:
        store.write(six_cells().network())
    uri, user, password = neo4j_server
    with neo4j.GraphDatabase.driver(uri, auth=(user, password)) as driver, driver.session() as session:
        session.run("MATCH (s:Sample) SET s += $p", p={"x\\u0060 AS y, 1 AS `z": 1}).consume()
    done = cellgraph("query", "samples", "--db", empty_neo4j, ok=False)
    assert done.returncode != 0
    assert "cannot be used in Cypher" in done.stderr
    assert os.linesep not in done.stderr.strip()
