"""The chain of page directories of a TIFF file, walked to find files that were cut short.

tifffile only logs a page or a tag that lies beyond the end of the file, and goes on with what is left.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

from cellgraph.errors import FormatError
from cellgraph.volumes.files import OpenFile

# Bytes of one value of each type of tag (TIFF 6.0, and BigTIFF from 16 on).
_TYPE_BYTES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}

# Tags without which an image is read wrongly: bits, description, resolution, strips and tiles, sample format.
# Others may point anywhere, as the private ones of some microscopes do.
_NEEDED = {258, 270, 273, 279, 282, 283, 324, 325, 339}


@dataclass(frozen=True)
class _Layout:
    """How numbers are stored: `struct` formats of the count of tags, of a tag, and of an offset."""

    count: struct.Struct
    tag: struct.Struct
    offset: struct.Struct

    @classmethod
    def of(cls, order: str, big: bool) -> _Layout:
        formats = ("Q", "HHQQ", "Q") if big else ("H", "HHII", "I")
        count, tag, offset = (struct.Struct(order + f) for f in formats)
        return cls(count, tag, offset)


def check_directories(path: Path, source: str) -> None:
    """Refuse a file whose page directories or tags lead beyond its end.

    Raises
    ------
    FormatError
        If it is no TIFF, or is cut short.
    """
    file = OpenFile(path, source)
    try:
        _walk(file, source)
    finally:
        file.close()


def _walk(file: OpenFile, source: str) -> None:
    size = file.size()
    head = file.read(0, min(size, 16))
    if head[:2] not in (b"II", b"MM") or len(head) < 8:
        raise FormatError(f"{source}: expected a TIFF image, but it does not begin like one")
    order = "<" if head[:2] == b"II" else ">"
    big = struct.unpack(order + "H", head[2:4])[0] == 43
    layout = _Layout.of(order, big)
    (offset,) = layout.offset.unpack(head[8:16] if big and len(head) == 16 else head[4:8].ljust(layout.offset.size))
    seen: set[int] = set()
    while offset and offset not in seen:
        seen.add(offset)
        following = _directory(file, size, offset, layout)
        if following is None:
            raise FormatError(
                f"{source}: expected the directory and the tags of page {len(seen)} at byte {offset}, but "
                "the file "
                f"has only {size} bytes; it was cut short, copy or export it again"
            )
        offset = following
    if not seen:
        raise FormatError(f"{source}: expected a TIFF image, but it has no pages")


def _directory(file: OpenFile, size: int, offset: int, layout: _Layout) -> int | None:
    """Return where the directory after the one at `offset` is, 0 after the last; None if it is beyond the end."""
    begin = offset + layout.count.size
    if begin > size:
        return None
    (tags,) = layout.count.unpack(file.read(offset, layout.count.size))
    end = begin + tags * layout.tag.size
    if end + layout.offset.size > size:
        return None
    data = file.read(begin, end + layout.offset.size - begin)
    for tag, kind, count, where in layout.tag.iter_unpack(data[: end - begin]):
        length = _TYPE_BYTES.get(kind, 0) * count
        if tag in _NEEDED and length > layout.offset.size and where + length > size:
            return None
    (following,) = layout.offset.unpack(data[end - begin :])
    return int(following)
