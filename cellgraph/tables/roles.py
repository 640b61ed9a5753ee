"""Common column names of tables, by role."""

from __future__ import annotations

from collections.abc import Sequence
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
PAIRS = (
    CELLGRAPH,
    DIRECTED,
    *(("id1", "id2"), ("cell1", "cell2"), ("label1", "label2"), ("component1", "component2"), ("a", "b")),
    *(("sourceid", "targetid"), ("from", "to"), ("fromid", "toid"), ("fromcell", "tocell"), ("fromnodeid", "tonodeid")),
    *(("bodyidpre", "bodyidpost"), ("pre", "post"), ("preid", "postid"), ("presynaptic", "postsynaptic")),
    *(("prerootid", "postrootid"), ("preptrootid", "postptrootid"), ("neuron1", "neuron2"), ("node1", "node2")),
    *(("firstobjectnumber", "secondobjectnumber"), ("firstobjectid", "secondobjectid")),
    *(("object", "neighbor"), ("object", "neighbour"), ("cell", "neighbour"), ("cell", "neighbor")),
    *(("objectid", "neighborid"), ("cellid", "neighborid"), ("cellid", "neighbourid")),
    *(("label", "neighbor"), ("label", "neighbour")),
)

_ENDINGS = (("a", "b"), ("1", "2"), ("source", "target"), ("pre", "post"), ("from", "to"))
SAMPLE_PAIRS = (
    *chain.from_iterable(((n + a, n + b), (a + n, b + n)) for n in SAMPLE.names for a, b in _ENDINGS),
    *(("firstimagenumber", "secondimagenumber"), ("sample", "sampleb"), ("sample", "neighboursample")),
)

LETTERS = ("a", "b")
_KNOWN = frozenset(
    chain(SAMPLE.names, CELL.names, JUNCTIONS.names, NAME.names, chain.from_iterable((*PAIRS, *SAMPLE_PAIRS)))
) - {*LETTERS}


def known(names: Sequence[str]) -> int:
    """Return how many of these are common column names; ``a`` and ``b`` do not count, as cells are called so too."""
    return sum(folded(name) in _KNOWN for name in names)
