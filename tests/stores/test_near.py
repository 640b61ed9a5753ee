"""Cells that are near each other: their distances, and questions that lead over them, on each database."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pytest
from scipy.ndimage import distance_transform_edt
from store_graphs import Database

import cellgraph
from cellgraph.errors import CellgraphError, InputError, NotFoundError, ParameterError, StoreError
from cellgraph.stores.properties import NEAR_WITHIN, written_of

SPACING = (2.0, 0.5, 1.0)
NEAR = "MATCH (a:Cell)-[n:NEAR]->(b:Cell) RETURN a.label AS a, b.label AS b, n.distance AS d ORDER BY a, b"


def labels(seed: int, shape: tuple[int, ...] = (9, 24, 15)) -> np.ndarray[Any, Any]:
    """Cells of some voxels each, with gaps between most of them."""
    rng = np.random.default_rng(seed)
    image = np.zeros(shape, np.int32)
    for cell in range(1, 30):
        corner = [int(rng.integers(0, n - 2)) for n in shape]
        image[tuple(slice(c, c + int(rng.integers(1, 4))) for c in corner)] = 3 * cell
    return image


def distances(image: np.ndarray[Any, Any], within: float, spacing: tuple[float, ...]) -> dict[tuple[int, int], float]:
    """Smallest distances by scipy."""
    found = {}
    for a, b in combinations(np.unique(image[image > 0]).tolist(), 2):
        distance = distance_transform_edt(image != a, sampling=spacing)[image == b].min()
        if distance <= within:
            found[a, b] = float(distance)
    return found


@pytest.mark.parametrize("seed", [1, 2])
def test_distances_are_those_of_scipy(seed: int, database: Database, tmp_path: Path) -> None:
    image = labels(seed)
    np.save(tmp_path / "cells.npy", image)
    cellgraph.load(tmp_path / "cells.npy", database.address, spacing=SPACING, unit="um")
    for within in (2.0, "5um", 0.003):
        length = 3.0 if within == 0.003 else float(str(within).removesuffix("um"))
        given = "0.003mm" if within == 0.003 else within
        done = cellgraph.near(given, database.address)
        expected = distances(image, length, SPACING)
        assert (done.pairs, done.within) == (len(expected), pytest.approx(length))
        rows = database.open().run(NEAR).to_pylist()
        assert {(row["a"], row["b"]): row["d"] for row in rows} == pytest.approx(expected)


def test_blocks_make_no_difference(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import zarr

    image = labels(3, (20, 30, 30))
    stored = zarr.create_array(tmp_path / "cells.zarr", shape=image.shape, dtype=image.dtype, chunks=(4, 9, 11))
    stored[:] = image
    cellgraph.load(tmp_path / "cells.zarr", tmp_path / "cells.db", axes="zyx")
    monkeypatch.setattr("cellgraph.volumes.blocks._target_voxels", lambda *_: 500)
    cellgraph.near(3.2, tmp_path / "cells.db", axes="zyx")
    with cellgraph.open(tmp_path / "cells.db") as db:
        rows = db.cypher(NEAR).to_pylist()
    assert {(row["a"], row["b"]): row["d"] for row in rows} == pytest.approx(distances(image, 3.2, (1, 1, 1)))


def test_questions_lead_over_them(database: Database, tmp_path: Path) -> None:
    image = labels(5)
    np.save(tmp_path / "cells.npy", image)
    cellgraph.load(tmp_path / "cells.npy", database.address, spacing=SPACING)
    cellgraph.near(2.5, database.address)
    expected = distances(image, 2.5, SPACING)
    graphs = {"near": nx.Graph(list(expected)), "contacts": nx.Graph(), "both": nx.Graph(list(expected))}
    for graph in graphs.values():
        graph.add_nodes_from(np.unique(image[image > 0]).tolist())
    with cellgraph.open(database.address) as db:
        touching = db.query("contacts").select(["cell_a", "cell_b"]).to_pylist()
        for over in ("contacts", "both"):
            graphs[over].add_edges_from((row["cell_a"], row["cell_b"]) for row in touching)
        assert 0 < len(touching) < len(expected)
        for over, graph in graphs.items():
            for method in ("cypher", "compiled"):

                def ask(name: str, method: str = method, over: str = over, **values: Any) -> list[dict[str, Any]]:
                    return db.query(name, method=method, over=over, **values).to_pylist()  # type: ignore[arg-type]

                assert {row["cell"]: row["degree"] for row in ask("degree")} == dict(graph.degree)
                assert [row["degree"] for row in ask("hubs", limit=3)] == sorted(dict(graph.degree).values())[:-4:-1]
                cell = max(graph, key=lambda node: (graph.degree[node], node))
                rings = nx.single_source_shortest_path_length(graph, cell, 3)
                assert {row["reached"]: row["hop"] for row in ask("within", cell=cell, k=3)} == {
                    node: hop for node, hop in rings.items() if hop
                }
                assert [row["within"] for row in ask("khop", cell=cell, k=3)] == [
                    sum(0 < hop <= k for hop in rings.values()) for k in (1, 2, 3)
                ]
                assert {row["cell"]: row["size"] for row in ask("components")} == {
                    node: len(piece) for piece in nx.connected_components(graph) for node in piece
                }
            far = max(rings, key=lambda node: rings[node])
            assert db.query("path", source=cell, target=far, over=over).num_rows == rings[far] + 1
            rows = db.query("neighbours", cell=cell, over=over).to_pylist()
            assert {row["neighbour"] for row in rows} == set(graph[cell])
            if over != "contacts":
                assert {row["neighbour"]: row["distance"] for row in rows} == pytest.approx(
                    {node: expected[min(cell, node), max(cell, node)] for node in graph[cell]}
                )


def test_they_go_with_their_sample(database: Database, tmp_path: Path) -> None:
    for name in ("a", "b"):
        np.save(tmp_path / f"{name}.npy", labels(7))
        cellgraph.load(tmp_path / f"{name}.npy", database.address)
        done = cellgraph.near(4, database.address, sample=name)
    with cellgraph.open(database.address) as db:
        assert db.cypher(NEAR).num_rows == 2 * done.pairs
        cellgraph.load(tmp_path / "a.npy", database.address, replace=True)
        assert db.cypher(NEAR).num_rows == done.pairs
        assert db.query("degree", sample="b", over="near").num_rows
        with pytest.raises(ParameterError, match=r"the sample 'a' has no relationships NEAR.*cellgraph near --within"):
            db.query("degree", over="near")
        copied = cellgraph.copy(database.address, tmp_path / "copy.db", samples="b")
        assert "NEAR relationships are not copied" in copied.summary()
        with cellgraph.open(tmp_path / "copy.db") as other:
            assert NEAR_WITHIN not in other.query("samples").column_names
        cellgraph.near(2, database.address, sample="b")
        assert db.cypher(NEAR).num_rows < done.pairs
        cellgraph.delete("b", database.address)
        assert db.cypher(NEAR).num_rows == 0


def test_a_write_that_fails_lists_nothing(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    np.save(tmp_path / "cells.npy", labels(8))
    cellgraph.load(tmp_path / "cells.npy", database.address)
    first = cellgraph.near(4, database.address)

    def fails(*_: object, **__: object) -> None:
        raise StoreError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr("cellgraph.stores.embedded.changing._verify", fails)
        patch.setattr("cellgraph.stores.bolt.changing._finish", fails)
        with pytest.raises(StoreError, match="disk is full"):
            cellgraph.near(2, database.address)
    store = database.open()
    near = written_of(store)["cells"]["sample"].get(NEAR_WITHIN)
    assert near is None or store.run(NEAR).num_rows == first.pairs
    again = cellgraph.near(3, database.address)
    assert store.run(NEAR).num_rows == again.pairs < first.pairs


def test_what_is_refused(database: Database, tmp_path: Path) -> None:
    image = labels(9)
    np.save(tmp_path / "cells.npy", image)
    cellgraph.load(tmp_path / "cells.npy", database.address)
    np.save(tmp_path / "flat.npy", image[0])
    last, more = image.max(), image.copy()
    np.save(tmp_path / "other.npy", np.where(image == last, 0, image))
    more[tuple(np.argwhere(image == 0)[0])] = last
    np.save(tmp_path / "more.npy", more)
    wrong: list[tuple[dict[str, Any], type[CellgraphError], str]] = [
        ({"within": 0}, ParameterError, "above 0"),
        ({"within": "3 parsec"}, ParameterError, "not a known unit of length"),
        ({"within": "3um"}, ParameterError, "but the unit of the sample is 'voxel'"),
        ({"within": 25}, ParameterError, "no longer than the volume"),
        ({"within": 3, "sample": "sell"}, NotFoundError, "no sample 'sell'"),
        ({"within": 3, "source": tmp_path / "gone.npy"}, CellgraphError, "gone.npy"),
        (
            {"within": 3, "source": tmp_path / "other.npy"},
            InputError,
            "the cell 87 is not in it",
        ),
        ({"within": 3, "source": tmp_path / "more.npy"}, InputError, "voxels, but in the sample it has"),
        ({"within": 3, "source": tmp_path / "flat.npy"}, CellgraphError, "24 x 15|spacing of 2"),
        ({"within": 3, "centroids": True, "source": tmp_path / "cells.npy"}, ParameterError, "leave out the volume"),
    ]
    for arguments, kind, sentence in wrong:
        with pytest.raises(kind, match=sentence):
            cellgraph.near(db=database.address, **arguments)
    with cellgraph.open(database.address) as db:
        with pytest.raises(ParameterError, match="cellgraph near --within D"):
            db.query("khop", over="near")
        done = cellgraph.near(6, database.address, centroids=True)
        assert "between their centroids" in done.summary()
        assert db.cypher(NEAR).num_rows == done.pairs > 0
        with pytest.raises(ParameterError, match=r"min_junctions .* is a condition on contacts"):
            db.query("khop", over="near", min_junctions=2)
        with pytest.raises(ParameterError, match="over must be one of contacts, near, both"):
            db.query("khop", over="nearly")
        with pytest.raises(ParameterError, match="no parameter 'over'"):
            db.query("triangles", over="near")
