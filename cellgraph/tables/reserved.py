"""Names of properties that the database or the printed rows use for themselves, in lower case."""

from __future__ import annotations

from cellgraph.stores.tables import ENGINE, PASSING, SAMPLE_TYPES

OF_CELLS = ENGINE | {"id", "sample", "label", "cell"}

OF_CONTACTS = (
    ENGINE
    | {"id", "a", "b", "junctions", "source", "target", "from", "to", "label"}
    | {"cell_a", "cell_b", "sample", "sample_b", "name_a", "name_b", "source_name", "target_name"}
)

ANNOTATED = ENGINE | {"sample", "read", "label"}
"""Of samples that are annotated; the other names that the database uses are refused there."""

OF_SAMPLES = ANNOTATED | {*SAMPLE_TYPES, *PASSING, "directed", "near_within"}
