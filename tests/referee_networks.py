"""Random graphs as networks that a store takes."""

from __future__ import annotations

from collections import Counter

import pyarrow as pa
from referee_questions import Graph, Question

from cellgraph.errors import StoreError
from cellgraph.model import Network, Sample
from cellgraph.stores import Store


def network(graph: Graph, name: str) -> Network:
    """Return a graph as the network of one sample."""
    cells = {
        "sample": [name] * len(graph.volume),
        "label": [number + 1 for number in graph.cells],
        "volume": [float(volume) for volume in graph.volume],
        "kind": graph.kind,
    }
    ends = {end: pa.array([pair[i] for pair in graph.ends], pa.int64()) for i, end in enumerate("ab")}
    contacts = {**ends, "junctions": pa.array(graph.junctions, pa.int64())}
    return Network((Sample(name, connectivity=0),), pa.table(cells), pa.table(contacts))


class Judge:
    """Compares the answers of a store about one graph with the right ones, and keeps count by kind."""

    def __init__(self, store: Store, graph: Graph) -> None:
        self.store, self.graph = store, graph
        self.right: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self.wrong: list[tuple[str, str, object, object]] = []

    def ask(self, question: Question) -> None:
        """Ask one question; closed patterns over parallel relationships may be refused, by the sentence for these."""
        cypher = question.text(self.store.dialect)
        parallel = len(set(self.graph.ends)) < len(self.graph.ends)
        try:
            found = [tuple(row.values()) for row in self.store.run(cypher).to_pylist()]
        except StoreError as error:
            if not parallel or "this pattern is closed" not in str(error):
                raise
            self.refused[question.kind] += 1
            return
        expected = question.answer(self.graph, self.store.relationships_once)
        if found == expected or (not question.ordered and Counter(found) == Counter(expected)):
            self.right[question.kind] += 1
        else:
            self.wrong.append((question.kind, cypher, found[:20], expected[:20]))
