"""Pictures of phenotypes, as matplotlib figures (extra plot)."""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from cellgraph.errors import printable

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Array = np.ndarray[Any, Any]

MOST_PANELS = 12
_MOST_BARS = 60
_MISSING = re.compile(r"Glyph (\d+) .* missing from")
_MOST_NAMES = 30


def save_figure(figure: Figure, target: Any, form: str, *, dpi: float | None = None) -> str | None:
    """Write a figure to a file; return a sentence on letters that the font does not have, None if it has all.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
    target : path or file
    form : str
        ``png`` or ``svg``.
    dpi : float, optional
        Pixels per inch; None is the default of matplotlib.
    """
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        figure.savefig(target, format=form, dpi=dpi or "figure")
    letters = dict.fromkeys(found[1] for each in caught if (found := _MISSING.match(str(each.message))))
    for each in caught:
        if not _MISSING.match(str(each.message)):
            warnings.warn_explicit(each.message, each.category, each.filename, each.lineno)
    if not letters:
        return None
    shown = ", ".join(chr(int(code)) for code in letters)
    return f"the font of the picture does not have these letters, which are drawn as boxes: {shown}."


def plain(text: str) -> str:
    """Escape a name for matplotlib, which reads text between dollar signs as a formula."""
    return printable(text).replace("$", r"\$")


def _panels(number: int, width: float = 4.0, height: float = 3.0) -> tuple[Figure, list[Any]]:
    from matplotlib.figure import Figure

    number = min(number, MOST_PANELS)
    across, down = min(number, 3), -(-number // 3)
    figure = Figure(figsize=(width * across, height * down), layout="constrained")
    axes = list(figure.subplots(down, across, squeeze=False).ravel())
    for axis in axes[number:]:
        axis.remove()
    return figure, axes[:number]


def means_of_samples(names: Sequence[str], samples: Sequence[str], means: Array, deviations: Array) -> Figure:
    """Draw the mean of each sample with the standard deviation of its cells, samples ordered by mean.

    Parameters
    ----------
    names : sequence of str
        p columns.
    samples : sequence of str
        s samples.
    means, deviations : numpy.ndarray of float64, shape (s, p)
        NaN where a sample has none.
    """
    figure, axes = _panels(len(names))
    for place, (axis, name) in enumerate(zip(axes, names, strict=False)):
        known = np.flatnonzero(np.isfinite(means[:, place]))
        order = known[np.argsort(means[known, place], kind="stable")]
        mean, deviation = means[order, place], np.nan_to_num(deviations[order, place])
        across = np.arange(len(order))
        if len(order) > _MOST_BARS:
            axis.fill_between(across, mean - deviation, mean + deviation, alpha=0.3, linewidth=0)
            axis.plot(across, mean)
        else:
            axis.errorbar(across, mean, yerr=deviation, fmt="o", markersize=3, capsize=2)
        axis.set_ylabel(plain(name))
        if len(order) <= _MOST_NAMES:
            axis.set_xticks(across, [plain(samples[number]) for number in order], rotation=90, fontsize="x-small")
        else:
            axis.set_xlabel("samples, by their mean")
    return figure


def heat_maps(names: Sequence[str], matrices: Mapping[str, Array]) -> Figure:
    """Draw correlations as colours, one panel for each sample or one for all.

    Parameters
    ----------
    names : sequence of str
        p columns.
    matrices : mapping of str to numpy.ndarray of float64, shape (p, p)
        By title; NaN where there is no correlation.
    """
    shown = [plain(name) for name in names]
    size = max(3.0, 0.45 * len(names) + 1.5)
    figure, axes = _panels(len(matrices), size, size)
    if len(matrices) > len(axes):
        figure.suptitle(f"the first {len(axes)} of {len(matrices):,} samples")
    image = None
    for axis, (title, matrix) in zip(axes, matrices.items(), strict=False):
        image = axis.imshow(matrix, vmin=-1, vmax=1, cmap="RdBu_r")
        axis.set_title(plain(title), fontsize="small")
        axis.set_xticks(range(len(names)), shown, rotation=90, fontsize="x-small")
        axis.set_yticks(range(len(names)), shown, fontsize="x-small")
        if len(names) <= 12:
            for row, column in np.argwhere(np.isfinite(matrix)):
                value = matrix[row, column]
                colour = "white" if abs(value) > 0.6 else "black"
                axis.text(column, row, f"{value:.2f}", ha="center", va="center", fontsize=6, color=colour)
    if image is not None:
        figure.colorbar(image, ax=axes, shrink=0.7, label="r")
    return figure


def scatter(points: Array, groups: Array, names: Mapping[int, str], labels: tuple[str, str]) -> Figure:
    """Draw cells by two numbers, coloured by their group.

    Parameters
    ----------
    points : numpy.ndarray of float64, shape (n, 2)
    groups : numpy.ndarray of int64, shape (n,)
    names : mapping of int to str
        Names of the groups in the legend; none is drawn for more than ten.
    labels : tuple of str
        Labels of the axes.
    """
    from matplotlib import colormaps
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.0, 5.0), layout="constrained")
    axis = figure.subplots()
    colours = colormaps["tab10" if len(names) <= 10 else "turbo"]
    for place, (group, name) in enumerate(names.items()):
        own = points[groups == group]
        colour = colours(place) if len(names) <= 10 else colours(place / len(names))
        axis.scatter(own[:, 0], own[:, 1], s=4, color=colour, label=plain(name), alpha=0.6, linewidths=0)
    axis.set_xlabel(plain(labels[0]))
    axis.set_ylabel(plain(labels[1]))
    if 1 < len(names) <= 10:
        axis.legend(fontsize="small", markerscale=3)
    return figure


def violins_of_samples(
    names: Sequence[str], cells: Mapping[str, Array], means: Mapping[str, Array], groups: Mapping[str, Sequence[str]]
) -> Figure:
    """Draw the distribution of the cells of each sample, with the samples of a group side by side and in its colour.

    Parameters
    ----------
    names : sequence of str
        p columns.
    cells : mapping of str to numpy.ndarray of float64, shape (n, p)
        By sample.
    means : mapping of str to numpy.ndarray of float64, shape (p,)
        Of all cells of each sample, drawn as a point with a standard deviation; they order the samples of a group.
    groups : mapping of str to sequence of str
        Names of the samples in each group; a single group with an empty name if there are no groups.
    """
    from matplotlib import colormaps

    colours = colormaps["tab10" if len(groups) <= 10 else "turbo"]
    wide = 4.0 + 0.12 * max(0, sum(map(len, groups.values())) - 10)
    figure, axes = _panels(len(names), wide)
    for place, (axis, name) in enumerate(zip(axes, names, strict=False)):
        across, ticks = 0, list[str]()
        for number, (group, own) in enumerate(groups.items()):
            colour = colours(number if len(groups) <= 10 else number / len(groups))
            known = [sample for sample in own if np.isfinite(means[sample][place])]
            for sample in sorted(known, key=lambda each: float(means[each][place])):
                values = cells[sample][:, place]
                values = values[np.isfinite(values)]
                if len(values) > 4 and np.ptp(values) > 0:
                    for body in axis.violinplot(values, positions=[across], widths=0.9, showextrema=False)["bodies"]:
                        body.set(facecolor=colour, alpha=0.6)
                else:
                    axis.plot(np.full(len(values), across), values, "o", color=colour, markersize=3)
                axis.errorbar(across, means[sample][place], np.std(values), fmt="ko", markersize=3, linewidth=0.8)
                ticks.append(plain(sample))
                across += 1
            if group and place == 0:
                axis.plot([], [], "s", color=colour, label=plain(group))
        axis.set_xticks(range(len(ticks)), ticks, rotation=90, fontsize="x-small")
        axis.set_ylabel(plain(name))
    if len(groups) > 1:
        figure.legend(loc="outside upper center", ncols=min(len(groups), 6), fontsize="small")
    return figure


def violins_of_groups(names: Sequence[str], groups: Mapping[str, Array]) -> Figure:
    """Draw the means of samples by group: a violin if there are enough, and every sample as a point.

    Parameters
    ----------
    names : sequence of str
        p columns.
    groups : mapping of str to numpy.ndarray of float64, shape (s, p)
        Means of the samples in each group; NaN where a sample has none.
    """
    figure, axes = _panels(len(names))
    for place, (axis, name) in enumerate(zip(axes, names, strict=False)):
        for across, values in enumerate(groups.values()):
            own = values[np.isfinite(values[:, place]), place]
            if len(own) > 4 and np.ptp(own) > 0:
                axis.violinplot(own, positions=[across], showextrema=False)
            axis.plot(across + np.linspace(-0.08, 0.08, len(own)), own, "o", color="black", markersize=3, alpha=0.6)
        axis.set_xticks(
            range(len(groups)),
            [plain(name) for name in groups],
            fontsize="small",
            rotation=90 if len(groups) > 4 else 0,
        )
        axis.set_ylabel(plain(name))
    return figure
