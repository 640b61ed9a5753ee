"""Interpret the names of images in a folder: whether they are slices, and in which order."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

# Words before a number that mean a position along z, and words that mean something else.
_SLICES = {"", "z", "s", "slice", "section", "sec", "plane", "layer"}
_OTHERS = {
    "t", "time", "timepoint", "tp", "frame", "mask", "man_seg", "pos", "position", "patient", "field", "fov", "scene",
    "series", "well", "roi", "image_roi", "sample", "case", "subject", "core", "hour", "day", "c", "ch", "channel",
}  # fmt: skip
# Units of time behind a number, as in 24hpf.
_TIMES = {"h", "hr", "hrs", "hour", "hours", "hpf", "dpf", "hpi", "dpi", "hpa", "dpa", "min", "mins", "minutes", "days"}
_DATE = re.compile(
    r"(?<!\d)(?:19|20)\d\d([-_.]?)(?:0[1-9]|1[0-2])\1(?:0[1-9]|[12]\d|3[01])(?!\d)"
    r"(?:[-_.t ]?(?P<time>(?:[01]\d|2[0-3])[-_.h]?[0-5]\d(?:[-_.m]?[0-5]\d)?)(?!\d))?"
)
_DECIMAL = r"\d+(?:[.,]\d+)?"


@dataclass(frozen=True)
class Names:
    """The names of images in a folder, in the order of the numbers in them."""

    paths: tuple[Path, ...]  # In order
    words: tuple[str, ...]  # What stands before each number that differs between the names, as ``z`` or ``slice``
    trouble: str | None = None  # Why they may be something else than the slices of one volume

    @property
    def known(self) -> bool:
        """Whether every word says that the images are slices."""
        return self.trouble is None and all(_meaning(word) for word in self.words)


def read_names(paths: list[Path]) -> Names:
    """Order images by the numbers in their names: decimals count, and a minus sign does where it is one."""
    number = _number([path.stem.lower() for path in paths])
    keys = {path: _split(path.stem.lower(), number) for path in paths}
    ordered = sorted(
        paths, key=lambda path: ([(p, "") if isinstance(p, float) else (-1e99, p) for p in keys[path]], path.name)
    )
    if len(paths) == 1:
        return Names(tuple(ordered), ())
    if date := _differing_date([path.stem.lower() for path in ordered]):
        return Names(tuple(ordered), (), f"say dates, as {date!r}")
    texts = {path: tuple(str(text).strip(" _-.") for text in keys[path][::2]) for path in ordered}
    alike, count = Counter(texts.values()).most_common(1)[0]
    example = next(path for path in ordered if texts[path] == alike)
    if count < len(paths):
        other = next(path for path in ordered if texts[path] != alike)
        said = next((text for each in texts.values() for text in each[:-1] if _meaning(text) is False), None)
        trouble = f"say {said!r}" if said else f"differ in more than a number, as {example.name} and {other.name}"
        return Names(tuple(ordered), (), trouble)
    numbers = list(zip(*(keys[path][1::2] for path in ordered), strict=True))
    differing = [at for at, column in enumerate(numbers) if len(set(column)) > 1]
    words = tuple(alike[at] for at in differing)
    said = next((word for word in words if _meaning(word) is False), None)
    behind = [re.match("[a-z]*", alike[at + 1]) for at in differing]
    said = said or next((found[0] for found in behind if found and found[0] in _TIMES), None)
    if said is not None:
        return Names(tuple(ordered), words, f"say {said!r}")
    if any(len(set(numbers[at])) < len(paths) for at in differing):
        return Names(tuple(ordered), words, f"have {len(differing)} numbers that differ, as tiles have")
    return Names(tuple(ordered), words)


def _differing_date(stems: list[str]) -> str:
    """Return the first date in names with different dates or times of day; empty if there are none."""
    found = [_DATE.search(stem) for stem in stems]
    dates = [match[0] for match in found if match]
    if len(dates) < len(stems) or len(set(dates)) < 2:
        return ""
    times = [re.sub(r"\D", "", match["time"] or "") for match in found if match]
    if len({date.removesuffix(match["time"] or "") for date, match in zip(dates, found, strict=True) if match}) > 1:
        return dates[0]
    counted = sorted(int(time) for time in times if time)  # a counter behind the date: 0001, 0002, …
    return "" if counted == [*range(counted[0], counted[0] + len(counted))] else dates[0]


def _number(stems: list[str]) -> str:
    """Return the pattern of the numbers in names: with signs and decimals, where they are some."""
    sign = r"(?<!\d)-?" if _are_signed(stems) else ""
    decimal = sign + _DECIMAL
    same = len({tuple(_split(stem, decimal)) for stem in stems}) < len(set(stems))  # 1.1 and 1.10 are counted
    return sign + r"\d+" if same or _counts_behind_a_dot(stems) else decimal


def _split(stem: str, number: str) -> list[str | float]:
    """Divide a name into text, number, text, number, …, text."""
    parts = re.split(f"({number})", stem)
    return [float(part.replace(",", ".")) if i % 2 else part for i, part in enumerate(parts)]


def _counts_behind_a_dot(stems: list[str]) -> bool:
    """Whether what stands behind dots counts from 0 or 1 on, in numbers that are not filled up with zeros."""
    found = [re.search(r"(\d+)[.,](\d+)\D*$", stem) for stem in stems]
    behind = [match[2] for match in found if match]
    if len(behind) < len(stems) or len({match[1] for match in found if match}) > 1:
        return False
    counted = sorted(map(int, behind))
    return len({len(text) for text in behind}) > 1 and counted == [*range(counted[0], counted[0] + len(counted))]


def _are_signed(stems: list[str]) -> bool:
    """Tell whether a dash before a number is a minus sign, not a separator: some names have none, or it follows a z."""
    dashed = [bool(re.search(r"-\d", stem)) for stem in stems]
    if not any(dashed):
        return False
    if not all(dashed) or all(re.search(r"[_ =]-\d", stem) for stem in stems):
        return True
    joints = any(re.search(r"-0\d", stem) for stem in stems)
    return not joints and all(re.search(r"(?:^|[^a-z])z-\d", stem) for stem in stems)


def _meaning(word: str) -> bool | None:
    """Tell whether a word before a number means slices (True), something else (False), or is unknown (None)."""
    last = (re.findall(r"[a-z]+", word) or [""])[-1]
    for text in (word, last, last.removesuffix("s") if len(last) > 1 else last):
        if text in _OTHERS:
            return False
    return True if last in _SLICES or last.removesuffix("s") in _SLICES else None
