"""Graphs in the forms of other libraries, read back by these."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pyarrow as pa
import pytest
from six_cells import CONTACTS, joined, pair, six_cells

from cellgraph import load, sweep
from cellgraph import open as open_database
from cellgraph.errors import InputError, ParameterError
from cellgraph.exporting import export
from cellgraph.handover import anndata_of
from cellgraph.stores import open_store
from cellgraph.stores.properties import Properties
from cellgraph.tables.importing import load_tables

EDGES = [(contact["cell_a"], contact["cell_b"]) for contact in CONTACTS]


@pytest.fixture(scope="module")
def db(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The samples six, with cell types of some cells, and pair."""
    path = tmp_path_factory.mktemp("db") / "cells.db"
    with open_store(path, create=True) as store:
        store.write(joined(six_cells(), pair()))
        store.write_properties(
            Properties("six", pa.table({"label": [1, 3], "kind": ["A, b", "<B>"], "ok": [True, False]}))
        )
    return path


def test_scipy() -> None:
    graph = six_cells()
    touching, area = graph.to_scipy(), graph.to_scipy("area")
    expected = np.zeros((6, 6))
    for contact in CONTACTS:
        a, b = contact["cell_a"] - 1, contact["cell_b"] - 1
        expected[a, b] = expected[b, a] = contact["area"]
    np.testing.assert_array_equal(area.toarray(), expected)
    np.testing.assert_array_equal(touching.toarray(), expected > 0)
    with pytest.raises(ParameterError, match="contacts have no column 'aera'"):
        graph.to_scipy("aera")


def test_pandas() -> None:
    cells, contacts = six_cells().to_pandas()
    assert cells.loc[3, "volume"] == 8.0
    assert contacts.loc[(3, 4), "junctions"] == 2


def test_igraph() -> None:
    graph = six_cells().to_igraph()
    assert graph.vs["label"] == [1, 2, 3, 4, 5, 6]
    assert [tuple(graph.vs["label"][i] for i in edge.tuple) for edge in graph.es] == EDGES
    assert graph.es["junctions"] == [contact["junctions"] for contact in CONTACTS]
    assert graph.degree() == [2, 2, 3, 2, 1, 0]


def test_html_shows_texts_as_they_are() -> None:
    graph = six_cells("<b>six</b>")
    shown = graph._repr_html_()
    assert "&lt;b&gt;six" in shown
    assert "6 cells, 5 contacts" in shown


def test_anndata_has_the_keys_of_squidpy() -> None:
    made = six_cells().to_anndata()
    assert list(made.obs["label"]) == [1, 2, 3, 4, 5, 6]
    assert list(made.obs_names) == list("123456")
    assert list(made.obs["sample"].cat.categories) == ["six"]
    np.testing.assert_array_equal(made.obsm["spatial"][0], [0.6, 1.6])
    touching, far = (made.obsp[f"spatial_{what}"] for what in ("connectivities", "distances"))
    assert touching.dtype == np.float32
    assert (touching != touching.T).nnz == 0
    np.testing.assert_array_equal(touching.indices, far.indices)
    assert far[3, 4] == pytest.approx(np.hypot(1.5, 1.0))
    assert made.obsp["contact_area_connectivities"][3, 4] == 2.0
    assert made.uns["spatial_neighbors"]["connectivities_key"] == "spatial_connectivities"
    assert made.uns["spatialdata_attrs"] == {"region": ["six"], "region_key": "sample", "instance_key": "label"}


def test_anndata_without_centroids() -> None:
    network = pair().network()
    made = anndata_of(network.cells, network.contacts)
    assert "spatial" not in made.obsm
    assert made.obsp["spatial_distances"].toarray().tolist() == [[0, 1], [1, 0]]


def test_h5ad_is_read_by_anndata(db: Path, tmp_path: Path) -> None:
    import anndata

    export(tmp_path / "cells.h5ad", db, format="h5ad")
    made = anndata.read_h5ad(tmp_path / "cells.h5ad")
    assert made.shape == (8, 0)
    assert made.obs["sample"].tolist() == ["six"] * 6 + ["pair"] * 2
    assert made.obs.loc["six/1", "kind"] == "A, b"
    assert made.obs["kind"].isna().sum() == 6
    assert made.obsp["spatial_connectivities"].sum() == 12
    assert made.obsp["contact_junctions_connectivities"][6, 7] == 3


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_tables_are_loaded_again(db: Path, tmp_path: Path, form: str) -> None:
    export(tmp_path / "out", db, format=form)
    cells, contacts = (tmp_path / "out" / f"{name}.{form}" for name in ("cells", "contacts"))
    load_tables(cells, contacts, db=tmp_path / "again.db")
    listed = "c.sample AS s, c.label AS l, c.kind AS kind, c.volume AS v, c.on_border AS b"
    asked = f"MATCH (c:Cell) RETURN {listed} ORDER BY l, s"
    ends = "a.sample AS s, a.label AS a, b.label AS b, t.area AS x"
    edges = f"MATCH (a:Cell)-[t:TOUCHES]->(b:Cell) RETURN {ends} ORDER BY s, a, b"
    with open_store(db) as before, open_store(tmp_path / "again.db") as after:
        for cypher in (asked, edges):
            assert after.run(cypher).to_pylist() == before.run(cypher).to_pylist()


def test_graphml_is_read_by_networkx_and_igraph(db: Path, tmp_path: Path) -> None:
    import igraph

    export(tmp_path / "six.graphml", db, format="graphml", samples="six")
    made = nx.read_graphml(tmp_path / "six.graphml", node_type=int)
    assert sorted(made.edges) == EDGES
    assert made.nodes[3]["volume"] == 8.0
    assert made.nodes[1]["kind"] == "A, b"
    assert made.nodes[3]["ok"] is False
    assert "kind" not in made.nodes[2]
    assert made.edges[3, 4]["junctions"] == 2
    assert igraph.Graph.Read_GraphML(str(tmp_path / "six.graphml")).ecount() == 5


def test_gexf_has_positions(db: Path, tmp_path: Path) -> None:
    export(tmp_path / "both.gexf", db, format="gexf", samples=["six"])
    made = nx.read_gexf(tmp_path / "both.gexf", node_type=int)
    assert sorted(tuple(sorted(edge)) for edge in made.edges) == EDGES
    assert made.nodes[1]["viz"]["position"] == {"x": 0.6, "y": -1.6, "z": 0.0}
    assert made.nodes[3]["kind"] == "<B>"


def test_geff_is_read_by_geff(db: Path, tmp_path: Path) -> None:
    import geff

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # paths of labels outside of the geff are only linked
        export(tmp_path / "six.geff", db, format="geff", samples="six")
        made, metadata = geff.read(tmp_path / "six.geff")
    assert sorted(tuple(sorted(edge)) for edge in made.edges) == EDGES
    assert made.nodes[3]["volume"] == 8.0
    assert made.nodes[1]["kind"] == "A, b"
    assert "kind" not in made.nodes[2]
    assert [(axis.name, axis.type, axis.unit) for axis in metadata.axes] == [
        (name, "space", "micrometer") for name in "yx"
    ]
    assert metadata.related_objects[0].node_prop == "label"
    assert metadata.directed is False


@pytest.mark.parametrize("ndim", [2, 3])
def test_ellipsoids_of_a_geff_are_those_of_the_cells(tmp_path: Path, ndim: int) -> None:
    import geff

    labels = np.zeros((9, 40, 40)[-ndim:], np.uint8)
    where = np.indices(labels.shape)
    labels[((where - np.array([4, 12, 20][-ndim:]).reshape(-1, *[1] * ndim)) ** 2).sum(axis=0) <= 10] = 1
    labels[(slice(3, 5), slice(25, 31), slice(4, 34))[-ndim:]] = 2  # long along x
    labels[..., 38, 38] = 3 if ndim == 2 else 0
    graph = sweep(labels, name="made", spacing=(2.0, 1.0, 0.5)[-ndim:], unit="micrometer")
    with open_store(tmp_path / "made.db", create=True) as store:
        store.write(graph.network())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        export(tmp_path / "made.geff", tmp_path / "made.db", format="geff")
        made, metadata = geff.read(tmp_path / "made.geff")
    assert metadata.ellipsoid == "ellipsoid"
    assert [axis.name for axis in metadata.axes] == list("zyx"[-ndim:])
    with open_database(tmp_path / "made.db") as db:
        cells = {row["cell"]: row for row in db.query("cells").to_pylist()}
    for number in (1, 2):
        values = np.linalg.eigvalsh(made.nodes[number]["ellipsoid"])
        sizes = [cells[number][name] for name in ("height", "width", "length")[-ndim:]]
        np.testing.assert_allclose(2 * np.sqrt(values), sizes)
        assert values[-1] > 0
    assert abs(np.linalg.eigh(made.nodes[2]["ellipsoid"])[1][-1, -1]) == pytest.approx(1)
    if ndim == 2:
        assert "ellipsoid" not in made.nodes[3]


def test_several_samples_have_names_of_both(db: Path, tmp_path: Path) -> None:
    export(tmp_path / "both.graphml", db, format="graphml")
    made = nx.read_graphml(tmp_path / "both.graphml")
    assert ("pair/1", "pair/3") in made.edges
    assert made.number_of_nodes() == 8


def test_a_directed_network_stays_directed(tmp_path: Path) -> None:
    (tmp_path / "net.csv").write_text("source,target,weight\n1,2,5\n2,1,3\n2,3,1\n")
    load_tables(None, tmp_path / "net.csv", db=tmp_path / "worm.db", directed=True, sample="worm")
    export(tmp_path / "worm.graphml", tmp_path / "worm.db", format="graphml")
    made = nx.read_graphml(tmp_path / "worm.graphml", node_type=int)
    assert made.is_directed()
    assert {(a, b): row["junctions"] for a, b, row in made.edges(data=True)} == {(1, 2): 5, (2, 1): 3, (2, 3): 1}
    assert edges_of_a_geff(tmp_path, "worm.db") == {(1, 2): 5, (2, 1): 3, (2, 3): 1}


def edges_of_a_geff(folder: Path, db: str, **chosen: Any) -> dict[tuple[int, int], int]:
    """Export a geff and return its edges, as geff reads them, with their junctions."""
    import geff

    export(folder / "made.geff", folder / db, format="geff", overwrite=True, **chosen)
    made, _ = geff.read(folder / "made.geff")
    return {(a, b): int(row["junctions"]) for a, b, row in made.edges(data=True)}


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize(
    ("rows", "advice", "ways", "edges"),
    [
        ("1,2,5\n2,1,3\n", "load the table again with --directed, so", {"directed": True}, {(1, 2): 5, (2, 1): 3}),
        (
            "1,2,5\n2,1,5\n2,3,1\n",
            "or with --symmetric to count each pair once",
            {"symmetric": True},
            {(1, 2): 5, (2, 3): 1},
        ),
        ("1,2,5\n2,1,5\n2,3,1\n", "with --directed", {"directed": True}, {(1, 2): 5, (2, 1): 5, (2, 3): 1}),
    ],
)
def test_what_a_geff_advises_works(
    tmp_path: Path, rows: str, advice: str, ways: dict[str, Any], edges: dict[tuple[int, int], int]
) -> None:
    (tmp_path / "net.csv").write_text(f"source,target,weight\n3,4,1\n{rows}")
    load_tables(None, tmp_path / "net.csv", db=tmp_path / "net.db", sample="net")
    with pytest.raises(InputError, match=f"a geff allows only one contact between two cells.*{advice}"):
        edges_of_a_geff(tmp_path, "net.db")
    assert not (tmp_path / "made.geff").exists()
    load_tables(None, tmp_path / "net.csv", db=tmp_path / "net.db", sample="net", replace=True, **ways)
    assert edges_of_a_geff(tmp_path, "net.db") == {(3, 4): 1, **edges}


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_what_a_geff_advises_on_repeated_rows_and_on_some_directed_samples(tmp_path: Path) -> None:
    for name, rows, directed in (
        ("two", "1,2,5\n1,2,3\n", True),
        ("ways", "1,2,5\n2,1,3\n", True),
        ("one", "1,2,4\n", False),
    ):
        (tmp_path / f"{name}.csv").write_text(f"source,target,weight\n{rows}")
        load_tables(None, tmp_path / f"{name}.csv", db=tmp_path / "net.db", sample=name, directed=directed)
    with pytest.raises(
        InputError, match="several; add up the rows of a pair in the table and load it again, or export"
    ):
        edges_of_a_geff(tmp_path, "net.db", samples="two")
    (tmp_path / "two.csv").write_text("source,target,weight\n1,2,8\n")
    load_tables(None, tmp_path / "two.csv", db=tmp_path / "net.db", sample="two", directed=True, replace=True)
    assert edges_of_a_geff(tmp_path, "net.db", samples="two") == {(1, 2): 8}
    with pytest.raises(InputError, match="several; export the samples with directions on their own, with --sample, or"):
        edges_of_a_geff(tmp_path, "net.db")
    assert edges_of_a_geff(tmp_path, "net.db", samples="ways") == {(1, 2): 5, (2, 1): 3}
    export(tmp_path / "all.graphml", tmp_path / "net.db", format="graphml")


@pytest.mark.filterwarnings("ignore")
def test_squidpy_uses_true_contacts() -> None:
    squidpy = pytest.importorskip("squidpy")
    from cellgraph.squidpy import ContactBuilder

    graph = six_cells()
    adata = graph.to_anndata()[[5, 2, 0, 1, 4, 3]].copy()
    squidpy.gr.spatial_neighbors_from_builder(adata, ContactBuilder(graph))
    touching = adata.obsp["spatial_connectivities"]
    labels = adata.obs["label"].to_numpy()
    found = {tuple(sorted((labels[i], labels[j]))) for i, j in zip(*touching.nonzero(), strict=True)}
    assert found == set(EDGES)
    assert adata.obsp["spatial_distances"].nnz == touching.nnz
    adata.obsm["spatial"] = adata.obsm["spatial"] + 1
    with pytest.raises(InputError, match="none of the graphs has a cell at each of the 6 coordinates"):
        squidpy.gr.spatial_neighbors_from_builder(adata, ContactBuilder(graph))


@pytest.mark.parametrize("version", [2, 3])
def test_ngio_reads_the_table_of_an_image(tmp_path: Path, version: int) -> None:
    import dask
    import ngio

    image = tmp_path / "image.zarr"
    labels = np.zeros((4, 20, 30), np.uint16)
    labels[:, 2:10, 3:12], labels[:, 2:10, 12:20], labels[:, 10:18, 3:12] = 3, 5, 9
    ngff = "0.4" if version == 2 else "0.5"
    with dask.config.set(scheduler="threads"):  # a worker that ran in this process leaves another one behind
        container = ngio.create_ome_zarr_from_array(
            image, array=np.zeros_like(labels), pixelsize=0.5, z_spacing=2.0, ngff_version=ngff
        )
        container.derive_label("cells").set_array(labels)
    where = image / "labels" / "cells"
    for name, source in (("cells", where), ("image", image)):
        load(str(source), tmp_path / "cells.db", sample=name)
        for overwrite in (False, True):
            export(image / "tables" / name, tmp_path / "cells.db", format="ngio", samples=name, overwrite=overwrite)
    opened = ngio.open_ome_zarr_container(image)
    assert opened.list_tables() == ["cells", "image"]
    assert opened.get_feature_table("image").reference_label == "cells"
    table = opened.get_feature_table("cells")
    assert table.reference_label == "cells"
    assert table.dataframe.index.tolist() == [3, 5, 9]
    assert table.dataframe["volume"].tolist() == [144.0, 128.0, 144.0]
    assert table.dataframe["degree"].tolist() == [2, 1, 1]
    with pytest.raises(ParameterError, match=r"as IMAGE\.zarr/tables/table, but got"):
        export(tmp_path / "table", tmp_path / "cells.db", format="ngio", samples="cells")
    (tmp_path / "other.zarr").mkdir()
    (tmp_path / "other.zarr" / ".zattrs").write_text("{}")
    with pytest.raises(InputError, match="not a label image of"):
        export(tmp_path / "other.zarr" / "tables" / "c", tmp_path / "cells.db", format="ngio", samples="cells")
    with pytest.raises(InputError, match="one sample, but there are 2"):
        export(image / "tables" / "both", tmp_path / "cells.db", format="ngio")
