"""Where three or more cells meet: by hand, and by an independent count, for every division into blocks."""

from __future__ import annotations

from collections import defaultdict
from itertools import product
from typing import Any

import networkx as nx
import numpy as np
import pytest

from cellgraph.volumes.blocks import HaloReader, grid
from cellgraph.volumes.opening import open_volume
from cellgraph.voxels.expansion import ranked
from cellgraph.voxels.parameters import Rules
from cellgraph.voxels.vertices import find_vertices, merge_vertices

Array = np.ndarray[Any, Any]
Row = tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]


def found(labels: Array, block: tuple[int, int, int], flat: bool = False) -> list[Row]:
    volume = open_volume(labels)
    blocks = grid(volume.header.shape, block)
    reader = HaloReader(volume, blocks)
    parts = []
    for one in blocks:
        own, halo = reader.read(one)
        ranks, names = ranked(own, Rules(0, 6))
        parts.append(find_vertices(ranks, names, (one.start, one.stop), halo, volume.header.shape, flat=flat))
    whole = merge_vertices(parts)
    return [
        (tuple(c for c in cells if c >= 0), tuple(edges), tuple(places))
        for cells, edges, places in zip(whole.cells.tolist(), whole.edges.tolist(), whole.places.tolist(), strict=True)
    ]


def counted(labels: Array) -> list[Row]:
    """Return the same, edge by edge, with the lines as connected pieces of a graph of the ends of edges."""
    graphs: dict[tuple[int, ...], nx.Graph] = defaultdict(nx.Graph)
    for at in product(*map(range, labels.shape)):
        for axis in range(3):
            a, b = (other for other in range(3) if other != axis)
            if at[a] == 0 or at[b] == 0:
                continue
            around = set()
            for i, j in product((0, 1), repeat=2):
                voxel = list(at)
                voxel[a] -= i
                voxel[b] -= j
                around.add(int(labels[tuple(voxel)]))
            cells = tuple(sorted(around - {0}))
            if len(cells) >= 3:
                end = tuple(n + (k == axis) for k, n in enumerate(at))
                graphs[cells].add_edge(at, end, axis=axis)
    rows = []
    for cells, graph in graphs.items():
        for piece in nx.connected_components(graph):
            edges = [0, 0, 0]
            places = np.zeros(3, int)
            for start, end, axis in graph.subgraph(piece).edges(data="axis"):
                edges[axis] += 1
                places += np.array(start) + np.array(end) - 1
            rows.append((cells, tuple(edges), tuple(places.tolist())))
    return sorted(rows, key=lambda row: (row[0] + (-1,) * (4 - len(row[0])), row[2]))


@pytest.mark.parametrize("seed", range(6))
def test_lines_are_those_counted_edge_by_edge_for_every_division_into_blocks(seed: int) -> None:
    rng = np.random.default_rng(seed)
    shape = tuple(rng.integers(3, 12, 3).tolist())
    # Coarse cells make long lines, which cross blocks; the background and large labels take part.
    coarse = rng.choice([0, 1, 2, 3, 5, 2**40, 2**63 - 1][: int(rng.integers(4, 8))], (4, 4, 4))
    labels = coarse[tuple(np.indices(shape) * 4 // np.array(shape)[:, None, None, None])]
    labels = np.where(rng.random(shape) < 0.1, rng.choice(coarse.ravel(), shape), labels)
    expected = counted(labels)
    assert expected
    for block in (shape, (1, 1, 1), (2, 3, 4), (5, 2, 3), (1, 12, 12)):
        assert found(labels, block) == expected


def test_vertices_of_an_image_are_the_corners_of_its_pixels() -> None:
    labels = np.array([[1, 1, 2, 2], [1, 1, 2, 2], [3, 3, 3, 4], [0, 3, 5, 4]])
    expected = [
        ((1, 2, 3), (0, 0, 0), (0, 3, 3)),
        ((2, 3, 4), (0, 0, 0), (0, 3, 5)),
        ((3, 4, 5), (0, 0, 0), (0, 5, 5)),
    ]
    for block in ((1, 4, 4), (1, 1, 1), (1, 2, 3)):
        assert found(labels, block, flat=True) == expected


def test_four_columns_meet_along_one_line_and_a_closed_line_is_one() -> None:
    columns = np.broadcast_to(np.array([[1, 2], [3, 4]]).repeat(3, 0).repeat(3, 1), (5, 6, 6))
    assert found(columns, (2, 2, 2)) == [((1, 2, 3, 4), (5, 0, 0), (20, 25, 25))]
    # A column through the boundary of two slabs: they meet around it along a square.
    through = np.ones((6, 7, 7), int)
    through[3:] = 2
    through[:, 2:5, 2:5] = 3
    assert found(through, (2, 4, 3)) == [((1, 2, 3), (0, 6, 6), (60, 72, 72))]
