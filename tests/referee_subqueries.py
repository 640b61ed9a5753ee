"""Random statements with subqueries and optional patterns over cells whose properties may be missing.

Any database may answer them: they have no pattern of two contacts, in which the embedded database may return.
"""

from __future__ import annotations

import random

import pyarrow as pa

from cellgraph.model import Network, Sample

KINDS = ("A", "B", "C")
NUMBERS = (3, 5, 10, 20, 30, 45)
OF_KIND = {"number": ("volume", "size"), "text": ("kind",)}
TYPES = {name: kind for kind, names in OF_KIND.items() for name in names}


def random_cells(draw: random.Random) -> Network:
    """Return cells with contacts, of which some have no kind and no size, and some no contact."""
    n = draw.randint(6, 9)
    pairs = draw.sample([(a, b) for a in range(n - 1) for b in range(a + 1, n - 1)], n)
    cells = {
        "sample": ["g"] * n,
        "label": list(range(1, n + 1)),
        "volume": [float(draw.choice(NUMBERS)) for _ in range(n)],
        "size": pa.array([draw.choice([None, *NUMBERS]) for _ in range(n - 1)] + [None], pa.int64()),
        "kind": pa.array([draw.choice([None, *KINDS]) for _ in range(n - 1)] + [None], pa.string()),
    }
    ends = {end: pa.array([pair[i] for pair in pairs], pa.int64()) for i, end in enumerate("ab")}
    contacts = {**ends, "junctions": pa.array([draw.choice(NUMBERS) for _ in pairs], pa.int64())}
    return Network((Sample("g", connectivity=0),), pa.table(cells), pa.table(contacts))


class Statement:
    """A random statement; `text` is its Cypher."""

    def __init__(self, draw: random.Random) -> None:
        self.draw = draw
        self.made = 0
        self.cells = ["a"]
        self.values: list[tuple[str, str]] = []  # names, and whether they are numbers or texts
        self.text = "MATCH (a:Cell)"
        if draw.random() < 0.3:
            self.text += f" WHERE {self._question()}"
        for _ in range(draw.randrange(3)):
            self.text += draw.choice([self._optional, self._match, self._value, self._count])()
        self.text += self._returned()

    def _new(self) -> str:
        self.made += 1
        return f"v{self.made}"

    def _pattern(self, cell: str) -> tuple[str, str]:
        before, after = self.draw.choice([("-", "-"), ("-", "->"), ("<-", "-")])
        other = self._new()
        return f"({cell}){before}[:TOUCHES]{after}({other}:Cell)", other

    def _constant(self, kind: str) -> str:
        return str(self.draw.choice(NUMBERS)) if kind == "number" else f"'{self.draw.choice(KINDS)}'"

    def _condition(self, cells: list[str], depth: int = 0) -> str:
        draw = self.draw
        a, b = draw.choice(cells), draw.choice(cells)
        kind = draw.choice(list(OF_KIND))
        p, q = draw.choice(OF_KIND[kind]), draw.choice(OF_KIND[kind])
        sign = draw.choice(("=", "<>", "<", ">="))
        x, y = self._constant(kind), self._constant(kind)
        which = draw.randrange(9)
        if which == 6 and depth < 2:
            both = self._condition(cells, depth + 1), self._condition(cells, depth + 1)
            return f"({draw.choice((' AND ', ' OR ')).join(both)})"
        if which == 7 and depth < 2:
            return f"NOT ({self._condition(cells, depth + 1)})"
        return [
            f"{a}.{p} {sign} {x}",
            f"{a}.{p} {sign} {b}.{q}",
            f"{a}.{p} IS NULL",
            f"{a}.{p} IS NOT NULL",
            f"coalesce({a}.{p}, {x}) {sign} coalesce({b}.{q}, {y})",
            f"{a}.{p} IN [{x}, {y}]",
        ][which % 6]

    def _where(self, cells: list[str]) -> str:
        draw = self.draw
        if draw.random() < 0.15:
            return ""
        found = [self._condition(cells) for _ in range(draw.choice((1, 1, 2)))]
        if self.values and draw.random() < 0.5:
            value, kind = draw.choice(self.values)
            a, p, x = draw.choice(cells), draw.choice(OF_KIND[kind]), self._constant(kind)
            found.append(
                draw.choice(
                    [
                        f"({value} IS NULL OR {a}.{p} = {value})",
                        f"{a}.{p} <> {value}",
                        f"coalesce({value}, {x}) <> coalesce({a}.{p}, {x})",
                    ]
                )
            )
        return f" WHERE {draw.choice((' AND ', ' OR ')).join(found)}"

    def _subquery(self, depth: int = 0) -> str:
        pattern, other = self._pattern(self.draw.choice(self.cells))
        where = self._where([*self.cells, other])
        if not depth and self.draw.random() < 0.15:
            inner, _ = self._pattern(other)
            where += (" AND " if where else " WHERE ") + f"EXISTS {{ MATCH {inner} }}"
        return f"{{ MATCH {pattern}{where} }}"

    def _exists(self, *, bare: float = 0.2) -> str:
        sign = self.draw.choice(("", "NOT "))
        if self.draw.random() < bare:
            pattern, other = self._pattern(self.draw.choice(self.cells))
            kind = self._constant("text")
            return sign + pattern.replace(f"({other}:Cell)", self.draw.choice(("()", f"(:Cell {{kind: {kind}}})")))
        return f"{sign}EXISTS {self._subquery()}"

    def _question(self) -> str:
        draw = self.draw
        asked = self._exists()
        if draw.random() < 0.3:
            asked = f"COUNT {self._subquery()} {draw.choice('<=>')} {draw.randrange(3)}"
        if draw.random() < 0.4:
            asked += draw.choice((" AND ", " OR ")) + self._condition(self.cells)
        return asked

    def _match(self, word: str = "MATCH") -> str:
        pattern, other = self._pattern(self.draw.choice(self.cells))
        text = f" {word} {pattern}{self._where([*self.cells, other])}"
        self.cells.append(other)
        return text

    def _optional(self) -> str:
        return self._match("OPTIONAL MATCH")

    def _with(self, value: str, kind: str) -> str:
        name = self._new()
        kept = ", ".join([*self.cells, *(known for known, _ in self.values)])
        self.values.append((name, kind))
        return f" WITH {kept}, {value} AS {name}"

    def _value(self) -> str:
        p = self.draw.choice(list(TYPES))
        text = self._with(f"{self.draw.choice(self.cells)}.{p}", TYPES[p])
        return text + (f" WHERE {self._exists()}" if self.draw.random() < 0.4 else "")

    def _count(self) -> str:
        return self._with(f"COUNT {self._subquery()}", "number")

    def _returned(self) -> str:
        draw = self.draw
        cell, p = draw.choice(self.cells), draw.choice(list(TYPES))
        every = [f"{name}.label AS {name}" for name in self.cells] + [name for name, _ in self.values]
        return " RETURN " + draw.choice(
            [
                ", ".join(every),
                f"{cell}.{p} AS k, sum(COUNT {self._subquery()}) AS n, count(*) AS m",
                f"{cell}.label AS l, COUNT {self._subquery()} AS n",
                f"COUNT {self._subquery()} AS n, count(*) AS m",
                f"{self._exists(bare=0)} AS e, count(*) AS m",
                f"{cell}.{p} AS k, count(*) AS m",
                f"count(*) AS m, count({cell}) AS n",
            ]
        )
