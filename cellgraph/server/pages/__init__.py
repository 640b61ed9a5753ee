"""What the local Neo4j serves beside Neo4j Browser, at the same address: a start page, a style, a guide.

The server serves the first ``browser`` on its class path.  So it gets a folder with a full copy of Neo4j Browser plus
our files; unlike a jar, the folder may change while the server runs.  Anyone on this machine can request these files
without a password, so anything that reveals data is in a folder with a secret name.
"""

from __future__ import annotations

import secrets
import shutil
import zipfile
from collections.abc import Iterable
from importlib.resources import files
from pathlib import Path

from cellgraph.errors import ServerError
from cellgraph.files import write_text
from cellgraph.server.config import LOOPBACK
from cellgraph.server.home import Home

START = "start.html"
OFFER = "offer.js"
GUIDE = "guide.html"
LAUNCH = "launch.json"
_OWN = (START, "start.js", "page.js")
_SCRIPTS = f'<script src="cellgraph/{OFFER}"></script><script src="cellgraph/page.js"></script>'
_FIRST_SCRIPT = '<script src="'
_NO_GUIDE = """\
<article class="guide"><carousel><slide>
<h3>cellgraph</h3>
<p>Load a tissue, and let cellgraph write a guide to it:</p>
<pre>cellgraph load cells.tif --db neo4j\ncellgraph browse</pre>
</slide></carousel></article>
"""


def prepare(home: Home, jars: Iterable[Path]) -> None:
    """Copy Neo4j Browser out of its jar, unless already done, and add our files to it."""
    jar = next(path for path in jars if path.name.startswith("neo4j-browser-"))
    stamp = home.pages / "copied-from"
    if not stamp.exists() or stamp.read_text() != jar.name:
        stamp.unlink(missing_ok=True)
        for old in (home.pages / "browser").glob("*"):
            if old != folder(home):
                shutil.rmtree(old) if old.is_dir() else old.unlink()
        with zipfile.ZipFile(jar) as packed:
            packed.extractall(home.pages, [name for name in packed.namelist() if name.startswith("browser/")])
        _add_scripts(home.pages / "browser" / "index.html")
        stamp.write_text(jar.name)
    add(home)


def _add_scripts(index: Path) -> None:
    before, found, after = index.read_text("utf-8").partition(_FIRST_SCRIPT)
    if not found:
        raise ServerError(f"expected scripts in {index}, the first page of Neo4j Browser, but there are none")
    index.write_text(f"{before}{_SCRIPTS}{found}{after}", "utf-8")


def add(home: Home) -> None:
    """Write this version's files that do not depend on data."""
    secret(home).mkdir(parents=True, exist_ok=True)
    for name in _OWN:
        write_text(folder(home) / name, (files(__name__) / name).read_text("utf-8"))
    for path, text in ((folder(home) / OFFER, ""), (secret(home) / GUIDE, _NO_GUIDE)):
        if not path.exists():
            write_text(path, text)


def folder(home: Home) -> Path:
    """Return the folder of the added files, served as ``/browser/cellgraph/``."""
    return home.pages / "browser" / "cellgraph"


def secret(home: Home) -> Path:
    """Return the subfolder for what reveals data; its name, 32 hexadecimal digits, is generated once."""
    names = [path for path in folder(home).glob("?" * 32) if path.is_dir()]
    return names[0] if names else folder(home) / secrets.token_hex(16)


def settings(home: Home, http_port: int) -> dict[str, str]:
    """Return the settings that make Neo4j Browser open the guide for users who type its address."""
    guide = address(http_port) + f"{secret(home).name}/{GUIDE}"
    return {
        "browser.remote_content_hostname_whitelist": f"{LOOPBACK},localhost",
        "browser.post_connect_cmd": f"guide {guide}",
    }


def address(http_port: int) -> str:
    """Return the address at which the added files are served."""
    return f"http://{LOOPBACK}:{http_port}/browser/cellgraph/"
