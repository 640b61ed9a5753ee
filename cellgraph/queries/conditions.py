"""Conditions shared by queries, and how they are inserted into Cypher.

The header of a query names the variables of its patterns that conditions apply to:

    // Conditions
    //   c: reported    a cell that rows are about
    //   d: cell        any other cell
    //   r: contact     a relationship
    //   p: path        cells and relationships of a path
    //   e: target      a cell that is searched for
    //   direction: compiled    where the Cypher takes contacts in both directions, and compiled code in one
    //   direction: none        where contacts must be taken in both
    //   over: any              where cells may also be joined by being near

Its text marks the places for conditions with comments, so that it is valid Cypher without them:

    WHERE d.id <> c.id /* and conditions of d, r between c and d */     after another condition
    -[:TOUCHES* SHORTEST 1..$k /* conditions of r, n */]-               in a recursive pattern of Ladybug

Values are passed as parameters.  A direction is applied to every undirected pattern, ``-[…TOUCHES…]-``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

from cellgraph.errors import ParameterError, near
from cellgraph.queries.parameter import Parameter
from cellgraph.queries.text import blanked
from cellgraph.queries.values import Value

Kind = Literal["reported", "cell", "contact", "path", "target", "compiled", "none", "any"]
Direction = Literal["both", "out", "in"]
Over = Literal["contacts", "near", "both"]

KINDS: tuple[Kind, ...] = get_args(Kind)
DIRECTIONS: tuple[Direction, ...] = get_args(Direction)
OVERS: tuple[Over, ...] = get_args(Over)

_OF_CONTACTS = (
    Parameter("min_junctions", "int", "only contacts with at least this many junctions", required=False, minimum=0),
    Parameter("min_area", "float", "only contacts with at least this area", required=False),
    Parameter(
        "min_fraction",
        "float",
        "only contacts covering at least this fraction (0 to 1) of the surface of the smaller cell",
        required=False,
    ),
    Parameter(
        "over",
        "str",
        "what joins two cells: contacts, near (relationships written by cellgraph near), or both",
        required=False,
        default="contacts",
    ),
    Parameter(
        "direction",
        "str",
        "both; or, for directed samples, out (from a cell) or in (to it)",
        required=False,
        default="both",
    ),
)
_OF_CELLS = (
    Parameter("where", "str", 'only cells that meet this, such as "volume > 10 and not on_border"', required=False),
    Parameter("inside", "bool", "only cells that are not on the border of the volume", required=False, default=False),
)
_OF_REPORTED = (
    Parameter(
        "buffer",
        "int",
        "report only cells at least this many contacts away from any border cell, in the whole graph",
        required=False,
        minimum=1,
        maximum=1_000_000,
    ),
)

OPTIONS = {
    parameter.name: parameter
    for parameter in (*_OF_CONTACTS, *_OF_CELLS, *_OF_REPORTED)
    if parameter.name not in ("direction", "over")
}
"""Conditions for measures and statistics, which have no direction."""

_MARK = re.compile(r"\s*/\* (?P<lead>and |where |)conditions of (?P<of>[\w ,]+?) \*/")
_ITEM = re.compile(r"(?P<name>\w+)(?: between (?P<a>\w+) and (?P<b>\w+))?")
_UNDIRECTED = re.compile(r"(?<!<)-\[\w*:TOUCHES[^\]]*\]-(?!>)")
_FARTHEST = 30
"""Maximum length of a recursive pattern in Ladybug, in contacts."""


class CannotSay(ParameterError):
    """A condition that the Cypher of a query cannot express in some dialect."""


def parameters_of(variables: Mapping[str, Kind]) -> tuple[Parameter, ...]:
    """Return the parameters of the conditions that apply to these variables."""
    kinds = set(variables.values())
    of_contacts: tuple[Parameter, ...] = _OF_CONTACTS if kinds & {"contact", "path"} else ()
    left_out = {"direction"} if "none" in kinds else set()
    left_out |= set() if "any" in kinds else {"over"}
    of_contacts = tuple(parameter for parameter in of_contacts if parameter.name not in left_out)
    return of_contacts + (_OF_CELLS if kinds else ()) + (_OF_REPORTED if "reported" in kinds else ())


@dataclass(frozen=True)
class Conditions:
    """Conditions on contacts and cells.

    Attributes
    ----------
    min_junctions, min_area, min_fraction : int or float, optional
        Minimum values of a contact; the fraction is relative to the surface area of the smaller of its cells.
    over : str
        ``contacts``, ``near`` or ``both``.
    direction : str
        ``both``, ``out`` or ``in``.
    inside : bool
        Whether cells on the border are left out.
    buffer : int, optional
        Minimum distance of reported cells from the border, in contacts.
    where : callable, optional
        Returns the Cypher of a condition for a variable.
    values : mapping of str to value
        Values of the parameters in that Cypher.
    target : callable, optional
        Returns the Cypher of the search target for a variable.
    unsaid : str
        The part of `where` that Cypher cannot express; empty if there is none.
    """

    min_junctions: int | None = None
    min_area: float | None = None
    min_fraction: float | None = None
    over: Over = "contacts"
    direction: Direction = "both"
    inside: bool = False
    buffer: int | None = None
    where: Callable[[str], str] | None = None
    values: Mapping[str, Value] = field(default_factory=dict)
    unsaid: str = ""
    target: Callable[[str], str] | None = None

    @property
    def of_contacts(self) -> bool:
        """Whether contacts are filtered or directed, or other relationships are used."""
        return any(least is not None for least in (self.min_junctions, self.min_area, self.min_fraction)) or (
            self.direction != "both" or self.over != "contacts"
        )

    @property
    def of_cells(self) -> bool:
        """Whether some cells are left out."""
        return self.inside or self.where is not None

    def parameters(self) -> dict[str, Value]:
        """Return the values to pass as parameters."""
        least = {name: getattr(self, name) for name in ("min_junctions", "min_area", "min_fraction")}
        return {**{name: value for name, value in least.items() if value is not None}, **self.values}

    def put_into(self, text: str, variables: Mapping[str, Kind], dialect: str) -> str:
        """Return the Cypher of a query with these conditions.

        Raises
        ------
        CannotSay
            If the text cannot express one of them.
        """
        if self.unsaid:
            raise CannotSay(f"Cypher cannot express {self.unsaid} in a condition")
        if self.direction != "both" and "direction" in variables:
            raise CannotSay("the Cypher of this query follows contacts only in both directions")
        if (self.of_contacts or self.of_cells or self.buffer is not None) and not _MARK.search(text):
            raise CannotSay("this form of the query takes no conditions")
        text = _directed(text, self.direction)
        text = _MARK.sub(lambda found: self._filled(found, variables, dialect), text)
        if self.over == "near" and dialect == "ladybug" and re.search(r"\br\.(junctions|area)\b", blanked(text)):
            raise CannotSay("the Cypher of this query returns junctions, which near cells do not have")
        return text if self.over == "contacts" else _over(text, self.over)

    def _filled(self, found: re.Match[str], variables: Mapping[str, Kind], dialect: str) -> str:
        items = [match for match in map(_ITEM.fullmatch, re.split(r"\s*,\s*", found["of"])) if match]
        if not found["lead"]:
            relationship, node = items[0]["name"], items[1]["name"]
            parts = [*self._contact(relationship, None, None), *self._cell(node)]
            return f" ({relationship}, {node} | WHERE {' AND '.join(parts)})" if parts else ""
        parts = []
        for item in items:
            name, kind = item["name"], variables[item["name"]]
            if kind == "contact":
                parts += self._contact(name, item["a"], item["b"])
            elif kind == "path":
                parts += [f"all(r IN relationships({name}) WHERE {part})" for part in self._whole(name)]
                parts += [f"all(n IN nodes({name}) WHERE {part})" for part in self._cell("n")]
            else:
                parts += self._cell(name)
                parts += self._far_from_border(name, dialect) if kind == "reported" else ()
                parts += [self.target(name)] if kind == "target" and self.target is not None else ()
        return f" {found['lead'].strip().upper()} {' AND '.join(parts)}" if parts else ""

    def _whole(self, path: str) -> list[str]:
        return list(self._contact("r", "startNode(r)", "endNode(r)"))

    def _contact(self, r: str, a: str | None, b: str | None) -> Iterator[str]:
        if self.min_junctions is not None:
            yield f"{r}.junctions >= $min_junctions"
        if self.min_area is not None:
            yield f"{r}.area >= $min_area"
        if self.min_fraction is not None:
            if a is None:
                raise CannotSay("the Cypher of this query cannot compare a contact with its two cells (min_fraction)")
            yield " OR ".join(f"{r}.area >= $min_fraction * {end}.surface_area" for end in (a, b)).join("()")

    def _cell(self, c: str) -> Iterator[str]:
        if self.inside:
            yield f"NOT {c}.on_border"
        if self.where is not None:
            yield self.where(c)

    def _far_from_border(self, c: str, dialect: str) -> Iterator[str]:
        if self.buffer is None:
            return
        yield f"NOT {c}.on_border"
        reach = self.buffer - 1
        if reach > _FARTHEST:
            raise CannotSay(f"Cypher searches no farther than {_FARTHEST} contacts (buffer)")
        if reach:
            shortest = " SHORTEST " if dialect == "ladybug" else ""
            yield f"NOT EXISTS {{ MATCH ({c})-[:TOUCHES*{shortest}1..{reach}]-(edge:Cell) WHERE edge.on_border }}"


def check_direction(value: object) -> Direction:
    """Check a direction and return it.

    Raises
    ------
    ParameterError
        If it is not one of `DIRECTIONS`.
    """
    for direction in DIRECTIONS:
        if value == direction:
            return direction
    raise ParameterError(f"direction must be one of {', '.join(DIRECTIONS)}, not {value!r}.{near(value, DIRECTIONS)}")


def check_over(value: object) -> Over:
    """Check what joins two cells and return it.

    Raises
    ------
    ParameterError
        If it is not one of `OVERS`.
    """
    for over in OVERS:
        if value == over:
            return over
    raise ParameterError(f"over must be one of {', '.join(OVERS)}, not {value!r}.{near(value, OVERS)}")


def marked(text: str) -> Iterator[tuple[int, str, bool]]:
    """Yield the marks for conditions in a text: position, variable, and whether it is in a recursive pattern."""
    for found in _MARK.finditer(text):
        for item in re.split(r"\s*,\s*", found["of"]):
            yield found.start(), item, not found["lead"]


def _over(text: str, over: str) -> str:
    """Return the text with its contact patterns following other relationships."""
    kinds = "NEAR" if over == "near" else "TOUCHES|NEAR"
    places = [found.span() for found in re.finditer(r"(?<=:)TOUCHES\b", blanked(text))]
    for start, end in reversed(places):
        text = f"{text[:start]}{kinds}{text[end:]}"
    return text


def _directed(text: str, direction: Direction) -> str:
    """Return the text with a direction added to its undirected contact patterns, as seen from the left."""
    if direction == "both":
        return text
    parts, end = [], 0
    for found in _UNDIRECTED.finditer(blanked(text)):
        pattern = text[found.start() : found.end()]
        parts += [text[end : found.start()], f"{pattern}>" if direction == "out" else f"<{pattern}"]
        end = found.end()
    return "".join([*parts, text[end:]])
