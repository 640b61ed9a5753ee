"""The statistic to estimate: ``mean(volume)``, ``quantile(khop(2), 0.9)``, ``count(contacts)``, …"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from cellgraph.errors import near
from cellgraph.estimation.columns import Catalogue, Of, Reference, read_reference
from cellgraph.estimation.lexer import Reader

Kind = Literal["mean", "sum", "count", "quantile", "ratio"]

FUNCTIONS = ("mean", "sum", "count", "median", "quantile", "ratio")


@dataclass(frozen=True)
class Expression:
    """A statistic over all cells or all contacts.

    Attributes
    ----------
    text : str
        As the user wrote it.
    kind : str
        ``mean``, ``sum``, ``count``, ``quantile`` or ``ratio``.
    of : str
        ``cells`` or ``contacts``.
    columns : tuple of Reference
        One; two for a ratio; none for a count.
    q : float
        For a quantile, 0 to 1.
    """

    text: str
    kind: Kind
    of: Of
    columns: tuple[Reference, ...] = ()
    q: float = 0.5

    @property
    def unit(self) -> str:
        """The unit of the statistic, in terms of the sample's ``unit``; empty if it has none."""
        if self.kind == "count":
            return self.of
        units = [column.unit for column in self.columns]
        if self.kind != "ratio":
            return units[0]
        above, below = units
        if above == below:
            return ""
        return f"{above or '1'}/{below}" if below else above


def parse_expression(text: str, catalogue: Catalogue) -> Expression:
    """Parse an expression.

    Raises
    ------
    ParameterError
        If it does not parse, or names a column that does not exist or is not numeric; the message points to the place.
    """
    reader = Reader(text, "expression")
    function = reader.take()
    name = function.value.lower()
    if function.kind != "name" or name not in FUNCTIONS:
        hint = near(name, FUNCTIONS) if function.kind == "name" else ""
        reader.fail(f"expected one of {', '.join(FUNCTIONS)}, got {function}.{hint}", function)
    reader.expect("(")
    if name == "count":
        expression = Expression(text, "count", _counted(reader))
    elif name == "ratio":
        of, above = _numeric(reader, catalogue, None)
        reader.expect(",")
        expression = Expression(text, "ratio", of, (above, _numeric(reader, catalogue, of)[1]))
    else:
        of, column = _numeric(reader, catalogue, None)
        kind: Kind = "mean" if name == "mean" else "sum" if name == "sum" else "quantile"
        expression = Expression(text, kind, of, (column,), _read_q(reader) if name == "quantile" else 0.5)
    reader.expect(")")
    if not reader.is_at_end():
        reader.fail(f"expected the end, got {reader.token}")
    return expression


def _counted(reader: Reader) -> Of:
    if reader.accept("contacts"):
        return "contacts"
    if reader.accept("cells") or reader.token.value == ")":
        return "cells"
    return reader.fail(f"count takes cells or contacts, got {reader.token}; select what to count with --where")


def _numeric(reader: Reader, catalogue: Catalogue, of: Of | None) -> tuple[Of, Reference]:
    token = reader.token
    of, column = read_reference(reader, catalogue, of)
    if column.type == "str":
        reader.fail(f"the column {column.name!r} holds text, but a number is needed", token)
    return of, column


def _read_q(reader: Reader) -> float:
    reader.expect(",")
    token = reader.take()
    q = float(token.value) if token.kind == "number" else -1.0
    if reader.accept("%"):
        q /= 100
    if not 0 < q < 1:
        reader.fail(f"expected a quantile between 0 and 1, such as 0.9, got {token}", token)
    return q
