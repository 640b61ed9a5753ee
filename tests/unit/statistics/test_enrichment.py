"""Types touching types: counts beside obvious loops, chance beside all arrangements, and what is refused."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from typed_tissue import all_arrangements, edges_of, naive_enrichment, typed_tissue

import cellgraph
from cellgraph.analyze.rows import note_of
from cellgraph.errors import CellgraphError, NotFoundError, ParameterError
from cellgraph.model import Network, Sample
from cellgraph.stores import open_store

CHECKED = {"permutations": 5}


@pytest.fixture(scope="module")
def address(fill: Callable[..., str]) -> str:
    return fill(typed_tissue())


@pytest.fixture
def db(address: str) -> Iterator[cellgraph.Database]:
    with cellgraph.open(address) as opened:
        yield opened


@pytest.mark.parametrize("count", ["contacts", "junctions", "area"])
@pytest.mark.parametrize(("convention", "patch_size"), [("classic", None), ("histocat", None), ("patch", 2)])
def test_values_are_those_of_obvious_loops(
    db: cellgraph.Database, count: Any, convention: Any, patch_size: float | None
) -> None:
    rows = db.enrichment("cell_type", count=count, convention=convention, patch_size=patch_size, **CHECKED)
    for sample in ("left", "right"):
        types, edges = edges_of(typed_tissue(), sample, count, "cell_type")
        expected = naive_enrichment(types, edges, convention, patch_size or 0)
        found = {(r["type_a"], r["type_b"]): r for r in rows.to_pylist() if r["sample"] == sample}
        assert {pair: row["value"] for pair, row in found.items()} == pytest.approx(expected)
        totals = naive_enrichment(types, edges, "classic", 0)
        for (a, b), row in found.items():
            assert row["cells"] == sum(kind == a for kind in types.values())
            assert row["count"] == pytest.approx(totals[a, b] * row["cells"])


def test_what_was_left_out_is_said(db: cellgraph.Database) -> None:
    notes = note_of(db.enrichment("cell_type", **CHECKED))
    assert "1 cell of the sample 'left' without a value of 'cell_type' was left out." in notes
    assert "1 contact of the sample 'right' with other samples was left out." in notes
    assert "5 permutations of cell_type within each sample, seed 0." in notes


def test_samples_are_not_pooled_unless_asked(db: cellgraph.Database) -> None:
    both = db.enrichment("cell_type", permutations=50)
    alone = [db.enrichment("cell_type", sample=name, permutations=50) for name in ("left", "right")]
    # The rows of a sample do not depend on what else is in the database.
    assert both.equals(pa.concat_tables(alone))
    pooled = db.enrichment("cell_type", pool=True, permutations=50)
    assert set(pooled["sample"].to_pylist()) == {"(pooled)"}
    parts = np.sum([table["count"].to_numpy() for table in alone], axis=0)
    assert pooled["count"].to_numpy() == pytest.approx(parts)
    expected = np.sum([t["expected"].to_numpy() * t["cells"].to_numpy() for t in alone], axis=0)
    assert pooled["expected"].to_numpy() * pooled["cells"].to_numpy() == pytest.approx(expected)


def test_a_seed_repeats_itself_and_another_does_not(db: cellgraph.Database) -> None:
    for null in ("labels", "degree"):
        first, again, other = (db.enrichment("cell_type", null=null, seed=seed, **CHECKED) for seed in (3, 3, 4))  # type: ignore[arg-type]
        assert first.equals(again)
        assert not first["z"].equals(other["z"])
        assert first["value"].equals(other["value"])


@pytest.mark.parametrize(
    ("message", "arguments"),
    [
        ("cells have no column 'cel_type'. Did you mean 'cell_type' or 'one_type'?", {"by": "cel_type"}),
        ("cells have no column 'zzz'. cellgraph query cells shows", {"by": "zzz"}),
        ("'one_type' has fewer than two types", {"by": "one_type"}),
        ("'empty' has fewer than two types", {"by": "empty"}),
        ("null must be one of labels, degree, not 'label'. Did you mean 'labels'?", {"null": "label"}),
        ("count must be one of contacts, junctions, area, not 'volume'", {"count": "volume"}),
        ("convention must be one of classic, histocat, patch, not 'historic'", {"convention": "historic"}),
        ("'patch' needs a patch size", {"convention": "patch"}),
        ("goes only with the convention 'patch', not with 'classic'", {"patch_size": 2}),
        ("patch_size must be above 0, not 0.0", {"convention": "patch", "patch_size": 0}),
        ("patch_size must be above 0, not nan", {"convention": "patch", "patch_size": float("nan")}),
        ("permutations must be from 1 to", {"permutations": 0}),
        ("seed must be from 0 to", {"seed": -1}),
        ("pool must be true or false", {"pool": "yes"}),
        ("by must be text", {"by": 5}),
    ],
)
def test_questions_without_an_answer(db: cellgraph.Database, message: str, arguments: dict[str, Any]) -> None:
    with pytest.raises(ParameterError) as refused:
        db.enrichment(**{"by": "cell_type", **arguments})
    assert message in str(refused.value)


def test_an_unknown_sample_is_named(db: cellgraph.Database) -> None:
    with pytest.raises(NotFoundError, match="no sample 'lefd' in the database"):
        db.enrichment("cell_type", sample="lefd")


def network_of(types: list[str | None], pairs: list[tuple[int, int]], **columns: pa.Array) -> Network:
    """Return one sample with types and contacts, and no more."""
    cells = {"sample": ["one"] * len(types), "label": [*range(len(types))], "kind": pa.array(types, pa.string())}
    a, b = (pa.array([pair[end] for pair in pairs], pa.int64()) for end in (0, 1))
    return Network((Sample("one"),), pa.table({**cells, **columns}), pa.table({"a": a, "b": b}))


@pytest.fixture
def ask(tmp_path: Any) -> Iterator[Callable[..., pa.Table]]:
    """Write a network and ask about it."""
    path = tmp_path / "cells.db"

    def answer(network: Network, **arguments: Any) -> pa.Table:
        with open_store(path, create=True) as store:
            store.write(network, replace=True)
        with cellgraph.open(path) as opened:
            return opened.enrichment("kind", **arguments)

    return answer


@pytest.mark.parametrize(("convention", "patch_size"), [("classic", None), ("histocat", None), ("patch", 2)])
def test_chance_is_that_of_all_arrangements(ask: Callable[..., pa.Table], convention: Any, patch_size: Any) -> None:
    kinds = ["x", "x", "x", "y", "y", "y"]
    pairs = [(0, 1), (1, 2), (0, 2), (2, 3), (3, 4), (4, 5)]
    edges = {pair: 1.0 for a, b in pairs for pair in ((a, b), (b, a))}
    rows = ask(network_of(kinds, pairs), convention=convention, patch_size=patch_size, permutations=4_000)
    for row in rows.to_pylist():
        pair = row["type_a"], row["type_b"]
        exact = np.array(
            [*all_arrangements(kinds, lambda types: naive_enrichment(types, edges, convention, 2)[pair])]  # noqa: B023
        )
        error = exact.std() / np.sqrt(4_000)
        assert row["expected"] == pytest.approx(exact.mean(), abs=5 * error)
        assert row["sd"] == pytest.approx(exact.std(), rel=0.05)
        for side, share in (
            ("p_gt", (exact >= row["value"] - 1e-9).mean()),
            ("p_lt", (exact <= row["value"] + 1e-9).mean()),
        ):
            assert row[side] == pytest.approx(share, abs=5 * 0.5 / np.sqrt(4_000))
        assert row["p"] == pytest.approx(min(1, 2 * min(row["p_gt"], row["p_lt"])))
        assert row["z"] == pytest.approx((row["value"] - row["expected"]) / row["sd"])


def test_where_chance_makes_no_difference_z_is_null(ask: Callable[..., pa.Table]) -> None:
    row = ask(network_of(["x", "y"], [(0, 1)]), permutations=9).to_pylist()[1]
    assert (row["type_a"], row["type_b"], row["value"], row["expected"], row["sd"]) == ("x", "y", 1, 1, 0)
    assert (row["z"], row["p_gt"], row["p_lt"], row["p"], row["fdr"]) == (None, 1, 1, 1, 1)


def test_types_that_do_not_touch_and_cells_that_touch_none(ask: Callable[..., pa.Table]) -> None:
    rows = ask(network_of(["x", "x", "y"], [(0, 1)]), convention="histocat", permutations=9).to_pylist()
    assert [row["value"] for row in rows] == [1, 0, 0, 0]
    assert rows[1]["p_gt"] == 1
    none = ask(network_of(["x", "x", "y"], []), null="degree", permutations=9).to_pylist()
    assert [row["value"] for row in none] == [0, 0, 0, 0]


def test_contacts_without_a_size_are_refused(ask: Callable[..., pa.Table]) -> None:
    with pytest.raises(CellgraphError, match="contacts of the sample 'one' have no area; count contacts instead"):
        ask(network_of(["x", "y"], [(0, 1)]), count="area")


def test_numbers_and_truths_are_types_and_too_many_are_not(ask: Callable[..., pa.Table], tmp_path: Any) -> None:
    network = network_of(["x"] * 201, [(0, 1)], number=pa.array(range(201)), truth=pa.array([True] + [False] * 200))
    with open_store(tmp_path / "types.db", create=True) as store:
        store.write(network)
    with cellgraph.open(tmp_path / "types.db") as opened:
        rows = opened.enrichment("truth", permutations=1)
        assert rows["type_a"].to_pylist() == [False, False, True, True]
        with pytest.raises(
            ParameterError, match="'number' has 201 different values; a column of types has at most 200"
        ):
            opened.enrichment("number")
