"""Common column names of tables, by role."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain


def folded(name: str) -> str:
    """Return a name in lower case, without spaces, dots, hyphens and underscores."""
    return "".join(char for char in name.lower() if char not in " ._-")


@dataclass(frozen=True)
class Role:
    """What a column may hold.

    Attributes
    ----------
    meaning : str
        For messages, such as ``the id of each cell``.
    option : str
        The option that names the column.
    names : tuple of str
        Common names, folded; the first is the role's own and takes precedence over all others.
    """

    meaning: str
    option: str
    names: tuple[str, ...]


SAMPLE = Role(
    "the sample",
    "--sample-column",
    (
        *("sample", "sampleid", "samplename", "animal", "animalid", "libraryid", "specimen", "specimenid"),
        *("imageid", "imagenumber", "image"),
    ),
)
CELL = Role(
    "the id of each cell",
    "--cell-column",
    (
        *("cell", "cellid", "cellnumber", "cellname", "label", "labelid", "bodyid", "object", "objectid"),
        *("objectnumber", "id", "rootid", "ptrootid", "segmentid", "nodeid", "neuron", "neuronid"),
        *("lacuna", "lacunaid", "lacunanumber"),
    ),
)
JUNCTIONS = Role(
    "the junctions",
    "--junctions-column",
    (
        *("junctions", "junctioncount", "njunctions", "nojuncs", "nojunctions", "weight", "count", "n", "nbr"),
        *("voxels", "faces", "sharedfaces", "syncount", "nsynapses", "synapses"),
    ),
)
NAME = Role("the name", "", ("name",))

CELLGRAPH = ("cella", "cellb")
DIRECTED = ("source", "target")

_ENDINGS = (("a", "b"), ("1", "2"), ("source", "target"), ("pre", "post"), ("from", "to"), ("first", "second"))


def _of_two(role: Role) -> Iterator[tuple[str, str]]:
    """Yield the names of two columns of a role, such as ``cella`` and ``cellb``, ``preid`` and ``postid``."""
    for name in role.names:
        for one, two in _ENDINGS:
            yield name + one, name + two
            yield one + name, two + name


PAIRS = (
    *dict.fromkeys((CELLGRAPH, DIRECTED, *_of_two(CELL))),
    *(("component1", "component2"), ("node1", "node2"), ("a", "b"), ("from", "to"), ("pre", "post")),
    *(("presynaptic", "postsynaptic"),),
    *(("object", "neighbor"), ("object", "neighbour"), ("cell", "neighbour"), ("cell", "neighbor")),
    *(("objectid", "neighborid"), ("cellid", "neighborid"), ("cellid", "neighbourid")),
    *(("label", "neighbor"), ("label", "neighbour")),
)
SAMPLE_PAIRS = (*_of_two(SAMPLE), ("sample", "sampleb"), ("sample", "neighboursample"))

LETTERS = ("a", "b")
_KNOWN = frozenset(
    chain(SAMPLE.names, CELL.names, JUNCTIONS.names, NAME.names, chain.from_iterable((*PAIRS, *SAMPLE_PAIRS)))
) - {*LETTERS}


def known(names: Sequence[str]) -> int:
    """Return how many of these are common column names; ``a`` and ``b`` do not count, as cells are called so too."""
    return sum(folded(name) in _KNOWN for name in names)
