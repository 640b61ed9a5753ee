"""Parameters of queries."""

from __future__ import annotations

from dataclasses import dataclass

from cellgraph.queries.values import Type, Value


@dataclass(frozen=True)
class Parameter:
    """One parameter of a query.

    Attributes
    ----------
    name, type, meaning : str
        As declared in the header of the file.
    required : bool
        Whether it has no default.
    default : int, float, bool, str or None
        Used if no value is given; a parameter whose default is None may be null.
    minimum, maximum : int or None
        The range of an ``int``.
    literal : bool
        Whether its value is inserted into the text, since Cypher takes no parameter there (length of a path).
    cell : bool
        Whether it is the label of one or more cells, which must exist.
    compiled : bool
        Whether only compiled code takes it: the Cypher is correct only without a value for it.
    target : bool
        Whether it says what is searched for, as the condition of a variable of that kind.
    column : str
        ``cells`` or ``contacts`` if it names one of their properties, which is inserted into the text.
    """

    name: str
    type: Type
    meaning: str
    required: bool = True
    default: Value = None
    minimum: int | None = None
    maximum: int | None = None
    literal: bool = False
    cell: bool = False
    column: str = ""
    compiled: bool = False
    target: bool = False

    @property
    def nullable(self) -> bool:
        """Whether null is one of its values."""
        return not self.required and self.default is None
