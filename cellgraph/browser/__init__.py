"""Neo4j Browser, opened on cells: signed in, styled, with a guide and a first graph."""

from cellgraph.browser.opening import Opening, browse, open_page

__all__ = ["Opening", "browse", "open_page"]
