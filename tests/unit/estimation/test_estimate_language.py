"""Expressions and filters: what they mean, and where they point when they mean nothing."""

from __future__ import annotations

import operator
from typing import Any

import pyarrow as pa
import pytest
from estimate_tables import asked, truth_of
from hypothesis import given
from hypothesis import strategies as st

from cellgraph.errors import ParameterError
from cellgraph.estimation.columns import Catalogue
from cellgraph.estimation.expression import Expression, parse_expression
from cellgraph.estimation.filters import parse_filter
from cellgraph.model import Column, Type

TYPES: dict[str, Type] = {
    "volume": "float",
    "degree": "int",
    "junctions": "int",
    "on_border": "bool",
    "sample": "str",
    "odd name": "float",
}
CELLS = {name: Column(name, kind, "unit^3" if name == "volume" else "", "") for name, kind in TYPES.items()}
CONTACTS = {name: Column(name, "float", "unit^2", "") for name in ("junctions", "area")}
CATALOGUE = Catalogue(CELLS, CONTACTS)

ROWS = pa.table(
    {
        "volume": [1.0, 2.5, None, 10.0, 2.5],
        "degree": [0, 3, 3, None, 7],
        "junctions": [0, 10, 20, 30, 40],
        "on_border": [True, False, None, True, False],
        "sample": ["a", "a", "b", "it's", None],
        "odd name": [0.0, 1.0, 2.0, 3.0, 4.0],
    }
)


def kept(text: str) -> list[int]:
    """Return the numbers of the rows that pass a filter."""
    return [row for row, passes in enumerate(parse_filter(text, CATALOGUE, "cells")(ROWS)) if passes]


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("volume > 2.5", [3]),
        ("volume >= 2.5", [1, 3, 4]),
        ("2.5 <= volume", [1, 3, 4]),
        ("volume = 2.5 and degree == 3", [1]),
        ("volume <> 2.5", [0, 3]),
        ("not volume = 2.5", [0, 3]),  # not row 2, whose volume is null
        ("volume is null", [2]),
        ("volume is not null and degree is not null", [0, 1, 4]),
        ("on_border", [0, 3]),
        ("not on_border", [1, 4]),
        ("on_border = false", [1, 4]),
        ("on_border or volume > 2", [0, 1, 3, 4]),
        ("not (on_border or volume > 2)", []),
        ("degree > -1 and degree < 1e1", [0, 1, 2, 4]),
        ("sample = 'a' and not on_border", [1]),
        ('sample = "it\'s"', [3]),
        ("sample = 'it''s'", [3]),
        ("sample > 'a'", [2, 3]),
        ("sample in ('b', 'c')", [2]),
        ("sample not in ['b', 'c']", [0, 1, 3]),
        ("degree IN (0, 7) OR volume IS NULL", [0, 2, 4]),
        ("`odd name` < 1.5", [0, 1]),
        ("cells.volume < degree", [1, 4]),
        ("1 < 2", [0, 1, 2, 3, 4]),
        ("false", []),
        # "and" binds closer than "or", "not" closer than "and"
        ("on_border or not on_border and volume = 2.5", [0, 1, 3, 4]),
    ],
)
def test_a_filter_keeps_the_rows_for_which_it_is_true(text: str, rows: list[int]) -> None:
    assert kept(text) == rows


@pytest.mark.parametrize(
    ("text", "why", "place"),
    [
        ("", "it is empty", 0),
        ("   ", "it is empty", 0),
        ("volume >", "expected a column or a value, got the end", 8),
        ("volume 3", "expected a comparison after 'volume', got '3'", 7),
        ("volume", "expected a comparison after 'volume', got the end", 6),
        ("volume > 3 degree < 2", "expected 'and', 'or' or the end, got 'degree'", 11),
        ("(volume > 3", r"expected '\)', got the end", 11),
        ("volume > 3)", r"expected 'and', 'or' or the end, got '\)'", 10),
        ("volum > 3", "cells have no column 'volum'. Did you mean 'volume'?", 0),
        ("volume > 1 and area > 3", "The contacts have one: contacts.area", 15),
        ("contacts.area > 3", "this is about cells", 0),
        ("volume > 'big'", "'volume' is a number, but 'big' is text", 9),
        ("on_border > false", "true and false have no order; compare them with = or <>", 10),
        ("volume = null", "nothing equals null; write: is null", 9),
        ("volume is 3", "expected 'null', got '3'", 10),
        ("sample in 'a'", r"expected '\(', got 'a'", 10),
        ("sample in ()", r"expected a column or a value, got '\)'", 11),
        ("volume > 3 and", "expected a column or a value, got the end", 14),
        ("volume > and 3", "expected a column or a value, got 'and'", 9),
        ("sample = 'a", "the ' that begins here is never closed", 9),
        ("volume > 3; drop", "unexpected ';'", 10),
        ("volume > --3", "expected a number, got '-'", 10),
        ("volume > 99999999999999999999", "whole numbers go up to", 9),
        ("khop(0) > 3", "khop needs a whole number of contacts from 1 to 30, got '0'", 5),
        ("__import__('os')", r"cells have no column '__import__'", 0),
    ],
)
def test_a_filter_that_means_nothing_points_at_the_place(text: str, why: str, place: int) -> None:
    with pytest.raises(ParameterError, match=why) as caught:
        parse_filter(text, CATALOGUE, "cells")
    shown, pointer = str(caught.value).splitlines()[-2:]
    assert shown == f"    {text}"
    assert pointer == " " * (4 + place) + "^"


@pytest.mark.parametrize(
    ("text", "samples"),
    [
        ("sample = 'a'", "a"),
        ("'a' = sample and volume > 3", "a"),
        ("sample in ('a', 'b') and sample = 'b'", "b"),
        ("sample = 'a' or sample = 'b' and on_border", "ab"),
        ("sample = 'a' or volume > 3", "abc"),
        ("not sample = 'a'", "bc"),
        ("sample <> 'a'", "bc"),
        ("'a' != sample", "bc"),
        ("sample not in ('a', 'c')", "b"),
        ("not (sample = 'a' or volume > 3)", "bc"),
        ("not (sample = 'a' and volume > 3)", "abc"),
        ("not (sample <> 'a' or not on_border)", "a"),
        ("sample > 'a' and sample is not null", "bc"),
        ("sample is null", ""),
        ("sample = 'a' and sample = 'b'", ""),
        ("1 = 2", ""),
        ("true", "abc"),
        ("khop(2) > 3 and sample < 'b'", "a"),
    ],
)
def test_a_filter_tells_the_samples_to_look_in(text: str, samples: str) -> None:
    read = parse_filter(text, CATALOGUE, "cells")
    assert "".join(name for name in "abc" if read.may_hold_in(name)) == samples


def test_a_filter_knows_the_samples_that_it_names() -> None:
    text = "sample = 'a' and not sample in ('b', 'c') and 'd' <> sample and sample < 'e' and volume = 3"
    assert parse_filter(text, CATALOGUE, "cells").names == set("abcd")


# A slow and obvious evaluation, with None for what is neither true nor false.

COMPARE = {
    "=": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip


def naive(tree: Any, row: dict[str, Any]) -> bool | None:
    if tree[0] == "and":
        parts = [naive(part, row) for part in tree[1:]]
        return False if False in parts else None if None in parts else True
    if tree[0] == "or":
        parts = [naive(part, row) for part in tree[1:]]
        return True if True in parts else None if None in parts else False
    if tree[0] == "not":
        inner = naive(tree[1], row)
        return None if inner is None else not inner
    sign, name, value = tree
    return None if row[name] is None else COMPARE[sign](row[name], value)


def written(tree: Any) -> str:
    if tree[0] in ("and", "or"):
        return f"({f' {tree[0]} '.join(written(part) for part in tree[1:])})"
    if tree[0] == "not":
        return f"not {written(tree[1])}"
    sign, name, value = tree
    return f"{name} {sign} {value!r}"


tests = st.one_of(
    st.tuples(st.sampled_from(sorted(COMPARE)), st.just("volume"), st.sampled_from([1.0, 2.5, 10.0])),
    st.tuples(st.sampled_from(sorted(COMPARE)), st.just("degree"), st.integers(-1, 8)),
    st.tuples(st.sampled_from(["=", "!="]), st.just("on_border"), st.booleans()),
    st.tuples(st.sampled_from(["=", "!=", "<"]), st.just("sample"), st.sampled_from(["a", "b", "it's"])),
)
trees = st.recursive(
    tests,
    lambda inner: st.one_of(
        st.tuples(st.just("and"), inner, inner),
        st.tuples(st.just("or"), inner, inner, inner),
        st.tuples(st.just("not"), inner),
    ),
    max_leaves=8,
)


@given(trees)
def test_a_filter_means_what_it_says(tree: Any) -> None:
    expected = [number for number, row in enumerate(ROWS.to_pylist()) if naive(tree, row) is True]
    assert kept(written(tree)) == expected
    read = parse_filter(written(tree), CATALOGUE, "cells")
    assert all(read.may_hold_in(ROWS["sample"][number].as_py()) for number in expected)


@pytest.mark.parametrize(
    ("text", "kind", "of", "columns", "unit"),
    [
        ("mean(volume)", "mean", "cells", ("volume",), "unit^3"),
        ("sum( cells.volume )", "sum", "cells", ("volume",), "unit^3"),
        ("mean(area)", "mean", "contacts", ("area",), "unit^2"),
        ("mean(junctions)", "mean", "cells", ("junctions",), ""),  # both have it: a bare name is that of the cells
        ("mean(contacts.junctions)", "mean", "contacts", ("junctions",), "unit^2"),
        ("mean(on_border)", "mean", "cells", ("on_border",), ""),
        ("count()", "count", "cells", (), "cells"),
        ("COUNT(contacts)", "count", "contacts", (), "contacts"),
        ("median(volume)", "quantile", "cells", ("volume",), "unit^3"),
        ("ratio(volume, degree)", "ratio", "cells", ("volume", "degree"), "unit^3"),
        ("ratio(volume, volume)", "ratio", "cells", ("volume", "volume"), ""),
        ("ratio(area, contacts.junctions)", "ratio", "contacts", ("area", "junctions"), ""),
        ("mean(khop(2))", "mean", "cells", ("khop(2)",), "cells"),
        ("ratio(volume, khop(1))", "ratio", "cells", ("volume", "khop(1)"), "unit^3/cells"),
        ("mean(`odd name`)", "mean", "cells", ("odd name",), ""),
    ],
)
def test_an_expression_says_what_is_asked(text: str, kind: str, of: str, columns: tuple[str, ...], unit: str) -> None:
    found = parse_expression(text, CATALOGUE)
    assert (found.kind, found.of, tuple(column.name for column in found.columns)) == (kind, of, columns)
    assert found.unit == unit


@pytest.mark.parametrize(("text", "q"), [("quantile(volume, 0.9)", 0.9), ("quantile(volume, 5%)", 0.05)])
def test_a_quantile_has_its_number(text: str, q: float) -> None:
    assert parse_expression(text, CATALOGUE).q == pytest.approx(q)


def test_the_degree_is_counted_where_it_is_not_stored() -> None:
    without = Catalogue({"volume": CELLS["volume"]}, CONTACTS)
    assert parse_expression("mean(degree)", without).columns[0].hops == 1


@pytest.mark.parametrize(
    ("text", "why", "place"),
    [
        ("", "expected one of mean, sum, count, median, quantile, ratio, got the end", 0),
        ("maen(volume)", "Did you mean 'mean'", 0),
        ("mean volume", r"expected '\(', got 'volume'", 5),
        ("mean(volume", r"expected '\)', got the end", 11),
        ("mean(volume) + 1", r"expected the end, got '\+'", 13),
        ("mean()", r"expected the name of a column, got '\)'", 5),
        ("mean(sample)", "the column 'sample' holds text, but a number is needed", 5),
        ("mean(volumes)", "Did you mean 'volume'", 5),
        ("mean(cells.area)", "The contacts have one: contacts.area", 11),
        ("quantile(volume)", r"expected ',', got '\)'", 15),
        ("quantile(volume, 1)", "expected a quantile between 0 and 1, such as 0.9, got '1'", 17),
        ("quantile(volume, 0)", "expected a quantile between 0 and 1", 17),
        ("ratio(volume, area)", "cells have no column 'area'", 14),
        ("ratio(volume)", r"expected ',', got '\)'", 12),
        ("count(volume)", "count takes cells or contacts, got 'volume'", 6),
        ("mean(contacts.khop(2))", "khop counts neighbours of cells", 14),
        ("mean(khop(31))", "from 1 to 30, got '31'", 10),
        ("mean(khop(1.5))", "whole number of contacts", 10),
    ],
)
def test_an_expression_that_means_nothing_points_at_the_place(text: str, why: str, place: int) -> None:
    with pytest.raises(ParameterError, match=why) as caught:
        parse_expression(text, CATALOGUE)
    assert str(caught.value).splitlines()[-1] == " " * (4 + place) + "^"


def test_hops_that_a_source_cannot_count_say_why() -> None:
    near = Catalogue(CELLS, CONTACTS, hops=1, why="load it first")
    assert isinstance(parse_expression("mean(khop(1))", near), Expression)
    with pytest.raises(ParameterError, match=r"khop\(2\) cannot be answered: load it first"):
        parse_expression("mean(khop(2))", near)


def test_long_filters_are_read_and_deep_ones_refused() -> None:
    cells = pa.table({"label": [1, 2**60 + 1, 5_000], "size": [0.5, 2.5, 9.0]})
    for where, kept in (
        (f"label in ({', '.join(map(str, range(3_000, 6_000)))})", [False, False, True]),
        (" or ".join(f"label = {n}" for n in range(3_000)), [True, False, False]),
        (" and ".join(["size > 1"] * 3_000), [False, True, True]),
        (f"{'(' * 40}size > 1{')' * 40}", [False, True, True]),
        ("label > 1.5", [False, True, True]),
        ("size < 1152921504606846977", [True, True, True]),
        ("label > size", [True, True, True]),
    ):
        assert asked("count()", where, cells)[1](cells).tolist() == kept  # type: ignore[misc]
    for where in ("(" * 5_000 + "size > 1", "not " * 5_000 + "size > 1"):
        with pytest.raises(ParameterError, match="can be nested at most 50 deep"):
            asked("count()", where, cells)


def test_text_that_is_no_unicode_is_refused() -> None:
    cells = pa.table({"sample": ["a"]})
    with pytest.raises(ParameterError, match="not valid Unicode"):
        asked("count()", "sample = '\ud800'", cells)


def test_labels_beyond_what_a_float_holds_have_a_mean() -> None:
    cells = pa.table({"label": [2**60 + 1, 2**60 + 3]})
    assert truth_of(*asked("mean(label)", None, cells), cells) == pytest.approx(2.0**60)
