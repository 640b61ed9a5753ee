"""What can be queried about cells and contacts: their columns, and counts of cells within some contacts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from cellgraph.errors import near
from cellgraph.estimation.lexer import Reader, Token
from cellgraph.model import Column, Type, hint_for

Of = Literal["cells", "contacts"]

MOST_HOPS = 30

_PUBLIC = {"cell": "label"}
"""Names of columns of cells in the rows of queries."""


@dataclass(frozen=True)
class Reference:
    """A column that an expression or a filter names.

    Attributes
    ----------
    name : str
        Name of the column; ``khop(2)`` for a count of cells within two contacts.
    type : str
        ``int``, ``float``, ``bool`` or ``str``; ``any`` if unknown.
    unit : str
        As in `cellgraph.model`: ``unit^3``, ``cells``, or nothing.
    hops : int
        0 for a stored column, k for a count of cells within k contacts.
    """

    name: str
    type: Type | Literal["any"]
    unit: str
    hops: int = 0


@dataclass(frozen=True)
class Catalogue:
    """The available columns of cells and contacts.

    Attributes
    ----------
    cells, contacts : mapping of str to Column
    hops : int
        Largest distance up to which neighbours can be counted.
    why : str
        Why not farther, as the end of a sentence.
    complete : bool
        Whether there are no other columns.
    """

    cells: Mapping[str, Column]
    contacts: Mapping[str, Column]
    hops: int = MOST_HOPS
    why: str = f"the number of contacts is 1 to {MOST_HOPS}"
    complete: bool = True

    def of(self, what: Of) -> Mapping[str, Column]:
        """Return the columns of cells or of contacts."""
        return self.cells if what == "cells" else self.contacts


def read_reference(reader: Reader, catalogue: Catalogue, of: Of | None) -> tuple[Of, Reference]:
    """Parse the name of a column, or ``khop(k)``.

    Parameters
    ----------
    reader : Reader
        At a name.
    catalogue : Catalogue
        The available columns.
    of : str or None
        ``cells`` or ``contacts``; None if the column decides: ``cells.x`` and ``contacts.x`` are explicit, and a bare
        name is a column of the cells if there is one, else of the contacts.
    """
    token = reader.take()
    if token.kind != "name":
        reader.fail(f"expected the name of a column, got {token}", token)
    if not token.quoted:
        if token.value.lower() == "khop" and reader.accept("("):
            return _read_hops(reader, catalogue, of, token)
        if token.value in ("cells", "contacts") and reader.accept("."):
            named: Of = "cells" if token.value == "cells" else "contacts"
            if of not in (None, named):
                reader.fail(f"this is about {of}, so it cannot use a column of the {named}", token)
            return read_reference(reader, catalogue, named)
    if of is None:
        of = "contacts" if token.value in catalogue.contacts and token.value not in catalogue.cells else "cells"
    return of, _find(reader, catalogue, of, token)


def _find(reader: Reader, catalogue: Catalogue, of: Of, token: Token) -> Reference:
    known = catalogue.of(of)
    column = known.get(token.value)
    if column is None and of == "cells":
        column = known.get(_PUBLIC.get(token.value, ""))
    if column is not None:
        return Reference(column.name, column.type, column.unit)
    if not catalogue.complete:
        return Reference(token.value, "any", "")
    if of == "cells" and token.value == "degree":  # imported tables need not have it
        return Reference("khop(1)", "int", "cells", 1)
    other: Of = "contacts" if of == "cells" else "cells"
    spelled = [name for name in known if reader.text.startswith(name, token.place) and len(name) > len(token.value)]
    if spelled and not token.quoted:
        reader.fail(f"{of} have no column {token.value!r}. Put {max(spelled, key=len)!r} in backticks.", token)
    hint = hint_for(token.value, known) if of == "cells" else near(token.value, known)
    if not hint and token.value in catalogue.of(other):
        hint = f" The {other} have one: {other}.{token.value}."
    return reader.fail(f"{of} have no column {token.value!r}.{hint}", token)


def _read_hops(reader: Reader, catalogue: Catalogue, of: Of | None, at: Token) -> tuple[Of, Reference]:
    if of == "contacts":
        reader.fail("khop counts neighbours of cells, and this is about contacts", at)
    number = reader.take()
    hops = int(number.value) if number.kind == "number" and number.value.isdecimal() else 0
    if not 1 <= hops <= MOST_HOPS:
        reader.fail(f"khop needs a whole number of contacts from 1 to {MOST_HOPS}, got {number}", number)
    reader.expect(")")
    if hops > catalogue.hops:
        reader.fail(f"khop({hops}) cannot be answered: {catalogue.why}", at)
    return "cells", Reference(f"khop({hops})", "int", "cells", hops)
