"""Random statements with subqueries and optional patterns, asked of the embedded database and of Neo4j."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

import pytest
from neo4j_fixture import Credentials
from referee_subqueries import Statement, random_cells

from cellgraph.errors import StoreError
from cellgraph.stores import Store, open_store
from cellgraph.stores.contract import OWN_CYPHER

REFUSED = ("which may be null", "a subquery uses")


def answer(store: Store, cypher: str) -> Counter[tuple[object, ...]]:
    return Counter(tuple(row.values()) for row in store.run(cypher, name=OWN_CYPHER).to_pylist())


def answer_or_refusal(store: Store, cypher: str) -> Counter[tuple[object, ...]] | str:
    try:
        return answer(store, cypher)
    except StoreError as error:
        return str(error)


@pytest.mark.parametrize("seed", range(4))
def test_both_databases_agree(
    seed: int, tmp_path: Path, neo4j_server: Credentials, monkeypatch: pytest.MonkeyPatch
) -> None:
    address, user, password = neo4j_server
    monkeypatch.setenv("NEO4J_USERNAME", user)
    monkeypatch.setenv("NEO4J_PASSWORD", password)
    draw = random.Random(seed)
    cells = random_cells(draw)
    asked = refused = 0
    with open_store(str(tmp_path / "cells.db"), create=True) as embedded, open_store(address) as neo4j:
        embedded.write(cells)
        neo4j.write(cells)
        try:
            while asked < 60:
                cypher = Statement(draw).text
                asked += 1
                found = answer_or_refusal(embedded, cypher)
                if isinstance(found, str):
                    assert any(sign in found for sign in REFUSED), (cypher, found)
                    refused += 1
                else:
                    assert found == answer(neo4j, cypher), cypher
        finally:
            neo4j.delete("g")
    assert refused < asked / 3
