"""Random chains of clauses: aggregates, DISTINCT, CASE, UNWIND, over cells of `referee_subqueries.random_cells`.

Any database may answer them: no clause has a pattern of two contacts, and nothing is summed where there is nothing.
"""

from __future__ import annotations

import random

NUMBERS = ("volume", "size", "label")


class Chain:
    """A random statement; `text` is its Cypher."""

    def __init__(self, draw: random.Random) -> None:
        self.draw = draw
        self.made = 0
        self.kinds = {"a": "cell"}  # the names in scope: a cell, a contact, a number or a text
        self.text = "MATCH (a:Cell)"
        if draw.random() < 0.6:
            self._contact()
        for _ in range(draw.randrange(4)):
            draw.choice([self._aggregated, self._computed, self._distinct, self._unwound, self._contact])()
        self._returned()

    def _new(self, kind: str) -> str:
        self.made += 1
        self.kinds[f"v{self.made}"] = kind
        return f"v{self.made}"

    def _named(self, kind: str) -> list[str]:
        return [name for name, known in self.kinds.items() if known == kind]

    def _contact(self) -> None:
        if cells := self._named("cell"):
            word = self.draw.choice(("MATCH", "MATCH", "OPTIONAL MATCH"))
            before, after = self.draw.choice([("-", "-"), ("-", "->"), ("<-", "-")])
            cell, contact, other = self.draw.choice(cells), self._new("contact"), self._new("cell")
            self.text += f" {word} ({cell}){before}[{contact}:TOUCHES]{after}({other}:Cell)"
            if word == "MATCH" and self.draw.random() < 0.4:
                self.text += f" WHERE {self._condition()}"

    def _number(self, depth: int = 0) -> str:
        draw = self.draw
        known = [f"{name}.{p}" for name in self._named("cell") for p in NUMBERS]
        known += [f"{name}.junctions" for name in self._named("contact")] + 2 * self._named("number")
        one = draw.choice(known) if known and draw.random() < 0.85 else draw.choice(("0", "1", "2", "10", "2.5", "30"))
        if depth == 2 or draw.random() < 0.65:
            return one
        return draw.choice(
            [
                f"({one} {draw.choice('+-*')} {self._number(depth + 1)})",
                f"coalesce({one}, {self._number(depth + 1)})",
                f"CASE WHEN {self._condition(depth + 1)} THEN {one} ELSE {self._number(depth + 1)} END",
            ]
        )

    def _word(self) -> str:
        known = [f"{name}.kind" for name in self._named("cell")] + self._named("text")
        one = self.draw.choice(known) if known and self.draw.random() < 0.85 else f"'{self.draw.choice('ABC')}'"
        return f"coalesce({one}, 'Z')" if self.draw.random() < 0.15 else one

    def _value(self) -> tuple[str, str]:
        return (self._number(1), "number") if self.draw.random() < 0.6 else (self._word(), "text")

    def _condition(self, depth: int = 0) -> str:
        draw = self.draw
        found = [
            f"{self._number(2)} {draw.choice(('=', '<>', '<', '>=', '>'))} {self._number(2)}",
            f"{self._word()} {draw.choice(('=', '<>', '<'))} {self._word()}",
            f"{self._word()} IS {draw.choice(('', 'NOT '))}NULL",
            f"{self._number(2)} IS {draw.choice(('', 'NOT '))}NULL",
            f"{self._word()} IN ['A', 'B']",
        ]
        if depth < 2:
            both = self._condition(depth + 1), self._condition(depth + 1)
            found += [f"({draw.choice((' AND ', ' OR ', ' XOR ')).join(both)})", f"NOT ({both[0]})"]
        return draw.choice(found)

    def _aggregate(self) -> tuple[str, str]:
        return self.draw.choice(
            [
                ("count(*)", "number"),
                (f"count({self._number(1)})", "number"),
                (f"min({self._number(1)})", "number"),
                (f"max({self._number(1)})", "number"),
                (f"avg({self._number(1)})", "number"),
                (f"max({self._word()})", "text"),
            ]
        )

    def _with(self, values: list[tuple[str, str]], *, kept: float = 0.7, distinct: bool = False) -> None:
        names = [name for name in self.kinds if self.draw.random() < kept]
        before = dict(self.kinds)
        items = names + [f"{value} AS {self._new(kind)}" for value, kind in values]
        if not items:
            names = items = [self.draw.choice(list(before))]
        made = {name: kind for name, kind in self.kinds.items() if name not in before}
        self.kinds = {name: before[name] for name in names} | made
        self.text += f" WITH {'DISTINCT ' if distinct else ''}{', '.join(items)}"
        if not distinct and self.draw.random() < 0.4:
            self.text += f" WHERE {self._condition()}"

    def _aggregated(self) -> None:
        values = [self._aggregate() for _ in range(self.draw.choice((1, 1, 2)))]
        self._with(([self._value()] if self.draw.random() < 0.4 else []) + values, kept=0.4)

    def _computed(self) -> None:
        self._with([self._value()])

    def _distinct(self) -> None:
        self._with([], kept=0.5, distinct=True)

    def _unwound(self) -> None:
        text = f" UNWIND [{self._number(2)}, {self._number(2)}] AS "
        self.text += text + self._new("number")

    def _returned(self) -> None:
        draw = self.draw
        key = self._value()[0]
        aggregates = [f"{self._aggregate()[0]} AS n{i}" for i in range(draw.choice((1, 2)))]
        properties = {"cell": ".label", "contact": ".junctions"}
        every = [f"{name}{properties.get(kind, '')} AS {name}" for name, kind in self.kinds.items()]
        self.text += " RETURN " + draw.choice(
            [
                ", ".join(every),
                f"{key} AS k, {self._value()[0]} AS v",
                f"DISTINCT {key} AS k, {self._value()[0]} AS v",
                f"{key} AS k, {', '.join(aggregates)}, sum(coalesce({self._number(1)}, 0)) AS s",
                f"{', '.join(aggregates)}, count(DISTINCT {key}) AS d",
            ]
        )
