"""Interpret the names of images in a folder: whether they are slices, and in which order."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

# Words before a number that mean a position along z, and words that mean something else.
_SLICES = {"", "z", "s", "slice", "section", "sec", "plane", "layer"}
_OTHERS = {
    "t", "time", "timepoint", "tp", "frame", "mask", "man_seg", "pos", "position", "patient", "field", "fov", "scene",
    "series", "well", "roi", "image_roi", "sample", "case", "subject", "core", "hour", "day", "c", "ch", "channel",
}  # fmt: skip
_NUMBER = re.compile(r"\d+(?:\.\d+)?")


@dataclass(frozen=True)
class Names:
    """The names of images in a folder, in the order of the numbers in them."""

    paths: tuple[Path, ...]  # In order
    words: tuple[str, ...]  # Word before each number that differs between the names, such as ``z`` or ``slice``
    numbered: bool  # Whether there are such numbers

    @property
    def doubtful(self) -> str | None:
        """The word that says that the images are not slices."""
        return next((word for word in self.words if _meaning(word) is False), None)

    @property
    def known(self) -> bool:
        """Whether every word says that the images are slices."""
        return all(_meaning(word) for word in self.words)


def read_names(paths: list[Path]) -> Names:
    """Order images by the numbers in their names, including decimals and actual minus signs."""
    signed = _are_signed([path.stem for path in paths])
    keys = {path: _split(path.stem, signed) for path in paths}
    ordered = sorted(
        paths, key=lambda path: ([(p, "") if isinstance(p, float) else (-1e99, p) for p in keys[path]], path.name)
    )
    widths = {len(key) for key in keys.values()}
    if len(widths) != 1:
        return Names(tuple(ordered), (), any(len(key) > 1 for key in keys.values()))
    words = []
    columns = list(zip(*(keys[path] for path in ordered), strict=True))
    for at in range(1, len(columns), 2):
        if len(set(columns[at])) > 1:
            words.append(str(columns[at - 1][0]).strip(" _-.").lower())
    return Names(tuple(ordered), tuple(words), len(columns) > 1)


def _are_signed(stems: list[str]) -> bool:
    """Tell whether a dash before a number is a minus sign, not a separator: some names have none, or it follows a z."""
    dashed = [bool(re.search(r"-\d", stem)) for stem in stems]
    if not any(dashed):
        return False
    joints = any(re.search(r"-0\d", stem) for stem in stems)
    return not joints and (not all(dashed) or all(re.search(r"(?:^|[^a-zA-Z])[zZ]-\d", stem) for stem in stems))


def _split(stem: str, signed: bool) -> list[str | float]:
    """Split a name into text, number, text, number, …, text."""
    pattern = r"((?<!\d)-?\d+(?:\.\d+)?)" if signed else r"(\d+(?:\.\d+)?)"
    parts = re.split(pattern, stem.lower())
    return [float(part) if i % 2 else part for i, part in enumerate(parts)]


def _meaning(word: str) -> bool | None:
    """Tell whether a word before a number means slices (True), something else (False), or is unknown (None)."""
    last = (re.findall(r"[a-z]+", word) or [""])[-1]
    for text in (word, last, last.removesuffix("s") if len(last) > 1 else last):
        if text in _OTHERS:
            return False
    return True if last in _SLICES or last.removesuffix("s") in _SLICES else None
