"""True contacts for squidpy, instead of neighbours by distance (extra squidpy)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from cellgraph.errors import InputError, MissingExtraError, ParameterError
from cellgraph.handover import centroids, matrix

if TYPE_CHECKING:
    from cellgraph.model import CellGraph

try:
    from squidpy.gr.neighbors import GraphBuilderCSR
except ImportError:
    raise MissingExtraError("cellgraph.squidpy", "squidpy", "squidpy") from None

_TOLERANCE = 1e-6


class ContactBuilder(GraphBuilderCSR):  # type: ignore[misc]
    """A squidpy graph builder in which two cells are neighbours if they touch.

    Parameters
    ----------
    *graphs : CellGraph
        As returned by `Database.graph`, one for each sample (library) of the data.  The centroids in
        ``obsm["spatial"]``, x first, in the unit of the sample, identify the sample and the cell of each row.
    weight : str, optional
        A column of contacts to use as connectivities, such as ``area``; 1 by default.

    Examples
    --------
    >>> adata = graph.to_anndata()
    >>> squidpy.gr.spatial_neighbors_from_builder(adata, ContactBuilder(graph))
    """

    def __init__(self, *graphs: CellGraph, weight: str | None = None) -> None:
        super().__init__()
        if not graphs:
            raise ParameterError("expected at least one graph, as returned by Database.graph, got none")
        self._weight = weight
        self._known = []
        for graph in graphs:
            network = graph.network()
            places = centroids(network.cells)
            if places is None:
                raise InputError(
                    f"the cells of {graph.sample.name!r} have no centroids, which are needed to identify rows."
                )
            self._known.append((places, matrix(network.cells, network.contacts, weight)))

    def build_graph(self, coords: np.ndarray[Any, Any]) -> tuple[Any, Any]:
        """Return connectivities and distances of the cells at given coordinates, as CSR matrices.

        Raises
        ------
        InputError
            If no graph has a cell at each of the coordinates.
        """
        from scipy.sparse import csr_matrix
        from scipy.spatial import KDTree

        for places, touching in self._known:
            if coords.shape[1] > places.shape[1]:
                continue
            span = max(float(np.ptp(places, axis=0).max()), 1.0)
            distance, row = KDTree(places[:, : coords.shape[1]]).query(coords)
            if distance.max(initial=0.0) > _TOLERANCE * span or len(np.unique(row)) < len(row):
                continue
            own = csr_matrix(touching[row][:, row])
            far = own.astype(np.float64)
            first = np.repeat(np.arange(len(row)), np.diff(own.indptr))
            far.data = np.linalg.norm(coords[first] - coords[own.indices], axis=1)
            return own, far
        raise InputError(
            f"none of the graphs has a cell at each of the {len(coords):,} coordinates; give the graph of each sample, "
            "and centroids, x first, in its unit (graph.to_anndata() makes such data)."
        )

    def uns_params(self) -> dict[str, Any]:
        """Return the record that squidpy keeps of how neighbours were found."""
        return {"method": "cellgraph contacts", "weight": self._weight or "1"}
