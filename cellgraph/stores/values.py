"""Convert values on the way into and out of a database, the same for every database."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

from cellgraph.errors import ParameterError, near

_NOT_CODE = re.compile(r"//[^\n]*|/\*.*?\*/|'(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\"|(?<!\$)`[^`]*`", re.DOTALL)
_USED = re.compile(r"\$(?:`([^`]+)`|(\w+))")


def plain(parameters: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return parameters in the types that drivers accept: numpy scalars and arrays become Python objects.

    Raises
    ------
    ParameterError
        For an integer beyond 64 bits, or a value of a type that Cypher does not have.
    """
    return {name: _plain(value, name) for name, value in (parameters or {}).items()}


def _plain(value: Any, name: str) -> Any:
    if hasattr(value, "tolist"):  # numpy arrays and scalars
        value = value.tolist()
    if value is None or isinstance(value, bool | float | str):
        return value
    if isinstance(value, int):
        if not -(2**63) <= value < 2**63:
            raise ParameterError(
                f"the parameter {name!r} is a whole number beyond 64 bits, which databases do not support."
            )
        return value
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(item, name) for item in value]
    if isinstance(value, Mapping):
        return {str(key): _plain(item, name) for key, item in value.items()}
    raise ParameterError(
        f"the parameter {name!r} is a {type(value).__name__}; it must be a number, text, true or false, "
        "or a list of these."
    )


def require_parameters(cypher: str, given: Iterable[str]) -> None:
    """Raise `ParameterError` if a statement uses a parameter that is not given.

    For a database that silently treats a missing one as null.
    """
    given = list(given)
    for quoted, bare in _USED.findall(_NOT_CODE.sub(" ", cypher)):
        name = quoted or bare
        if name not in given:
            raise ParameterError(f"the query uses the parameter ${name}, which has no value.{near(name, given)}")


def without_values(message: str, parameters: Mapping[str, Any]) -> str:
    """Return a driver message with the values of text parameters replaced by their names."""
    for name, value in parameters.items():
        if isinstance(value, str) and len(value) > 1:
            message = message.replace(value, f"${name}")
    return message


def as_json(value: object) -> str | None:
    """Return a graph value (node, relationship, path, map) as JSON text; None stays None.

    A node is ``{"_label": "Cell", "label": 1, …}``, a relationship ``{"_type": "TOUCHES", …}``, a path
    ``{"_nodes": […], "_relationships": […]}``; missing properties are left out.
    """
    if value is None:
        return None
    try:
        return _dumps(value, allow_nan=False)
    except ValueError:
        return _dumps(_without_nan(value))


_dumps = partial(json.dumps, ensure_ascii=False, sort_keys=True, default=str)


def _without_nan(value: Any) -> Any:
    """Return a graph value with null for numbers that JSON cannot represent."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, list):
        return [_without_nan(item) for item in value]
    if isinstance(value, dict):
        return {key: _without_nan(item) for key, item in value.items()}
    return value
