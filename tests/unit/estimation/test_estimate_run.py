"""When an estimate stops drawing, and when it reads everything instead."""

from __future__ import annotations

import time

import numpy as np
import pyarrow as pa
import pytest
from estimate_tables import HOLDS, RUNS, TablePopulation, asked, truth_of

from cellgraph.errors import InputError, NotFoundError
from cellgraph.estimation.answer import Estimate, name_unit
from cellgraph.estimation.goals import Goal
from cellgraph.estimation.population import CannotDraw
from cellgraph.estimation.run import FEWEST_ROWS, run
from cellgraph.estimation.totals import Draw


def tissue(n: int) -> pa.Table:
    random = np.random.default_rng(2)
    return pa.table({"volume": random.lognormal(3, 1, n), "on_border": random.random(n) < 0.1})


CELLS = tissue(100_000)


def answer(text: str, goal: Goal, *, where: str | None = None, population: TablePopulation | None = None) -> Estimate:
    population = population or TablePopulation(CELLS, 0)
    return run(population, *asked(text, where, population.cells), goal, time.monotonic())


def test_without_a_goal_everything_is_read() -> None:
    found = answer("mean(volume)", Goal())
    truth = truth_of(*asked("mean(volume)", None, CELLS), CELLS)
    assert found.estimate == found.low == found.high == pytest.approx(truth)
    assert (found.exact, found.fraction, found.n, found.sampled) == (True, 1.0, 100_000, "")


def test_a_tight_interval_is_as_tight_as_asked() -> None:
    found = answer("mean(volume)", Goal(0.95, error=0.05), population=TablePopulation(CELLS, 0, endless=True))
    assert not found.exact
    assert found.low is not None
    assert found.high is not None
    assert found.high - found.estimate <= 0.05 * found.estimate
    assert FEWEST_ROWS <= found.n == found.units < 5_000  # 4 / 0.05^2 * the relative variance of 1.7 are 2,600
    assert found.fraction == found.units / 100_000


def test_an_absolute_error_is_one_in_the_unit_of_the_estimate() -> None:
    population = TablePopulation(CELLS, 0, endless=True)
    found = answer("mean(volume)", Goal(0.95, absolute_error=2.0), population=population)
    assert found.low is not None
    assert 0.5 < found.estimate - found.low <= 2.0


def test_a_tighter_interval_takes_more_cells() -> None:
    tight, loose = (
        answer("mean(volume)", Goal(0.95, error=error), population=TablePopulation(CELLS, 0, endless=True)).n
        for error in (0.02, 0.06)
    )
    assert tight > 4 * loose


def test_the_same_seed_gives_the_same_answer_and_another_another() -> None:
    first, again, other = (
        answer("mean(volume)", Goal(0.95, error=0.05), population=TablePopulation(CELLS, seed, endless=True))
        for seed in (1, 1, 2)
    )
    assert first.estimate == again.estimate != other.estimate


def test_an_interval_that_needs_everything_gives_the_exact_number() -> None:
    found = answer("mean(volume)", Goal(0.95, error=1e-6))
    assert found.exact
    assert found.n == 100_000


def test_few_cells_that_pass_a_filter_are_not_believed_too_soon() -> None:
    """A hundred cells of equal volume have no spread, but that is not known from the first ten of them."""
    volume = np.full(20_000, 7.0)
    rare = np.arange(20_000) % 200 == 0
    cells = pa.table({"volume": np.where(rare & (np.arange(20_000) == 19_800), 700.0, volume), "rare": rare})
    found = answer("mean(volume)", Goal(0.95, error=0.01), where="rare", population=TablePopulation(cells, 0))
    assert found.exact
    assert found.estimate == pytest.approx(13.93)


def test_at_the_time_the_answer_is_what_was_seen() -> None:
    began = time.monotonic()
    found = answer(
        "mean(volume)", Goal(0.95, seconds=0.3), population=TablePopulation(tissue(3_000_000), 0, endless=True)
    )
    assert not found.exact
    assert 0 < found.fraction < 1
    assert found.low is not None
    assert found.high is not None
    assert found.low < found.estimate < found.high
    assert found.seconds <= time.monotonic() - began


def test_a_time_that_is_too_short_still_gives_the_first_draw() -> None:
    found = answer("mean(volume)", Goal(0.95, seconds=1e-9))
    assert (found.units, found.exact) == (128, False)


def test_a_census_that_fits_into_the_time_gives_the_exact_number() -> None:
    population = TablePopulation(tissue(3_000_000), 0, piece_seconds=0.001)
    found = answer("mean(volume)", Goal(0.95, seconds=60), population=population)
    assert found.exact
    assert found.seconds < 60


def test_a_census_that_turns_out_too_slow_is_given_up_for_a_draw() -> None:
    population = TablePopulation(CELLS, 0, piece_seconds=1.0, at_once=True)
    found = answer("mean(volume)", Goal(0.95, seconds=0.5), population=population)
    assert not found.exact
    assert found.units >= 128


def test_when_all_were_drawn_the_number_is_exact() -> None:
    population = TablePopulation(tissue(300), 0)
    found = answer("median(volume)", Goal(0.95, error=1e-9), population=population)
    assert found.exact
    assert found.estimate == pytest.approx(float(np.median(population.cells["volume"].to_numpy())))


def test_the_number_of_all_cells_needs_no_look_at_them() -> None:
    found = answer("count()", Goal(0.95, seconds=1e-9), population=TablePopulation(CELLS, 0, endless=True))
    assert (found.estimate, found.low, found.high, found.exact) == (100_000, 100_000, 100_000, True)


def test_a_count_of_none_is_none() -> None:
    found = answer("count()", Goal(), where="volume < 0")
    assert (found.estimate, found.exact, found.n) == (0, True, 0)


def test_a_mean_of_none_says_so() -> None:
    with pytest.raises(NotFoundError, match="there are no cells that pass the filter 'volume < 0'"):
        answer("mean(volume)", Goal(), where="volume < 0")


@pytest.mark.parametrize(("every", "exact"), [(1_000, False), (100_000, True)])
def test_what_is_rare_is_looked_for_beyond_the_time(every: int, exact: bool) -> None:
    rare = np.arange(100_000) % every == 7
    cells = pa.table({"volume": np.where(rare, 5.0, 1.0), "rare": rare})
    population = TablePopulation(cells, 0, first=4)
    found = answer("mean(volume)", Goal(0.95, seconds=1e-9), where="rare", population=population)
    assert (found.estimate, found.exact) == (5.0, exact)
    assert found.n >= 1


def test_that_there_is_nothing_is_said_after_all_was_read() -> None:
    with pytest.raises(NotFoundError, match="there are no cells that pass the filter 'volume < 0'"):
        answer("mean(volume)", Goal(0.95, seconds=1e-9), where="volume < 0")


def test_a_ratio_to_nothing_says_so() -> None:
    cells = pa.table({"volume": [1.0, 2.0], "degree": [0, 0]})
    with pytest.raises(NotFoundError, match=r"of the 2 cells that were read adds up to 0"):
        answer("ratio(volume, degree)", Goal(), population=TablePopulation(cells, 0))


class Undrawable(TablePopulation):
    """A population of which no part can be drawn, as a volume of endless cells."""

    def draw(self, count: int) -> Draw:
        raise CannotDraw("cells are too large")


def test_what_cannot_be_drawn_is_read_if_there_is_time() -> None:
    assert answer("mean(volume)", Goal(0.95, error=0.01), population=Undrawable(CELLS, 0)).exact
    assert answer("mean(volume)", Goal(0.95, seconds=60), population=Undrawable(CELLS, 0)).exact


def test_what_cannot_be_drawn_and_not_be_read_in_time_is_refused() -> None:
    with pytest.raises(CannotDraw, match="cells are too large"):
        answer("mean(volume)", Goal(0.95, seconds=0.2), population=Undrawable(CELLS, 0, piece_seconds=0.5))


@pytest.mark.parametrize(
    ("text", "where", "error"),
    [
        ("mean(volume)", None, 0.1),
        ("mean(volume)", "on_border", 0.15),
        ("count()", "on_border", 0.15),
        ("median(volume)", None, 0.1),
    ],
)
def test_stopping_when_it_is_tight_does_not_spoil_the_interval(text: str, where: str | None, error: float) -> None:
    """Looking until an interval pleases could favour samples that vary little by chance."""
    truth = truth_of(*asked(text, where, CELLS), CELLS)
    held = 0
    for seed in range(RUNS):
        population = TablePopulation(CELLS, seed, endless=True)
        found = answer(text, Goal(0.95, error=error), where=where, population=population)
        assert not found.exact
        assert found.low is not None
        assert found.high is not None
        held += found.low <= truth <= found.high
    assert held in HOLDS


@pytest.mark.parametrize(
    ("unit", "length", "ndim", "named"),
    [
        ("unit^3", "micrometer", 3, "micrometer^3"),
        ("unit^3", "micrometer", 2, "micrometer^2"),
        ("unit^2", "micrometer", 2, "micrometer"),
        ("unit", "micrometer", 2, "micrometer"),
        ("unit^2/unit^3", "voxel", 3, "voxel^2/voxel^3"),
        ("faces", "micrometer", 3, "faces"),
        ("unit^3/cells", "", 3, ""),
        ("cells", "", 3, "cells"),
        ("", "micrometer", 3, ""),
    ],
)
def test_units_are_those_of_the_sample(unit: str, length: str, ndim: int, named: str) -> None:
    assert name_unit(unit, length, ndim) == named


def test_the_sentence_says_how_sure_it_is() -> None:
    population = TablePopulation(CELLS, 0, endless=True)
    found = answer("mean(volume)", Goal(0.95, error=0.05), where="not on_border", population=population)
    said = found.sentence()
    for part in ("mean(volume) where not on_border is 3", "with 95 % confidence between", "random cells", "% of all"):
        assert part in said
    exact = answer("count()", Goal())
    assert exact.sentence().startswith("count() is 100,000 cells: exact, from all data, in ")


def test_cells_without_a_value_are_told() -> None:
    cells = pa.table({"volume": [1.0, None, 4.0]})
    found = answer("mean(volume)", Goal(), population=TablePopulation(cells, 0))
    assert (found.estimate, found.n, found.left_out) == (2.5, 2, 1)
    assert found.sentence().endswith("; 1 of 3 cells have no finite volume and are left out")


@pytest.mark.parametrize(
    ("expression", "value"),
    [("mean(volume)", 2.5), ("sum(volume)", 5.0), ("median(volume)", 2.5), ("ratio(degree, volume)", 8 / 5)],
)
def test_infinities_are_left_out_and_told(expression: str, value: float) -> None:
    cells = pa.table({"volume": [1.0, np.inf, 4.0, -np.inf, np.nan], "degree": [2, 3, 6, 1, 1]})
    found = answer(expression, Goal(), population=TablePopulation(cells, 0))
    assert (found.estimate, found.n, found.left_out) == (pytest.approx(value), 2, 3)
    assert "3 of 5 cells have no finite" in found.note


def test_values_too_large_to_be_added_are_refused() -> None:
    cells = pa.table({"volume": [1e308, 1e308, 4.0]})
    for expression in ("mean(volume)", "ratio(volume, volume)"):
        with pytest.raises(InputError, match=r"'volume' has values beyond 1e\+100"):
            answer(expression, Goal(), population=TablePopulation(cells, 0))
    assert answer("median(volume)", Goal(), population=TablePopulation(cells, 0)).estimate == 1e308


def test_a_sample_without_variation_says_how_far_the_rest_may_lie() -> None:
    cells = pa.table({"volume": np.where(np.arange(100_000) == 5, 1_000.0, 10.0)})
    found = answer("mean(volume)", Goal(0.95, seconds=1e-9), population=TablePopulation(cells, 0, endless=True))
    assert found.low is not None
    assert found.high is not None
    assert found.low < found.high
    assert "allows for values between 10 and 1000" in found.note


def test_a_column_of_one_value_is_known() -> None:
    cells = pa.table({"volume": np.full(100_000, 10.0)})
    found = answer("mean(volume)", Goal(0.95, seconds=1e-9), population=TablePopulation(cells, 0))
    assert (found.estimate, found.low, found.high, found.exact) == (10, 10, 10, True)
