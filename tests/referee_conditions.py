"""Random tissues, random conditions on their cells and contacts, and the answers by loops over plain lists."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import pyarrow as pa

from cellgraph.model import Network, Sample

Row = tuple[Any, ...]
KINDS = ("alpha", "beta", None)


@dataclass(frozen=True)
class Tissue:
    """Cells and contacts of some samples; a contact joins two rows of the cells."""

    cells: list[dict[str, Any]]
    contacts: list[dict[str, Any]]
    directed: bool

    def network(self) -> Network:
        """Return it as a store takes it."""
        extra = {"directed": True} if self.directed else {}
        names = dict.fromkeys(cell["sample"] for cell in self.cells)
        return Network(
            tuple(Sample(name, connectivity=0, extra=extra) for name in names),
            pa.Table.from_pylist(self.cells),
            pa.Table.from_pylist(self.contacts),
        )


def random_tissue(draw: random.Random, *, samples: int = 1, simple: bool = True) -> Tissue:
    """Return a tissue; one that is not simple has parallel relationships and loops."""
    cells = []
    for number in range(samples):
        for label in sorted(draw.sample(range(1, 60), draw.randint(5, 9))):
            cells.append(
                {
                    "sample": f"t{number}",
                    "label": label,
                    "volume": draw.choice((5.0, 10.0, 20.0, 40.0)),
                    "surface_area": draw.choice((8.0, 16.0, 24.0)),
                    "on_border": draw.random() < 0.3,
                    "kind": draw.choice(KINDS),
                }
            )
    n = len(cells)
    pairs = [(a, b) for a in range(n) for b in range(a + 1, n) if draw.random() < 2.6 / n]
    ends = [pair if draw.random() < 0.6 else pair[::-1] for pair in pairs]
    if not simple:
        ends += [(b, a) if draw.random() < 0.5 else (a, b) for a, b in ends if draw.random() < 0.3]
        ends += [(a, a) for a in range(n) if draw.random() < 0.1]
    contacts = [
        {"a": a, "b": b, "junctions": draw.randint(0, 40), "area": draw.choice((0.5, 1.0, 2.0, 4.0, 8.0))}
        for a, b in ends
    ]
    contacts = contacts or [{"a": 0, "b": 1, "junctions": 3, "area": 1.0}]
    return Tissue(cells, contacts, directed=draw.random() < 0.5)


_WHERE: dict[str, Callable[[dict[str, Any]], bool | None]] = {
    "volume > 7": lambda c: c["volume"] > 7,
    "kind = 'alpha'": lambda c: None if c["kind"] is None else c["kind"] == "alpha",
    "not kind = 'alpha'": lambda c: None if c["kind"] is None else c["kind"] != "alpha",
    "kind is null or volume <= 10": lambda c: c["kind"] is None or c["volume"] <= 10,
    "cell in (3, 5, 8, 13, 21, 34) or not on_border": lambda c: (
        c["label"] in (3, 5, 8, 13, 21, 34) or not c["on_border"]
    ),
    "surface_area >= 15.5 and volume != 20": lambda c: c["surface_area"] >= 15.5 and c["volume"] != 20,
}


def random_conditions(draw: random.Random, *, directed: bool) -> dict[str, Any]:
    """Return some conditions, as parameters of a query."""
    given: dict[str, Any] = {}
    if draw.random() < 0.5:
        given["min_junctions"] = draw.randint(0, 30)
    if draw.random() < 0.2:
        given["min_area"] = draw.choice((0.5, 1.0, 2.0))
    if draw.random() < 0.2:
        given["min_fraction"] = draw.choice((0.1, 0.125, 0.25))
    if draw.random() < 0.4:
        given["where"] = draw.choice([*_WHERE])
    if draw.random() < 0.2:
        given["inside"] = True
    if draw.random() < 0.2:
        given["buffer"] = draw.randint(1, 3)
    if directed and draw.random() < 0.6:
        given["direction"] = draw.choice(("out", "in", "both"))
    return given


@dataclass
class Oracle:
    """What meets the conditions, and answers about it."""

    tissue: Tissue
    given: dict[str, Any]
    wanted: set[int] | None = None
    kept: set[int] = field(init=False)
    reported: list[int] = field(init=False)
    steps: dict[int, list[tuple[int, int]]] = field(init=False)

    def __post_init__(self) -> None:
        cells, given = self.tissue.cells, self.given
        where = _WHERE[given["where"]] if "where" in given else lambda c: True
        self.kept = {
            i for i, c in enumerate(cells) if where(c) is True and not (given.get("inside") and c["on_border"])
        }
        self.steps = defaultdict(list)
        self.held = [n for n, contact in enumerate(self.tissue.contacts) if self._holds(contact)]
        direction = given.get("direction", "both")
        for n in self.held:
            a, b = self.tissue.contacts[n]["a"], self.tissue.contacts[n]["b"]
            if direction != "in":
                self.steps[a].append((b, n))
            if direction != "out" and a != b:
                self.steps[b].append((a, n))
        far = self._far(given["buffer"]) if "buffer" in given else set(range(len(cells)))
        self.far = far
        self.reported = sorted(i for i in self.kept & far if self.wanted is None or i in self.wanted)

    def _holds(self, contact: dict[str, Any]) -> bool:
        given, ends = self.given, [self.tissue.cells[contact[end]] for end in "ab"]
        return (
            {contact["a"], contact["b"]} <= self.kept
            and contact["junctions"] >= given.get("min_junctions", 0)
            and contact["area"] >= given.get("min_area", 0)
            and contact["area"] >= given.get("min_fraction", 0) * min(end["surface_area"] for end in ends)
        )

    def _far(self, buffer: int) -> set[int]:
        whole = Oracle(self.tissue, {})
        border = {i for i, cell in enumerate(self.tissue.cells) if cell["on_border"]}
        near = {cell for start in border for cell, hop in whole.distances(start).items() if hop < buffer}
        return set(range(len(self.tissue.cells))) - near - border

    def distances(self, start: int) -> dict[int, int]:
        """Return how many contacts each cell that can be reached is away; the start itself too, with 0."""
        distance, reached = {start: 0}, [start]
        for cell in reached:
            for other, _ in self.steps[cell]:
                if other not in distance:
                    distance[other] = distance[cell] + 1
                    reached.append(other)
        return distance

    def key(self, cell: int) -> tuple[str, int]:
        return self.tissue.cells[cell]["sample"], self.tissue.cells[cell]["label"]

    def khop(self, k: int) -> list[Row]:
        rows = []
        for cell in self.reported:
            hops = [hop for hop in self.distances(cell).values() if hop]
            for hop in range(1, k + 1):
                rows.append((*self.key(cell), hop, hops.count(hop), sum(h <= hop for h in hops)))
        return rows

    def summary(self, k: int) -> list[Row]:
        rows = []
        for sample in sorted({self.key(cell)[0] for cell in self.reported}):
            table = [row for row in self.khop(k) if row[0] == sample]
            for hop in range(1, k + 1):
                row: list[Any] = [sample, hop, len(table) // k]
                for column in (3, 4):
                    numbers = sorted(r[column] for r in table if r[2] == hop)
                    row += [sum(numbers) / len(numbers), numbers[0], numbers[(len(numbers) - 1) // 2], numbers[-1]]
                rows.append(tuple(row))
        return rows

    def within(self, k: int) -> list[Row]:
        rows = []
        for cell in self.reported:
            found = [(hop, self.key(other)) for other, hop in self.distances(cell).items() if 0 < hop <= k]
            rows += [
                (*self.key(cell), hop, label, sample)
                for hop, (sample, label) in sorted(found, key=lambda row: (row[0], row[1][1], row[1][0]))
            ]
        return rows

    def neighbours(self) -> list[Row]:
        rows = []
        for cell in self.reported:
            found: dict[int, list[int]] = defaultdict(list)
            for other, n in self.steps[cell]:
                if other != cell:
                    found[other].append(n)
            mine = []
            for other, numbers in found.items():
                sums = [sum(self.tissue.contacts[n][of] for n in numbers) for of in ("junctions", "area")]
                sample, label = self.key(other)
                mine.append((*self.key(cell), label, *sums, sample))
            rows += sorted(mine, key=lambda row: (-row[3], row[2], row[5]))
        return rows

    def degree(self) -> list[Row]:
        return [(*self.key(cell), len({o for o, _ in self.steps[cell]} - {cell})) for cell in self.reported]

    def hubs(self, limit: int) -> list[Row]:
        return sorted((row for row in self.degree() if row[2]), key=lambda row: (-row[2], row[0], row[1]))[:limit]

    def components(self) -> list[Row]:
        reach = {cell: set(self.distances(cell)) for cell in self.kept}
        rows = []
        for cell in self.reported:
            sample, label = self.key(cell)
            mine = [self.key(o)[1] for o in reach[cell] if cell in reach[o] and self.key(o)[0] == sample]
            rows.append((sample, label, min(mine), len(mine)))
        return rows

    def contacts(self) -> list[Row]:
        rows = []
        direction = self.given.get("direction", "both")
        for n in self.held:
            contact = self.tissue.contacts[n]
            a, b = contact["a"], contact["b"]
            asked = {"out": {a}, "in": {b}, "both": {a, b}}[direction]
            if a == b or not {a, b} <= self.far or (self.wanted is not None and not asked & self.wanted):
                continue
            first, second = sorted((self.key(a), self.key(b)), key=lambda key: (key[1], key[0]))
            rows.append((first[0], first[1], second[1], contact["junctions"], contact["area"], second[0]))
        return sorted(rows, key=lambda row: (row[0], row[1], row[2], row[5], -row[3], -row[4]))

    def path(self, source: int, target: int) -> list[Row]:
        """Return the shortest path whose labels are the smallest, compared from the start."""
        if not {source, target} <= self.kept & self.far:
            return []
        ways: list[list[int]] = [[source]]
        seen: set[int] = set()
        while ways and not any(way[-1] == target for way in ways):
            seen |= {way[-1] for way in ways}
            ways = [[*way, other] for way in ways for other in sorted({o for o, _ in self.steps[way[-1]]} - seen)]
        found = [way for way in ways if way[-1] == target]
        if not found:
            return []
        way = min(found, key=lambda cells: [self.key(cell)[::-1] for cell in cells])
        rows: list[Row] = [(0, self.key(source)[1], None)]
        for step, (before, cell) in enumerate(pairwise(way), start=1):
            shared = sum(self.tissue.contacts[n]["junctions"] for other, n in self.steps[before] if other == cell)
            rows.append((step, self.key(cell)[1], shared))
        return rows


def rows_of(table: pa.Table, columns: Iterable[str]) -> list[Row]:
    """Return some columns of a table as tuples."""
    return list(zip(*(table[name].to_pylist() for name in columns), strict=True))
