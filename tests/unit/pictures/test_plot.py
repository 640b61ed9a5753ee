"""Pictures of slices and graphs: their colours are those of the values."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cellgraph
from cellgraph.errors import CellgraphError, ExistsError, InputError, NotFoundError, ParameterError


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("plot")
    cellgraph.phantom(folder / "cells.npy", cells=60, shape=(12, 50, 40), seed=4)
    cellgraph.load(folder / "cells.npy", folder / "cells.db")
    return folder


def picture(axes: Any) -> np.ndarray[Any, Any]:
    """The colours of the image that was drawn, shape (down, across, 4)."""
    return np.asarray(axes.images[0].get_array())


def colours(axes: Any, labels: np.ndarray[Any, Any]) -> dict[int, tuple[float, ...]]:
    """The lightest colour of each cell: its borders are darker."""
    drawn = picture(axes)
    rows = np.arange(drawn.shape[0]) * labels.shape[0] // drawn.shape[0]
    columns = np.arange(drawn.shape[1]) * labels.shape[1] // drawn.shape[1]
    large = labels[rows][:, columns]
    found = {}
    for cell in np.unique(labels):
        own = drawn[large == cell]
        found[int(cell)] = tuple(own[own[:, :3].sum(axis=1).argmax()].round(4).tolist())
    return found


@pytest.mark.parametrize(
    ("at", "plane"), [(None, np.s_[6]), ("z=3", np.s_[3]), ("y=20", np.s_[:, 20]), ("x=7", np.s_[:, :, 7])]
)
def test_cells_of_one_value_have_one_colour(at: str | None, plane: Any, folder: Path) -> None:
    labels = np.load(folder / "cells.npy")[plane]
    axes = cellgraph.plot(folder / "cells.npy", db=folder / "cells.db", color="degree", at=at)
    with cellgraph.open(folder / "cells.db") as db:
        degree = dict(zip(*db.query("degree").select(["cell", "degree"]).to_pydict().values(), strict=True))
    drawn = colours(axes, labels)
    for a in drawn:
        for b in drawn:
            assert (drawn[a] == drawn[b]) == (degree[a] == degree[b])


def test_rings_of_a_query(folder: Path, tmp_path: Path) -> None:
    labels = np.load(folder / "cells.npy")[6]
    cell = int(labels[25, 20])
    axes = cellgraph.plot(
        folder / "cells.npy", "within", cell=cell, k=1, db=folder / "cells.db", output=tmp_path / "rings.png"
    )
    with cellgraph.open(folder / "cells.db") as db:
        near = set(db.query("neighbours", cell=cell)["neighbour"].to_pylist())
        lines = db.query("contacts", where=f"label in ({', '.join(map(str, [cell, *near]))})")
    drawn = colours(axes, labels)
    here = set(drawn)
    plain = {drawn[c] for c in here - near - {cell}}
    ring = {drawn[c] for c in here & near}
    assert (len(plain), len(ring), drawn[cell] in plain | ring) == (1, 1, False)
    (collection,) = axes.collections
    drawn_lines = sum(row["cell_a"] in here and row["cell_b"] in here for row in lines.to_pylist())
    assert len(collection.get_segments()) == drawn_lines > 0
    assert (tmp_path / "rings.png").read_bytes().startswith(b"\x89PNG")


def test_looking_along_an_axis_the_first_cell_is_seen(tmp_path: Path) -> None:
    labels = np.zeros((4, 6, 6), np.int32)
    labels[1, :3], labels[2], labels[3, 5] = 1, 2, 3
    np.save(tmp_path / "cells.npy", labels)
    cellgraph.load(tmp_path / "cells.npy", tmp_path / "cells.db")
    axes = cellgraph.plot(tmp_path / "cells.npy", db=tmp_path / "cells.db", color="label", project="z")
    seen = np.array([[1] * 6] * 3 + [[2] * 6] * 3)
    assert len(set(colours(axes, seen).values())) == 2
    assert "seen along z" in axes.get_title()


def test_a_graph_without_a_volume(folder: Path, tmp_path: Path) -> None:
    axes = cellgraph.plot(db=folder / "cells.db", color="volume", output=tmp_path / "graph.svg")
    points = axes.collections[-1].get_offsets()
    with cellgraph.open(folder / "cells.db") as db:
        rows = db.query("cells")
        contacts = db.query("contacts").num_rows
    assert points[:, 0].tolist() == pytest.approx(rows["x"].to_pylist())
    assert points[:, 1].tolist() == pytest.approx(rows["y"].to_pylist())
    assert len(axes.collections[0].get_segments()) == contacts
    assert b"<svg" in (tmp_path / "graph.svg").read_bytes()


def test_a_figure_of_ones_own(folder: Path) -> None:
    from matplotlib.figure import Figure

    ax = Figure().subplots()
    assert cellgraph.plot(folder / "cells.npy", "path", source=1, target=60, db=folder / "cells.db", ax=ax) is ax


def test_a_graph_and_a_database_draw_themselves(folder: Path, tmp_path: Path) -> None:
    labels = np.load(folder / "cells.npy")
    graph = cellgraph.sweep(labels)
    given = cellgraph.plot(folder / "cells.npy", db=folder / "cells.db", color="volume", at="y=20")
    assert np.array_equal(picture(graph.plot(labels, color="volume", at="y=20")), picture(given))
    with cellgraph.open(folder / "cells.db") as db:
        assert np.array_equal(picture(db.plot(labels, color="volume", at="y=20", sample="cells")), picture(given))
        assert np.array_equal(picture(db.graph().plot(folder / "cells.npy", color="volume", at="y=20")), picture(given))
        rings = db.plot(None, "within", cell=3, k=1)
        assert rings.collections
        assert db.query("samples").num_rows == 1  # still open
    axes = graph.plot()
    assert graph.plot(ax=axes) is axes
    assert len(axes.collections[-1].get_offsets()) == 60
    for options, kind, said in (
        ({"color": "volum"}, ParameterError, "Did you mean 'volume'"),
        ({"at": "z=3"}, ParameterError, "give its labels"),
        ({"labels": labels[1:]}, InputError, "it has 11 x 50 x 40 voxels, but the sample has 12 x 50 x 40"),
        (
            {"labels": np.where(labels == 7, 700, labels), "project": "z"},
            InputError,
            "its label 700 is not a cell",
        ),
    ):
        with pytest.raises(kind, match=said):
            graph.plot(**options)


def test_what_is_refused(folder: Path, tmp_path: Path) -> None:
    np.save(tmp_path / "other.npy", np.load(folder / "cells.npy")[:, :, :30])
    (tmp_path / "there.png").write_text("mine")
    volume = folder / "cells.npy"
    wrong: list[tuple[tuple[Any, ...], dict[str, Any], type[CellgraphError], str]] = [
        ((volume,), {"color": "volum"}, ParameterError, "Did you mean 'volume'"),
        ((volume,), {"at": "z=12"}, ParameterError, "has slices z=0 to z=11"),
        ((volume,), {"at": "12"}, ParameterError, "as z=120"),
        ((volume,), {"project": "t"}, ParameterError, "one of the axes z, y, x"),
        ((volume,), {"output": tmp_path / "out.bmp"}, ParameterError, r"\.png, \.svg or \.pdf"),
        ((volume,), {"output": tmp_path / "there.png"}, ExistsError, "already there"),
        ((volume,), {"output": tmp_path / "none" / "out.png"}, NotFoundError, "does not exist"),
        ((volume, "summary"), {}, ParameterError, "are not about cells"),
        ((volume, "within"), {"cell": 600}, NotFoundError, "600"),
        ((volume,), {"sample": "cell"}, NotFoundError, "no sample 'cell'"),
        ((tmp_path / "other.npy",), {}, InputError, "12 x 50 x 30 voxels, but the sample has 12 x 50 x 40"),
        ((), {"at": "z=3"}, ParameterError, "reading options need a volume"),
    ]
    for arguments, named, kind, sentence in wrong:
        with pytest.raises(kind, match=sentence):
            cellgraph.plot(*arguments, db=folder / "cells.db", **named)
    assert (tmp_path / "there.png").read_text() == "mine"
