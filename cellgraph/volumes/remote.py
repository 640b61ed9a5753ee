"""Volumes at a URL: Zarr, N5 and precomputed on S3, Google Cloud Storage and web servers."""

from __future__ import annotations

from cellgraph.addresses import redacted
from cellgraph.errors import ParameterError
from cellgraph.volumes import n5, ome_zarr, precomputed
from cellgraph.volumes.formats import FOLDERS, named_format
from cellgraph.volumes.reading import Reading
from cellgraph.volumes.remote_objects import RemoteObjects
from cellgraph.volumes.volume import Volume
from cellgraph.volumes.zarr_metadata import read_node

KINDS = {known.scheme: known for known in FOLDERS if known.scheme}
SCHEMES = ("s3", "gs", "http", "https")


def open_url(text: str, dataset: str | None, reading: Reading) -> Volume:
    """Open a volume at a URL.

    Parameters
    ----------
    text : str
        ``s3://bucket/brain.zarr/labels/cells`` or the like; the prefixes ``zarr://``, ``n5://`` and ``precomputed://``
        name the format if it cannot be detected; a colon and a dataset may follow.
    dataset : str or None
        Path in the hierarchy, or the scale of a precomputed volume.
    """
    kind, url = _format(text)
    if dataset is None:
        url, dataset = _split_dataset(url)
    source = redacted(text) if dataset is None or text.endswith(f":{dataset}") else f"{redacted(text)}:{dataset}"
    root, inside = _split_root(url)
    path = "/".join(part.strip("/") for part in (inside, dataset or "") if part.strip("/"))
    objects = RemoteObjects(root)
    named = named_format(root, FOLDERS) if inside or kind is None else None
    kind = kind or (named.scheme if named else _recognise(objects, path, source))
    if kind == "precomputed":
        whole = f"{root}/{inside}".rstrip("/")
        return precomputed.open_at(
            RemoteObjects(whole) if inside else objects, precomputed.kvstore_of(whole), dataset, source, reading
        )
    if kind == "n5":
        return n5.open_node(objects, path, source, reading)
    if kind == "zarr":
        if read_node(objects, path, source) is None and read_node(objects, "", source) is None:
            raise objects.nothing_found(source)
        return ome_zarr.open_node(objects, path, source, reading)
    raise objects.nothing_found(source)


def _format(text: str) -> tuple[str | None, str]:
    """Split ``zarr://s3://…``, which is neuroglancer's way to name a format."""
    scheme, _, rest = text.partition("://")
    kind = scheme.lower() if scheme.lower() in KINDS else None
    url = rest if kind else text
    inner = url.partition("://")[0].lower()
    if "://" not in url or inner not in SCHEMES:
        raise ParameterError(
            f"{text}: expected a URL that begins with {', '.join(f'{s}://' for s in SCHEMES)}, if need be after one of "
            f"{', '.join(f'{f}://' for f in KINDS)}"
        )
    return kind, url.split("|")[0]


def _split_dataset(url: str) -> tuple[str, str | None]:
    server, slash, path = url.partition("://")[2].partition("/")
    head, colon, dataset = path.rpartition(":")
    if not (colon and head and dataset):
        return url, None
    return f"{url.partition('://')[0]}://{server}{slash}{head}", dataset


def _split_root(url: str) -> tuple[str, str]:
    """Split a URL after the first folder whose name shows that it is a hierarchy."""
    scheme, _, rest = url.rstrip("/").partition("://")
    parts = rest.split("/")
    for i, part in enumerate(parts):
        if i and named_format(part, (KINDS["zarr"], KINDS["n5"])):
            return f"{scheme}://{'/'.join(parts[: i + 1])}", "/".join(parts[i + 1 :])
    return f"{scheme}://{rest}", ""


def _recognise(objects: RemoteObjects, path: str, source: str) -> str | None:
    if read_node(objects, path, source) is not None or (path and read_node(objects, "", source) is not None):
        return "zarr"
    if objects.get(precomputed.DOCUMENT) is not None:
        return "precomputed"
    if objects.get(f"{path}/{n5.DOCUMENT}".lstrip("/")) is not None or objects.get(n5.DOCUMENT) is not None:
        return "n5"
    return None
