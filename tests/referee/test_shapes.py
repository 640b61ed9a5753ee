"""Shapes, paths and types on random tissues: Cypher and compiled code, judged by networkx and loops."""

from __future__ import annotations

import random
from collections.abc import Callable
from itertools import combinations, islice
from typing import Any

import networkx as nx
import pytest
from referee_conditions import Oracle, random_tissue, rows_of

import cellgraph


def both(db: cellgraph.Database, name: str, **given: Any) -> list[tuple[Any, ...]]:
    """Return the rows of a query, which have to be the same in Cypher and compiled, up to the rounding of sums."""
    cypher, compiled = (db.query(name, method=method, **given) for method in ("cypher", "compiled"))  # type: ignore[arg-type]
    found = [rows_of(table, table.column_names) for table in (cypher, compiled)]
    assert len(found[0]) == len(found[1]), (name, given, found)
    for one, other in zip(*found, strict=True):
        assert one == pytest.approx(other), (name, given)
    return found[1]


def squares(graph: nx.Graph, cell: int) -> int:
    return sum(len(set(graph[a]) & set(graph[b]) - {cell}) for a, b in combinations(graph[cell], 2))


@pytest.mark.parametrize("seed", range(2))
def test_random_tissues(tissues: Callable[..., Any], seed: int) -> None:
    draw = random.Random(100 + seed)
    tissue = random_tissue(draw, simple=seed == 0)
    oracle = Oracle(tissue, {})
    graph = nx.Graph()
    graph.add_nodes_from(range(len(tissue.cells)))
    graph.add_edges_from((c["a"], c["b"]) for c in tissue.contacts if c["a"] != c["b"])
    label = [cell["label"] for cell in tissue.cells]
    with tissues(tissue) as db:
        found = both(db, "triangles")
        clustering = nx.clustering(graph)
        assert [row[2:4] for row in found] == [(graph.degree(c), nx.triangles(graph, c)) for c in graph]
        assert [row[4] for row in found] == pytest.approx([clustering[c] for c in graph])
        assert [row[2] for row in both(db, "squares")] == [squares(graph, c) for c in graph]
        candidates = {
            (label[a], label[b], *sorted((label[x], label[y])))
            for a, b in graph.edges
            for x, y in [sorted(nx.common_neighbors(graph, a, b))] * (len([*nx.common_neighbors(graph, a, b)]) == 2)
            if not graph.has_edge(x, y)
        }
        found = both(db, "t1-candidates")
        assert {(row[1], row[2], row[5], row[6]) for row in found} == {
            (min(r[:2]), max(r[:2]), *r[2:]) for r in candidates
        }
        cell = draw.randrange(len(label))
        jaccard = {row[2]: row[5] for row in both(db, "similar", cell=label[cell], limit=1000)}
        pairs = [(cell, other) for other in graph if other != cell]
        assert jaccard == pytest.approx(
            {label[b]: value for _, b, value in nx.jaccard_coefficient(graph, pairs) if value}
        )
        starts = {c for c in graph if tissue.cells[c]["kind"] == "alpha"} or {0}
        to = "kind = 'alpha'" if tissue.cells[min(starts)]["kind"] == "alpha" else str(label[0])
        far = nx.multi_source_dijkstra_path_length(graph, starts)
        assert [row[2] for row in both(db, "nearest", to=to)] == [far.get(c) for c in graph]
        source, target = draw.sample(range(len(label)), 2)
        ends = {"source": label[source], "target": label[target]}
        joined = nx.has_path(graph, source, target)
        shortest = (
            sorted([label[c] for c in way] for way in nx.all_shortest_paths(graph, source, target)) if joined else []
        )
        assert ways(both(db, "paths", **ends)) == shortest
        wanted = [*islice(nx.shortest_simple_paths(graph, source, target), 5)] if joined else []
        several = db.query("paths", k=5, **ends)
        assert [len(way) for way in ways(rows_of(several, several.column_names))] == [len(way) for way in wanted]
        common = both(db, "common-neighbours", **ends)
        assert [row[0] for row in common] == sorted(label[c] for c in nx.common_neighbors(graph, source, target))
        assert sum(row[4] for row in both(db, "contact-fraction")) == pytest.approx(sum(d > 0 for _, d in graph.degree))
        types = both(db, "contacts-by", by="kind")
        typed = [
            c for c in tissue.contacts if c["a"] != c["b"] and None not in (kind(tissue, c, "a"), kind(tissue, c, "b"))
        ]
        assert sum(row[3] for row in types) == len(typed)
        assert sum(row[6] for row in types) == pytest.approx(len(typed))
        both(db, "khop-types", by="kind", k=2)
        profile = both(db, "khop-profile", of="volume", k=2)
        counts = [row[3] for row in oracle.khop(2)]
        assert [row[3] for row in profile] == counts
        both(db, "neighbours-mean", of="volume")
        both(db, "patches", where="volume > 7", min_cells=2)
        if tissue.directed:
            arrows = {(c["a"], c["b"]) for c in tissue.contacts if c["a"] != c["b"]}
            pairs_ = {tuple(sorted((label[a], label[b]))) for a, b in arrows if (b, a) in arrows}
            assert {row[1:3] for row in both(db, "reciprocal")} == pairs_


def kind(tissue: Any, contact: dict[str, Any], end: str) -> str | None:
    found: str | None = tissue.cells[contact[end]]["kind"]
    return found


def ways(rows: list[tuple[Any, ...]]) -> list[list[int]]:
    """Return the labels of the cells of each path."""
    return [[row[2] for row in rows if row[0] == number] for number in sorted({row[0] for row in rows})]
