"""A query: its question, its parameters, its columns, and its Cypher in each dialect."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from cellgraph.errors import ParameterError, near
from cellgraph.queries import text as cypher
from cellgraph.queries.conditions import CannotSay, Conditions, Kind, parameters_of
from cellgraph.queries.parameter import Parameter
from cellgraph.queries.values import Type, Value, check, cypher_literal, is_whole, parse

PORTABLE = ""
"""The dialect of the text for every database that has no text of its own."""

GRAPH = "graph"
"""The dialect of the graph form: Neo4j Cypher whose rows are paths to draw instead of a table."""

_FURTHER = re.compile(r"\s*/\* and further properties of (\w+) \*/")


@dataclass(frozen=True)
class Returned:
    """One column of the rows that a query returns."""

    name: str
    type: Type
    meaning: str


@dataclass(frozen=True)
class Statement:
    """Cypher text with its parameter values."""

    text: str
    parameters: Mapping[str, Value]


@dataclass(frozen=True)
class Query:
    """A checked query file, with its siblings in other dialects.

    Attributes
    ----------
    name, group : str
        ``cypher/<group>/<name>.cypher``.
    summary, description : str
        The first sentence of the header, and the rest of its prose.
    parameters : tuple of Parameter
    columns : tuple of Returned
    texts : mapping of str to str
        Cypher by dialect, without the header; `PORTABLE` is for all other dialects.
    path : pathlib.Path
        The file.
    graph_note : str
        The comment of the graph form: what is drawn, and any limits.
    conditions : mapping of str to str
        The variables that conditions apply to, and their kinds; see `cellgraph.queries.conditions`.
    """

    name: str
    group: str
    summary: str
    description: str
    parameters: tuple[Parameter, ...]
    columns: tuple[Returned, ...]
    texts: Mapping[str, str]
    path: Path
    graph_note: str = ""

    @property
    def has_graph(self) -> bool:
        """Whether it has a graph form, whose rows are paths."""
        return GRAPH in self.texts

    conditions: Mapping[str, Kind] = field(default_factory=dict)

    @property
    def all_parameters(self) -> tuple[Parameter, ...]:
        """Its parameters, and those of the conditions that it takes."""
        return self.parameters + parameters_of(self.conditions)

    def text(self, dialect: str) -> str:
        """Return the Cypher for a dialect, with ``$name`` for every parameter, including literal ones."""
        return self.texts.get(dialect, self.texts[PORTABLE])

    @property
    def signature(self) -> str:
        """The parameters with defaults, such as ``k=2 cell=… sample=null``; an ellipsis marks a required value."""
        shown = (f"{p.name}={'…' if p.required else cypher_literal(p.default).strip(chr(39))}" for p in self.parameters)
        return " ".join(shown)

    def takes(self, name: str) -> bool:
        """Tell whether there is a parameter of that name."""
        return any(parameter.name == name for parameter in self.all_parameters)

    @property
    def extendable(self) -> str:
        """The variable whose further properties become columns, or an empty string."""
        found = _FURTHER.search(self.texts[PORTABLE])
        return found.group(1) if found else ""

    def parse(self, texts: Mapping[str, str]) -> dict[str, Value]:
        """Parse values from text in the declared types of the parameters; a cell may be given by name.

        Raises
        ------
        ParameterError
            For an unknown parameter, or text that is not a value of its type.
        """
        for name in texts:
            self._require_known(name)
        kinds = {parameter.name: parameter.type for parameter in self.all_parameters}
        cells = {parameter.name for parameter in self.parameters if parameter.cell}
        read: dict[str, Value] = {}
        for name, text in texts.items():
            parts = text.split(",")
            if name in cells and not all(is_whole(part) for part in parts[: None if " list" in kinds[name] else 1]):
                read[name] = text
            elif name in cells and " list" in kinds[name] and text.strip().lower() != "null":
                read[name] = [int(part) for part in parts]
            else:
                read[name] = parse(text, kinds[name], of=f"the parameter {name!r} of the query {self.name!r}")
        return read

    def bind(self, values: Mapping[str, object]) -> dict[str, Value]:
        """Check values against the declared parameters and add the defaults.

        Raises
        ------
        ParameterError
            For an unknown parameter, a missing one, or one of the wrong type or out of range.
        """
        for name in values:
            self._require_known(name)
        return {parameter.name: self._bound(parameter, values) for parameter in self.all_parameters}

    def _require_known(self, name: str) -> None:
        if not self.takes(name):
            known = [parameter.name for parameter in self.all_parameters]
            own = [parameter.name for parameter in self.parameters]
            takes = f"it takes {', '.join(own) or 'none'}{' and conditions' if self.conditions else ''}"
            raise ParameterError(f"the query {self.name!r} has no parameter {name!r}; {takes}.{near(name, known)}")

    def _bound(self, parameter: Parameter, values: Mapping[str, object]) -> Value:
        """Return the checked value of one parameter, or its default."""
        value = values.get(parameter.name)
        if (
            parameter.cell
            and parameter.type == "int list"
            and value is not None
            and not isinstance(value, list | tuple)
        ):
            value = [value]
        if parameter.required and parameter.name not in values:
            raise ParameterError(
                f"the query {self.name!r} needs the parameter {parameter.name!r}: {parameter.meaning}."
            )
        if parameter.name not in values or (value is None and parameter.nullable):
            return parameter.default
        return check(
            value,
            parameter.type,
            of=f"the parameter {parameter.name!r} of the query {self.name!r}",
            minimum=parameter.minimum,
            maximum=parameter.maximum,
        )

    def statement(
        self,
        dialect: str,
        values: Mapping[str, object],
        *,
        further: Sequence[str] = (),
        limit: int | None = None,
        conditions: Conditions | None = None,
    ) -> Statement:
        """Return what a database runs for these values.

        Parameters
        ----------
        dialect : str
            Dialect of the database.
        values : mapping
            Values of the parameters; checked here.
        further : sequence of str
            Names of properties that an extendable query returns after its own columns.
        limit : int, optional
            Maximum number of rows.
        conditions : Conditions, optional
            Conditions on contacts and cells.

        Raises
        ------
        ParameterError
            As for `bind`.
        CannotSay
            If the Cypher of this dialect cannot express the conditions.
        """
        bound = self.bind(values)
        conditions = conditions or Conditions()
        null = {name for name, value in bound.items() if value is None}
        text = cypher.decide_optional(self._filled(dialect, bound, further, limit, conditions), null)
        used = cypher.parameters_in(text)
        everything = bound | conditions.parameters()
        return Statement(text, {name: value for name, value in everything.items() if name in used})

    def shown(
        self,
        dialect: str,
        values: Mapping[str, object],
        *,
        limit: int | None = None,
        conditions: Conditions | None = None,
    ) -> str:
        """Return the Cypher to paste into a Cypher prompt, with the values of its parameters filled in.

        It is one statement without parameters, because Neo4j Browser shows no rows for what follows a ``:param``.  A
        required parameter that has no value yet remains, with a comment.

        Raises
        ------
        ParameterError
            As for `bind`, except for a missing parameter.
        """
        missing = [parameter for parameter in self.parameters if parameter.required and parameter.name not in values]
        known = [parameter for parameter in self.parameters if parameter not in missing]
        bound = replace(self, parameters=tuple(known)).bind(values)
        conditions = conditions or Conditions()
        text = self._filled(dialect, bound, (), limit, conditions)
        text = cypher.decide_optional(text, {name for name, value in bound.items() if value is None})
        for name, value in (bound | conditions.parameters()).items():
            text = cypher.replace(cypher.parameter(name), cypher_literal(value), text)
        about = [self.summary, *(self.graph_note.splitlines() if dialect == GRAPH else [])]
        notes = [f"// Put a value for ${parameter.name}: {parameter.meaning}." for parameter in missing]
        return "\n".join([*(f"// {line}" for line in about), *notes, text.rstrip().rstrip(";") + ";"])

    def _filled(
        self,
        dialect: str,
        bound: Mapping[str, Value],
        further: Sequence[str],
        limit: int | None,
        conditions: Conditions,
    ) -> str:
        """Return the text with what cannot be a parameter filled in: conditions, column names, path lengths, limit."""
        for parameter in self.parameters:
            if parameter.compiled and bound.get(parameter.name) is not None:
                option = parameter.name.replace("_", "-")
                raise CannotSay(
                    f"the query {self.name!r} answers {parameter.name} in compiled code, not in Cypher; leave out "
                    f"{parameter.name} (--{option}) to see the Cypher without it"
                )
        text = conditions.put_into(self.text(dialect), self.conditions, dialect)
        text = _FURTHER.sub(lambda found: _further_columns(found[1], further), text)
        for parameter in self.parameters:
            if parameter.column and bound.get(parameter.name) is not None:
                text = cypher.replace(cypher.parameter(parameter.name), cypher.quoted(str(bound[parameter.name])), text)
            if parameter.literal and parameter.name in bound:
                value = cypher_literal(bound[parameter.name])
                text = cypher.replace(cypher.parameter(parameter.name), value, text)
        if limit is not None:
            text = f"{text.rstrip().rstrip(';')}\nLIMIT {cypher_literal(check(limit, 'int', of='limit', minimum=0))}\n"
        return text


def _further_columns(variable: str, names: Sequence[str]) -> str:
    """Return the end of a RETURN list with these properties of a variable."""
    return "".join(f",\n       {variable}.{cypher.quoted(name)} AS {cypher.quoted(name)}" for name in names)
