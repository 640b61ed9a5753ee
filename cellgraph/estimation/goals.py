"""When an estimate is good enough: at a time limit, or once its interval is tight."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from numbers import Real

from cellgraph.errors import ParameterError

CONFIDENCE = 0.95

_SECONDS = {"ms": 0.001, "s": 1.0, "sec": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0}


@dataclass(frozen=True)
class Goal:
    """When to stop. Without a time and an error: only after everything was seen.

    Attributes
    ----------
    confidence : float
        Confidence level of the interval, between 0 and 1.
    seconds : float or None
        Time limit.
    error, absolute_error : float or None
        Maximum half-width of the interval: relative to the estimate, and in its unit.
    """

    confidence: float = CONFIDENCE
    seconds: float | None = None
    error: float | None = None
    absolute_error: float | None = None

    @property
    def is_tight(self) -> bool:
        """Whether a width of the interval is requested."""
        return self.error is not None or self.absolute_error is not None

    def allowed(self, estimate: float) -> float:
        """Return the maximum half-width of the interval of an estimate."""
        relative = math.inf if self.error is None else self.error * abs(estimate)
        return min(relative, math.inf if self.absolute_error is None else self.absolute_error)


def make_goal(
    within_time: float | str | None,
    within_ci: float | str | None,
    error: float | str | None,
    absolute_error: float | None,
    confidence: float | str | None,
) -> Goal:
    """Return the goal that a user describes, as in `estimate`.

    Raises
    ------
    ParameterError
        If it is not a valid goal, or cannot be reached.
    """
    if within_ci is None and (error is not None or absolute_error is not None):
        raise ParameterError("an error needs the confidence of its interval: add --within-ci 0.95")
    if within_ci is not None and error is None and absolute_error is None:
        raise ParameterError("an interval needs its half width: add --error 1% or --absolute-error")
    if within_ci is None and within_time is None:
        raise ParameterError(
            "expected a stopping rule: --within-time 5s, or --within-ci 0.95 --error 1%; for the exact value use "
            "cellgraph query, or a --within-time long enough to read everything"
        )
    if within_ci is not None and confidence is not None:
        raise ParameterError("--within-ci already gives the confidence; leave --confidence out")
    if within_ci is not None:
        confidence = _confidence(within_ci, "--within-ci")
    return Goal(
        confidence=CONFIDENCE if confidence is None else _confidence(confidence, "--confidence"),
        seconds=None if within_time is None else parse_seconds(within_time),
        error=None if error is None else _relative(error),
        absolute_error=None if absolute_error is None else _positive(absolute_error, "--absolute-error"),
    )


def parse_seconds(text: float | str) -> float:
    """Return seconds from ``5s``, ``500ms``, ``2m``, ``1h`` or a number of seconds.

    Raises
    ------
    ParameterError
        If it is not a time above 0.
    """
    given = str(text)
    if _is_number(text) and abs(float(text)) < 1e20:
        given = f"{float(text):.20f}"  # the pattern does not match 1e-09
    found = re.fullmatch(r"\s*(\d+\.?\d*|\.\d+)\s*([a-z]*)\s*", given.lower())
    seconds = float(found[1]) * _SECONDS.get(found[2] or "s", 0.0) if found else 0.0
    if not 0 < seconds < math.inf:
        raise ParameterError(f"expected a time above 0, such as 5s, 500ms or 2m, got {str(text)!r}")
    return seconds


def _is_number(given: object) -> bool:
    return isinstance(given, Real) and not isinstance(given, bool)


def _confidence(given: float | str, option: str) -> float:
    value = _number(given, option, "a confidence level between 0 and 1, such as 0.95 or 95%")
    if value == 1:
        raise ParameterError(
            f"{option} 1 asks for certainty, which a random sample cannot give; use a lower confidence level, such as "
            "0.99, or compute the exact value with cellgraph query"
        )
    if not 0 < value < 1:
        hint = f"; did you mean {value:g}%?" if 1 < value < 100 else ""
        raise ParameterError(
            f"expected {option} to be a confidence level between 0 and 1, such as 0.95, got {given}{hint}"
        )
    return value


def _relative(given: float | str) -> float:
    value = _positive(given, "--error")
    if value >= 1:
        raise ParameterError(
            f"expected --error to be relative to the estimate, such as 1% or 0.01, got {given}; for an error in the "
            "unit of the estimate use --absolute-error"
        )
    return value


def _positive(given: float | str, option: str) -> float:
    value = _number(given, option, "a number above 0")
    if not math.isfinite(value):
        raise ParameterError(f"expected {option} to be a number above 0, got {given}")
    if value <= 0:
        raise ParameterError(
            f"expected {option} to be above 0, got {given}: a random sample always has an error; "
            "compute the exact value with cellgraph query"
        )
    return value


def _number(given: float | str, option: str, expected: str) -> float:
    text = str(given).strip()
    try:
        return float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except ValueError:
        raise ParameterError(f"expected {option} to be {expected}, got {given!r}") from None
