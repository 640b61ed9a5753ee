"""Walk the chain of page directories of a TIFF file to detect truncated files.

tifffile only logs a page or tag beyond the end of the file, in words that vary with its version, and continues with the
rest.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from cellgraph.errors import FormatError

if TYPE_CHECKING:
    from tifffile import TiffFile

# Bytes per value of each tag type (TIFF 6.0, and BigTIFF from 16 on).
_TYPE_BYTES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}

# Tags without which an image is misread: bits, description, resolution, strips and tiles, sample format. Others may
# point anywhere, as private tags of some microscopes do.
_NEEDED = {258, 270, 273, 279, 282, 283, 324, 325, 339}


def check_directories(tif: TiffFile, source: str) -> None:
    """Refuse a file with page directories or tags beyond its end.

    Raises
    ------
    FormatError
        If it has no pages, or is truncated.
    """
    form, file = tif.tiff, tif.filehandle
    size = file.size
    # How a tag is stored: its number, its type, how many values it has, and where they are.
    tag = struct.Struct(form.byteorder + ("HHQQ" if form.version == 43 else "HHII"))

    def number(code: str, at: int) -> int | None:
        length = struct.calcsize(code)
        if at + length > size:
            return None
        file.seek(at)
        return int(struct.unpack(code, file.read(length))[0])

    def directory(offset: int) -> int | None:
        """Return the offset of the directory after the one at `offset`, 0 after the last; None if beyond the end."""
        count = number(form.tagnoformat, offset)
        end = offset + form.tagnosize + (count or 0) * tag.size
        following = number(form.offsetformat, end)
        if count is None or following is None:
            return None
        file.seek(offset + form.tagnosize)
        for code, kind, values, where in tag.iter_unpack(file.read(count * tag.size)):
            length = _TYPE_BYTES.get(kind, 0) * values
            if code in _NEEDED and length > form.offsetsize and where + length > size:
                return None
        return following

    offset = number(form.offsetformat, 8 if form.version == 43 else 4)
    seen: set[int] = set()
    while offset and offset not in seen:
        seen.add(offset)
        following = directory(offset)
        if following is None:
            raise FormatError(
                f"{source}: expected the directory and the tags of page {len(seen)} at byte {offset}, but the file has "
                f"only {size} bytes; it was cut short, copy or export it again"
            )
        offset = following
    if not seen:
        raise FormatError(f"{source}: expected a TIFF image, but it has no pages")
