"""k-hop counts that are estimated, beside exact ones."""

from __future__ import annotations

from pathlib import Path

import networkx as nx
import numpy as np
import pytest
from command import cellgraph, refused

from cellgraph.adjacency import hyperloglog
from cellgraph.adjacency.hyperloglog import estimated_within, registers_for, standard_error
from cellgraph.adjacency.matrix import Adjacency
from cellgraph.adjacency.rings import counts_by_distance
from cellgraph.errors import InputError
from cellgraph.stores import Topology


def adjacency(graph: nx.Graph) -> Adjacency:
    ends = np.array(graph.edges, np.int64)
    n = len(graph)
    return Adjacency.build(Topology(np.full(n, "s", object), np.arange(n), ends[:, 0], ends[:, 1]))


@pytest.fixture(scope="module")
def tissue() -> Adjacency:
    return adjacency(nx.convert_node_labels_to_integers(nx.grid_graph((20, 20, 20))))


@pytest.mark.parametrize("registers", [16, 64, 256, 1024])
def test_the_error_is_what_is_said(tissue: Adjacency, registers: int) -> None:
    k = 12
    within = estimated_within(tissue, k, registers=registers)
    exact = counts_by_distance(tissue, np.arange(8000), k).cumsum(axis=1)
    error = (within / exact - 1)[:, 1:]
    assert np.sqrt((error**2).mean()) < 1.3 * standard_error(registers)
    assert abs(error.mean()) < standard_error(registers)
    assert (np.diff(within, axis=1) >= 0).all()


def test_few_cells_are_nearly_counted(tissue: Adjacency) -> None:
    within = estimated_within(tissue, 2, registers=1024)
    exact = counts_by_distance(tissue, np.arange(8000), 2).cumsum(axis=1)
    assert np.abs(within - exact).max() <= 3
    assert (np.rint(within[:, 0]) == exact[:, 0]).mean() > 0.9


def test_pieces_end_where_they_end() -> None:
    graph = nx.disjoint_union(nx.path_graph(4), nx.empty_graph(2))
    within = estimated_within(adjacency(graph), 9, registers=1024)
    assert np.rint(within[:, -1]).tolist() == [3, 3, 3, 3, 0, 0]
    assert np.rint(within[0]).tolist() == [1, 2, 3, 3, 3, 3, 3, 3, 3]


def test_memory_decides_how_sure_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hyperloglog, "free_memory", lambda: 2**30)
    assert [registers_for(cells) for cells in (1000, 200_000, 1_000_000, 8_000_000)] == [1024, 512, 128, 16]
    with pytest.raises(InputError, match="9,000,000 cells need 1 GB of free memory"):
        registers_for(9_000_000)


def test_on_the_command_line(tmp_path: Path) -> None:
    cellgraph("phantom", "cells.tif", "--cells", 300, "--shape", "32,64,64", cwd=tmp_path)
    cellgraph("load", "cells.tif", cwd=tmp_path)
    ask = ["query", "khop", "--k", 3, "--format", "csv"]
    exact = cellgraph(*ask, cwd=tmp_path).stdout.splitlines()
    done = cellgraph(*ask, "--method", "estimated", cwd=tmp_path)
    rows = done.stdout.splitlines()
    assert "estimated with 1,024 registers per cell (HyperLogLog): within has a standard error of 3.2 %" in done.stderr
    assert rows[0] == exact[0]
    numbers = [[int(line.split(",")[-1]) for line in lines[1:]] for lines in (exact, rows)]
    assert len(numbers[0]) == len(numbers[1]) > 500
    np.testing.assert_allclose(numbers[1], numbers[0], rtol=0.15, atol=2)
    done = cellgraph("query", "khop-summary", "--k", 30, "--method", "estimated", cwd=tmp_path)
    assert "HyperLogLog" in done.stderr
    assert "'degree' cannot be estimated; khop and khop-summary can" in refused(
        "query", "degree", "--method", "estimated", status=2, cwd=tmp_path
    )
