"""When to stop: what people write, and what cannot be reached."""

from __future__ import annotations

from typing import Any

import pytest

from cellgraph.errors import ParameterError
from cellgraph.estimation.goals import Goal, make_goal, parse_seconds


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("5s", 5),
        ("500ms", 0.5),
        ("2m", 120),
        ("2 min", 120),
        ("1h", 3600),
        ("0.5", 0.5),
        (".5s", 0.5),
        (3, 3),
        (1.5, 1.5),
    ],
)
def test_a_time_is_read(text: float | str, seconds: float) -> None:
    assert parse_seconds(text) == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["", "0", "0s", "-1s", "5 years", "s", "nan", "inf", "1e9999", -1, "5s5s", True])
def test_what_is_no_time_is_refused(text: float | str) -> None:
    with pytest.raises(ParameterError, match="expected a time above 0"):
        parse_seconds(text)


def goal(**given: Any) -> Goal:
    options = {"within_time": None, "within_ci": None, "error": None, "absolute_error": None, "confidence": None}
    return make_goal(**{**options, **given})


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"within_time": "5s"}, Goal(0.95, seconds=5.0)),
        ({"within_time": 2, "confidence": "99%"}, Goal(0.99, seconds=2.0)),
        ({"within_ci": 0.9, "error": "1%"}, Goal(0.9, error=0.01)),
        ({"within_ci": "95%", "error": 0.01}, Goal(0.95, error=0.01)),
        ({"within_ci": 0.95, "absolute_error": 3}, Goal(0.95, absolute_error=3.0)),
        ({"within_ci": 0.95, "error": "1%", "within_time": "5s"}, Goal(0.95, seconds=5.0, error=0.01)),
    ],
)
def test_a_goal_is_read(given: dict[str, Any], expected: Goal) -> None:
    assert goal(**given) == expected


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({}, "expected a stopping rule"),
        ({"within_ci": 1, "error": "1%"}, "asks for certainty, which a random sample cannot give"),
        ({"within_ci": "100%", "error": "1%"}, "asks for certainty"),
        ({"within_ci": 0, "error": "1%"}, "between 0 and 1, such as 0.95, got 0"),
        ({"within_ci": -0.5, "error": "1%"}, "between 0 and 1"),
        ({"within_ci": 95, "error": "1%"}, "did you mean 95%"),
        ({"within_ci": "much", "error": "1%"}, "expected --within-ci to be a confidence level"),
        ({"within_ci": float("nan"), "error": "1%"}, "between 0 and 1"),
        ({"within_ci": 0.95}, "an interval needs its half width"),
        ({"within_ci": 0.95, "error": 0}, "a random sample always has an error"),
        ({"within_ci": 0.95, "error": "0%"}, "a random sample always has an error"),
        ({"within_ci": 0.95, "error": "-1%"}, "expected --error to be above 0"),
        ({"within_ci": 0.95, "error": 5}, "relative to the estimate, such as 1% or 0.01"),
        ({"within_ci": 0.95, "absolute_error": 0}, "expected --absolute-error to be above 0"),
        ({"within_time": 5, "error": "1%"}, "an error needs the confidence of its interval"),
        ({"within_time": 5, "confidence": 1}, "--confidence 1 asks for certainty"),
        ({"within_ci": 0.95, "error": "1%", "confidence": 0.9}, "leave --confidence out"),
    ],
)
def test_a_goal_that_cannot_be_reached_is_refused(given: dict[str, Any], why: str) -> None:
    with pytest.raises(ParameterError, match=why):
        goal(**given)


def test_the_smaller_of_two_errors_counts() -> None:
    both = Goal(0.95, error=0.1, absolute_error=3.0)
    assert both.allowed(-10.0) == 1.0
    assert both.allowed(1000.0) == 3.0


@pytest.mark.parametrize("given", [float("nan"), float("inf"), -1.0, 0, True, "nan", "inf", "1e400", None])
def test_a_time_is_a_number_above_0(given: Any) -> None:
    with pytest.raises(ParameterError, match="expected a time above 0"):
        parse_seconds(given)


def test_a_very_short_time_is_a_time() -> None:
    assert parse_seconds(1e-9) == pytest.approx(1e-9)


@pytest.mark.parametrize("value", ["nan", "inf", float("nan"), float("inf")])
def test_what_is_no_finite_number_is_no_error(value: Any) -> None:
    for goal in ({"error": value}, {"absolute_error": value}):
        with pytest.raises(ParameterError, match=r"expected --(absolute-)?error to be a number above 0, got (nan|inf)"):
            make_goal(None, 0.95, goal.get("error"), goal.get("absolute_error"), None)
    with pytest.raises(ParameterError, match="to be a confidence level between 0 and 1"):
        make_goal(1, None, None, None, value)
