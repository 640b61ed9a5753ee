"""Weights of contacts as expressions of their columns: ``1/junctions``, ``area``, ``-log(fraction)``."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cellgraph.errors import ParameterError, near

if TYPE_CHECKING:
    import numpy as np

_SIGNS: dict[type[ast.AST], Callable[..., Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
}
FUNCTIONS = ("log", "sqrt", "exp", "abs")
_LONGEST = 500


@dataclass(frozen=True)
class Weight:
    """A parsed expression.

    Attributes
    ----------
    text : str
        As the user wrote it.
    columns : tuple of str
        The columns of contacts that it uses.
    """

    text: str
    columns: tuple[str, ...]
    _tree: ast.expr

    def __call__(self, columns: Mapping[str, np.ndarray[Any, Any]], contacts: int) -> np.ndarray[Any, Any]:
        """Return the weight of each contact.

        Parameters
        ----------
        columns : mapping of str to numpy.ndarray of float64, shape (m,)
            NaN where a contact has no value.
        contacts : int
            Their number, m.

        Returns
        -------
        numpy.ndarray of float64, shape (m,)
            Infinite or NaN where the expression is undefined, such as 1/0.
        """
        import numpy as np

        with np.errstate(all="ignore"):
            return np.broadcast_to(np.asarray(_value(self._tree, columns), np.float64), (contacts,))


def parse_weight(text: str, known: Mapping[str, str]) -> Weight:
    """Parse an expression of numbers, columns, ``+ - * / **``, parentheses, and log, sqrt, exp, abs.

    Parameters
    ----------
    text : str
    known : mapping of str to str
        Type of each column of contacts.

    Raises
    ------
    ParameterError
        If it does not parse, or names a column that does not exist or is not numeric.
    """
    why = "use numbers and columns of contacts, such as 1/junctions"
    try:
        tree = ast.parse(text.strip()[:_LONGEST], mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise ParameterError(f"the weight {text!r} is not a valid expression; {why}.") from None
    columns: dict[str, None] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and not _is_function(node, tree):
            if node.id not in known:
                raise ParameterError(
                    f"the weight {text!r} uses {node.id!r}, but contacts have no such column.{near(node.id, known)}"
                )
            if known[node.id] not in ("int", "float"):
                raise ParameterError(f"the weight {text!r} uses {node.id!r}, which is not numeric; {why}.")
            columns[node.id] = None
    _check(tree, text, why)
    return Weight(text, tuple(columns), tree)


def _is_function(name: ast.Name, tree: ast.expr) -> bool:
    return any(isinstance(node, ast.Call) and node.func is name for node in ast.walk(tree))


def _check(node: ast.AST, text: str, why: str) -> None:
    """Reject anything that is not arithmetic."""
    if isinstance(node, ast.BinOp | ast.UnaryOp) and type(node.op) in _SIGNS:
        parts: list[ast.AST] = [node.left, node.right] if isinstance(node, ast.BinOp) else [node.operand]
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and len(node.args) == 1 and not node.keywords:
        if node.func.id not in FUNCTIONS:
            raise ParameterError(
                f"the weight {text!r} uses {node.func.id!r}, but the functions are "
                f"{', '.join(FUNCTIONS)}.{near(node.func.id, FUNCTIONS)}"
            )
        parts = list(node.args)
    elif isinstance(node, ast.Name) or (isinstance(node, ast.Constant) and type(node.value) in (int, float)):
        parts = []
    else:
        raise ParameterError(f"the weight {text!r} contains something that is not arithmetic; {why}.")
    for part in parts:
        _check(part, text, why)


def _value(node: ast.AST, columns: Mapping[str, Any]) -> Any:
    import numpy as np

    if isinstance(node, ast.BinOp):
        return _SIGNS[type(node.op)](_value(node.left, columns), _value(node.right, columns))
    if isinstance(node, ast.UnaryOp):
        return _SIGNS[type(node.op)](_value(node.operand, columns))
    if isinstance(node, ast.Call):
        assert isinstance(node.func, ast.Name)
        return getattr(np, node.func.id)(_value(node.args[0], columns))
    if isinstance(node, ast.Name):
        return columns[node.id]
    assert isinstance(node, ast.Constant)
    return np.float64(node.value)  # type: ignore[arg-type]
