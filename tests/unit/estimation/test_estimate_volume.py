"""Early answers from a volume: cells that blocks cut are measured whole, and counted once."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from estimate_tables import HOLDS, count_holding
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.measure import label as connected_pieces

import cellgraph
from cellgraph.errors import NotFoundError, ParameterError
from cellgraph.estimation import completing, grid
from cellgraph.estimation.additive import ADDITIVE
from cellgraph.estimation.columns import Of, Reference
from cellgraph.estimation.expression import Expression, parse_expression
from cellgraph.estimation.filters import parse_filter
from cellgraph.estimation.goals import Goal
from cellgraph.estimation.grid import Plan, block_shape, plan_sample
from cellgraph.estimation.intervals import exact
from cellgraph.estimation.population import CannotDraw
from cellgraph.estimation.run import run
from cellgraph.estimation.totals import Totals, add_up
from cellgraph.estimation.volume import CATALOGUE, VolumePopulation
from cellgraph.model import CellGraph
from cellgraph.phantoms.phantom import phantom
from cellgraph.volumes import Header, Index, Volume, open_volume
from cellgraph.volumes import grid as blocks_of
from cellgraph.volumes.array import array_volume
from cellgraph.volumes.scan import settle

ALL = 10**9


def population(
    volume: Volume,
    block: Index,
    text: str = "count()",
    where: str | None = None,
    *,
    background: int | None = 0,
    connectivity: int = 6,
    spacing: tuple[float, ...] | None = None,
    seed: int = 0,
) -> VolumePopulation:
    """Return what is drawn from: a volume in blocks of a shape."""
    options = {"background": background, "connectivity": connectivity, "spacing": spacing, "unit": "micrometer"}
    scan = settle(volume.header, sample="image", volume=volume, **options)
    expression = parse_expression(text, CATALOGUE)
    condition = None if where is None else parse_filter(where, CATALOGUE, expression.of)
    plan = Plan(volume.header.shape, block)
    return VolumePopulation(scan, expression, condition, plan, seed)


def all_columns(of: Of) -> Expression:
    """Ask for everything that is known of cells or contacts."""
    columns = tuple(Reference(c.name, c.type, c.unit) for c in CATALOGUE.of(of).values())
    return Expression("all", "count", of, columns)


def check_rows(volume: Volume, block: Index, graph: CellGraph, **options: Any) -> None:
    """Check that all blocks together give every cell and every contact of the graph once, with the same measures."""
    for of, table, key in (("cells", graph.cells, ["label"]), ("contacts", graph.contacts, ["cell_a", "cell_b"])):
        drawn_from = population(volume, block, f"count({of})", **options)
        drawn_from._columns = {column.name: column.name for column in all_columns(of).columns}  # type: ignore[arg-type]
        drawn_from._scan = replace(drawn_from._scan, rules=replace(drawn_from._scan.rules, sites=True))
        draw = drawn_from.draw(ALL)
        assert len(draw.sizes) == drawn_from.frame.units
        assert draw.sizes.sum() == drawn_from.frame.size == np.prod(volume.header.shape)
        rows = draw.rows.sort_by([(name, "ascending") for name in key]).select(table.column_names)
        assert rows.num_rows == table.num_rows
        for name in table.column_names:
            found, expected = (t[name].cast(pa.float64()).to_numpy() for t in (rows, table))
            np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12, err_msg=name)


@st.composite
def tissues(draw: st.DrawFn) -> np.ndarray[Any, Any]:
    """Draw connected cells of any form: the connected pieces of a random image of a few values."""
    shape = (draw(st.integers(2, 9)), draw(st.integers(1, 9)), draw(st.integers(1, 9)))
    values = np.random.default_rng(draw(st.integers(0, 2**32))).integers(0, 3, shape)
    return np.asarray(connected_pieces(values, connectivity=1, background=0), np.uint16)


@settings(max_examples=60)
@given(tissues(), st.tuples(*(st.integers(1, 5),) * 3), st.sampled_from([6, 18, 26]))
def test_blocks_of_any_size_give_every_cell_whole_and_once(
    labels: np.ndarray[Any, Any], block: tuple[int, int, int], connectivity: int
) -> None:
    graph = cellgraph.sweep(labels, connectivity=connectivity, spacing=(3.0, 2.0, 1.0))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("cellgraph.estimation.volume.MARGIN", 1)
        check_rows(array_volume(labels, names="zyx"), block, graph, connectivity=connectivity, spacing=(3.0, 2.0, 1.0))


def test_a_cell_that_bends_around_belongs_to_one_block() -> None:
    """Its first voxel is far from where it enters the other blocks: once over the top, once through the side."""
    labels = np.zeros((3, 6, 12), np.uint8)
    labels[2, 1, 1:11] = 1  # along x at the top
    labels[:, 1, 10] = 1  # down at the right
    labels[0, 4, 2:9] = 2
    labels[0, 2:5, 2] = 2
    graph = cellgraph.sweep(labels)
    for block in ((1, 2, 3), (3, 6, 2), (1, 6, 12), (2, 3, 5)):
        check_rows(open_volume(labels), block, graph)


@pytest.mark.parametrize(
    ("file", "block", "background", "connectivity"),
    [
        ("meristem_100.tif", (30, 40, 25), 1, 26),
        ("ovule_sample.h5:label", (16, 32, 32), 0, 6),
        ("neuroproof_labels.h5", (20, 50, 50), 0, 6),
        ("nuclei_3d.tif", (16, 16, 16), 0, 18),
        ("epithelium.ome.tif", (1, 50, 60), 0, 4),
    ],
)
def test_blocks_of_real_images_give_the_graph(
    data_dir: Path, file: str, block: Index, background: int, connectivity: int
) -> None:
    volume = open_volume(str(data_dir / file))
    header = volume.header
    labels = volume.read((0, 0, 0), header.shape)
    spacing = header.spacing[3 - header.ndim :] if header.spacing else None
    graph = cellgraph.sweep(
        labels[0] if header.ndim == 2 else labels, background=background, connectivity=connectivity, spacing=spacing
    )
    check_rows(volume, block, graph, background=background, connectivity=connectivity, spacing=spacing)
    volume.close()


@settings(max_examples=20)
@given(tissues(), st.tuples(*(st.integers(1, 5),) * 3), st.sampled_from([6, 26]))
def test_sums_over_blocks_are_those_over_cells(
    labels: np.ndarray[Any, Any], block: tuple[int, int, int], connectivity: int
) -> None:
    graph = cellgraph.sweep(labels, connectivity=connectivity, spacing=(3.0, 2.0, 1.0))
    for of, table in (("cells", graph.cells), ("contacts", graph.contacts)):
        for name in ADDITIVE[of]:  # type: ignore[index]
            drawn_from = population(
                array_volume(labels, names="zyx"),
                block,
                f"sum({of}.{name})",
                connectivity=connectivity,
                spacing=(3.0, 2.0, 1.0),
            )
            draw = drawn_from.draw(ALL)
            assert draw.rows.num_rows == len(draw.sizes), "whole cells were read, and a block alone would do"
            assert draw.rows[name].to_numpy().sum() == pytest.approx(table[name].to_numpy().sum())


def test_a_filter_needs_whole_cells() -> None:
    labels = np.ones((4, 4, 4), np.uint8)
    drawn_from = population(open_volume(labels), (2, 2, 2), "sum(voxels)", "voxels > 8")
    assert drawn_from.draw(ALL).rows["voxels"].to_pylist() == [64]


def test_a_label_in_pieces_counts_once_when_everything_is_read() -> None:
    labels = np.zeros((1, 4, 200), np.uint8)
    labels[0, 1, 2:5] = labels[0, 1, 190:195] = 7
    labels[0, 3, 50:90] = 2
    volume = open_volume(labels)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("cellgraph.estimation.volume.MARGIN", 2)
        drawn = population(volume, (1, 4, 20), "mean(voxels)").draw(ALL).rows
        assert sorted(drawn["voxels"].to_pylist()) == [3, 5, 40]  # a sample cannot know that two are one
    drawn_from = population(volume, (1, 4, 20), "mean(voxels)")
    found = run(drawn_from, parse_expression("mean(voxels)", CATALOGUE), None, Goal(), 0.0)
    assert (found.estimate, found.n, found.exact) == (24.0, 2, True)


def test_cells_that_reach_too_far_cannot_be_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(completing, "MOST_BYTES", 40_000)
    labels = np.ones((1, 300, 300), np.uint8)
    drawn_from = population(open_volume(labels), (1, 10, 10), "mean(voxels)")
    with pytest.raises(CannotDraw, match=r"cells of array are too large .* load the volume, or give the estimate"):
        drawn_from.draw(ALL)
    expression = parse_expression("mean(voxels)", CATALOGUE)
    found = run(
        population(open_volume(labels), (1, 10, 10), "mean(voxels)"), expression, None, Goal(0.95, error=0.01), 0.0
    )
    assert (found.estimate, found.exact) == (90_000, True)


def test_the_margin_grows_to_what_cells_need() -> None:
    """Blocks of 10 x 10 voxels in tissue of bars that are 60 long."""
    labels = np.repeat(np.arange(1, 31, dtype=np.uint8).reshape(1, 30, 1), 60, axis=2).repeat(2, axis=1)
    volume = open_volume(labels)
    reads: list[tuple[Index, Index]] = []
    drawn_from = population(volume, (1, 10, 10), "mean(voxels)")
    read = volume.read

    def recorded(start: Index, stop: Index, out: Any = None) -> Any:
        reads.append((start, stop))
        return read(start, stop, out)

    volume.read = recorded  # type: ignore[method-assign]
    drawn_from.draw(4)
    first = len(reads)
    assert first > 4, "the first blocks had to be read again"
    drawn_from.draw(2)
    assert len(reads) == first + 2


@pytest.fixture(scope="module")
def tissue(tmp_path_factory: pytest.TempPathFactory) -> Volume:
    """Dense tissue of 1,200 cells."""
    path = tmp_path_factory.mktemp("phantom") / "tissue.npy"
    phantom(path, 1_200, (60, 160, 160), seed=4)
    return open_volume(path)


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("mean(volume)", None),
        ("mean(volume)", "not on_border"),
        ("count()", None),
        ("count()", "on_border"),
        ("sum(surface_area)", None),
        ("sum(volume)", "not on_border"),
        ("mean(degree)", None),
        ("mean(contacts.area)", None),
        ("ratio(surface_area, volume)", None),
        ("ratio(length, width)", None),
        ("median(volume)", None),
        ("quantile(volume, 0.9)", None),
    ],
)
def test_intervals_from_random_blocks_hold_the_truth_as_often_as_they_say(
    tissue: Volume, text: str, where: str | None
) -> None:
    """15 of 80 blocks: between-block variance, few degrees of freedom, a fifth of everything."""
    drawn_from = population(tissue, (15, 32, 40), text, where)
    expression = parse_expression(text, CATALOGUE)
    condition = None if where is None else parse_filter(where, CATALOGUE, expression.of)
    totals = add_up(drawn_from.draw(ALL), expression, condition)
    *_, (_, everything) = drawn_from.census()
    truth = exact(expression, add_up(everything, expression, condition))
    assert count_holding(expression, totals, drawn_from.frame, 15, truth) in HOLDS


def test_estimates_from_blocks_are_unbiased(tissue: Volume) -> None:
    """Though cells are larger than the margin, and most are cut: the sums over all blocks are the truth."""
    drawn_from = population(tissue, (15, 32, 40), "count()")
    totals: Totals = add_up(drawn_from.draw(ALL), parse_expression("count()", CATALOGUE), None)
    assert totals.rows == 1_200


def test_an_answer_from_blocks_says_that_it_is_a_cluster_sample(tissue: Volume) -> None:
    drawn_from = population(tissue, (15, 32, 40), "mean(volume)")
    expression = parse_expression("mean(volume)", CATALOGUE)
    found = run(drawn_from, expression, None, Goal(0.95, seconds=1e-9), 0.0)
    assert (found.sampled, found.exact, found.unit) == ("blocks", False, "micrometer^3")
    assert found.units == drawn_from.first < found.n
    assert found.fraction == pytest.approx(found.units / 80)
    assert "random blocks (a cluster sample: whole blocks count, not single cells)" in found.sentence()


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("mean(volume)", None),
        ("count(contacts)", "area > 3"),
        ("quantile(surface_area, 0.9)", "not on_border"),
        ("mean(khop(1))", None),
        ("sum(contacts.area)", None),
        ("mean(volume)", "sample = 'meristem_100' and not on_border"),
        ("count(contacts)", "sample = 'meristem_100' and area > 3"),
        ("quantile(cell, 0.5)", "cell not in (2, 3)"),
    ],
)
def test_a_small_volume_is_read_as_a_whole(data_dir: Path, tmp_path: Path, text: str, where: str | None) -> None:
    """The number is that of the loaded graph."""
    image = data_dir / "meristem_100.tif"
    found = cellgraph.estimate(text, source=image, where=where, within_time="10m", background=1)
    address = tmp_path / "cells.db"
    cellgraph.load(image, address, background=1)
    loaded = cellgraph.estimate(text, address, where=where, within_time="10m")
    assert found.exact
    assert loaded.exact
    assert (found.estimate, found.n, found.unit) == (pytest.approx(loaded.estimate), loaded.n, loaded.unit)


def test_spacing_and_unit_may_be_given() -> None:
    labels = np.ones((2, 2), np.uint8)
    found = cellgraph.estimate("mean(volume)", source=labels, within_time=9, spacing=(2.0, 3.0), unit="nanometer")
    assert (found.estimate, found.unit) == (24.0, "nanometer^2")


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        ("mean(khop(2))", {}, r"khop\(2\) cannot be answered: blocks .* load it first with: cellgraph load"),
        ("mean(volume)", {"where": "khop(3) > 2"}, "load it first"),
        ("mean(volume)", {"spacing": (1.0, 2.0, 3.0)}, "expected a spacing of 2 numbers"),
        ("mean(volume)", {"connectivity": 5}, "expected a connectivity of 4 or 8"),
        ("mean(volume)", {"sample": "a"}, "do not apply; leave them out"),
    ],
)
def test_what_a_volume_cannot_tell_says_why(text: str, options: dict[str, Any], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        cellgraph.estimate(text, source=np.ones((4, 4), np.uint8), within_time=9, **options)


def test_the_sample_of_a_volume_has_the_name_that_a_load_gives() -> None:
    for where in ("sample = 'a'", "not sample = 'array'"):
        with pytest.raises(NotFoundError, match="every cell, since this volume would be loaded as the sample 'array'"):
            cellgraph.estimate("mean(volume)", source=np.ones((4, 4), np.uint8), within_time=9, where=where)


def header(shape: Index, chunks: Index, *, resident: bool = False) -> Header:
    return Header("image", shape, 3, np.dtype(np.uint32), None, None, chunks, (), resident)


@given(st.tuples(*(st.integers(1, 20),) * 3), st.tuples(*(st.integers(1, 7),) * 3))
def test_the_blocks_of_a_plan_are_those_of_the_grid(volume: Index, block: Index) -> None:
    plan = Plan(volume, block)
    assert [plan[number] for number in range(len(plan))] == blocks_of(volume, block)


SCAN = (628, 2_800, 11_500)


@pytest.mark.parametrize(
    "described",
    [
        header(SCAN, (64, 256, 256)),
        header(SCAN, (64, 64, 64)),
        header(SCAN, (1, 512, 512)),
        header(SCAN, (1, 1, 11_500), resident=True),
        header((1, 40_000, 40_000), (1, 512, 512)),
    ],
)
@pytest.mark.parametrize("seconds", [0.5, 5.0, None])
def test_a_large_volume_is_sampled_in_many_blocks_that_are_read_in_time(
    described: Header, seconds: float | None
) -> None:
    plan = plan_sample(described, seconds)
    assert not plan.at_once
    assert len(plan) >= 64
    sizes = zip(plan.block, described.shape, strict=True)
    assert np.prod([min(edge + 2 * grid.MARGIN, extent) for edge, extent in sizes], dtype=np.int64) < 2**28


def test_planes_that_are_stored_in_one_piece_make_blocks_of_some_of_them() -> None:
    z, y, x = block_shape(header((600, 2_000, 2_000), (1, 2_000, 2_000)), 2**24)
    assert z < 100
    assert (y, x) == (500, 2_000)  # a part of a plane, so that there are enough blocks


def test_a_volume_that_is_swept_in_the_time_is_not_sampled() -> None:
    small = header((400, 600, 600), (64, 256, 256))
    assert plan_sample(small, 30.0).at_once
    assert not plan_sample(small, 0.5).at_once
