"""Random graphs and random questions about them, and what the answer is, by loops over plain lists."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

Row = tuple[Any, ...]
Binding = dict[str, int]
"""Names of cells and relationships, and their row numbers."""

KINDS = ("alpha", "beta", "gamma")


@dataclass(frozen=True)
class Graph:
    """Cells are labelled 1, 2, … in the order of their rows."""

    volume: list[int]
    kind: list[str]
    ends: list[tuple[int, int]]
    junctions: list[int]

    @property
    def cells(self) -> range:
        """Row numbers of the cells."""
        return range(len(self.volume))

    def steps(self) -> dict[int, list[tuple[int, int, int]]]:
        """By cell: relationship, other end, and 1 where it starts at the cell or -1 where it ends there."""
        found = defaultdict(list)
        for number, (a, b) in enumerate(self.ends):
            found[a].append((number, b, 1))
            if a != b:
                found[b].append((number, a, -1))
        return found


@dataclass(frozen=True)
class Edge:
    """``(a)-[x]-(b)``; directed 1 is ``->``, -1 is ``<-``, 0 neither."""

    a: str
    b: str
    name: str
    directed: int = 0

    def text(self) -> str:
        return ("<-" if self.directed < 0 else "-") + f"[{self.name}:TOUCHES]" + ("->" if self.directed > 0 else "-")


@dataclass(frozen=True)
class Condition:
    """A text of Cypher and the same over a graph and a binding."""

    text: str
    holds: Callable[[Graph, Binding], bool]


@dataclass
class Question:
    """Cypher, and its right answer; `ordered` where the order of the rows counts."""

    kind: str
    cypher: str
    answer: Callable[[Graph, bool], list[Row]]
    ordered: bool = False
    neo4j: str = ""  # where Neo4j has other words

    def text(self, dialect: str) -> str:
        """Return the Cypher of a database."""
        return self.neo4j if self.neo4j and dialect == "neo4j" else self.cypher


def random_graph(draw: random.Random, *, cells: int | None = None) -> Graph:
    """Return a simple graph, or one with parallel relationships and loops."""
    n = cells or draw.randint(4, 11)
    pairs = [(a, b) for a in range(n) for b in range(a + 1, n)] if n < 50 else []
    wanted = draw.randint(n - 1, 2 * n)
    if draw.random() < 0.5:
        if pairs:
            ends = draw.sample(pairs, min(wanted, len(pairs)))
        else:
            ends = sorted({(min(p), max(p)) for p in (draw.sample(range(n), 2) for _ in range(wanted))})
        ends = [p if draw.random() < 0.6 else p[::-1] for p in ends]
    else:
        ends = [(draw.randrange(n), draw.randrange(n)) for _ in range(wanted)]
        ends = [(a, b) for a, b in ends if a != b or draw.random() < 0.3]
    return Graph(
        [draw.randint(1, 40) for _ in range(n)],
        [draw.choice(KINDS) for _ in range(n)],
        ends,
        [draw.randint(1, 40) for _ in ends],
    )


def bindings(graph: Graph, edges: list[Edge], start: Binding, unique: bool) -> Iterator[Binding]:
    """Yield every way to match a pattern.

    With `unique` no relationship twice, as in Neo4j; else also twice, and loops without a direction both ways around.
    """
    steps = graph.steps()

    def walk(rest: list[Edge], bound: Binding) -> Iterator[Binding]:
        if not rest:
            yield bound
            return
        edge = rest[0]
        a, b, sign = edge.a, edge.b, edge.directed
        if a not in bound and b in bound:
            a, b, sign = b, a, -sign
        for cell in [bound[a]] if a in bound else graph.cells:
            for number, other, way in steps[cell]:
                if sign and way != sign and graph.ends[number][0] != graph.ends[number][1]:
                    continue
                if (b == a and other != cell) or (b in bound and bound[b] != other):
                    continue
                if unique and any(bound.get(e.name) == number for e in edges):
                    continue
                twice = cell == other and not sign and not unique
                for _ in range(1 + twice):
                    yield from walk(rest[1:], {**bound, a: cell, b: other, edge.name: number})

    yield from walk(edges, start)


def random_question(draw: random.Random, kind: str) -> Question:
    """Return a question of a kind: see `KINDS_OF_QUESTION`."""
    return KINDS_OF_QUESTION[kind](draw, kind)


def _edges(draw: random.Random, shape: str) -> list[Edge]:
    pairs = {
        "one": ["ab"],
        "chain of 2": ["ab", "bc"],
        "chain of 3": ["ab", "bc", "cd"],
        "star": ["ab", "ac", "ad"],
        "triangle": ["ab", "bc", "ac"],
        "ring of 4": ["ab", "bc", "cd", "da"],
        "pair twice": ["ab", "ab"],
        "diamond": ["ab", "bc", "ac", "cd"],
    }[shape]
    mode = draw.choice(("directed", "undirected", "mixed"))
    ways = {"directed": (1,), "undirected": (0,), "mixed": (1, -1, 0)}[mode]
    return [Edge(pair[0], pair[1], f"r{i}", draw.choice(ways)) for i, pair in enumerate(pairs)]


def _text(draw: random.Random, edges: list[Edge], bare: bool = False) -> str:
    """Return a pattern, in one piece where it can be and where not with commas."""
    label = "" if draw.random() < 0.3 and bare else ":Cell"
    text, end = "", ""
    for edge in edges:
        if text and edge.a == end:
            text += edge.text() + f"({edge.b}{label})"
        else:
            text += (", " if text else "") + f"({edge.a}{label})" + edge.text() + f"({edge.b}{label})"
        end = edge.b
    return text


def _conditions(draw: random.Random, edges: list[Edge], most: int = 3) -> list[Condition]:
    cells = sorted({e.a for e in edges} | {e.b for e in edges})
    rels = [e.name for e in edges]
    found = []
    for _ in range(draw.randint(0, most)):
        which = draw.randrange(6)
        c, d = draw.choice(cells), draw.choice(cells)
        x, y = draw.choice(rels), draw.choice(rels)
        v = draw.randint(5, 30)
        if which == 0:
            found.append(Condition(f"{c}.volume > {v}", lambda g, b, c=c, v=v: g.volume[b[c]] > v))
        elif which == 1:
            found.append(Condition(f"{x}.junctions >= {v}", lambda g, b, x=x, v=v: g.junctions[b[x]] >= v))
        elif which == 2 and c != d:
            found.append(Condition(f"{c}.label <> {d}.label", lambda g, b, c=c, d=d: b[c] != b[d]))
        elif which == 3:
            k = draw.choice(KINDS)
            found.append(Condition(f"{c}.kind <> '{k}'", lambda g, b, c=c, k=k: g.kind[b[c]] != k))
        elif which == 4 and x != y:
            found.append(
                Condition(
                    f"{x}.junctions < {y}.junctions",
                    lambda g, b, x=x, y=y: g.junctions[b[x]] < g.junctions[b[y]],
                )
            )
        elif which == 5:
            w = draw.randint(5, 30)
            found.append(
                Condition(
                    f"({c}.volume < {v} OR {x}.junctions > {w})",
                    lambda g, b, c=c, x=x, v=v, w=w: g.volume[b[c]] < v or g.junctions[b[x]] > w,
                )
            )
    if draw.random() < 0.3:
        found += [Condition(f"{e.name}.junctions >= 8", lambda g, b, n=e.name: g.junctions[b[n]] >= 8) for e in edges]
    if draw.random() < 0.2:
        c, label = draw.choice(cells), draw.randint(1, 5)
        found.append(Condition(f"{c}.label = {label}", lambda g, b, c=c, label=label: b[c] == label - 1))
    return found


def _where(conditions: list[Condition]) -> str:
    return " WHERE " + " AND ".join(c.text for c in conditions) if conditions else ""


def _all(conditions: list[Condition], graph: Graph, bound: Binding) -> bool:
    return all(c.holds(graph, bound) for c in conditions)


Returned = tuple[str, Callable[[Graph, list[Binding]], list[Row]], bool]


def _returned(draw: random.Random, edges: list[Edge]) -> Returned:
    cells = sorted({e.a for e in edges} | {e.b for e in edges})
    c, x = draw.choice(cells), draw.choice(edges).name
    forms: list[Returned] = [
        ("count(*) AS n", lambda g, bs: [(len(bs),)], False),
        (f"count(DISTINCT {c}.label) AS n", lambda g, bs: [(len({b[c] for b in bs}),)], False),
        (f"count(DISTINCT {c}) AS n", lambda g, bs: [(len({b[c] for b in bs}),)], False),
        (
            f"count(*) AS n, coalesce(sum({x}.junctions), 0) AS s, max({c}.volume) AS m",
            lambda g, bs: [
                (len(bs), sum(g.junctions[b[x]] for b in bs), max((g.volume[b[c]] for b in bs), default=None))
            ],
            False,
        ),
        (
            f"{c}.kind AS k, count(*) AS n, min({x}.junctions) AS m",
            lambda g, bs: _grouped(g, bs, lambda b: g.kind[b[c]], lambda b: g.junctions[b[x]]),
            False,
        ),
        (f"DISTINCT {c}.kind AS k, {c}.label AS l", lambda g, bs: list({(g.kind[b[c]], b[c] + 1) for b in bs}), False),
        (
            ", ".join(f"{n}.label AS {n}" for n in cells),
            lambda g, bs: [tuple(b[n] + 1 for n in cells) for b in bs],
            False,
        ),
    ]
    limit = draw.choice((None, 1, 3, 10, 100))
    way = draw.choice(("", " DESC"))

    def rows(g: Graph, bs: list[Binding]) -> list[Row]:
        found = [(g.kind[b[c]], *(b[n] + 1 for n in cells), g.junctions[b[x]]) for b in bs]
        found.sort()
        found.sort(key=lambda row: row[0], reverse=bool(way))
        return found[:limit]

    ordered = (
        f"{c}.kind AS k, "
        + ", ".join(f"{n}.label AS l_{n}" for n in cells)
        + f", {x}.junctions AS j ORDER BY k{way}, "
        + ", ".join(f"l_{n}" for n in cells)
        + ", j"
        + (f" LIMIT {limit}" if limit else "")
    )
    forms += [(ordered, rows, True)] * 3
    return draw.choice(forms)


def _grouped(g: Graph, bs: list[Binding], key: Any, value: Any) -> list[Row]:
    groups = defaultdict(list)
    for b in bs:
        groups[key(b)].append(value(b))
    return [(k, len(v), min(v)) for k, v in groups.items()]


def _plain(draw: random.Random, kind: str) -> Question:
    edges = _edges(draw, kind)
    conditions = _conditions(draw, edges)
    text, rows, ordered = _returned(draw, edges)
    cypher = f"MATCH {_text(draw, edges, bare=True)}{_where(conditions)} RETURN {text}"

    def answer(graph: Graph, unique: bool) -> list[Row]:
        return rows(graph, [b for b in bindings(graph, edges, {}, unique) if _all(conditions, graph, b)])

    return Question(kind, cypher, answer, ordered)


def _optional(draw: random.Random, kind: str) -> Question:
    first = _edges(draw, "one")
    more = [Edge("b", "c", "y", draw.choice((1, 0, -1)))]
    if draw.random() < 0.5:
        more.append(Edge("c", "d", "z", draw.choice((1, 0, -1))))
    before, inside = _conditions(draw, first), _conditions(draw, more)
    form = draw.choice(("rows", "count", "group"))
    text = {
        "rows": "a.label AS a, b.label AS b, c.label AS c, y.junctions AS j",
        "count": "count(*) AS n, count(c.label) AS m, count(DISTINCT c.label) AS d",
        "group": "b.label AS b, count(c.label) AS n, coalesce(sum(y.junctions), 0) AS s",
    }[form]
    cypher = (
        f"MATCH {_text(draw, first)}{_where(before)} OPTIONAL MATCH {_text(draw, more)}{_where(inside)} RETURN {text}"
    )

    def answer(graph: Graph, unique: bool) -> list[Row]:
        rows = []
        for bound in bindings(graph, first, {}, unique):
            if not _all(before, graph, bound):
                continue
            known = {n: bound[n] for n in ("a", "b")}
            found = [b for b in bindings(graph, more, known, unique) if _all(inside, graph, b)]
            for b in found or [known]:
                there = "c" in b
                rows.append(
                    (b["a"] + 1, b["b"] + 1, b["c"] + 1 if there else None, graph.junctions[b["y"]] if there else None)
                )
        if form == "rows":
            return rows
        if form == "count":
            cs = [r[2] for r in rows if r[2] is not None]
            return [(len(rows), len(cs), len(set(cs)))]
        groups = defaultdict(list)
        for r in rows:
            groups[r[1]].append(r[3])
        return [(k, sum(v is not None for v in vs), sum(v or 0 for v in vs)) for k, vs in groups.items()]

    return Question(kind, cypher, answer)


def _exists(draw: random.Random, kind: str) -> Question:
    first = _edges(draw, draw.choice(("one", "chain of 2")))
    more = [Edge("b", "e", "y", draw.choice((1, 0, -1)))]
    if draw.random() < 0.4:
        more.append(Edge("e", "f", "z", draw.choice((1, 0, -1))))
    before, inside = _conditions(draw, first), _conditions(draw, more)
    negated = draw.random() < 0.4
    text, rows, ordered = _returned(draw, first)
    exists = f"{'NOT ' if negated else ''}EXISTS {{ MATCH {_text(draw, more)}{_where(inside)} }}"
    cypher = f"MATCH {_text(draw, first)} WHERE {' AND '.join([*(c.text for c in before), exists])} RETURN {text}"

    def answer(graph: Graph, unique: bool) -> list[Row]:
        kept = []
        for bound in bindings(graph, first, {}, unique):
            if _all(before, graph, bound):
                found = any(_all(inside, graph, b) for b in bindings(graph, more, {"b": bound["b"]}, unique))
                if found != negated:
                    kept.append(bound)
        return rows(graph, kept)

    return Question(kind, cypher, answer, ordered)


def _variable(draw: random.Random, kind: str) -> Question:
    low, high = draw.choice(((1, 2), (1, 3), (2, 3), (2, 2)))
    sign = draw.choice((1, 0, -1))
    v, w = draw.randint(1, 25), draw.randint(1, 5)
    left, right = ("<" if sign < 0 else ""), (">" if sign > 0 else "")
    least = draw.choice((0, 5, 15))
    only = f" (r, n | WHERE r.junctions > {least})" if least else ""
    cypher = (
        f"MATCH (a:Cell){left}-[p:TOUCHES*{low}..{high}{only}]-{right}(b:Cell) WHERE a.label = {w} AND b.volume > {v} "
        "RETURN b.label AS b, count(*) AS n"
    )
    neo4j = (
        f"MATCH (a:Cell){left}-[p:TOUCHES*{low}..{high}]-{right}(b:Cell) WHERE a.label = {w} AND b.volume > {v} "
        f"AND all(r IN p WHERE r.junctions > {least}) RETURN b.label AS b, count(*) AS n"
    )

    def answer(graph: Graph, unique: bool) -> list[Row]:
        counts: dict[int, int] = defaultdict(int)
        if w > len(graph.volume):
            return []
        for length in range(low, high + 1):
            edges = [Edge(f"n{i}", f"n{i + 1}", f"s{i}", sign) for i in range(length)]
            for bound in bindings(graph, edges, {"n0": w - 1}, unique):
                end = bound[f"n{length}"]
                if graph.volume[end] > v and all(graph.junctions[bound[e.name]] > least for e in edges):
                    counts[end + 1] += 1
        return list(counts.items())

    return Question(kind, cypher, answer, neo4j=neo4j)


def _with(draw: random.Random, kind: str) -> Question:
    """Two MATCH clauses, also where the second closes the first."""
    edges = _edges(draw, draw.choice(("chain of 2", "one")))
    last = edges[-1].b
    more = [Edge("a", last, "w", draw.choice((1, 0, -1)))]
    conditions = _conditions(draw, edges)
    names = sorted({e.a for e in edges} | {e.b for e in edges}) + [e.name for e in edges]
    inside = _conditions(draw, more)
    text, rows, ordered = _returned(draw, edges + more)
    cypher = (
        f"MATCH {_text(draw, edges)}{_where(conditions)} WITH {', '.join(names)} "
        f"MATCH ({more[0].a}){more[0].text()}({more[0].b}){_where(inside)} RETURN {text}"
    )

    def answer(graph: Graph, unique: bool) -> list[Row]:
        found = []
        for bound in bindings(graph, edges, {}, unique):
            if _all(conditions, graph, bound):
                found += [b for b in bindings(graph, more, bound, unique) if _all(inside, graph, b)]
        return rows(graph, found)

    return Question(kind, cypher, answer, ordered)


def _shortest(draw: random.Random, kind: str) -> Question:
    """Lengths of shortest paths from one cell, over relationships or inner cells that meet a condition."""
    sign = draw.choice((1, 0, -1))
    first, v, longest = draw.randint(1, 4), draw.randint(1, 20), draw.choice((2, 4, 6))
    on = draw.choice(("", "relationships", "cells"))
    w = draw.randint(0, 20)
    left, right = ("<" if sign < 0 else ""), (">" if sign > 0 else "")
    inner = {"": "", "relationships": f" (r, n | WHERE r.junctions > {v})", "cells": f" (r, n | WHERE n.volume > {v})"}
    cypher = (
        f"MATCH p = (a:Cell){left}-[:TOUCHES* SHORTEST 1..{longest}{inner[on]}]-{right}(b:Cell) "
        f"WHERE a.label = {first} AND b.volume > {w} AND a.label <> b.label RETURN b.label AS b, length(p) AS n"
    )
    every = {
        "": "",
        "relationships": f" AND all(r IN relationships(p) WHERE r.junctions > {v})",
        "cells": f" AND all(n IN nodes(p)[1..-1] WHERE n.volume > {v})",
    }
    neo4j = (
        f"MATCH (a:Cell {{label: {first}}}), (b:Cell) WHERE b.volume > {w} AND a.label <> b.label "
        f"MATCH p = shortestPath((a){left}-[:TOUCHES*1..{longest}]-{right}(b)) WHERE true{every[on]} "
        "RETURN b.label AS b, length(p) AS n"
    )

    def answer(graph: Graph, unique: bool) -> list[Row]:
        steps, distance, reached = graph.steps(), {first - 1: 0}, [first - 1]
        for cell in reached:
            if distance[cell] == longest or (on == "cells" and cell != first - 1 and graph.volume[cell] <= v):
                continue
            for number, other, way in steps[cell]:
                if (sign and way != sign) or (on == "relationships" and graph.junctions[number] <= v):
                    continue
                if other not in distance:
                    distance[other] = distance[cell] + 1
                    reached.append(other)
        del distance[first - 1]
        # Ladybug asks the condition on inner cells also of the last one.
        least = max(v, w) if on == "cells" and not unique else w
        return [(cell + 1, n) for cell, n in distance.items() if graph.volume[cell] > least]

    return Question(kind, cypher, answer, neo4j=neo4j)


SHAPES = ("one", "chain of 2", "chain of 3", "star", "triangle", "ring of 4", "pair twice", "diamond")
KINDS_OF_QUESTION: dict[str, Callable[[random.Random, str], Question]] = {
    **dict.fromkeys(SHAPES, _plain),
    "optional": _optional,
    "exists": _exists,
    "variable length": _variable,
    "closed by a second match": _with,
    "shortest path": _shortest,
}
