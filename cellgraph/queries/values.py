"""Check the values of query parameters, parse them from text, and write them as Cypher."""

from __future__ import annotations

import json
import operator
from typing import Any, Literal, get_args

from cellgraph.errors import ParameterError

Type = Literal["int", "float", "bool", "str", "int list", "float list", "str list"]
Value = int | float | bool | str | list[Any] | None

TYPES: tuple[Type, ...] = get_args(Type)

_WORDS = {
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "str": "text",
    "int list": "a list of whole numbers",
    "float list": "a list of numbers",
    "str list": "a list of texts",
}


def check(value: object, kind: str, *, of: str, minimum: int | None = None, maximum: int | None = None) -> Value:
    """Return a value converted to the type of a parameter, numpy scalars included.

    Parameters
    ----------
    value : object
        The value given.
    kind : str
        One of `TYPES`.
    of : str
        What it is the value of, for the message.
    minimum, maximum : int, optional
        The range of an ``int``; by default that of 64 bits.

    Raises
    ------
    ParameterError
        If it has another type or is out of range.
    """
    low = -(2**63) if minimum is None else minimum
    high = 2**63 - 1 if maximum is None else maximum
    if kind.endswith(" list"):
        if not isinstance(value, list | tuple):
            raise ParameterError(f"{of} must be {_WORDS[kind]}, not {value!r}.")
        return [check(item, kind.removesuffix(" list"), of=f"an item of {of}") for item in value]
    if isinstance(value, str) and any("\ud800" <= char <= "\udfff" for char in value):
        raise ParameterError(f"{of} must be Unicode text, but {value!r} has invalid characters.")
    checked = _converted(value, kind)
    if checked is None:
        raise ParameterError(f"{of} must be {_WORDS[kind]}, not {value!r}.")
    if isinstance(checked, int) and kind == "int" and not low <= checked <= high:
        raise ParameterError(f"{of} must be from {low} to {high}, not {checked}.")
    return checked


def _converted(value: Any, kind: str) -> int | float | bool | str | None:
    """Return the value in its type, or None if it has another."""
    if kind == "str":
        return value if isinstance(value, str) else None
    if kind == "bool":
        return bool(value) if type(value).__name__ in ("bool", "bool_") else None
    if isinstance(value, bool | str | bytes) or value is None:
        return None
    try:
        return operator.index(value) if kind == "int" else float(value)
    except (TypeError, ValueError, OverflowError):
        return None


def parse(text: str, kind: str, *, of: str) -> Value:
    """Read a value of a known type from the command line; ``null`` is None, except for text.

    Raises
    ------
    ParameterError
        If the text is not such a value.
    """
    if kind == "str":
        return text
    plain = text.strip().lower()
    if plain == "null":
        return None
    try:
        if kind == "int":
            return int(plain)
        if kind == "float":
            return float(plain)
        if kind == "bool":
            return {"true": True, "false": False}[plain]
        return check(json.loads(text), kind, of=of)
    except (ValueError, KeyError):
        raise ParameterError(f"{of} must be {_WORDS[kind]}, not {text!r}.") from None


def is_whole(text: str) -> bool:
    """Tell whether a text is a whole number or null."""
    plain = text.strip().lower()
    return plain == "null" or plain.removeprefix("-").removeprefix("+").isdecimal()


def guess(text: str) -> Any:
    """Parse a value of unknown type: as JSON (numbers, true, null, lists, quoted text) if it is, else as text."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def cypher_literal(value: Any) -> str:
    """Write a value as Cypher, for text that users paste; queries that are run pass values as parameters."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return "'" + value.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n") + "'"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(cypher_literal(item) for item in value) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"`{key}`: {cypher_literal(item)}" for key, item in value.items()) + "}"
    return repr(value)
