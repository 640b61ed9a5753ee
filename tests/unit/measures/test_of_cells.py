"""Each metric against networkx."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import networkx as nx
import numpy as np
import pytest

from cellgraph.measures import ofcells, ofsamples
from cellgraph.measures.graph import Graph, graphs
from cellgraph.stores import Topology

pytest.importorskip("networkit")

Network = tuple[Graph, nx.Graph]


def network(edges: list[tuple[int, int]], n: int, *, weighted: bool = False, turned: bool = False) -> Network:
    """The same graph for us and for networkx; labels are numbers times 10."""
    random = np.random.default_rng(2)
    a, b = np.array(edges, np.int64).reshape(-1, 2).T
    weights = random.uniform(0.5, 4.0, len(a)) if weighted else None
    samples = np.array(["one"] * n, object)
    topology = Topology(samples, np.arange(n) * 10, b if turned else a, a if turned else b)
    ((graph, elsewhere),) = graphs(topology, weights)
    assert elsewhere == 0
    other = nx.empty_graph(n)
    for number, (i, j) in enumerate(zip(a.tolist(), b.tolist(), strict=True)):
        other.add_edge(i, j, weight=1.0 if weights is None else float(weights[number]))
    return graph, other


GRAPHS: dict[str, Callable[[], tuple[list[tuple[int, int]], int]]] = {
    "random": lambda: (list(nx.gnm_random_graph(60, 130, seed=3).edges), 62),
    "tissue": lambda: (list(nx.convert_node_labels_to_integers(nx.triangular_lattice_graph(7, 9)).edges), 40),
    "tree": lambda: (list(nx.random_labeled_tree(30, seed=1).edges), 30),
    "star": lambda: ([(0, i) for i in range(1, 6)], 6),
    "two pieces": lambda: ([(0, 1), (1, 2), (3, 4), (4, 5), (5, 3), (5, 6)], 8),
    "pair": lambda: ([(0, 1)], 2),
}


@pytest.fixture(params=[*GRAPHS])
def edges(request: pytest.FixtureRequest) -> tuple[list[tuple[int, int]], int]:
    found, n = GRAPHS[request.param]()
    return found, max(n, 1 + max(max(pair) for pair in found))


PLAIN: dict[str, Callable[[nx.Graph], dict[int, Any]]] = {
    "degree": lambda g: dict(g.degree),
    "pagerank": lambda g: nx.pagerank(g, tol=1e-12, max_iter=1000, weight=None),
    "betweenness": nx.betweenness_centrality,
    "closeness": nx.closeness_centrality,
    "harmonic": nx.harmonic_centrality,
    "clustering": nx.clustering,
    "core_number": nx.core_number,
    "articulation": lambda g: {node: node in set(nx.articulation_points(g)) for node in g},
    "components": lambda g: {node: min(piece) * 10 for piece in nx.connected_components(g) for node in piece},
    "eccentricity": lambda g: {
        node: max(nx.single_source_shortest_path_length(g, node).values()) for node in g
    },
}  # fmt: skip

WEIGHTED: dict[str, Callable[[nx.Graph], dict[int, Any]]] = {
    "strength": lambda g: dict(g.degree(weight="weight")),
    "pagerank": lambda g: nx.pagerank(g, tol=1e-12, max_iter=1000, weight="weight"),
    "betweenness": lambda g: nx.betweenness_centrality(g, weight="weight"),
    "closeness": lambda g: nx.closeness_centrality(g, distance="weight"),
    "harmonic": lambda g: nx.harmonic_centrality(g, distance="weight"),
}


@pytest.mark.parametrize("name", PLAIN)
def test_as_networkx(name: str, edges: tuple[list[tuple[int, int]], int]) -> None:
    graph, other = network(*edges)
    expected = PLAIN[name](other)
    found = getattr(ofcells, name)(graph)
    np.testing.assert_allclose(found, [expected[node] for node in range(graph.n)], rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("name", WEIGHTED)
def test_as_networkx_with_weights(name: str, edges: tuple[list[tuple[int, int]], int]) -> None:
    graph, other = network(*edges, weighted=True)
    expected = WEIGHTED[name](other)
    found = getattr(ofcells, name)(graph)
    np.testing.assert_allclose(found, [expected[node] for node in range(graph.n)], rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("name", [*PLAIN, "eigenvector", "community", "current_flow_betweenness"])
def test_the_direction_in_which_a_contact_is_stored_does_not_matter(name: str) -> None:
    edges, n = GRAPHS["random"]()
    found = [getattr(ofcells, name)(network(edges, n, turned=turned)[0]) for turned in (False, True)]
    np.testing.assert_allclose(*found, rtol=1e-12)


OUT: dict[str, Callable[[nx.DiGraph], dict[int, Any]]] = {
    "degree": lambda g: dict(g.out_degree),
    "strength": lambda g: dict(g.out_degree(weight="weight")),
    "pagerank": lambda g: nx.pagerank(g, tol=1e-12, max_iter=1000),
    "betweenness": lambda g: nx.betweenness_centrality(g, weight="weight"),
    # networkx looks at what leads to a cell, and here it is where its own contacts lead.
    "closeness": lambda g: nx.closeness_centrality(g.reverse(), distance="weight"),
    "harmonic": lambda g: nx.harmonic_centrality(g.reverse(), distance="weight"),
}  # fmt: skip


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("name", OUT)
def test_directed_contacts_as_networkx(name: str, weighted: bool) -> None:
    random = np.random.default_rng(5)
    n, m = 40, 110
    a, b = random.integers(0, n - 2, (2, m))
    kept = a != b
    a, b = np.unique(np.stack([a[kept], b[kept]]), axis=1)
    values = random.uniform(0.5, 4.0, len(a)) if weighted else None
    topology = Topology(np.array(["one"] * n, object), np.arange(n), a, b)
    for direction in ("out", "in"):
        ((graph, _),) = graphs(topology, values, direction)
        other = nx.empty_graph(n, create_using=nx.DiGraph)
        ends = (a, b) if direction == "out" else (b, a)
        for i, j, weight in zip(*ends, np.ones(len(a)) if values is None else values, strict=True):
            other.add_edge(int(i), int(j), weight=float(weight))
        expected = OUT[name](other)
        found = getattr(ofcells, name)(graph)
        np.testing.assert_allclose(found, [expected[node] for node in range(n)], rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("of", ["random", "tissue", "star", "two pieces"])
def test_eigenvector(of: str, weighted: bool) -> None:
    graph, other = network(*_sized(of), weighted=weighted)
    expected = nx.eigenvector_centrality(other, max_iter=100_000, tol=1e-12, weight="weight")
    found = ofcells.eigenvector(graph)
    np.testing.assert_allclose(found, [expected[node] for node in range(graph.n)], atol=1e-6)


def test_eigenvector_of_a_large_graph() -> None:
    made = nx.convert_node_labels_to_integers(nx.triangular_lattice_graph(15, 33))
    graph, other = network(list(made.edges), len(made))
    expected = nx.eigenvector_centrality(other, max_iter=100_000, tol=1e-13)
    np.testing.assert_allclose(ofcells.eigenvector(graph), [expected[node] for node in range(graph.n)], atol=1e-6)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("of", ["random", "tissue", "tree", "star"])
def test_current_flow(of: str, weighted: bool) -> None:
    edges, _ = _sized(of)
    piece = max(nx.connected_components(nx.Graph(edges)), key=len)
    number = {node: i for i, node in enumerate(sorted(piece))}
    own = [(number[a], number[b]) for a, b in edges if a in piece]
    graph, other = network(own, len(piece), weighted=weighted)
    expected = nx.current_flow_betweenness_centrality(other, weight="weight")
    found = ofcells.current_flow_betweenness(graph)
    np.testing.assert_allclose(found, [expected[node] for node in range(graph.n)], rtol=1e-7, atol=1e-9)


def test_sampled_current_flow_is_near() -> None:
    graph, _ = network(*_sized("tissue"))
    exact, near = ofcells.current_flow_betweenness(graph), ofcells.current_flow_betweenness(graph, 0.02)
    assert 0 < np.abs(exact - near).max() < 5 * 0.02


def test_sampled_betweenness_keeps_its_error() -> None:
    graph, other = network(*_sized("random"))
    expected = nx.betweenness_centrality(other)
    found = ofcells.sampled_betweenness(graph, 0.03)
    assert 0 < np.abs(found - [expected[node] for node in range(graph.n)]).max() <= 0.03


def test_communities_are_good_and_always_the_same() -> None:
    made = nx.planted_partition_graph(5, 20, 0.6, 0.02, seed=4)
    graph, other = network(list(made.edges), 100)
    found = ofcells.community(graph)
    np.testing.assert_array_equal(found, ofcells.community(graph))
    groups = [set(np.flatnonzero(found == label).tolist()) for label in np.unique(found)]
    planted = [set(range(start, start + 20)) for start in range(0, 100, 20)]
    assert nx.community.modularity(other, groups) >= nx.community.modularity(other, planted) - 1e-9
    assert set(found.tolist()) == {min(group) * 10 for group in groups}


def test_parallel_contacts_and_contacts_with_itself() -> None:
    topology = Topology(
        np.array(["s"] * 3, object), np.array([1, 2, 3]), np.array([0, 1, 0, 2]), np.array([1, 0, 2, 2])
    )
    ((graph, _),) = graphs(topology, np.array([2.0, 5.0, 1.0, 9.0]))
    assert graph.a.tolist() == [0, 0]
    assert graph.b.tolist() == [1, 2]
    assert graph.strength.tolist() == [7.0, 1.0]
    assert graph.length.tolist() == [2.0, 1.0]
    assert ofcells.degree(graph).tolist() == [2, 1, 1]


@pytest.mark.parametrize("name", ["eigenvector", "pagerank", "current_flow_betweenness"])
def test_without_weights_parallel_contacts_count_once(name: str) -> None:
    edges = [(0, 1), (1, 2), (0, 3), (3, 2), (2, 4)]
    twice = network([*edges, (1, 0), (1, 0)], 5)[0]
    np.testing.assert_allclose(getattr(ofcells, name)(twice), getattr(ofcells, name)(network(edges, 5)[0]), rtol=1e-9)


def test_samples_are_apart() -> None:
    topology = Topology(np.array(["p", "p", "q"], object), np.array([1, 2, 1]), np.array([0, 1]), np.array([1, 2]))
    found = [
        (graph.sample, graph.first, graph.n, len(graph.a), elsewhere) for graph, elsewhere in graphs(topology, None)
    ]
    assert found == [("p", 0, 2, 1, 1), ("q", 2, 1, 0, 1)]


@pytest.mark.parametrize("name", [*PLAIN, "eigenvector", "community", "current_flow_betweenness"])
@pytest.mark.parametrize("n", [1, 3])
def test_cells_without_contacts(name: str, n: int) -> None:
    graph, _ = network([], n)
    found = getattr(ofcells, name)(graph)
    assert len(found) == n
    assert np.isfinite(found).all()


def test_measures_of_samples(edges: tuple[list[tuple[int, int]], int]) -> None:
    graph, other = network(*edges)
    largest = other.subgraph(max(nx.connected_components(other), key=len))
    assert ofsamples.diameter(graph, {})[0]["low"] == ofsamples.diameter(graph, {})[0]["high"] == [nx.diameter(largest)]
    (found,) = ofsamples.assortativity(graph, {})[0]["assortativity"]
    degrees = {other.degree[node] for node in other if other.degree[node]}
    if len(degrees) > 1:
        assert found == pytest.approx(nx.degree_assortativity_coefficient(other))
    else:
        assert found is None
    rows, _ = ofsamples.hop_plot(graph, {})
    lengths = [d for _, reached in nx.all_pairs_shortest_path_length(other) for d in reached.values() if d]
    assert rows["pairs"] == [sum(d <= hop for d in lengths) for hop in rows["hop"]]
    assert rows["share"][-1] == len(lengths) / (graph.n * (graph.n - 1))


def test_bounds_of_the_diameter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ofsamples, "_EXACT", 10)
    monkeypatch.setattr(ofsamples, "_STARTS", 5)
    graph, other = network(*_sized("tissue"))
    rows, _ = ofsamples.diameter(graph, {})
    assert rows["low"][0] <= nx.diameter(other) <= rows["high"][0]
    assert "5 random cells of" in ofsamples.hop_plot(graph, {})[1][0]


HONEYCOMB = [
    *[(0, i) for i in range(1, 7)],
    *[(i, i % 6 + 1) for i in range(1, 7)],
]
"""A hexagon in the middle of six others, which are on the border."""


def test_tissue_topology_leaves_out_the_border() -> None:
    graph, _ = network(HONEYCOMB, 7)
    cells = {"on_border": np.array([0.0] + [1.0] * 6), "volume": np.array([3.0] + [1.0] * 6)}
    rows, notes = ofsamples.polygon_classes(graph, cells)
    assert (rows, notes) == ({"neighbours": [6], "cells": [1], "share": [1.0]}, [])
    rows, _ = ofsamples.lewis(graph, cells)
    assert rows == {"neighbours": [6], "cells": [1], "size_mean": [3.0], "size_relative": [1.0], "lewis": [1.0]}
    rows, _ = ofsamples.aboav_weaire(graph, cells)
    assert rows["cells"] == []


def test_tissue_topology_where_the_border_is_not_known() -> None:
    graph, _ = network(HONEYCOMB, 7)
    cells = {"on_border": np.full(7, np.nan), "volume": np.array([3.0, 1, 1, 1, 1, 1, 1])}
    rows, notes = ofsamples.polygon_classes(graph, cells)
    assert rows == {"neighbours": [3, 6], "cells": [6, 1], "share": [6 / 7, 1 / 7]}
    assert notes == ["the sample 'one' has no column on_border, so no cells are left out"]
    rows, _ = ofsamples.lewis(graph, cells)
    assert rows["size_relative"] == pytest.approx([7 / 9, 7 / 3])
    rows, notes = ofsamples.aboav_weaire(graph, cells)
    assert rows["neighbours_of_neighbours"] == pytest.approx([(6 + 3 + 3) / 3, 3.0])
    assert rows["aboav_weaire"] == pytest.approx([4.0, 3.0])
    assert "n m = 2 n + 6, so a = 4" in notes[1]


def _sized(of: str) -> tuple[list[tuple[int, int]], int]:
    found, n = GRAPHS[of]()
    return found, max(n, 1 + max(max(pair) for pair in found))
