"""Estimates and their intervals: against textbook formulas, and by how often they hold the truth."""

from __future__ import annotations

import math

import numpy as np
import pyarrow as pa
import pytest
from estimate_tables import HOLDS, RUNS, asked, count_holding, holds, part, truth_of
from scipy import optimize, stats

from cellgraph.estimation.intervals import Frame, Interval, exact, interval
from cellgraph.estimation.totals import Draw, Totals, add_up, join


def tissue(n: int) -> pa.Table:
    """Return cells that are as skewed as real ones, and in which columns depend on each other."""
    random = np.random.default_rng(11)
    volume = random.lognormal(3.0, 0.7, n)
    return pa.table(
        {
            "volume": volume,
            "surface": volume ** (2 / 3) * random.lognormal(1.5, 0.2, n),
            "degree": random.poisson(12, n),
            "on_border": random.random(n) < 0.15,
        }
    )


CELLS = tissue(20_000)


def seen(text: str, where: str | None, rows: np.ndarray) -> tuple[Totals, Frame]:  # type: ignore[type-arg]
    expression, condition = asked(text, where, CELLS)
    draw = Draw(np.ones(len(rows)), np.arange(len(rows)), CELLS.take(rows))
    return add_up(draw, expression, condition), Frame(CELLS.num_rows, float(CELLS.num_rows), single=True)


ROWS = np.random.default_rng(5).choice(CELLS.num_rows, 500, replace=False)
VOLUME = CELLS["volume"].to_numpy()[ROWS]
BORDER = CELLS["on_border"].to_numpy(zero_copy_only=False)[ROWS]
UNSEEN = 1 - 500 / 20_000


def check_student(
    found: Interval,
    rest: np.ndarray,  # type: ignore[type-arg]
    below: float,
    freedom: int,
    confidence: float = 0.95,
    shortest: float = 0.9,
) -> None:
    """Check the two ends: the longer is Hall's, and so is the shorter as far as it may be so near."""
    n = len(rest)
    assert found.low is not None
    assert found.high is not None
    skew = stats.skew(rest) * (1 - 2 * n / 20_000) / math.sqrt(UNSEEN * n)
    error = math.sqrt(UNSEEN * n * rest.var(ddof=1) * (1 + 1.5 * skew**2)) / below
    student = stats.t.ppf((1 + confidence) / 2, freedom)
    down, up = (found.estimate - found.low) / error, (found.high - found.estimate) / error
    longer, shorter, sign = (up, down, -1) if skew > 0 else (down, up, 1)
    k = 1.5 * skew

    def transformed(t: float) -> float:
        return float(t + k * (t**2 / 3 + 1 / 6) + k**2 * t**3 / 27)

    assert transformed(sign * longer) == pytest.approx(sign * student)
    near = optimize.brentq(lambda t: transformed(-sign * t) + sign * student, 0, student)
    assert shorter == pytest.approx(max(near, shortest * student))


def test_the_interval_of_a_mean_is_students_with_finite_population_correction() -> None:
    found = interval(asked("mean(volume)", None, CELLS)[0], *seen("mean(volume)", None, ROWS), 0.9)
    assert found.estimate == pytest.approx(VOLUME.mean())
    check_student(found, VOLUME - VOLUME.mean(), 500, 499, confidence=0.9)


def test_without_skewness_the_interval_is_the_textbooks() -> None:
    values = np.array([1.0, 2.0, 4.0, 6.0, 7.0])
    totals = Totals(np.ones(5), values, np.ones(5), np.ones(5, np.int64), np.zeros(0), np.zeros(0, np.int64))
    found = interval(asked("mean(volume)", None, CELLS)[0], totals, Frame(10**9, 1e9, single=True), 0.95)
    low, high = stats.t.interval(0.95, 4, 4.0, stats.sem(values))
    assert (found.estimate, found.low, found.high) == pytest.approx((4.0, low, high))


def test_a_long_tail_of_large_cells_makes_the_upper_side_longer() -> None:
    found = interval(asked("mean(volume)", None, CELLS)[0], *seen("mean(volume)", None, ROWS), 0.95)
    assert found.low is not None
    assert found.high is not None
    assert found.high - found.estimate > 1.02 * (found.estimate - found.low)


def test_the_interval_of_a_sum_is_that_of_the_mean_times_the_number_of_cells() -> None:
    mean = interval(asked("mean(volume)", None, CELLS)[0], *seen("mean(volume)", None, ROWS), 0.95)
    total = interval(asked("sum(volume)", None, CELLS)[0], *seen("sum(volume)", None, ROWS), 0.95)
    assert (total.estimate, total.half) == pytest.approx((20_000 * mean.estimate, 20_000 * mean.half))
    assert total.low is not None
    assert total.high is not None
    each = Interval(total.estimate / 20_000, total.low / 20_000, total.high / 20_000)
    check_student(each, VOLUME - VOLUME.mean(), 500, 499, shortest=0.94)


def test_the_mean_of_some_cells_is_a_ratio() -> None:
    """The number of cells that pass the filter is a matter of chance too: the spread is that of these cells alone."""
    found = interval(asked("mean(volume)", "on_border", CELLS)[0], *seen("mean(volume)", "on_border", ROWS), 0.95)
    mean, m = VOLUME[BORDER].mean(), int(BORDER.sum())
    assert found.estimate == pytest.approx(mean)
    check_student(found, np.where(BORDER, VOLUME - mean, 0), m, m - 1)


def test_the_interval_of_a_ratio_is_linearised() -> None:
    text = "ratio(surface, volume)"
    found = interval(asked(text, None, CELLS)[0], *seen(text, None, ROWS), 0.95)
    surface = CELLS["surface"].to_numpy()[ROWS]
    ratio = surface.sum() / VOLUME.sum()
    assert found.estimate == pytest.approx(ratio)
    check_student(found, surface - ratio * VOLUME, VOLUME.sum(), 499, shortest=1.0)


def test_the_interval_of_a_count_is_wilsons() -> None:
    few = ROWS[:100]
    found = interval(asked("count()", "on_border", CELLS)[0], *seen("count()", "on_border", few), 0.95)
    hits = int(BORDER[:100].sum())
    unseen = 1 - 100 / 20_000
    z = 1.959963984540054
    n, p = 100 / unseen, hits / 100  # as a sample of an endless population that tells as much
    middle, half = p + z**2 / 2 / n, z * math.sqrt(p * (1 - p) / n + z**2 / 4 / n**2)
    assert found.low == pytest.approx(20_000 * (middle - half) / (1 + z**2 / n))
    assert found.high == pytest.approx(20_000 * (middle + half) / (1 + z**2 / n))


def test_a_count_of_what_was_not_seen_has_an_upper_end() -> None:
    found = interval(asked("count()", "volume < 0", CELLS)[0], *seen("count()", "volume < 0", ROWS), 0.95)
    assert (found.estimate, found.low) == (0, 0)
    assert found.high is not None
    assert 50 < found.high < 300


def test_a_quantile_lies_between_order_statistics() -> None:
    found = interval(asked("median(volume)", None, CELLS)[0], *seen("median(volume)", None, ROWS), 0.95)
    ordered = np.sort(VOLUME)
    ranks = [int(np.searchsorted(ordered, end)) + 1 for end in (found.low, found.high)]
    covered = np.diff(stats.binom.cdf(np.array(ranks) - 1, 500, 0.5))[0]  # P(rank_low <= Bin < rank_high)
    assert found.estimate == pytest.approx(np.median(VOLUME))
    assert 0.94 < covered < 0.97


def test_the_end_of_a_quantile_that_a_sample_cannot_tell_is_unknown() -> None:
    found = interval(
        asked("quantile(volume, 0.99)", None, CELLS)[0], *seen("quantile(volume, 0.99)", None, ROWS[:60]), 0.95
    )
    assert found.low is not None
    assert found.high is None
    assert found.half == math.inf


def test_one_unit_tells_no_spread() -> None:
    for text in ("mean(volume)", "sum(volume)", "median(volume)"):
        found = interval(asked(text, None, CELLS)[0], *seen(text, None, ROWS[:1]), 0.95)
        assert (found.low, found.high) == (None, None)


def test_rows_without_a_value_take_no_part() -> None:
    cells = pa.table({"volume": [1.0, None, 4.0, float("nan")], "degree": [1, 2, None, 4]})
    for text, expected in (("mean(volume)", 2.5), ("ratio(volume, degree)", 1.0), ("count()", 4), ("sum(degree)", 7)):
        assert truth_of(asked(text, None, cells)[0], None, cells) == expected


def test_the_number_itself_is_what_numpy_says() -> None:
    columns = {name: CELLS[name].to_numpy(zero_copy_only=False) for name in CELLS.column_names}
    inner = ~columns["on_border"]
    volume = columns["volume"]
    for text, where, expected in (
        ("mean(volume)", None, volume.mean()),
        ("sum(degree)", "not on_border", columns["degree"][inner].sum()),
        ("count()", "not on_border", inner.sum()),
        ("quantile(volume, 0.9)", "not on_border", np.quantile(volume[inner], 0.9)),
        ("ratio(surface, volume)", None, columns["surface"].sum() / volume.sum()),
        ("mean(on_border)", None, columns["on_border"].mean()),
    ):
        assert truth_of(*asked(text, where, CELLS), CELLS) == pytest.approx(expected, rel=1e-12)


QUESTIONS = [
    ("mean(volume)", None),
    ("mean(volume)", "not on_border"),
    ("sum(volume)", None),
    ("sum(volume)", "on_border"),
    ("count()", "on_border"),
    ("count()", "volume > 60"),
    ("mean(on_border)", "volume > 20"),
    ("mean(degree)", None),
    ("ratio(surface, volume)", None),
    ("ratio(volume, degree)", "not on_border"),
    ("median(volume)", None),
    ("quantile(volume, 0.9)", "not on_border"),
]


@pytest.mark.parametrize("n", [400, 4_000])
@pytest.mark.parametrize(("text", "where"), QUESTIONS)
def test_intervals_from_random_cells_hold_the_truth_as_often_as_they_say(text: str, where: str | None, n: int) -> None:
    """4,000 of the 20,000 are a fifth: without the finite population correction nearly all would hold."""
    expression, condition = asked(text, where, CELLS)
    everything = Draw(np.ones(CELLS.num_rows), np.arange(CELLS.num_rows), CELLS)
    totals = add_up(everything, expression, condition)
    frame = Frame(CELLS.num_rows, float(CELLS.num_rows), single=True)
    assert count_holding(expression, totals, frame, n, exact(expression, totals)) in HOLDS


def clusters(count: int) -> Totals:
    """Return units whose rows resemble each other: counts and sums of 5 to 30 rows that share a large part."""
    random = np.random.default_rng(3)
    counts = random.integers(5, 30, count)
    unit = np.repeat(np.arange(count), counts)
    values = random.normal(10, 1, count)[unit] + random.normal(0, 1, len(unit))
    sums = np.bincount(unit, weights=values)
    return Totals(np.ones(count), sums, counts.astype(float), counts, values, unit)


@pytest.mark.parametrize(
    ("text", "below"), [("mean(volume)", "rows"), ("sum(volume)", "size"), ("median(volume)", "rows")]
)
def test_intervals_from_clusters_hold_the_truth_as_often_as_they_say(text: str, below: str) -> None:
    totals = clusters(500)
    if below == "size":
        totals = Totals(totals.sizes, totals.above, totals.sizes, totals.hits, totals.values, totals.unit)
    expression, _ = asked(text, None, CELLS)
    frame = Frame(500, 500.0, single=False)
    assert count_holding(expression, totals, frame, 40, exact(expression, totals)) in HOLDS


def test_rows_of_a_cluster_do_not_count_as_if_each_were_drawn() -> None:
    """An interval that took them so would be half as wide, and often wrong."""
    totals = clusters(500)
    expression, _ = asked("mean(volume)", None, CELLS)
    found = part(totals, np.arange(40))
    alone = found.values.std(ddof=1) / math.sqrt(len(found.values))
    assert interval(expression, found, Frame(500, 500.0, single=False), 0.95).half > 2 * 1.96 * alone


def test_totals_of_parts_join_to_those_of_all() -> None:
    totals = clusters(20)
    parts = [part(totals, np.arange(0, 7)), part(totals, np.arange(7, 20))]
    joined = join(parts)
    assert (joined.units, joined.rows) == (20, totals.rows)
    for name in ("sizes", "above", "below", "hits", "values", "unit"):
        assert np.array_equal(getattr(joined, name), getattr(totals, name))
    assert join([]).units == 0


def test_counting_how_often_an_interval_holds_can_fail() -> None:
    """The measure itself: an interval for half of the confidence holds too seldom."""
    expression, _ = asked("mean(volume)", None, CELLS)
    totals, frame = seen("mean(volume)", None, np.arange(CELLS.num_rows))
    truth = exact(expression, totals)
    held = sum(
        holds(interval(expression, part(totals, np.random.default_rng(s).choice(20_000, 400)), frame, 0.5), truth)
        for s in range(RUNS)
    )
    assert held not in HOLDS


def skewed(n: int) -> pa.Table:
    """Return two columns with heavy tails, and a filter that one in a hundred passes."""
    random = np.random.default_rng(4)
    return pa.table(
        {
            "x": random.lognormal(0, 1.5, n),
            "y": random.lognormal(0, 1.5, n),
            "rare": random.random(n) < 0.01,
            "base": np.where(np.arange(n) % 500 == 7, 1_000, 10),
        }
    )


SKEWED = skewed(120_000)


@pytest.mark.parametrize(
    ("text", "where", "n"),
    [
        ("mean(x)", None, 505),
        ("sum(x)", None, 505),
        ("mean(x)", None, 2_048),
        ("ratio(x, y)", None, 505),
        ("ratio(x, y)", None, 2_048),
        ("mean(x)", "rare", 4_000),
    ],
)
def test_intervals_of_heavy_tails_hold_the_truth_as_often_as_they_say(text: str, where: str | None, n: int) -> None:
    expression, condition = asked(text, where, SKEWED)
    everything = Draw(np.ones(SKEWED.num_rows), np.arange(SKEWED.num_rows), SKEWED)
    totals = add_up(everything, expression, condition)
    frame = Frame(SKEWED.num_rows, float(SKEWED.num_rows), single=True)
    assert count_holding(expression, totals, frame, n, exact(expression, totals)) in HOLDS


@pytest.mark.parametrize("n", [505, 2_048])
def test_a_sample_without_a_rare_large_value_allows_for_it(n: int) -> None:
    """0.2 % have 1,000 and the rest 10: of 505, one in three samples has none of them."""
    expression, _ = asked("mean(base)", None, SKEWED)
    base = SKEWED["base"].to_numpy()
    frame = Frame(len(base), float(len(base)), single=True)
    ones = np.ones(n)
    held = 0
    for seed in range(RUNS):
        drawn = np.random.default_rng(seed).choice(base, n, replace=False).astype(float)
        totals = Totals(ones, drawn, ones, np.ones(n, np.int64), np.zeros(0), np.zeros(0, np.int64))
        found = interval(expression, totals, frame, 0.95, (10.0, 1_000.0))
        assert found.low is not None
        assert found.high is not None
        assert found.low < found.high
        held += holds(found, float(base.mean()))
    assert held >= HOLDS[0]


def alike(n: int, value: float) -> Totals:
    return Totals(np.ones(n), np.full(n, value), np.ones(n), np.ones(n, np.int64), np.full(n, value), np.arange(n))


def test_values_that_are_all_the_same_reach_as_far_as_what_300_draws_may_miss() -> None:
    expression, _ = asked("mean(volume)", None, CELLS)
    frame = Frame(10**9, 1e9, single=True)
    missed = 1 - 0.025 ** (1 / 300)
    found = interval(expression, alike(300, 10.0), frame, 0.95, (0.0, 1_000.0))
    assert (found.low, found.high) == pytest.approx((10 - 10 * missed, 10 + 990 * missed))
    unknown = interval(expression, alike(300, 10.0), frame, 0.95)
    assert (unknown.estimate, unknown.low, unknown.high) == (10, None, None)


def test_rounding_is_no_variation() -> None:
    values = alike(300, 0.1)
    for single in (True, False):
        found = interval(asked("mean(volume)", None, CELLS)[0], values, Frame(10**6, 1e6, single=single), 0.95)
        assert (found.low, found.high) == (None, None)


def test_a_quantile_among_equal_values_reaches_to_the_next_that_differ() -> None:
    expression, _ = asked("median(degree)", None, CELLS)
    frame = Frame(10**6, 1e6, single=True)
    values = np.repeat([1.0, 2.0, 3.0], [50, 900, 50])
    totals = Totals(*(np.ones(1_000),) * 3, np.ones(1_000, np.int64), values, np.arange(1_000))
    assert interval(expression, totals, frame, 0.95) == Interval(2.0, 1.0, 3.0)
    assert interval(expression, alike(300, 2.0), frame, 0.95) == Interval(2.0, None, None)
    assert interval(expression, alike(300, 2.0), frame, 0.95, (0.0, 9.0)) == Interval(2.0, 0.0, 9.0)


@pytest.mark.parametrize("share", [0.0, 0.02, 0.5, 1.0])
def test_a_proportion_from_blocks_is_between_0_and_1(share: float) -> None:
    expression, _ = asked("mean(on_border)", None, CELLS)
    rows = np.random.default_rng(1).integers(1, 30, 12)
    above = np.floor(rows * share + (np.arange(12) == 3))
    totals = Totals(np.ones(12), np.minimum(above, rows), rows.astype(float), rows, np.zeros(0), np.zeros(0, np.int64))
    found = interval(expression, totals, Frame(500, 500.0, single=False), 0.95)
    assert found.low is not None
    assert found.high is not None
    assert 0 <= found.low <= found.estimate <= found.high <= 1
    assert found.low < found.high


def uneven_blocks(kind: str) -> tuple[Totals, Totals, Totals, Totals]:
    """Return 400 blocks with clusters or a gradient of sizes: of a mean, a proportion, a count and a quantile."""
    random = np.random.default_rng(8)
    count = 400
    level = np.linspace(0, 1.5, count) if kind == "gradient" else random.normal(0, 0.7, count)
    counts = 1 + random.poisson(60 * np.exp(-level) if kind == "gradient" else 40 * np.exp(-level / 2))
    unit = np.repeat(np.arange(count), counts)
    volume = np.exp(level[unit] + random.normal(0, 0.5, len(unit)))
    border = random.random(len(unit)) < 1 / (1 + np.exp(1.5 - 2 * level[unit]))
    rows, size = counts.astype(float), np.ones(count)
    none = np.zeros(0), np.zeros(0, np.int64)
    return (
        Totals(size, np.bincount(unit, volume), rows, counts, *none),
        Totals(size, np.bincount(unit, border), rows, counts, *none),
        Totals(size, rows, size, counts, *none),
        Totals(size, rows, rows, counts, volume, unit),
    )


@pytest.mark.parametrize("n", [12, 30])
@pytest.mark.parametrize("kind", ["clusters", "gradient"])
@pytest.mark.parametrize(
    ("what", "text"),
    [(0, "mean(volume)"), (1, "mean(on_border)"), (2, "count()"), (3, "quantile(volume, 0.9)"), (3, "median(volume)")],
)
def test_intervals_from_unlike_blocks_hold_the_truth_as_often_as_they_say(
    kind: str, what: int, text: str, n: int
) -> None:
    totals = uneven_blocks(kind)[what]
    expression, _ = asked(text, None, CELLS)
    truth = exact(expression, totals)
    assert count_holding(expression, totals, Frame(400, 400.0, single=False), n, truth) in HOLDS


def test_rows_without_a_value_are_counted() -> None:
    cells = pa.table({"volume": [1.0, None, 4.0, None], "degree": [1, 2, None, 4]})
    draw = Draw.one(cells)
    assert add_up(draw, *asked("mean(volume)", None, cells)).left_out == 2
    assert add_up(draw, *asked("mean(volume)", "degree > 1", cells)).left_out == 2
    assert add_up(draw, *asked("ratio(volume, degree)", None, cells)).left_out == 3
    assert add_up(draw, *asked("count()", None, cells)).left_out == 0
