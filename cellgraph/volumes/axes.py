"""Map the axes of a stored array to (z, y, x)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from cellgraph.errors import FormatError, ParameterError
from cellgraph.volumes.reading import PLAIN, Part, Reading
from cellgraph.volumes.volume import Index

Array = np.ndarray[Any, Any]

EXPECTED = "expected a 2D or 3D labelled image"
COLOUR_WAYS = "if each colour is one label, say so with --rgb; else export one channel as a label image"
NO_ALPHA = "the transparency of its pixels is left out"
COLOURS = Part("labels", "red + 256 green + 65536 blue", "user", "each colour is one label, and black is 0")

# Smaller arrays, such as those in tests, are never taken for colour images.
_COLOUR_MIN_EXTENT = 16

_WORDS = {
    "z": {"z", "depth", "plane", "planes", "slice", "slices", "section", "sections", "layer", "layers"},
    "y": {"y", "height", "row", "rows", "lat", "latitude"},
    "x": {"x", "width", "column", "columns", "col", "cols", "lon", "longitude"},
    "t": {"t", "time", "times", "timepoint", "timepoints", "frame", "frames"},
    "c": {"c", "ch", "channel", "channels", "s", "sample", "samples"},
    "p": {"p", "position", "positions", "pos", "field", "fields", "fov", "scene", "series", "well", "tile", "m"},
    "o": {"other"},  # of OME: neither space nor time nor channel
}
_LETTERS = {word: letter for letter, words in _WORDS.items() for word in words}
# What formats call an axis of which they know nothing.
_UNKNOWN = {"?", "q", "i", "", "none", "dim", "phony", "axis"}
NO_SPACE = "tcpo"
_MEANING = {"t": "frames", "c": "channels", "p": "positions"}


@dataclass(frozen=True)
class Axes:
    """Which axes of a stored array are z, y and x, and the index at which all others are read."""

    order: tuple[int | None, int, int]  # Stored axis of z, y and x; None if there is none (z of 2D images).
    stored: tuple[int, ...]  # The stored shape
    notes: tuple[str, ...] = ()  # What the user should know about it
    at: tuple[int, ...] = ()  # Index along each stored axis other than z, y and x; empty if all are 0.
    frames: int = 1  # Length of the time axis; 1 if there is none.
    extent: Index | None = None  # Shape (z, y, x) if only a part of the stored array is the image
    origin: Index = (0, 0, 0)  # Where that part starts, (z, y, x)
    colour: int | None = None  # Stored axis of red, green and blue, if each colour is one label
    parts: tuple[Part, ...] = ()  # How the volume is read, and why

    @property
    def shape(self) -> Index:
        """Shape (z, y, x)."""
        if self.extent is not None:
            return self.extent
        z, y, x = (1 if axis is None else self.stored[axis] for axis in self.order)
        return (z, y, x)

    @property
    def ndim(self) -> int:
        """2 or 3."""
        return 2 if self.shape[0] == 1 else 3

    @property
    def fixed(self) -> tuple[int, ...]:
        """Index along each stored axis; 0 for z, y and x."""
        return self.at or (0,) * len(self.stored)

    def within(self, box: tuple[Index, Index]) -> Axes:
        """Return the axes of a box of the stored array, given by two corners and clipped to what is stored."""
        low, high = ([min(max(n, 0), m) for n, m in zip(corner, self.shape, strict=True)] for corner in box)
        if low == [0, 0, 0] and high == list(self.shape):
            return self
        if not all(a < b for a, b in zip(low, high, strict=True)):
            note = f"its bounding box, {box[0]} to {box[1]} (z, y, x), lies outside of what is stored, and is not used"
            return replace(self, notes=(*self.notes, note))
        shape = " x ".join(str(n) for n in self.shape)
        part = Part("part", f"{low} to {high}", "file", f"its bounding box (z, y, x), of {shape} that are stored")
        extent = (high[0] - low[0], high[1] - low[1], high[2] - low[2])
        return replace(self, extent=extent, origin=(low[0], low[1], low[2]), parts=(*self.parts, part))

    def told(self, *parts: Part) -> Axes:
        """Return the axes with further parts of the reading put first."""
        return replace(self, parts=(*parts, *self.parts))

    def pick(self, values: Sequence[Any], missing: Any = 1) -> tuple[Any, Any, Any]:
        """Return the values for z, y and x from one value per stored axis; `missing` for a missing z."""
        z, y, x = (missing if axis is None else values[axis] for axis in self.order)
        return (z, y, x)

    def label_type(self, stored: np.dtype[Any]) -> np.dtype[Any]:
        """Return the type that `labels` returns for voxels of a stored type."""
        return stored if self.colour is None else np.dtype(np.uint32)

    def selection(self, start: Index, stop: Index) -> tuple[slice | int, ...]:
        """Return the index of a block in the stored array, in stored axis order."""
        index: list[slice | int] = list(self.fixed)
        for axis, low, high in zip(self.order, start, stop, strict=True):
            if axis is not None:
                index[axis] = slice(low, high)
        if self.colour is not None:
            index[self.colour] = slice(0, 3)
        return tuple(index)

    def arranged(self, part: Array) -> Array:
        """Return a view of what `selection` read, as (z, y, x), with colours as a fourth axis."""
        wanted = [axis for axis in (*self.order, self.colour) if axis is not None]
        kept = sorted(wanted)
        moved = part.transpose([kept.index(axis) for axis in wanted])
        return moved[np.newaxis] if self.order[0] is None else moved

    def labels(self, arranged: Array) -> Array:
        """Return a number for each colour of a colour image; otherwise the input."""
        return arranged if self.colour is None else colour_labels(arranged)


def colour_labels(pixels: Array) -> Array:
    """Return red + 256 green + 65536 blue of pixels, whose colours are along the last axis, as uint32."""
    red, green, blue = (pixels[..., i].astype(np.uint32) for i in range(3))
    return red | green << 8 | blue << 16


def axis_letter(name: object) -> str:
    """Return one letter of ``tpczyx`` for the name of an axis, which may be a word, as ``time``, ``z_um`` or ``xpos``.

    It is ``o`` for what is neither space nor one of these, ``?`` for names that say nothing, and a capital letter for
    words that are not known.
    """
    text = name.decode("utf-8", "replace") if isinstance(name, bytes) else str(name)
    words = re.findall(r"[a-z]+", text.lower())
    if not words:
        return "?"
    first, last = words[0], words[-1]
    for word in (last if last in ("x", "y", "z") else first, first, last if len(last) > 2 else first):
        joined = re.fullmatch(r"([tzyx])(?:c|pos|coords?|axis|dim|idx|index)", word)
        if letter := _LETTERS.get(joined[1] if joined else word):
            return letter
    return "?" if first in _UNKNOWN or first.startswith("phony") else first[:1].upper()


def axis_letters(names: object, ndim: int) -> str | None:
    """Return what `axis_letter` says of each axis; None where these are no names of `ndim` axes."""
    if not isinstance(names, str | Sequence) or len(names) != ndim:
        return None
    letters = "".join(axis_letter(name) for name in names)
    rows = "y" not in letters and {"r", "c"} <= {str(name).lower() for name in names}
    return letters.replace("R", "y").replace("c", "x") if rows else letters


def _named(names: str | Sequence[str], shape: tuple[int, ...], what: str) -> tuple[str | None, str]:
    """Return a letter an axis, None where the names do not help, and whether the file says so or it is assumed."""
    letters = axis_letters(names, len(shape))
    if letters is None:
        return None, "assumed"
    if {"y", "x"} <= set(letters) and all(letters.count(letter) <= 1 for letter in "zyx"):
        return letters, "file"
    rest = [axis for axis, letter in enumerate(letters) if letter not in NO_SPACE]
    if all(shape[axis] == 1 for axis in range(len(shape)) if axis not in rest):
        return None, "assumed"
    if len(rest) not in (2, 3):
        raise FormatError(
            f"{what}: {EXPECTED}, but its axes are named {', '.join(map(str, names))} (shape {shape}), and it is not "
            "clear which of them are y and x; name them with --axes"
        )
    space = dict(zip(rest, "zyx"[3 - len(rest) :], strict=True))
    return "".join(space.get(axis, letter) for axis, letter in enumerate(letters)), "assumed"


def find_axes(
    shape: tuple[int, ...],
    names: str | Sequence[str] | None,
    dtype: np.dtype[Any],
    what: str,
    reading: Reading = PLAIN,
    why: str = "named in the file",
) -> Axes:
    """Find (z, y, x) among the axes of a stored array.

    Parameters
    ----------
    shape : tuple of int
        The stored shape.
    names : str, sequence of str or None
        A letter or a word per axis, such as ``tczyx``, or None if the format does not name them: the last axes are then
        (z, y, x) or (y, x).  Axes of length 1 are dropped.
    dtype : numpy.dtype
        The stored type, by which colour images are recognised.
    what : str
        The source, for messages.
    reading : Reading
        What the user specified about axes, time and channel.
    why : str
        Where the names come from.

    Raises
    ------
    FormatError
        For anything but a 2D or 3D image: 1D, several frames, channels or positions, colour, no voxels.
    ParameterError
        If what the user specified does not fit the shape.
    """
    if min(shape, default=1) < 1:
        raise FormatError(f"{what}: {EXPECTED}, but its shape {shape} holds no voxels")
    if len(shape) < 2:
        raise FormatError(f"{what}: {EXPECTED}, but came an array of {len(shape)} dimension(s), shape {shape}")
    if reading.axes is not None:
        letters: str | None = _as_asked(reading.axes, shape, what)
        origin, why = "user", ""
    else:
        letters, origin = (None, "assumed") if names is None else _named(names, shape, what)
    if letters is None:
        letters = _assumed(shape, dtype, what, reading)
    words = _words(names, letters)
    if origin == "assumed":
        why = f"named {' '.join(map(str, names or ()))} in the file" if _say_something(names, len(shape)) else ""
    return _placed(shape, letters, words, dtype, what, reading, (origin, why))


def _words(names: str | Sequence[str] | None, letters: str) -> list[str]:
    """Return how each axis is called in messages: by its letter, or by its name where that is not understood."""
    words = list(names) if names is not None and len(names) == len(letters) else list(letters)
    return [
        letter if letter in "tpczyx" or not str(word).strip() else str(word)
        for letter, word in zip(letters, words, strict=True)
    ]


def _say_something(names: str | Sequence[str] | None, ndim: int) -> bool:
    return names is not None and len(names) == ndim and any(axis_letter(name) != "?" for name in names)


def _as_asked(axes: str, shape: tuple[int, ...], what: str) -> str:
    text = re.sub(r"[\s,]", "", axes.lower())
    long = [i for i, n in enumerate(shape) if n > 1]
    if not text or not set(text) <= set("tpczyx") or len(set(text)) < len(text) or not {"y", "x"} <= set(text):
        raise ParameterError(
            f"expected --axes to name each axis by one of z, y, x, t (time), c (channel) and p (position), with y and "
            f"x among them, as zyx, got {axes!r}"
        )
    if len(text) == len(shape):
        return text
    if len(text) == len(long):
        named = dict(zip(long, text, strict=True))
        return "".join(named.get(i, "?") for i in range(len(shape)))
    raise ParameterError(
        f"{what}: expected --axes to name {len(shape)} axes, since its shape is {shape}, got {axes!r} with {len(text)}"
    )


def _assumed(shape: tuple[int, ...], dtype: np.dtype[Any], what: str, reading: Reading) -> str:
    """Return letters for unnamed axes: the last are (z, y, x), ignoring axes of length 1 around them."""
    first, last = 0, len(shape)
    while last - first > 2 and shape[last - 1] == 1 and sum(n > 1 for n in shape[first : last - 1]) >= 2:
        last -= 1
    while last - first > 3 and shape[first] == 1:
        first += 1
    if reading.rgb and last - first > 2 and shape[last - 1] in (3, 4):
        return "?" * first + "zyxc"[4 - (last - first) :] + "?" * (len(shape) - last)
    if last - first > 3:
        first_letter = {(True, False): "t", (False, True): "c"}.get(
            (reading.time is not None, reading.channel is not None)
        )
        if first_letter and last - first == 4:
            return "?" * first + first_letter + "zyx" + "?" * (len(shape) - last)
        raise FormatError(
            f"{what}: {EXPECTED}, but came an array of {len(shape)} dimensions, shape {shape}, and nothing names its "
            f"axes; name them with --axes, as --axes {'tczyx'[-len(shape) :]}, and "
            "choose with --time N and --channel N; or export one time point and one channel as a label image"
        )
    _refuse_colour(shape[first:last], dtype, what)
    return "?" * first + "zyx"[3 - (last - first) :] + "?" * (len(shape) - last)


def _refuse_colour(shape: tuple[int, ...], dtype: np.dtype[Any], what: str) -> None:
    colour = len(shape) == 3 and shape[-1] in (3, 4) and dtype == np.uint8
    if colour and min(shape[:2]) >= _COLOUR_MIN_EXTENT:
        raise FormatError(
            f"{what}: {EXPECTED}, but the shape {shape} of type uint8 is that of a colour image; {COLOUR_WAYS} (or, if "
            f"it is a volume that is {shape[-1]} voxels wide, say so with --axes zyx)"
        )


def _placed(
    shape: tuple[int, ...],
    letters: str,
    words: list[str],
    dtype: np.dtype[Any],
    what: str,
    reading: Reading,
    told: tuple[str, str],
) -> Axes:
    """Locate z, y and x; all other axes must have length 1, or an index given by the user."""
    at = [0] * len(shape)
    parts: list[Part] = []
    chosen = {"t": ("time", reading.time), "c": ("channel", reading.channel)}
    left = []
    frames = 1
    colour = _colour_axis(shape, letters, dtype, what) if reading.rgb else None
    if colour is not None:
        parts.append(COLOURS)
    for axis, (letter, n) in enumerate(zip(letters, shape, strict=True)):
        if letter in "zyx" or axis == colour:
            continue
        name, number = chosen.get(letter, ("", None))
        frames = n if letter == "t" else frames
        if number is not None:
            if not 0 <= number < n:
                raise ParameterError(f"{what}: expected --{name} to be 0 to {n - 1}, got {number}")
            at[axis] = number
            parts.append(Part(name, f"{number} of {n}", "user", "as you said, counted from 0"))
        elif n > 1:
            left.append(axis)
    for letter, (name, number) in chosen.items():
        if number is not None and letter not in letters and not (number == 0 and not left):
            raise ParameterError(
                f"{what}: --{name} {number} cannot be chosen, since no axis is of {name} (shape {shape}, axes "
                f"{' '.join(words)}); if one is, name the axes with --axes, as "
                f"--axes {letter}{'yx' if len(shape) < 4 else 'zyx'}"
            )
    if len(left) == 1 and letters[left[0]] == "?" and ("z" not in letters or shape[letters.index("z")] == 1):
        letters = "".join("z" if i == left[0] else "?" if c == "z" else c for i, c in enumerate(letters))
        told = ("assumed", f"the axis of length {shape[left[0]]} is not named") if told[0] == "file" else told
        left = []
    if left:
        raise _too_many(shape, letters, words, left, what)
    z = letters.index("z") if "z" in letters else None
    notes: tuple[str, ...] = ()
    if z is not None and shape[z] == 1 and told[0] == "assumed":
        notes = (f"the shape {shape} has one slice in z: treated as a 2D image",)
    x = letters.index("x")
    thin = z is not None and shape[x] <= 4 and min(shape[z], shape[letters.index("y")]) >= _COLOUR_MIN_EXTENT
    if thin and told[0] == "assumed":
        notes += (f"its last axis has only {shape[x]}: if these are channels, say so with --axes yxc --channel N",)
    if colour is not None and shape[colour] == 4:
        notes += (NO_ALPHA,)
    shown = " ".join(c for c, n in zip(letters, shape, strict=True) if c in "zyx" and (c != "z" or n > 1))
    others = ("--axes",) if told[0] == "assumed" else ()
    axes = Axes((z, letters.index("y"), letters.index("x")), shape, notes, tuple(at), frames, colour=colour)
    return axes.told(Part("axes", shown, told[0], told[1], others), *parts)


def _colour_axis(shape: tuple[int, ...], letters: str, dtype: np.dtype[Any], what: str) -> int:
    found = [axis for axis, letter in enumerate(letters) if letter == "c" and shape[axis] in (3, 4)]
    if len(found) != 1 or dtype != np.uint8:
        raise ParameterError(
            f"{what}: expected an image of red, green and blue, 8 bits each, for --rgb, but came an array of shape "
            f"{shape}, axes {' '.join(letters.lower())} and type {dtype}; leave --rgb out, or name the axes (as yxc)"
        )
    return found[0]


def _too_many(shape: tuple[int, ...], letters: str, words: list[str], left: list[int], what: str) -> FormatError:
    found = ", ".join(f"{shape[i]} {_MEANING.get(letters[i], f'along an axis {words[i]!r}')}" for i in left)
    ways = []
    if any(letters[i] == "t" for i in left):
        ways.append("one frame with --time N, or each as a sample with --time each")
    if any(letters[i] == "c" for i in left):
        ways.append("one channel with --channel N")
    if len(left) == 1 and ("z" not in letters or shape[letters.index("z")] == 1):
        spelled = "".join("z" if i == left[0] else c for i, c in enumerate(letters) if shape[i] > 1)
        ways.append(f"if that axis is z, --axes {spelled.lower()}")
        if letters[left[0]] not in "tcp":
            ways.append(f"if it is time, --axes {spelled.lower().replace('z', 't')} --time N")
    ways.append("or export one time point and one channel as a label image")
    if any(letters[i] == "c" and shape[i] in (3, 4) for i in left):
        ways.insert(0, "if it is a colour image, each colour as one label with --rgb")
    return FormatError(
        f"{what}: {EXPECTED}, but it has {found} (axes {' '.join(words)}, shape {shape}), and cells of different "
        f"ones do not touch; choose: {'; '.join(ways)}"
    )
