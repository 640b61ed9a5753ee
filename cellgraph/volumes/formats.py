"""The single table of labelled image formats: everything that reads, writes, names or lists formats uses it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import cast

from cellgraph.errors import MissingExtraError, ParameterError
from cellgraph.volumes.reading import Reading
from cellgraph.volumes.volume import Volume

Recognise = Callable[[Path, bytes], bool]

HEAD_BYTES = 2056


@dataclass(frozen=True)
class Format:
    """A format of files or folders."""

    name: str  # Name used in messages
    suffixes: tuple[str, ...]  # Extensions of its files or folders, in lower case
    # ``module:function`` in this package, imported when needed; takes path, dataset (unless it is `single`), source and
    # reading, and returns a volume.
    opener: str
    recognise: Recognise  # Tells from the path and its first `HEAD_BYTES` bytes (none for a folder) whether it matches
    single: bool = False  # Whether it holds a single image, so that no dataset can be chosen
    slices: bool = False  # Whether a folder of such files may be the slices of a volume
    scheme: str = ""  # Prefix that names it before a URL, such as ``zarr://s3://…``, if it can be read from URLs
    extra: str = ""  # The extra of cellgraph that it needs, if any
    library: str = ""  # The optional library that it needs, if any
    sizes: str = ""  # Where the voxel size is stored, in Markdown
    also: str = ""  # Other names, for the documentation

    def open(self, path: Path, dataset: str | None, source: str, reading: Reading) -> Volume:
        """Import the opener and call it."""
        if self.single and dataset is not None:
            raise ParameterError(f"{source}: it holds one image ({self.name}), so {dataset!r} cannot be chosen in it")
        if self.library:
            try:
                import_module(self.library)
            except ImportError as error:
                raise MissingExtraError(f"reading {self.name}", self.extra, self.library) from error
        module, function = self.opener.split(":")
        opener = getattr(import_module(f"cellgraph.volumes.{module}"), function)
        if self.single:
            return cast(Callable[[Path, str, Reading], Volume], opener)(path, source, reading)
        return cast(Callable[[Path, str | None, str, Reading], Volume], opener)(path, dataset, source, reading)


def _starts(*magic: bytes) -> Recognise:
    return lambda _, head: head.startswith(magic)


def _holds(*names: str) -> Recognise:
    return lambda path, _: any((path / name).is_file() for name in names)


def _is_hdf5(_: Path, head: bytes) -> bool:
    # MATLAB and others put their own block before it.
    return any(head[at : at + 8] == b"\x89HDF\r\n\x1a\n" for at in (0, 512, 1024, 2048))


def _by(place: str) -> Recognise:
    """Return a function of this package that recognises a format, imported when needed."""
    module, function = place.split(":")
    return lambda path, head: bool(getattr(import_module(f"cellgraph.volumes.{module}"), function)(path, head))


def _is_metaimage(path: Path, head: bytes) -> bool:
    return path.suffix.lower() in (".mha", ".mhd") and b"DimSize" in head


def _is_zarr(path: Path, head: bytes) -> bool:
    holds = _holds("zarr.json", ".zarray", ".zgroup", ".zattrs", "datasource-properties.json")
    return holds(path, head) or _by("webknossos:is_layer")(path, head)


FILES: tuple[Format, ...] = (
    Format(
        "TIFF", (".tif", ".tiff", ".btf", ".tf8", ".tf2"), "tiff:open_tiff",
        _starts(b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"), slices=True,
        sizes="ImageJ `spacing` and resolution, OME `PhysicalSize`", also="ImageJ, OME-TIFF",
    ),
    Format(
        "PNG", (".png",), "folder:open_png", _starts(b"\x89PNG\r\n\x1a\n"), single=True, slices=True
    ),
    Format("NumPy", (".npy",), "npy:open_npy", _starts(b"\x93NUMPY"), single=True),
    Format("NumPy archive", (".npz",), "npy:open_npz", _starts(b"PK\3\4", b"PK\5\6")),
    Format(
        "HDF5", (".h5", ".hdf5", ".hdf", ".he5", ".ims", ".mat", ".nc", ".dream3d"), "hdf5:open_hdf5", _is_hdf5,
        extra="hdf5", library="h5py", sizes="`element_size_um`, axistags, extents, coordinates of axes",
        also="Imaris, ilastik, BigDataViewer, MATLAB 7.3",
    ),
    Format(
        "NIfTI", (".nii", ".nii.gz"), "nifti:open_nifti", _by("nifti:is_nifti"), single=True,
        extra="nifti", library="nibabel", sizes="zooms",
    ),
    Format(
        "FreeSurfer", (".mgz", ".mgh"), "nifti:open_nifti", _by("nifti:is_mgh"), single=True,
        extra="nifti", library="nibabel", sizes="zooms",
    ),
    Format(
        "NIfTI or Analyze pair", (".hdr", ".img"), "nifti:open_nifti", _by("nifti:is_pair"), single=True,
        extra="nifti", library="nibabel", sizes="zooms",
    ),
    Format(
        "NRRD", (".nrrd", ".nhdr"), "nrrd:open_nrrd", _starts(b"NRRD000"), single=True,
        sizes="`space directions`, `spacings`, `axis mins`", also="`.seg.nrrd` of Slicer",
    ),
    Format(
        "MetaImage", (".mha", ".mhd"), "metaimage:open_metaimage", _is_metaimage, single=True, sizes="`ElementSpacing`"
    ),
)  # fmt: skip

FOLDERS: tuple[Format, ...] = (
    Format(
        "Zarr", (".zarr",), "ome_zarr:open_zarr",
        _is_zarr, scheme="zarr",
        sizes="OME-Zarr `scale`, WEBKNOSSOS, `voxel_size`, coordinates of axes", also="v2 and v3, OME-Zarr, WEBKNOSSOS",
    ),
    Format(
        "precomputed", (".precomputed",), "precomputed:open_precomputed", _by("precomputed:is_precomputed"),
        scheme="precomputed", extra="remote", sizes="`resolution`", also="neuroglancer, CloudVolume",
    ),
    Format(
        "N5", (".n5",), "n5:open_n5", _holds("attributes.json"), scheme="n5",
        sizes="`resolution`, `pixelResolution`, `transform`",
    ),
    Format(
        "folder of 2D images", (), "folder:open_folder", lambda path, _: path.is_dir(), single=True,
        also="numbered slices, TIFF or PNG",
    ),
)  # fmt: skip

FORMATS = (*FILES, *FOLDERS)

SLICES = tuple(suffix for known in FILES if known.slices for suffix in known.suffixes)
"""Extensions of files that may be slices of a volume."""

# Formats that people try, and why they do not work.
USELESS: tuple[tuple[Recognise, str], ...] = (
    (
        _starts(b"\xff\xd8\xff"),
        "a JPEG image, which changes the values of labels; export them as PNG or TIFF",
    ),
    (_starts(b"GIF8", b"BM", b"RIFF"), "a GIF, BMP or WebP image; export the labels as PNG or TIFF"),
    (_starts(b"\0\0\0\x0cjP"), "a JPEG 2000 image, which may change labels; export them as PNG or TIFF"),
    (_starts(b"MATLAB 5.0"), "a MATLAB file before version 7.3; write it with save(name, variable, '-v7.3')"),
    (_starts(b"CDF\1", b"CDF\2", b"CDF\5"), "a netCDF 3 file; convert it to netCDF 4, which is HDF5"),
    (lambda _, head: head[128:132] == b"DICM", "a DICOM file; convert it to NIfTI or NRRD, with dcm2niix for example"),
    (
        lambda path, _: path.suffix.lower() in (".lif", ".czi", ".nd2", ".oib", ".oif", ".lsm", ".vsi", ".zvi"),
        "a file of a microscope; export the label image as OME-TIFF, with Fiji or QuPath for example",
    ),
    (
        _starts(b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"7z\xbc\xaf", b"\x28\xb5\x2f\xfd"),
        "a packed file; unpack it first",
    ),
)


def named_format(name: str, formats: tuple[Format, ...] = FORMATS) -> Format | None:
    """Return the format suggested by the name of a file or folder; None if there is none."""
    return next((known for known in formats if known.suffixes and name.lower().endswith(known.suffixes)), None)


def known_formats() -> str:
    """Return the formats and their file extensions, as part of a sentence."""
    named = [f"{f.name} {', '.join(f.suffixes)}" for f in FORMATS if f.suffixes]
    return "; ".join([*named, *(f.name for f in FORMATS if not f.suffixes)])


def format_rows() -> Iterator[tuple[str, str, str, str]]:
    """Yield the rows of the table in the documentation: format, extensions, where the voxel size is stored, extra."""
    for known in FORMATS:
        name = f"{known.name} ({known.also})" if known.also else known.name
        extra = f"`{known.extra}`" if known.extra else ""
        yield name, ", ".join(f"`{suffix}`" for suffix in known.suffixes), known.sizes, extra
