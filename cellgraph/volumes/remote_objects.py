"""Objects on S3, Google Cloud Storage and web servers: read with retries, and clear errors when they fail."""

from __future__ import annotations

import random
import threading
import time
import uuid
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import Any, TypeVar

from cellgraph.addresses import redacted
from cellgraph.errors import MissingExtraError, NotFoundError, VolumeReadError
from cellgraph.volumes.objects import refuse_outside

T = TypeVar("T")

TRIES = 5
_FIRST_PAUSE_S = 0.2
# How long a server may be silent in one attempt, so that all attempts end within about two minutes.
_CONNECT_S = 15
_SILENCE_S = 25

# The library in the extra `remote` that each scheme needs.
_LIBRARIES = {"s3": "s3fs", "gs": "gcsfs", "http": "aiohttp", "https": "aiohttp"}
_CREDENTIALS = {
    "s3": "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE",
    "gs": "set GOOGLE_APPLICATION_CREDENTIALS",
}
# HTTP status codes that are worth retrying.
_PASSING = {408, 425, 429, 500, 502, 503, 504}


class _Forbidden(Exception):
    """The server denies access (401, 403)."""


class RemoteObjects:
    """Objects below a URL.

    Each request is tried up to five times, with growing pauses. Many public buckets answer "forbidden" for objects that
    do not exist; whether this one does is determined when it first happens.

    Parameters
    ----------
    url : str
        ``s3://bucket/path``, ``gs://…``, ``http://…`` or ``https://…``.

    Raises
    ------
    MissingExtraError
        If the library for the scheme is not installed.
    """

    parallel = 16

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")
        self._scheme = url.split("://", 1)[0].lower()
        self._fs = _filesystem(self._scheme)
        self._readable: str | None = None
        self._refused: str | None = None
        self._missing_is_forbidden: bool | None = None
        self._lock = threading.Lock()

    def get(self, key: str, start: int | None = None, length: int | None = None) -> bytes | None:
        refuse_outside(key, self._url)
        end = None if start is None or length is None or start + length == 0 else start + length
        try:
            data: bytes = self._patiently(key, lambda place: self._fs.cat_file(place, start=start, end=end))
        except FileNotFoundError:
            return None
        except _Forbidden as error:
            self._forbidden(key, error)
            return None
        self._readable = self._readable or key
        if start is not None and length is not None and len(data) > length:
            # A web server without support for ranges sends the whole object.
            return data[start:][:length]
        return data

    def _patiently(self, key: str, fetch: Callable[[str], T]) -> T:
        """Retry after transient failures, with growing pauses; then raise an error."""
        place = self.place(key)
        address = self._address(key)
        for attempt in range(1, TRIES + 1):
            try:
                return fetch(address)
            except FileNotFoundError:
                raise
            except Exception as error:
                status = _status(error)
                if status in (401, 403) or isinstance(error, PermissionError):
                    raise _Forbidden(str(error)) from error
                if _without_credentials(error):
                    self._fs = _filesystem(self._scheme, anonymous=True)
                elif status is not None and status not in _PASSING:
                    raise VolumeReadError(f"{place}: the server answered {status}: {_words(error)}") from error
                if attempt == TRIES:
                    raise VolumeReadError(
                        f"{place}: could not be read in {TRIES} tries ({_words(error)}); a load that was under way "
                        "goes on with --resume when the network is back"
                    ) from error
            time.sleep(_FIRST_PAUSE_S * 2 ** (attempt - 1) * random.uniform(0.8, 1.2))
        raise AssertionError("unreachable")

    def _forbidden(self, key: str, error: Exception) -> None:
        """Decide whether a refused object is missing (return) or truly forbidden (raise)."""
        if self._readable is None:
            self._refused = self._refused or key
            return
        with self._lock:
            if self._missing_is_forbidden is None:
                self._missing_is_forbidden = self._is_refused(f"cellgraph-{uuid.uuid4().hex}")
        # With credentials that expired in the meantime, everything is refused.
        if self._missing_is_forbidden and not self._is_refused(self._readable):
            return
        raise self._no_permission(key) from error

    def _is_refused(self, key: str) -> bool:
        try:
            self._patiently(key, lambda place: self._fs.cat_file(place))
        except _Forbidden:
            return True
        except FileNotFoundError:
            return False
        return False

    def _no_permission(self, key: str) -> VolumeReadError:
        hint = f"; {_CREDENTIALS[self._scheme]}" if self._scheme in _CREDENTIALS else ""
        return VolumeReadError(f"{self.place(key)}: the server gives no permission to read it (403){hint}")

    def nothing_found(self, what: str) -> NotFoundError | VolumeReadError:
        """Return the error for a URL where no known format was found."""
        if self._refused is not None:
            return self._no_permission(self._refused)
        return NotFoundError(
            f"{what}: no Zarr or N5 array and no precomputed volume there; check the URL, or download a single file "
            "and load it from disk"
        )

    def children(self, path: str) -> list[str]:
        try:
            listed = self._patiently(path, lambda place: self._fs.ls(place, detail=True))
        except (FileNotFoundError, _Forbidden, VolumeReadError):
            return []  # a web server without listings, or a bucket that can be read but not listed
        return [entry["name"].rstrip("/").rsplit("/", 1)[-1] for entry in listed if entry["type"] == "directory"]

    def files(self, path: str) -> Iterator[str] | None:
        """Return nothing: it would take many requests."""
        return None

    def has(self, key: str) -> bool:
        """Return false: it would take a request for each missing chunk."""
        return False

    def fingerprint(self, key: str) -> dict[str, Any]:
        """Return the checksum and size of an object, and in a bucket also its tag and time."""
        data = self.get(key) or b""
        found: dict[str, Any] = {"size": len(data), "checksum": zlib.crc32(data)}
        if self._scheme in _CREDENTIALS:
            with suppress(FileNotFoundError, _Forbidden):
                info = self._patiently(key, self._fs.info)
                found |= {name: str(info[name]) for name in ("ETag", "LastModified", "etag", "updated") if name in info}
        return found

    def stamps(self, groups: Iterable[Iterable[str]]) -> list[int]:
        """Return nothing: it would take a request for each object."""
        return []

    def place(self, key: str) -> str:
        return redacted(self._address(key))

    def _address(self, key: str) -> str:
        return f"{self._url}/{key}" if key else self._url

    def close(self) -> None:
        """Do nothing: connections are kept by the library for the process."""


def _filesystem(scheme: str, *, anonymous: bool = False) -> Any:
    library = _LIBRARIES[scheme]
    try:
        import fsspec

        __import__(library)
    except ImportError as error:
        raise MissingExtraError(f"reading {scheme}://", "remote", library) from error
    options: dict[str, Any] = {"skip_instance_cache": True, "use_listings_cache": False}
    if scheme == "s3":
        # Retries are done here, in the same way for all stores.
        options["config_kwargs"] = {
            "retries": {"max_attempts": 0},
            "connect_timeout": _CONNECT_S,
            "read_timeout": _SILENCE_S,
        }
        options["anon"] = anonymous
        options["max_concurrency"] = 1  # otherwise each read asks for the size first
    else:
        import aiohttp

        patience = aiohttp.ClientTimeout(total=None, sock_connect=_CONNECT_S, sock_read=_SILENCE_S)
        options["session_kwargs" if scheme == "gs" else "client_kwargs"] = {"timeout": patience}
    if scheme == "gs" and anonymous:
        options["token"] = "anon"
    filesystem = fsspec.filesystem(scheme, **options)
    if scheme == "s3":
        filesystem.retries = 1
    return filesystem


def _status(error: BaseException) -> int | None:
    """Return the HTTP status code from errors of aiohttp, botocore and gcsfs."""
    for found in (error, error.__cause__):
        status = getattr(found, "code" if type(found).__name__ == "HttpError" else "status", None)
        response = getattr(found, "response", None)
        if isinstance(response, dict):
            status = response.get("ResponseMetadata", {}).get("HTTPStatusCode")
        if isinstance(status, int):
            return status
    return None


def _without_credentials(error: BaseException) -> bool:
    return type(error).__name__ in ("NoCredentialsError", "CredentialRetrievalError", "DefaultCredentialsError")


def _words(error: BaseException) -> str:
    text = str(error).strip().splitlines()
    return f"{type(error).__name__}: {text[0]}" if text else type(error).__name__
