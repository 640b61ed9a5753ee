"""Annotation layers for Neuroglancer, read back as their format is specified, and served."""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import numpy as np
import pytest
from six_cells import joined, pair, six_cells

import cellgraph as package
from cellgraph.errors import InputError
from cellgraph.exporting import export
from cellgraph.stores import open_store


def annotations(folder: Path) -> tuple[dict[str, Any], dict[int, dict[str, Any]]]:
    """Read a layer as the format is specified: geometry, then properties by falling alignment; ids at the end."""
    info = json.loads((folder / "info").read_text())
    rank = len(info["dimensions"])
    kinds = {"int32": "<i4", "float32": "<f4", "uint16": "<u2", "uint8": "u1"}
    fields: list[Any] = [("at", "<f4", (rank * {"point": 1, "line": 2}[info["annotation_type"]],))]
    fields += [(one["id"], kinds[one["type"]]) for one in info["properties"]]
    size = np.dtype(fields).itemsize
    fields.append(("rest", "u1", (-size % 4,)))
    data = (folder / info["spatial"][0]["key"] / "_".join("0" * rank)).read_bytes()
    count = int.from_bytes(data[:8], "little")
    rows = np.frombuffer(data, np.dtype(fields), count, 8)
    ids = np.frombuffer(data, "<u8", count, 8 + rows.nbytes)
    assert len(data) == 8 + rows.nbytes + ids.nbytes
    return info, {
        int(n): {name: row[name].tolist() for name in rows.dtype.names} for n, row in zip(ids, rows, strict=True)
    }


def test_neuroglancer_has_points_and_lines(tmp_path: Path) -> None:
    labels = np.zeros((6, 10, 20), np.int64)
    labels[1:4, 2:5, 3:9], labels[1:4, 2:5, 9:12], labels[1:4, 5:7, 3:9] = 5, 2**40, 9
    package.load(labels, tmp_path / "c.db", sample="three", spacing=(2.0, 0.5, 0.5), unit="micrometer")
    (tmp_path / "kinds.csv").write_text("label,kind,Lc.V,few\n5,b,1,\n9,a,2,7\n")
    package.annotate(tmp_path / "kinds.csv", db=tmp_path / "c.db")
    done = export(tmp_path / "ng", tmp_path / "c.db", format="neuroglancer")
    info, points = annotations(tmp_path / "ng" / "cells")
    assert info["dimensions"] == {"x": [5e-7, "m"], "y": [5e-7, "m"], "z": [2e-6, "m"]}
    assert points[5]["at"] == [6.0, 3.5, 2.5]  # from 3 to 9, 2 to 5, 1 to 4, with voxels from n to n + 1
    assert set(points) == {5, 9, 2**40}
    assert [points[n]["degree"] for n in (5, 9, 2**40)] == [2, 1, 1]
    assert points[5]["volume"] == 27.0
    kinds = next(one for one in info["properties"] if one["id"] == "kind")
    names = dict(zip(kinds["enum_values"], kinds["enum_labels"], strict=True))
    assert [names[points[n]["kind"]] for n in (5, 9, 2**40)] == ["b", "a", ""]
    assert points[9]["few"] == 7
    assert np.isnan(points[5]["few"])
    assert "cells: left out, as Neuroglancer does not support their type or name: label, Lc.V" in done.notes
    info, lines = annotations(tmp_path / "ng" / "contacts")
    ends = {tuple(row["at"]): row["junctions"] for row in lines.values()}
    assert ends == {(*points[5]["at"], *points[9]["at"]): 18, (*points[5]["at"], *points[2**40]["at"]): 9}
    assert all(low <= n <= high for row in lines.values() for n, low, high in zip(
        row["at"], info["lower_bound"] * 2, info["upper_bound"] * 2, strict=True))  # fmt: skip
    related = (tmp_path / "ng" / "contacts" / "rel_cell" / str(2**40)).read_bytes()
    assert int.from_bytes(related[:8], "little") == 1


def test_neuroglancer_is_served_to_a_page_from_elsewhere(tmp_path: Path) -> None:
    db = tmp_path / "cells.db"
    with open_store(db, create=True) as store:
        store.write(joined(six_cells(), pair()))
    export(tmp_path / "ng", db, format="neuroglancer", samples="six")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen(
        [sys.executable, tmp_path / "ng" / "serve.py", str(port)], stdout=-1, stderr=-1, text=True
    )
    try:
        assert server.stdout is not None
        link = server.stdout.readline().strip()
        state = json.loads(unquote(link.partition("#!")[2]))
        assert state["layers"][0]["source"] == f"precomputed://http://127.0.0.1:{port}/contacts"
        for layer in state["layers"]:
            answer = _open(layer["source"].removeprefix("precomputed://") + "/info")
            assert answer.headers["Access-Control-Allow-Origin"] == "*"
            assert json.load(answer)["@type"] == "neuroglancer_annotations_v1"
    finally:
        server.kill()
        server.communicate()
    with pytest.raises(InputError, match="one sample at a time"):
        export(tmp_path / "all", db, format="neuroglancer")
    assert not (tmp_path / "all").exists()


def _open(address: str) -> Any:
    for _ in range(100):
        with contextlib.suppress(urllib.error.URLError):
            return urllib.request.urlopen(address)
        time.sleep(0.05)
    raise AssertionError(f"{address} does not answer")
