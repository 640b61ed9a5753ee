"""Read and check query files: a header in comments, then one Cypher query.

    // Cells within one, two, … k contacts of each cell.
    //
    // More prose, if any.
    //
    // Parameters
    //   k: int = 2 (1..100, literal)  largest number of contacts
    //   sample: str = null            name of one sample; null is all
    // Conditions
    //   c: reported
    // Returns
    //   sample: str                   name of the sample
    MATCH … RETURN s.name AS sample …

A parameter without a default is required; one whose default is null may be null.  The parentheses hold the range of an
``int``, ``literal`` for a value that the loader inserts into the text, ``cell`` for the label of a cell (``int``, or
``int list`` for several), ``compiled`` for a parameter that the Cypher cannot take, ``target`` for what is searched
for, and ``cells`` or ``contacts`` for the name of one of their properties (``str``). The section ``Conditions`` names
the variables that the shared conditions apply to; see `cellgraph.queries.conditions`. A sibling file in another dialect
(``khop.ladybug.cypher``) inherits the header of ``khop.cypher``; its own comment says only why it exists. Its graph
form (``khop.graph.cypher``) has the same parameters, and returns paths to draw.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from cellgraph.errors import FormatError, ParameterError, near
from cellgraph.queries.conditions import KINDS, Kind, marked
from cellgraph.queries.parameter import Parameter
from cellgraph.queries.query import Returned
from cellgraph.queries.text import blanked, parameters_in
from cellgraph.queries.values import TYPES, Type, check, parse

_SECTIONS = {"Parameters": "parameters", "Conditions": "conditions", "Returns": "returns"}
_PARAMETER = re.compile(
    r"(?P<name>[A-Za-z_]\w*): (?P<type>\w+(?: list)?)(?: = (?P<default>\S+))?(?: \((?P<notes>[^)]*)\))?"
    r"\s{2,}(?P<meaning>\S.*)"
)
_COLUMN = re.compile(r"(?P<name>[A-Za-z_]\w*): (?P<type>\w+(?: list)?)\s{2,}(?P<meaning>\S.*)")
_CONDITION = re.compile(r"(?P<name>[A-Za-z_]\w*): (?P<kind>\w+)(?:\s{2,}.*)?")
_NOTES = {"int": ("literal", "cell"), "int list": ("cell",), "str": ("cells", "contacts", "target")}
_RANGE = re.compile(r"(-?\d+)\.\.(-?\d+)")


@dataclass(frozen=True)
class Header:
    """What the comment at the top of a query file declares."""

    summary: str
    description: str
    parameters: tuple[Parameter, ...]
    columns: tuple[Returned, ...]
    conditions: dict[str, Kind]


def read(path: Path) -> tuple[Header, str]:
    """Read and check the file of a query.

    Returns
    -------
    Header
        What it declares.
    str
        The Cypher after the header.

    Raises
    ------
    FormatError
        With file and line, for an unreadable header, an unknown or unused parameter, or columns that differ from those
        of the query.
    """
    lines = _lines(path)
    end = _header_end(lines)
    header = _parse_header(path, lines[:end])
    text = "\n".join(lines[end:]).strip() + "\n"
    _check_parameters(path, end, lines, header)
    _check_columns(path, end, lines, header)
    _check_conditions(
        path,
        end,
        lines,
        header,
        {name for name, kind in header.conditions.items() if kind not in ("compiled", "none", "any")},
    )
    return header, text


def read_sibling(path: Path, header: Header) -> str:
    """Read and check the text of a query in another dialect, which shares the header of its portable sibling.

    Raises
    ------
    FormatError
        As for `read`, and if it has a header of its own.
    """
    lines, end = _sibling_lines(path, header)
    _check_columns(path, end, lines, header)
    _check_conditions(path, end, lines, header, {n for n, kind in header.conditions.items() if kind == "reported"})
    return "\n".join(lines[end:]).strip() + "\n"


def read_graph(path: Path, header: Header) -> tuple[str, str]:
    """Read and check the graph form of a query: Neo4j Cypher with the same parameters, whose rows are paths ``p``.

    Returns
    -------
    str
        The Cypher.
    str
        Its comment: what is drawn, and any limits.

    Raises
    ------
    FormatError
        As for `read`, and if it has a header of its own or returns anything but paths.
    """
    lines, end = _sibling_lines(path, header)
    text = "\n".join(lines[end:]).strip() + "\n"
    found = re.search(r"\bRETURN\s+(?:DISTINCT\s+)?p\b(?!\s*[,.])[^{}]*$", blanked(text))
    if found is None or "RETURN" in found[0][len("RETURN") :]:
        raise FormatError(f"{path}:{len(lines)}: a graph form returns paths, and nothing else: RETURN p.")
    comment = [line.removeprefix("//").strip() for line in lines[:end]]
    if not comment:
        raise FormatError(f"{path}:1: a graph form starts with a comment that says what is drawn ('// …').")
    return text, "\n".join(comment)


def _sibling_lines(path: Path, header: Header) -> tuple[list[str], int]:
    """Read a file that shares the header of its portable sibling: its lines and number of leading comment lines."""
    lines = _lines(path)
    end = _header_end(lines)
    for number, line in enumerate(lines[:end], start=1):
        if line.removeprefix("//").strip() in _SECTIONS:
            raise FormatError(
                f"{path}:{number}: a sibling has the header of its portable file and must not have its own."
            )
    _check_parameters(path, end, lines, header)
    return lines, end


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text("utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise FormatError(f"{path}: a query file must be UTF-8 text, but byte {error.start} is invalid.") from None


def _header_end(lines: list[str]) -> int:
    """Return the number of comment lines at the top."""
    for number, line in enumerate(lines):
        if not line.startswith("//"):
            return number
    return len(lines)


def _parse_header(path: Path, lines: list[str]) -> Header:
    """Split the header into prose, parameters and columns."""
    prose: list[str] = []
    parameters: list[Parameter] = []
    columns: list[Returned] = []
    conditions: dict[str, Kind] = {}
    section = ""
    for number, line in enumerate(lines, start=1):
        content = line.removeprefix("//")
        if content.strip() in _SECTIONS:
            section = _SECTIONS[content.strip()]
        elif not section:
            prose.append(content.strip())
        elif section == "parameters" and content.strip():
            parameters.append(_parse_parameter(path, number, content.strip()))
        elif section == "conditions" and content.strip():
            conditions |= _parse_condition(path, number, content.strip())
        elif content.strip():
            columns.append(_parse_column(path, number, content.strip()))
    if not prose or not prose[0]:
        raise FormatError(f"{path}:1: a query file starts with a comment that says what it answers ('// …').")
    if not columns:
        raise FormatError(f"{path}:{max(len(lines), 1)}: the header has no section 'Returns' with the columns.")
    _refuse_twins(path, parameters, columns)
    return Header(prose[0], "\n".join(prose[1:]).strip(), tuple(parameters), tuple(columns), conditions)


def _parse_parameter(path: Path, number: int, line: str) -> Parameter:
    """Read ``name: type = default (notes)  meaning``."""
    where = f"{path}:{number}"
    found = _PARAMETER.fullmatch(line)
    if found is None:
        raise FormatError(
            f"{where}: a parameter is declared as 'name: type = default (notes)  meaning', with two spaces before "
            f"the meaning; this line is {line!r}."
        )
    name, kind = found["name"], _type(where, found["type"])
    minimum, maximum, words = _parse_notes(where, kind, found["notes"] or "")
    if "literal" in words and (minimum is None or maximum is None):
        raise FormatError(f"{where}: the literal parameter {name!r} needs a range, such as (1..100, literal).")
    default = None
    if found["default"] is not None and found["default"] != "null":
        try:
            text = found["default"].strip("'\"") if kind == "str" else found["default"]
            default = parse(text, kind, of="the default")
            check(default, kind, of="the default", minimum=minimum, maximum=maximum)
        except ParameterError as error:
            raise FormatError(f"{where}: {error}") from None
    return Parameter(
        name=name,
        type=kind,
        meaning=found["meaning"],
        required=found["default"] is None,
        default=default,
        minimum=minimum,
        maximum=maximum,
        literal="literal" in words,
        cell="cell" in words,
        column=next(iter({"cells", "contacts"} & words), ""),
        compiled="compiled" in words,
        target="target" in words,
    )


def _parse_condition(path: Path, number: int, line: str) -> dict[str, Kind]:
    """Read ``variable: kind``."""
    found = _CONDITION.fullmatch(line)
    for kind in KINDS:
        if found is not None and found["kind"] == kind:
            return {found["name"]: kind}
    raise FormatError(
        f"{path}:{number}: conditions are declared as 'variable: kind', where the kind is one of {', '.join(KINDS)}; "
        f"this line is {line!r}."
    )


def _parse_notes(where: str, kind: Type, notes: str) -> tuple[int | None, int | None, set[str]]:
    """Read the notes in parentheses: the range of an int, and keywords."""
    minimum = maximum = None
    words = set()
    for note in filter(None, (note.strip() for note in notes.split(","))):
        bounds = _RANGE.fullmatch(note)
        if kind == "int" and bounds:
            minimum, maximum = int(bounds[1]), int(bounds[2])
        elif note == "compiled" or note in _NOTES.get(kind, ()):
            words.add(note)
        else:
            raise FormatError(
                f"{where}: {note!r} is not a note of a parameter of type {kind}; an int takes a range such as 1..100, "
                "'literal' and 'cell', an int list 'cell', a str 'cells', 'contacts' or 'target', any type 'compiled'."
            )
    return minimum, maximum, words


def _parse_column(path: Path, number: int, line: str) -> Returned:
    """Read ``name: type  meaning``."""
    found = _COLUMN.fullmatch(line)
    if found is None:
        raise FormatError(
            f"{path}:{number}: a column is declared as 'name: type  meaning', with two spaces before the meaning; "
            f"this line is {line!r}."
        )
    return Returned(found["name"], _type(f"{path}:{number}", found["type"]), found["meaning"])


def _type(where: str, name: str) -> Type:
    for kind in TYPES:
        if name == kind:
            return kind
    raise FormatError(f"{where}: unknown type {name!r}; expected one of {', '.join(TYPES)}.")


def _refuse_twins(path: Path, parameters: list[Parameter], columns: list[Returned]) -> None:
    for names in ([parameter.name for parameter in parameters], [column.name for column in columns]):
        for name in names:
            if names.count(name) > 1:
                raise FormatError(f"{path}: {name!r} is declared twice.")


# The text after the header ----------------------------------------------------------------------------------


def _check_parameters(path: Path, end: int, lines: list[str], header: Header) -> None:
    """Refuse an undeclared ``$name``, and a declared one that the text never uses."""
    known = {parameter.name for parameter in header.parameters}
    used: set[str] = set()
    for number, line in enumerate(blanked("\n".join(lines)).split("\n"), start=1):
        for name in sorted(parameters_in(line)):
            if name not in known:
                raise FormatError(f"{path}:{number}: ${name} is not declared in the header.{near(name, known)}")
            used.add(name)
    for name in sorted(
        known - used - {parameter.name for parameter in header.parameters if parameter.compiled or parameter.target}
    ):
        number = next((n for n, line in enumerate(lines[:end], start=1) if f" {name}:" in line), end)
        raise FormatError(f"{path}:{number}: the parameter {name!r} is declared, but ${name} is never used.")


def _check_columns(path: Path, end: int, lines: list[str], header: Header) -> None:
    """Refuse a RETURN whose aliases are not the declared columns in order, and rows without an ORDER BY."""
    code = blanked("\n".join(lines))
    returns = list(re.finditer(r"\bRETURN\b", code))
    if not returns:
        raise FormatError(f"{path}:{end + 1}: the query has no RETURN.")
    number = code.count("\n", 0, returns[-1].start()) + 1
    body, ordered, _ = code[returns[-1].end() :].partition("ORDER BY")
    names = []
    for item in _split(re.sub(r"^\s*DISTINCT\b", "", body)):
        alias = re.search(r"\bAS\s+(\w+)\s*$", item)
        if alias is None:
            raise FormatError(
                f"{path}:{number}: every returned column needs a name (AS …), but {item.strip()!r} has none."
            )
        names.append(alias[1])
    declared = [column.name for column in header.columns]
    if names != declared:
        raise FormatError(
            f"{path}:{number}: the query returns {', '.join(names)}, but the header declares {', '.join(declared)}."
        )
    if not ordered and not path.parent.name.startswith("_"):  # the caller of an internal query may sort
        raise FormatError(f"{path}:{number}: the rows need an ORDER BY, so that they are the same every time.")


def _check_conditions(path: Path, end: int, lines: list[str], header: Header, wanted: set[str]) -> None:
    """Refuse marks for undeclared variables, and declared variables without a mark."""
    text = "\n".join(lines)
    found = set()
    for place, item, inner in marked(text):
        name = item.split()[0]
        number = text.count("\n", 0, place) + 1
        if inner:  # a recursive pattern has its own names
            continue
        if name not in header.conditions:
            raise FormatError(f"{path}:{number}: {name!r} is not declared among the conditions of the header.")
        if header.conditions[name] == "contact" and " between " not in item:
            raise FormatError(f"{path}:{number}: conditions of a contact are written as '{name} between a and b'.")
        found.add(name)
    for name in sorted(wanted - found):
        raise FormatError(f"{path}:{end + 1}: nothing marks where the conditions of {name!r} hold.")


def _split(text: str) -> list[str]:
    """Split at commas outside brackets."""
    parts, depth, start = [], 0, 0
    for place, char in enumerate(text):
        depth += (char in "([{") - (char in ")]}")
        if char == "," and not depth:
            parts.append(text[start:place])
            start = place + 1
    return [*parts, text[start:]]
