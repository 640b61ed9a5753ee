"""Addresses as they are shown and stored."""

from __future__ import annotations

import pickle

import pytest

from cellgraph.addresses import redacted
from cellgraph.errors import CellgraphError, MissingExtraError, ParameterError, VolumeReadError


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("bolt://ann:hunter2@host:7687", "bolt://host:7687"),
        ("neo4j+s://ann:hunter2@[::1]:7687/", "neo4j+s://[::1]:7687/"),
        ("https://TOKEN@host/x.zarr", "https://host/x.zarr"),
        ("http://ann:hun/ter2@host/x.zarr", "http://host/x.zarr"),
        ("http://ann:hun?ter2@host/x.zarr", "http://host/x.zarr"),
        ("http://ann:hun@ter2@host/x.zarr", "http://host/x.zarr"),
        ("zarr://https://ann:hunter2@host/x/", "zarr://https://host/x/"),
        ("https://b.s3.amazonaws.com/x.zarr?X-Amz-Date=1&X-Amz-Signature=abc", None),
        ("https://host/x.zarr?sig=abc:labels", "https://host/x.zarr?sig=…"),
        ("https://host/x.zarr?abc", "https://host/x.zarr?…"),
        ("s3://bucket/a@b.zarr/labels", "s3://bucket/a@b.zarr/labels"),
        ("gs://bucket/x.zarr:labels", "gs://bucket/x.zarr:labels"),
        ("http://host:8080/x@2.zarr", "http://host:8080/x@2.zarr"),
        ("http://[::1]:8080/x@2.zarr", "http://[::1]:8080/x@2.zarr"),
        ("cells of ann@host.tif", "cells of ann@host.tif"),
        (
            "no array at https://a:b@host/x, nor at http://c:d@host/y",
            "no array at https://host/x, nor at http://host/y",
        ),
    ],
)
def test_what_opens_the_door_is_left_out(address: str, shown: str | None) -> None:
    expected = shown or "https://b.s3.amazonaws.com/x.zarr?X-Amz-Date=…&X-Amz-Signature=…"
    assert redacted(address) == expected
    assert redacted(expected) == expected


@pytest.mark.parametrize("kind", [CellgraphError, ParameterError, VolumeReadError])
def test_no_error_shows_it(kind: type[CellgraphError]) -> None:
    error = kind("http://ann:hunter2@host/x: no such volume")
    assert str(error) == "http://host/x: no such volume"
    assert "hunter2" not in repr(error)
    assert str(pickle.loads(pickle.dumps(error))) == str(error)
    assert "pip install" in str(MissingExtraError("reading s3://", "remote", "s3fs"))
