"""A folder for ``neo4j-admin database import full``, the fastest way into a remote Neo4j."""

from __future__ import annotations

import shlex
import time

from cellgraph.exporting.export import MARK, Export
from cellgraph.stores.bolt.importfiles import AFTERWARDS, ImportFiles
from cellgraph.stores.bolt.schema import statements
from cellgraph.stores.tables import prepare

OPTIONS = "import.options"
SCHEMA = "schema.cypher"

_ABOUT = """\
A graph of cells, written by `cellgraph export --format neo4j-admin`, for a Neo4j 5.26 or later.

1. Stop the server, or at least the database that is to be made: an import needs one that is empty and not in use.
2. In this folder:

       {command}

   It makes the database "neo4j" with this graph alone; another name can stand in its place.  With Docker the folder
   must be inside the container.  To replace a database that is there: --overwrite-destination=true.
3. Start the server, make the indexes, and complete the samples:

       cypher-shell -u neo4j -f {schema}

   A load or copy by cellgraph into that database makes them too.
"""


def write(export: Export) -> None:
    """Write CSV files, the options of the import, the statements for indexes, and instructions."""
    files = ImportFiles(export.path)
    loaded = time.time_ns() // 1_000_000
    for network in export.networks:
        files.add(prepare(network), loaded)
    (export.path / OPTIONS).write_text("\n".join(files.arguments()) + "\n")
    (export.path / SCHEMA).write_text("".join(f"{statement};\n" for statement in [*statements(), AFTERWARDS]))
    command = f"neo4j-admin database import full neo4j @{OPTIONS}"
    (export.path / MARK).write_text(_ABOUT.format(command=command, schema=SCHEMA))
    place = shlex.quote(str(export.target))
    export.notes += [
        "next, on the machine of the Neo4j, while it is stopped and its database is empty:",
        f"  cd {place} && {command}",
        f"then start it, and: cypher-shell -u neo4j -f {shlex.quote(str(export.target / SCHEMA))}",
    ]
