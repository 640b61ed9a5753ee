"""Voxel size and unit from TIFF metadata: OME, ImageJ, and resolution in centimeters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

from cellgraph.volumes.units import Size, convert, partly, size_of, unit_name

if TYPE_CHECKING:
    from tifffile import TiffFile, TiffPage

    from cellgraph.volumes.axes import Axes

_INCH = 2
_PRINTED = {72, 96, 150, 300, 600}
_PER_INCH = _PRINTED | {100, 120, 200, 240, 400, 1200, 2400, 4800}  # where the unit is known to be the inch
_CENTIMETER = 3
_UNITS = {_INCH: "inch", _CENTIMETER: "centimeter", 4: "millimeter", 5: "micrometer"}
# Finer than any printer: 10,000 pixels per inch. Coarser resolutions give the print size, not the pixel size.
_LARGEST_PIXEL_UM = 2.54


def voxel_size(tif: TiffFile, page: TiffPage, number: int, axes: Axes) -> Size:
    """Return the voxel size that a file says of the image of that number, which begins with `page`, if it does."""
    size = _by_letter(tif, page, number, axes.ndim)
    letters = tif.series[number].axes.lower()
    if size.spacing is None or len(letters) != len(axes.stored) or not {"y", "x"} <= set(letters):
        return size
    along = dict(zip("zyx", size.spacing, strict=True))
    # The user may name the axes otherwise. What is no axis in space was one of slices: its size is that of z.
    spacing = axes.pick([along.get(letter, along["z"]) for letter in letters])
    return size._replace(spacing=spacing)


def _by_letter(tif: TiffFile, page: TiffPage, series: int, ndim: int) -> Size:
    """Return the voxel size along what the file calls z, y and x."""
    if tif.is_ome and tif.ome_metadata:
        return _from_ome(tif.ome_metadata, series, ndim)
    if tif.is_imagej and tif.imagej_metadata is not None:
        return _metric(_from_imagej(tif.imagej_metadata, page, ndim))
    shaped = (tif.shaped_metadata or ({},))[0] if tif.is_shaped else {}
    return _from_shaped(shaped, page, ndim).otherwise(_from_resolution(page, ndim))


def _from_shaped(metadata: dict[str, Any], page: TiffPage, ndim: int) -> Size:
    """Return what tifffile was given as metadata, as ``spacing`` and ``unit``, with the resolution in that unit."""
    unit = unit_name(metadata.get("unit"))
    y, x = _pixel_size(page, "YResolution"), _pixel_size(page, "XResolution")
    if unit is None or y is None or x is None:
        return Size()
    tag = page.tags.get("ResolutionUnit")
    # tifffile says inches where nobody named the unit of the resolution: those are too coarse for pixels.
    named = None if tag is None else _UNITS.get(int(tag.value))
    named = unit if named is None or _is_for_printing(max(y, x), named) else named
    return size_of((_depth(metadata.get("spacing")), y, x), [unit, named, named], ndim, "TIFF metadata")


def _from_ome(xml: str, series: int, ndim: int) -> Size:
    images = [element for element in ElementTree.fromstring(xml).iter() if element.tag.endswith("}Pixels")]
    if series >= len(images):
        return Size()
    # The default unit of the schema is the micrometer.
    told = [
        (axis, images[series].get(f"PhysicalSize{axis}"), images[series].get(f"PhysicalSize{axis}Unit", "µm"))
        for axis in "ZYX"[3 - ndim :]
    ]
    known = ((_positive(value), unit_name(unit)) for _, value, unit in told)
    sizes = [(value, unit) for value, unit in known if value is not None and unit is not None]
    if len(sizes) < ndim:
        if sizes and sum(value is not None for _, value, _ in told) == len(sizes):
            return Size(notes=(partly("OME"),))
        said = ", ".join(f"PhysicalSize{axis} {value} {unit}" for axis, value, unit in told if value)
        note = f"OME says {said}, which is not understood; see --spacing Z,Y,X"
        return Size(notes=(note,) if said else ())
    lengths, units = zip(*[(1.0, sizes[-1][1]), *sizes][-3:], strict=True)
    return size_of(lengths, units, ndim, "OME")


def _metric(size: Size) -> Size:
    """Return a size in micrometers instead of inches."""
    if size.spacing is None or size.unit != "inch":
        return size
    z, y, x = (float(f"{convert(n, 'inch', 'micrometer'):.6g}") for n in size.spacing)
    return size._replace(spacing=(z, y, x), unit="micrometer")


def _from_imagej(metadata: dict[str, Any], page: TiffPage, ndim: int) -> Size:
    text = str(metadata.get("unit", "")).strip()
    unit = unit_name(text)
    y, x = _pixel_size(page, "YResolution"), _pixel_size(page, "XResolution")
    tag = page.tags.get("ResolutionUnit")
    printed = tag is not None and int(tag.value) == _INCH
    if not text and tag is not None and int(tag.value) == _CENTIMETER and y is not None and x is not None:
        return _in_centimeters(metadata, (y, x), ndim)
    if unit is None:
        return _ratio(metadata, text, (y, x), printed, ndim)
    if y is None or x is None:
        note = f"ImageJ names the unit {text!r}, but the file gives no size of a pixel; see --spacing"
        return Size(notes=(note,))
    if unit == "inch" and round(1 / max(y, x)) in _PER_INCH:  # which ImageJ copies from other programs' files
        note = f"ImageJ says {1 / x:g} pixels per inch, which is a size on paper and is not used; see --spacing"
        return Size(notes=(note,))
    if unit == "micrometer" and tag is not None and int(tag.value) == _CENTIMETER:
        # As ImageJ does: the resolution is in centimeters, whatever unit the text names (ij.io.FileOpener).
        y, x = convert(y, "centimeter", unit), convert(x, "centimeter", unit)
    yunit, zunit = unit_name(str(metadata.get("yunit", ""))), unit_name(str(metadata.get("zunit", "")))
    y = convert(y, yunit or unit, unit)
    if ndim == 2:
        return Size((1.0, y, x), unit, "ImageJ")
    if "spacing" not in metadata:  # ImageJ omits it if it is 1 (ij.io.FileSaver.getDescriptionString)
        z = convert(1.0, zunit or unit, unit)
        note = f"ImageJ names no distance of slices, which stands for {z:g} {unit}; --spacing Z,Y,X overrides it"
        return Size((z, y, x), unit, "ImageJ", (note,))
    z_size = _depth(metadata["spacing"])
    if z_size is None:
        note = f"ImageJ says a distance of slices of {metadata['spacing']!r}, which is none; see --spacing Z,Y,X"
        return Size(notes=(note,))
    return Size((convert(z_size, zunit or unit, unit), y, x), unit, "ImageJ")


def _in_centimeters(metadata: dict[str, Any], pixel: tuple[float, float], ndim: int) -> Size:
    """Return the size of a pixel by the tags alone, where ImageJ names no unit: that of slices is not known."""
    y, x = (convert(n, "centimeter", "micrometer") for n in pixel)
    if _is_for_printing(max(y, x), "micrometer"):
        return Size()
    if ndim == 2:
        return Size((1.0, y, x), "micrometer", "TIFF resolution")
    slices = (
        f"a distance of slices of {metadata['spacing']} without a unit"
        if "spacing" in metadata
        else "no distance of slices"
    )
    note = f"TIFF says a pixel of {y:g} x {x:g} µm (y, x), and ImageJ {slices}, so neither is used; see --spacing Z,Y,X"
    return Size(notes=(note,))


def _ratio(
    metadata: dict[str, Any], text: str, pixel: tuple[float | None, float | None], printed: bool, ndim: int
) -> Size:
    """Return a voxel size of unknown unit, in which only the ratio matters."""
    if printed or any(n is not None and round(1 / n) in _PRINTED for n in pixel):
        return Size()  # dots per inch, which give the print size
    y, x = (1.0 if n is None else n for n in pixel)
    z = _depth(metadata.get("spacing", 1)) or 1.0
    sizes = (z if ndim == 3 else 1.0, y, x)
    if set(sizes) == {1.0}:
        return Size()
    said = f"names the unit {text!r}, which is no unit of length" if text else "names no unit"
    note = f"ImageJ gives a voxel size of {' x '.join(f'{s:g}' for s in sizes)}, but {said}; see --unit"
    return Size(sizes, None, "ImageJ", (note,))


def _from_resolution(page: TiffPage, ndim: int) -> Size:
    tag = page.tags.get("ResolutionUnit")
    unit = None if tag is None else _UNITS.get(int(tag.value))
    y, x = _pixel_size(page, "YResolution"), _pixel_size(page, "XResolution")
    if unit is None or y is None or x is None or _is_for_printing(max(y, x), unit):
        return Size()
    y, x = convert(y, unit, "micrometer"), convert(x, unit, "micrometer")
    if ndim == 3:
        return Size(notes=(partly("TIFF"),))
    return Size((1.0, y, x), "micrometer", "TIFF resolution")


def _is_for_printing(pixel: float, unit: str) -> bool:
    return convert(pixel, unit, "micrometer") > _LARGEST_PIXEL_UM


def _pixel_size(page: TiffPage, name: str) -> float | None:
    """Return the inverse of a resolution, which is a fraction of pixels per unit."""
    tag = page.tags.get(name)
    if tag is None:
        return None
    numerator, denominator = tag.value
    return _positive(float(f"{denominator / numerator:.6g}")) if numerator else None


def _depth(value: object) -> float | None:
    """Return a distance of slices, which is negative if the stack was flipped, and may have a decimal comma."""
    return _positive(str(value).strip().lstrip("-").replace(",", "."))


def _positive(value: object) -> float | None:
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None
    return number if 0 < number < float("inf") else None
