"""A web server on the loopback that serves a folder, and misbehaves on demand."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


@dataclass
class WebServer:
    """What the server answers.

    Attributes
    ----------
    folder : pathlib.Path
        What it serves.
    url : str
        Where it is.
    drop : int
        How many further requests it breaks off in the middle of the answer.
    silent : bool
        Whether it takes requests and never answers.
    status : callable
        Gives the status to answer to a path instead of its contents, or None.
    ranges : bool
        Whether it knows of parts of files.
    requests : list of str
        The paths that were asked for.
    hold : str
        A path of which the answer never comes; empty for none.
    held : list of int
        Ports of those who wait for it.
    """

    folder: Path
    url: str = ""
    drop: int = 0
    silent: bool = False
    status: Callable[[str], int | None] = lambda path: None
    ranges: bool = True
    requests: list[str] = field(default_factory=list)
    hold: str = ""
    held: list[int] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)
    ended: threading.Event = field(default_factory=threading.Event)


@contextmanager
def serving(folder: Path) -> Iterator[WebServer]:
    """Serve a folder until the end of the ``with`` statement."""
    site = WebServer(folder)

    class Handler(SimpleHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # else each answer waits 40 ms

        def log_message(self, *_: object) -> None:
            return

        def do_HEAD(self) -> None:
            self._answer(with_body=False)

        def do_GET(self) -> None:
            self._answer(with_body=True)

        def _answer(self, *, with_body: bool) -> None:
            with site.lock:
                site.requests.append(self.path)
                broken = site.drop > 0
                site.drop -= broken
            if site.silent or self.path == site.hold:
                site.held.append(self.client_address[1])
                site.ended.wait()
                self.close_connection = True
                return
            file = folder / self.path.lstrip("/")
            status = site.status(self.path) or (200 if file.is_file() else 404)
            data = file.read_bytes() if status == 200 else b"no"
            wanted = re.fullmatch(r"bytes=(\d*)-(\d*)", self.headers.get("Range", ""))
            if status == 200 and wanted and site.ranges:
                first, last = wanted.groups()
                begin = int(first) if first else max(0, len(data) - int(last))
                end = int(last) + 1 if first and last else len(data)
                total, data, status = len(data), data[begin:end], 206
                self.send_response(status)
                self.send_header("Content-Range", f"bytes {begin}-{begin + len(data) - 1}/{total}")
            else:
                self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.send_header("ETag", f'"{hash(data)}"')
            self.end_headers()
            if broken:
                self.wfile.write(data[: len(data) // 2])
                self.close_connection = True
            elif with_body:
                self.wfile.write(data)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    site.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield site
    finally:
        site.ended.set()
        server.shutdown()
        server.server_close()
        thread.join()
