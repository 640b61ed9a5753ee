"""Filters: ``sample = 'a' and not on_border and volume > 10``.

::

    filter     = and { "or" and }
    and        = not { "and" not }
    not        = "not" not | "(" filter ")" | test
    test       = value [ compare value | "is" ["not"] "null" | ["not"] "in" "(" literal { "," literal } ")" ]
    compare    = "=" | "==" | "!=" | "<>" | "<" | "<=" | ">" | ">="
    value      = column | khop(k) | literal
    literal    = number | 'text' | "text" | true | false

Words are case-insensitive.  A test of a null is neither true nor false, as in Cypher and SQL: ``not volume > 10`` also
leaves out a cell without a volume.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import reduce
from typing import TYPE_CHECKING, Any, Protocol

from cellgraph.estimation.columns import Catalogue, Of, Reference, read_reference
from cellgraph.estimation.lexer import Reader, Token
from cellgraph.queries.text import quoted

if TYPE_CHECKING:
    import pyarrow as pa

_COMPARE = {
    "=": "equal", "==": "equal", "!=": "not_equal", "<>": "not_equal",
    "<": "less", "<=": "less_equal", ">": "greater", ">=": "greater_equal",
}  # fmt: skip
_WORDS = ("and", "or", "not", "is", "in", "null", "true", "false")
_CYPHER = {
    **{function: sign for sign, function in _COMPARE.items() if sign not in ("==", "!=")},
    "and_kleene": "AND", "or_kleene": "OR", "invert": "NOT", "is_null": "IS NULL", "is_valid": "IS NOT NULL",
}  # fmt: skip
_ANYTHING = "anything"
_FAMILY = {"int": "a number", "float": "a number", "bool": "true or false", "str": "text", "any": _ANYTHING}
_LARGEST = 2**63 - 1
_DEEPEST = 50


class Node(Protocol):
    """A part of a filter."""

    @property
    def columns(self) -> tuple[Reference, ...]:
        """The columns that it uses."""
        ...

    def __call__(self, rows: pa.Table) -> Any:
        """Return true, false or null for each row."""
        ...

    def cypher(self, variable: str, values: dict[str, Any]) -> str:
        """Return it as Cypher about a variable; literals become parameters, whose values are added to `values`."""
        ...

    def known(self, sample: str) -> bool | None:
        """Return whether it is true of all rows of a sample, or of none; None if that depends on the row."""
        ...


@dataclass(frozen=True)
class _Value:
    """A column, or a literal."""

    column: Reference | None
    literal: Any
    family: str
    token: Token

    @property
    def columns(self) -> tuple[Reference, ...]:
        return (self.column,) if self.column else ()

    def __call__(self, rows: pa.Table) -> Any:
        import pyarrow as pa

        return rows[self.column.name] if self.column else pa.scalar(self.literal)

    def cypher(self, variable: str, values: dict[str, Any]) -> str:
        if self.column:
            return f"{variable}.{quoted(self.column.name)}"
        name = f"where_{len(values) + 1}"
        values[name] = self.literal
        return f"${name}"

    def known(self, sample: str) -> bool | None:
        return None if self.column else self.literal is True


@dataclass(frozen=True)
class _Apply:
    """A function of `pyarrow.compute`, applied to some parts."""

    function: str
    parts: tuple[Node, ...]

    @property
    def columns(self) -> tuple[Reference, ...]:
        return tuple(column for part in self.parts for column in part.columns)

    def __call__(self, rows: pa.Table) -> Any:
        import pyarrow.compute as pc

        function: Callable[..., Any] = getattr(pc, self.function)
        parts = [part(rows) for part in self.parts]
        if self.function in _COMPARE.values():
            parts = _comparable(parts)
        return reduce(function, parts) if len(parts) > 1 else function(*parts)

    def cypher(self, variable: str, values: dict[str, Any]) -> str:
        parts, word = [part.cypher(variable, values) for part in self.parts], _CYPHER[self.function]
        if len(parts) == 1:
            return f"(NOT {parts[0]})" if self.function == "invert" else f"({parts[0]} {word})"
        return f"({f' {word} '.join(parts)})"

    def known(self, sample: str) -> bool | None:
        if self.function in ("invert", "and_kleene", "or_kleene"):
            found = [part.known(sample) for part in self.parts]
            if self.function == "invert":
                return None if found[0] is None else not found[0]
            decisive = self.function == "or_kleene"
            return decisive if decisive in found else None if None in found else not decisive
        if any(column.name != "sample" for column in self.columns):
            return None
        return bool(Filter("", self)(_one_row(sample))[0])


@dataclass(frozen=True)
class Filter:
    """A parsed filter that fits the columns.

    Attributes
    ----------
    text : str
        As the user wrote it.
    node : Node
    names : frozenset of str
        The names that it compares with that of the sample.
    """

    text: str
    node: Node
    names: frozenset[str] = frozenset()

    @property
    def columns(self) -> tuple[Reference, ...]:
        """The columns that it uses."""
        return self.node.columns

    def __call__(self, rows: pa.Table) -> Any:
        """Return for which rows it is true: a boolean numpy array."""
        import numpy as np
        import pyarrow as pa
        import pyarrow.compute as pc

        kept = self.node(rows)
        if isinstance(kept, pa.Scalar):  # no column in it
            return np.full(rows.num_rows, kept.as_py() is True)
        return pc.fill_null(kept, False).to_numpy(zero_copy_only=False) if len(kept) else np.zeros(0, bool)

    def may_hold_in(self, sample: str) -> bool:
        """Return whether it can be true of any row of a sample, as far as its name tells."""
        return self.node.known(sample) is not False

    def cypher(self, variable: str) -> tuple[str, dict[str, Any]]:
        """Return it as Cypher about a variable, and the values of its parameters, the same for any variable.

        Columns that are counted by hops (`Reference.hops`) cannot be expressed in Cypher.
        """
        values: dict[str, Any] = {}
        return self.node.cypher(variable, values), values


def parse_filter(text: str, catalogue: Catalogue, of: Of) -> Filter:
    """Parse a filter of cells or of contacts.

    Raises
    ------
    ParameterError
        If it does not parse, names a column that does not exist, or compares values that cannot be compared; the
        message points to the place.
    """
    parser = _Parser(Reader(text, "filter"), catalogue, of)
    if parser.reader.is_at_end():
        parser.reader.fail("it is empty; leave it out, or write, for example: volume > 10 and not on_border")
    node = parser.either()
    if not parser.reader.is_at_end():
        parser.reader.fail(f"expected 'and', 'or' or the end, got {parser.reader.token}")
    return Filter(text, node, frozenset(parser.names))


@dataclass
class _Parser:
    reader: Reader
    catalogue: Catalogue
    of: Of
    depth: int = 0
    names: set[str] = field(default_factory=set)

    def either(self) -> Node:
        nodes = [self.both()]
        while self.reader.accept("or"):
            nodes.append(self.both())
        return _joined("or_kleene", nodes)

    def both(self) -> Node:
        nodes = [self.unless()]
        while self.reader.accept("and"):
            nodes.append(self.unless())
        return _joined("and_kleene", nodes)

    def unless(self) -> Node:
        if self.depth > _DEEPEST:
            self.reader.fail(f"brackets and 'not' can be nested at most {_DEEPEST} deep")
        if self.reader.accept("not"):
            self.depth += 1
            node = _Apply("invert", (self.unless(),))
            self.depth -= 1
            return node
        if self.reader.accept("("):
            self.depth += 1
            inner = self.either()
            self.depth -= 1
            self.reader.expect(")")
            return inner
        return self.test()

    def test(self) -> Node:
        left = self.value()
        sign = self.reader.accept(*_COMPARE)
        if sign:
            return self.comparison(left, self.value(), sign)
        if self.reader.accept("is"):
            absent = _Apply("is_null", (left,)) if not self.reader.accept("not") else _Apply("is_valid", (left,))
            self.reader.expect("null")
            return absent
        if self.reader.accept("not"):
            self.reader.expect("in")
            return _Apply("invert", (self.one_of(left),))
        if self.reader.accept("in"):
            return self.one_of(left)
        if left.family not in ("true or false", _ANYTHING):
            self.reader.fail(f"expected a comparison after {left.token}, got {self.reader.token}")
        return left

    def one_of(self, left: _Value) -> Node:
        close = {"(": ")", "[": "]"}[(self.reader.accept("[") or self.reader.expect("(")).value]
        equal = Token("sign", "=", left.token.place)
        found: list[Node] = []
        while not found or self.reader.accept(","):
            found.append(self.comparison(left, self.value(), equal))
        self.reader.expect(close)
        return _joined("or_kleene", found)

    def comparison(self, left: _Value, right: _Value, sign: Token) -> Node:
        self.check(left, right, sign)
        if _COMPARE[sign.value] in ("equal", "not_equal"):
            for column, text in ((left, right), (right, left)):
                if column.column and column.column.name == "sample" and isinstance(text.literal, str):
                    self.names.add(text.literal)
        return _Apply(_COMPARE[sign.value], (left, right))

    def value(self) -> _Value:
        token = self.reader.token
        word = token.value.lower() if token.kind == "name" and not token.quoted else ""
        if word in ("true", "false"):
            self.reader.take()
            return _Value(None, word == "true", "true or false", token)
        if word == "null":
            self.reader.fail("nothing equals null; write: is null, or is not null")
        if word in _WORDS:
            self.reader.fail(f"expected a column or a value, got {token}")
        if token.kind == "text":
            self.reader.take()
            if any("\ud800" <= letter <= "\udfff" for letter in token.value):
                self.reader.fail("the text is not valid Unicode", token)
            return _Value(None, token.value, "text", token)
        if token.kind == "number" or token.value in ("-", "+"):
            return _Value(None, self.number(), "a number", token)
        if token.kind != "name":
            self.reader.fail(f"expected a column or a value, got {token}")
        _, column = read_reference(self.reader, self.catalogue, self.of)
        return _Value(column, None, _FAMILY[column.type], token)

    def number(self) -> float | int:
        sign = self.reader.accept("-", "+")
        token = self.reader.take()
        if token.kind != "number":
            self.reader.fail(f"expected a number, got {token}", token)
        value = int(token.value) if token.value.isdecimal() else float(token.value)
        if isinstance(value, int) and value > _LARGEST:
            self.reader.fail(f"whole numbers go up to {_LARGEST}", token)
        return -value if sign and sign.value == "-" else value

    def check(self, left: _Value, right: _Value, sign: Token) -> None:
        if left.family != right.family and _ANYTHING not in (left.family, right.family):
            self.reader.fail(f"{left.token} is {left.family}, but {right.token} is {right.family}", right.token)
        if left.family == "true or false" and _COMPARE[sign.value] not in ("equal", "not_equal"):
            self.reader.fail("true and false have no order; compare them with = or <>", sign)


def _joined(function: str, nodes: list[Node]) -> Node:
    """Join one or more parts into one."""
    return nodes[0] if len(nodes) == 1 else _Apply(function, tuple(nodes))


def _comparable(parts: list[Any]) -> list[Any]:
    """Convert compared values to one type: integers beside floats become the nearest float, also above 2^53."""
    import pyarrow as pa
    import pyarrow.compute as pc

    kinds = {part.type for part in parts}
    if kinds != {pa.int64(), pa.float64()}:
        return parts
    return [pc.cast(part, pa.float64(), safe=False) for part in parts]


def _one_row(sample: str) -> pa.Table:
    import pyarrow as pa

    return pa.table({"sample": [sample]})
