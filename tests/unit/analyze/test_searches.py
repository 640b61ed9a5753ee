"""The compiled searches against networkx, on graphs with relationships twice and of a cell with itself."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cellgraph.adjacency import matrix as adjacency_module
from cellgraph.adjacency import rings
from cellgraph.adjacency.matrix import Adjacency, rows_of
from cellgraph.adjacency.rings import counts_by_distance
from cellgraph.analyze.components import components
from cellgraph.analyze.degree import connection_count, degree, hubs
from cellgraph.analyze.khop import khop, khop_summary
from cellgraph.analyze.path import fewest_contacts
from cellgraph.errors import InputError
from cellgraph.estimation.restricted import Restricted
from cellgraph.stores import Topology


@st.composite
def topologies(draw: st.DrawFn) -> Topology:
    """Bare graphs of up to three samples, sorted by (sample, label), with any relationships."""
    sizes = draw(st.lists(st.integers(1, 8), min_size=1, max_size=3))
    labels = [sorted(draw(st.sets(st.integers(0, 2**62), min_size=size, max_size=size))) for size in sizes]
    n = sum(sizes)
    links = draw(st.lists(st.tuples(st.integers(0, n - 1), st.integers(0, n - 1)), max_size=30))
    ends = np.array(links, np.int64).reshape(-1, 2)
    samples = np.repeat(np.array([f"s{number}" for number in range(len(sizes))], object), sizes)
    return Topology(samples, np.concatenate([np.array(part, np.int64) for part in labels]), ends[:, 0], ends[:, 1])


def everything(topology: Topology) -> Restricted:
    """The graph of a question without conditions."""
    rows = np.arange(len(topology.labels))
    return Restricted(topology, np.ones(len(rows), bool), rows, rows, "both")


def as_networkx(topology: Topology) -> nx.Graph:
    graph = nx.Graph()
    graph.add_nodes_from(range(len(topology.labels)))
    graph.add_edges_from(zip(topology.a.tolist(), topology.b.tolist(), strict=True))
    return graph


@given(topologies(), st.integers(1, 5), st.integers(1, 3))
def test_khop_is_that_of_networkx(topology: Topology, k: int, workers: int) -> None:
    graph, oracle = Adjacency.build(topology), as_networkx(topology)
    counts = counts_by_distance(graph, rows_of(graph, None), k, workers=workers)
    for cell in oracle:
        lengths = list(nx.single_source_shortest_path_length(oracle, cell, cutoff=k).values())
        assert counts[cell].tolist() == [lengths.count(hop) for hop in range(1, k + 1)]


@pytest.mark.parametrize("direction", ["both", "out"])
def test_cells_whose_numbers_say_nothing_of_their_places(monkeypatch: pytest.MonkeyPatch, direction: str) -> None:
    side = 40
    number = np.arange(side * side)
    a = np.r_[number[number % side < side - 1], number[:-side]]
    b = np.r_[number[number % side < side - 1] + 1, number[side:]]
    shuffled = np.random.default_rng(2).permutation(side * side)
    samples = np.full(side * side, "s", object)
    ordered = Adjacency.build(Topology(samples, number, a, b), direction=direction)
    other = Adjacency.build(Topology(samples, number, shuffled[a], shuffled[b]), direction=direction)
    monkeypatch.setattr(rings, "_MANY", 100)
    some = np.sort(shuffled[:900])
    assert not rings._say_nothing(ordered, number)
    assert rings._say_nothing(other, number)
    assert rings._say_nothing(other, some)
    expected = counts_by_distance(ordered, number, 3)
    assert np.array_equal(counts_by_distance(other, shuffled, 3), expected)
    back = np.argsort(shuffled)
    assert np.array_equal(counts_by_distance(other, some, 3), expected[back[some]])


@given(topologies(), st.integers(1, 4))
def test_rows_of_khop(topology: Topology, k: int) -> None:
    graph = Adjacency.build(topology)
    for sample in (None, "s0"):
        rows = rows_of(graph, sample)
        counts = counts_by_distance(graph, rows, k)
        expected = [
            {"sample": graph.samples[cell], "cell": int(graph.labels[cell]), "hop": hop + 1}
            | {"cells": int(counts[row, hop]), "within": int(counts[row, : hop + 1].sum())}
            for row, cell in enumerate(rows)
            for hop in range(k)
        ]
        assert khop(graph, rows, k).to_pylist() == expected


@given(topologies(), st.integers(1, 3))
def test_the_summary_is_of_the_rows(topology: Topology, k: int) -> None:
    graph = Adjacency.build(topology)
    rows = khop(graph, rows_of(graph, None), k).to_pylist()
    for summary in khop_summary(graph, rows_of(graph, None), k).to_pylist():
        mine = [row for row in rows if (row["sample"], row["hop"]) == (summary["sample"], summary["hop"])]
        assert summary["counted"] == len(mine)
        for of in ("cells", "within"):
            numbers = sorted(row[of] for row in mine)
            assert summary[f"{of}_mean"] == pytest.approx(sum(numbers) / len(numbers))
            assert summary[f"{of}_min"] == numbers[0]
            assert summary[f"{of}_median"] == numbers[(len(numbers) - 1) // 2]
            assert summary[f"{of}_max"] == numbers[-1]


@given(topologies())
def test_components_are_those_of_networkx(topology: Topology) -> None:
    found = components(everything(topology)).to_pylist()
    for piece in nx.connected_components(as_networkx(topology)):
        for cell in piece:
            mine = [other for other in piece if topology.samples[other] == topology.samples[cell]]
            assert found[cell] == {
                "sample": topology.samples[cell],
                "cell": int(topology.labels[cell]),
                "component": int(min(topology.labels[mine])),
                "size": len(mine),
            }


@given(topologies())
def test_degrees_and_connections(topology: Topology) -> None:
    graph, oracle = Adjacency.build(topology), as_networkx(topology)
    rows = rows_of(graph, None)
    degrees = [len(set(oracle[cell]) - {cell}) for cell in oracle]
    assert degree(graph, rows)["degree"].to_pylist() == degrees
    given_links = list(zip(topology.a.tolist(), topology.b.tolist(), strict=True))
    connections = [sum(cell in link for link in given_links) for cell in oracle]
    assert connection_count(topology, rows)["connections"].to_pylist() == connections
    order = sorted((cell for cell in oracle if degrees[cell]), key=lambda cell: (-degrees[cell], cell))
    assert hubs(graph, rows, 3)["cell"].to_pylist() == topology.labels[order[:3]].tolist()


@given(topologies(), st.data())
def test_the_way_has_the_fewest_contacts_and_then_the_smallest_labels(topology: Topology, data: st.DataObject) -> None:
    graph, oracle = Adjacency.build(topology), as_networkx(topology)
    source, target = (data.draw(st.integers(0, len(topology.labels) - 1)) for _ in range(2))
    way = fewest_contacts(graph, source, target)
    if not nx.has_path(oracle, source, target):
        assert way == []
        return
    key = lambda cells: [(topology.labels[cell], topology.samples[cell]) for cell in cells]  # noqa: E731
    assert way == min(nx.all_shortest_paths(oracle, source, target), key=key)


def test_parts_of_the_cells_are_put_together(monkeypatch: pytest.MonkeyPatch) -> None:
    from cellgraph.adjacency import rings
    from cellgraph.analyze import khop as tables

    n = 1000
    ring = Topology(np.full(n, "s", object), np.arange(n), np.arange(n), (np.arange(n) + 1) % n)
    graph = Adjacency.build(ring)
    whole = khop(graph, rows_of(graph, None), 3)
    monkeypatch.setattr(rings, "_PART", 7)
    monkeypatch.setattr(tables, "_TABLE_PART", 13)
    assert khop(graph, rows_of(graph, None), 3).combine_chunks() == whole.combine_chunks()
    assert set(zip(whole["hop"].to_pylist(), whole["cells"].to_pylist(), whole["within"].to_pylist(), strict=True)) == {
        (1, 2, 2),
        (2, 2, 4),
        (3, 2, 6),
    }


def test_no_cells() -> None:
    empty = Topology(np.empty(0, object), np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.int64))
    graph = Adjacency.build(empty)
    rows = rows_of(graph, None)
    pieces = components(everything(empty))
    for table in (khop(graph, rows, 2), khop_summary(graph, rows, 2), pieces, degree(graph, rows)):
        assert table.num_rows == 0
        assert table.schema.field("sample").type == pa.string()


def test_more_cells_than_the_kernels_can_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adjacency_module, "MOST_CELLS", 2)
    three = Topology(np.full(3, "s", object), np.arange(3), np.empty(0, np.int64), np.empty(0, np.int64))
    with pytest.raises(
        InputError, match="at most 2 cells can be processed together, got 3; choose one sample with --sample"
    ):
        Adjacency.build(three)


def test_a_check_that_raises_ends_the_count() -> None:
    side = np.arange(40**3).reshape(40, 40, 40)
    a = np.concatenate([side[:-1].ravel(), side[:, :-1].ravel(), side[:, :, :-1].ravel()])
    b = np.concatenate([side[1:].ravel(), side[:, 1:].ravel(), side[:, :, 1:].ravel()])
    graph = Adjacency.build(Topology(np.full(40**3, "grid", object), np.arange(40**3), a, b))
    calls = []

    def check() -> None:
        calls.append(1)
        if len(calls) == 2:
            raise TimeoutError

    with pytest.raises(TimeoutError):
        counts_by_distance(graph, np.arange(40**3), 30, check=check)
    assert len(calls) == 2
