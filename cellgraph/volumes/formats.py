"""The formats of labelled images: the tables to extend for a further one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import cast

from cellgraph.volumes.reading import Reading
from cellgraph.volumes.volume import Volume

Recognise = Callable[[Path, bytes], bool]

HEAD_BYTES = 2056


@dataclass(frozen=True)
class Format:
    """A format of files or folders.

    Attributes
    ----------
    name : str
        As people call it.
    suffixes : tuple of str
        Of its files or folders, in lower case.
    opener : str
        ``module:function`` in this package, imported when it is needed; takes path, dataset, source and reading and
        gives a volume.
    recognise : callable
        Tells from the path and its first `HEAD_BYTES` bytes (none for a folder) whether it is one.
    """

    name: str
    suffixes: tuple[str, ...]
    opener: str
    recognise: Recognise

    def open(self, path: Path, dataset: str | None, source: str, reading: Reading) -> Volume:
        """Import the opener and call it."""
        module, function = self.opener.split(":")
        opener = getattr(import_module(f"cellgraph.volumes.{module}"), function)
        return cast(Callable[[Path, str | None, str, Reading], Volume], opener)(path, dataset, source, reading)


def _starts(*magic: bytes) -> Recognise:
    return lambda _, head: head.startswith(magic)


def _holds(*names: str) -> Recognise:
    return lambda path, _: any((path / name).is_file() for name in names)


def _is_hdf5(_: Path, head: bytes) -> bool:
    # MATLAB and others put a block of their own before it.
    return any(head[at : at + 8] == b"\x89HDF\r\n\x1a\n" for at in (0, 512, 1024, 2048))


def _is_nifti(_: Path, head: bytes) -> bool:
    from cellgraph.volumes.nifti import is_nifti

    return is_nifti(head)


def _is_mgh(path: Path, head: bytes) -> bool:
    from cellgraph.volumes.nifti import is_mgh

    return is_mgh(path, head)


def _is_pair(path: Path, _: bytes) -> bool:
    from cellgraph.volumes.nifti import is_pair

    return is_pair(path)


def _is_metaimage(path: Path, head: bytes) -> bool:
    return path.suffix.lower() in (".mha", ".mhd") and b"DimSize" in head


def _is_precomputed(path: Path, _: bytes) -> bool:
    if not (path / "info").is_file():
        return False
    from cellgraph.volumes.precomputed import is_precomputed

    return is_precomputed(path)


FILES: tuple[Format, ...] = (
    Format(
        "TIFF",
        (".tif", ".tiff", ".btf", ".tf8", ".tf2"),
        "tiff:open_tiff",
        _starts(b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"),
    ),
    Format("NumPy", (".npy",), "npy:open_npy", _starts(b"\x93NUMPY")),
    Format("NumPy archive", (".npz",), "npy:open_npz", _starts(b"PK\3\4", b"PK\5\6")),
    Format("HDF5", (".h5", ".hdf5", ".hdf", ".he5"), "hdf5:open_hdf5", _is_hdf5),
    Format("NIfTI", (".nii", ".nii.gz"), "nifti:open_nifti", _is_nifti),
    Format("FreeSurfer", (".mgz", ".mgh"), "nifti:open_nifti", _is_mgh),
    Format("NIfTI or Analyze pair", (".hdr", ".img"), "nifti:open_nifti", _is_pair),
    Format("NRRD", (".nrrd", ".nhdr"), "nrrd:open_nrrd", _starts(b"NRRD000")),
    Format("MetaImage", (".mha", ".mhd"), "metaimage:open_metaimage", _is_metaimage),
    Format("PNG", (".png",), "folder:open_png", _starts(b"\x89PNG\r\n\x1a\n")),
)

FOLDERS: tuple[Format, ...] = (
    Format(
        "Zarr",
        (".zarr",),
        "ome_zarr:open_zarr",
        _holds("zarr.json", ".zarray", ".zgroup", ".zattrs", "datasource-properties.json"),
    ),
    Format("precomputed", (".precomputed",), "precomputed:open_precomputed", _is_precomputed),
    Format("N5", (".n5",), "n5:open_n5", _holds("attributes.json")),
    Format("folder of 2D images", (), "folder:open_folder", lambda path, _: path.is_dir()),
)

# Formats that people try, and why they do not do.
USELESS: tuple[tuple[Recognise, str], ...] = (
    (
        _starts(b"\xff\xd8\xff"),
        "a JPEG image, which changes the values of labels; export them as PNG or TIFF",
    ),
    (_starts(b"GIF8"), "a GIF image; export the labels as PNG or TIFF"),
    (
        _starts(b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"7z\xbc\xaf", b"\x28\xb5\x2f\xfd"),
        "a packed file; unpack it first",
    ),
)


def known_formats() -> str:
    """Return the formats and their file names, as part of a sentence."""
    named = [f"{f.name} {', '.join(f.suffixes)}" for f in (*FILES, *FOLDERS) if f.suffixes]
    return "; ".join([*named, *(f.name for f in FOLDERS if not f.suffixes)])
