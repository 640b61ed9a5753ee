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
    "h", "hr", "hpf", "dpf", "hpi", "dpi", "dpc", "min", "minute", "second", "week", "month", "date",
}  # fmt: skip
# Words after a number that mean a time, as 24hpf (hours post fertilisation); s is a slice.
_TIMES = re.compile(
    r"(?:[ _-]*([hdw]p[a-z]|h(?:ou)?rs?|min(?:ute)?s?|sec(?:ond)?s?|ms|days?|wks?|weeks?|months?)|([hd]))(?![a-z])"
)
_MONTH, _DAY = "(?:0[1-9]|1[0-2])", r"(?:0[1-9]|[12]\d|3[01])"
_DATE = (
    rf"(?:19|20)?\d\d{_MONTH}{_DAY}|(?:19|20)\d\d(?P<a>[-_.]){_MONTH}(?P=a){_DAY}"
    rf"|(?:{_DAY}(?P<b>[-_.]){_MONTH}(?P=b)|{_MONTH}(?P<c>[-_.]){_DAY}(?P=c))(?:19|20)\d\d"
)
_CLOCK = r"(?:[01]\d|2[0-3])[-:.]?[0-5]\d(?:[-:.]?[0-5]\d)?"
_STAMP = re.compile(rf"(?<!\d)(?P<date>{_DATE})(?:[-_. t]*(?P<clock>{_CLOCK}))?(?!\d)")
_SECONDS = re.compile(r"(?<!\d)1\d{9}(?:\d{3})?(?!\d)")  # since 1970, or milliseconds
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
    if said is not None:
        return Names(tuple(ordered), words, f"say {said!r}")
    named = [at for at in differing if texts[example][at] and _meaning(texts[example][at])]
    after = [_TIMES.match(str(keys[example][2 * at + 2])) for at in differing if at not in named]
    if match := next(filter(None, after), None):
        return Names(tuple(ordered), words, f"say {(match[1] or match[2])!r}")
    counted = any(len(set(numbers[at])) == len(paths) for at in named)  # z1_2024-03-01: a slice, and when it was taken
    if not counted and (said := _stamps([path.stem.lower() for path in ordered])):
        return Names(tuple(ordered), words, f"say {said}")
    if any(len(set(numbers[at])) < len(paths) for at in differing):
        return Names(tuple(ordered), words, f"have {len(differing)} numbers that differ, as tiles have")
    return Names(tuple(ordered), words)


def _stamps(stems: list[str]) -> str | None:
    """Return what the names say if it is a date, a time of day or a number of seconds, and not the same in all."""
    found = [match for stem in stems if (match := _STAMP.search(stem))]
    if len(found) == len(stems):
        if len({match["date"] for match in found}) > 1:
            return "dates"
        clocks = {re.sub(r"\D", "", match["clock"] or "0") for match in found}
        if len(clocks) > 1 and min(map(int, clocks)) > 1:  # slices are counted from 0000 or 0001
            return "times of day"
    seconds = [match[0] for stem in stems if (match := _SECONDS.search(stem))]
    return "times in seconds" if len(seconds) == len(stems) and len(set(seconds)) > 1 else None


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
