"""Random conditions on random tissues: Cypher and compiled code of each database, judged by plain loops."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from referee_conditions import Oracle, random_conditions, random_tissue, rows_of

import cellgraph
from cellgraph.errors import ParameterError


class Judge:
    """Compares answers with those of the loops."""

    def __init__(self, db: cellgraph.Database) -> None:
        self.db = db
        self.right: Counter[str] = Counter()
        self.unsaid: Counter[str] = Counter()

    def ask(self, name: str, columns: str, expected: list[Any], **given: Any) -> None:
        for method in ("cypher", "compiled"):
            try:
                table = self.db.query(name, method=method, **given)  # type: ignore[arg-type]
            except ParameterError as error:
                if method == "compiled" or "leave out --method cypher" not in str(error):
                    raise
                self.unsaid[name] += 1
                continue
            assert rows_of(table, columns.split()) == expected, (name, method, given)
            self.right[method] += 1
            if "direction" in table.column_names:
                assert set(table["direction"].to_pylist()) <= {given.get("direction", "both")}


@pytest.mark.parametrize("seed", range(4))
def test_random_conditions(tissues: Callable[..., Any], seed: int) -> None:
    draw = random.Random(seed)
    tissue = random_tissue(draw, samples=1 + seed % 2, simple=seed < 2)
    with tissues(tissue) as db:
        judge = Judge(db)
        for _ in range(3):
            given = random_conditions(draw, directed=tissue.directed)
            everyone = Oracle(tissue, given)
            k = draw.randint(1, 3)
            judge.ask("khop", "sample cell hop cells within", everyone.khop(k), k=k, **given)
            judge.ask("khop-summary", SUMMARY, everyone.summary(k), k=k, **given)
            judge.ask("degree", "sample cell degree", everyone.degree(), **given)
            judge.ask("hubs", "sample cell degree", everyone.hubs(3), limit=3, **given)
            judge.ask("components", "sample cell component size", everyone.components(), **given)
            judge.ask("contacts", CONTACTS, everyone.contacts(), **given)
            wanted = draw.sample(range(len(tissue.cells)), 2)
            sample = tissue.cells[wanted[0]]["sample"]
            wanted = [cell for cell in wanted if tissue.cells[cell]["sample"] == sample]
            some = Oracle(tissue, given, set(wanted))
            named = given | {"sample": sample, "cell": [tissue.cells[cell]["label"] for cell in wanted]}
            judge.ask("khop", "sample cell hop cells within", some.khop(k), k=k, **named)
            judge.ask("degree", "sample cell degree", some.degree(), **named)
            judge.ask("within", "sample cell hop reached reached_sample", some.within(k), k=k, **named)
            judge.ask("neighbours", "sample cell neighbour junctions area neighbour_sample", some.neighbours(), **named)
            judge.ask("contacts", CONTACTS, some.contacts(), **named)
            source, target = draw.sample([c for c in range(len(tissue.cells)) if everyone.key(c)[0] == sample], 2)
            ends = {"source": tissue.cells[source]["label"], "target": tissue.cells[target]["label"]}
            judge.ask("path", "step cell junctions", everyone.path(source, target), sample=sample, **ends, **given)
        assert judge.right["compiled"] == 36
        assert judge.right["cypher"] >= 18


SUMMARY = (
    "sample hop counted cells_mean cells_min cells_median cells_max within_mean within_min within_median within_max"
)
CONTACTS = "sample cell_a cell_b junctions area sample_b"
