"""Random patterns on random graphs, asked of each database and answered by plain loops."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from referee_networks import Judge, network
from referee_questions import KINDS_OF_QUESTION, random_graph, random_question

from cellgraph.errors import StoreError
from cellgraph.stores import Store, open_store


@pytest.fixture(params=("ladybug", "neo4j"))
def store(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """An empty database of each kind."""
    address = str(tmp_path / "cells.db")
    if request.param == "neo4j":
        address, user, password = request.getfixturevalue("neo4j_server")
        monkeypatch.setenv("NEO4J_USERNAME", user)
        monkeypatch.setenv("NEO4J_PASSWORD", password)
    with open_store(address, create=True) as opened:
        yield opened
        for name in opened.sample_names():
            opened.delete(name)


@pytest.mark.parametrize("seed", range(6))
def test_random_patterns(store: Store, seed: int) -> None:
    draw = random.Random(seed)
    graph = random_graph(draw)
    store.write(network(graph, "referee"))
    judge = Judge(store, graph)
    for kind in KINDS_OF_QUESTION:
        for _ in range(3):
            judge.ask(random_question(draw, kind))
    assert not judge.wrong


def test_patterns_on_a_graph_of_more_rows_than_a_vector_has(store: Store) -> None:
    draw = random.Random(1)
    graph = random_graph(draw, cells=3000)
    store.write(network(graph, "referee"))
    judge = Judge(store, graph)
    for kind in ("one", "chain of 2", "optional", "triangle"):
        for _ in range(2):
            judge.ask(random_question(draw, kind))
    assert not judge.wrong


def test_only_closed_patterns_over_parallel_relationships_are_refused(store: Store) -> None:
    if store.relationships_once:
        pytest.skip("Neo4j answers all")
    refused: Counter[tuple[str, bool]] = Counter()
    for seed in range(4):
        draw = random.Random(seed)
        graph = random_graph(draw)
        store.write(network(graph, "referee"), replace=True)
        parallel = len(set(graph.ends)) < len(graph.ends)
        for kind in KINDS_OF_QUESTION:
            for _ in range(4):
                try:
                    store.run(random_question(draw, kind).cypher)
                except StoreError:
                    refused[kind, parallel] += 1
    assert {kind for kind, parallel in refused if parallel} <= {"triangle", "ring of 4", "diamond"}
    assert not [kind for kind, parallel in refused if not parallel]
