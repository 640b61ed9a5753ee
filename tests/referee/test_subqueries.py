"""Random statements of subqueries, optional patterns and chains of clauses, asked of both databases."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from neo4j_fixture import Credentials
from referee_clauses import Chain
from referee_subqueries import Statement, random_cells

from cellgraph.errors import StoreError
from cellgraph.stores import Store, open_store
from cellgraph.stores.contract import OWN_CYPHER

REFUSED = (
    "which may be null",
    "a subquery uses",
    "are the same: it takes",
    "an aggregate after a DISTINCT one",
    "aggregates an expression around an aggregate",
)


def answer(store: Store, cypher: str) -> Counter[tuple[str, ...]]:
    rows = store.run(cypher, name=OWN_CYPHER).to_pylist()
    return Counter(tuple(text_of(value) for value in row.values()) for row in rows)


def text_of(value: Any) -> str:
    """Return a value as text, a number up to its rounding: 2 and 2.0 are the same."""
    return f"{value:.9g}" if isinstance(value, int | float) and not isinstance(value, bool) else repr(value)


def answer_or_refusal(store: Store, cypher: str) -> Counter[tuple[str, ...]] | str:
    try:
        return answer(store, cypher)
    except StoreError as error:
        return str(error)


@pytest.mark.parametrize("kind", [Statement, Chain])
@pytest.mark.parametrize("seed", range(3))
def test_both_databases_agree(
    seed: int,
    kind: type[Statement] | type[Chain],
    tmp_path: Path,
    neo4j_server: Credentials,
    monkeypatch: pytest.MonkeyPatch,
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
                cypher = kind(draw).text
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
