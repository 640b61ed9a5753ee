"""Samples from an earlier version of cellgraph, with a column whose meaning has changed since."""

from __future__ import annotations

import re
from typing import Any

from cellgraph.queries import Catalogue
from cellgraph.stores.contract import Store

COLUMN = "oblateness"
TURNED = (0, 2)
"""The version since which `COLUMN` has the sign used in the literature: 1 is a disc, -1 is a rod."""

_MOST_NAMES = 5


def mentions(text: str) -> bool:
    """Tell whether Cypher mentions the column whose meaning has changed."""
    return re.search(rf"\b{COLUMN}\b", text, re.IGNORECASE) is not None


def note_on_earlier(store: Store, sample: str | None = None) -> str:
    """Return a sentence on the samples whose oblateness has the opposite sign; an empty string if there are none.

    Parameters
    ----------
    store : Store
        The database.
    sample : str, optional
        Check this sample only.
    """
    statement = Catalogue.load()["samples"].statement(store.dialect, {"sample": sample})
    rows = store.run(statement.text, statement.parameters, name="samples").to_pylist()
    names = [row["sample"] for row in rows if _is_earlier(row)]
    if not names:
        return ""
    listed = ", ".join(map(repr, names[:_MOST_NAMES])) + (", …" if len(names) > _MOST_NAMES else "")
    which = f"the sample {listed} was" if len(names) == 1 else f"{len(names)} samples ({listed}) were"
    return (
        f"{which} loaded by cellgraph before {'.'.join(map(str, TURNED))}, so oblateness has the opposite sign there "
        "(-1 is a disc, 1 is a rod; now 1 is a disc, -1 is a rod): load again with --replace, or change the sign"
    )


def _is_earlier(row: dict[str, Any]) -> bool:
    """Tell whether a volume was swept before the sign was flipped; tables bring their own columns."""
    found = re.match(r"(\d+)\.(\d+)", row["version"] or "")
    swept = bool(row["connectivity"]) and len(row["shape"] or ()) == 3
    return swept and found is not None and (int(found[1]), int(found[2])) < TURNED
