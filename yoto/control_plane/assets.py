"""Style, scripts and pictures of the pages, at addresses that change when any of them does.

``/static/<version>/<folder>/<path>`` may be kept for ever: the version is a hash of all folders
together, so modules that import each other by relative addresses come from one version. A worker
with another version serves its own files, but not for keeping: during an upgrade, the files of one
worker's page may be requested from another worker.
"""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
import os
import posixpath
import re
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

VERSION_LENGTH = 16  # hex digits
RECHECKED_AFTER = 1.0  # s
SMALLEST_COMPRESSED = 512  # bytes; below, headers are most of an answer
# Only types that are not compressed themselves.
COMPRESSED_TYPES = ("text/", "application/javascript", "application/json", "image/svg+xml")

Signature = tuple[tuple[str, str, int, int], ...]


@dataclass(frozen=True)
class Asset:
    """One file, as it was read.

    Attributes:
        content: its bytes.
        mimetype: its media type, without parameters.
        digest: hex digits of its content's hash.
    """

    content: bytes
    mimetype: str
    digest: str

    @cached_property
    def compressed(self) -> bytes | None:
        """Its content by gzip, made once; None if gzip would not make it smaller."""
        if len(self.content) < SMALLEST_COMPRESSED:
            return None
        if not self.mimetype.startswith(COMPRESSED_TYPES):
            return None
        made = gzip.compress(self.content, mtime=0)
        return made if len(made) < len(self.content) else None


# A module's static imports, by addresses relative to its own.
IMPORT = re.compile(rb"""^(?:import|export)\b[^;"']*?["'](\.{1,2}/[^"']+)["']""", re.MULTILINE)


@dataclass(frozen=True)
class Snapshot:
    """All files at one moment.

    Attributes:
        version: ``VERSION_LENGTH`` hex digits of a hash of all of them.
        files: by folder and path below it, with ``/``.
        signature: names, times and sizes, from which it is known that nothing changed.
    """

    version: str
    files: Mapping[tuple[str, str], Asset]
    signature: Signature = field(repr=False)

    def imports(self, *modules: tuple[str, str]) -> list[tuple[str, str]]:
        """Modules with all their imports, each once, as named in ``files``. A browser that knows
        them beforehand need not discover them one after the other.
        """
        found: dict[tuple[str, str], None] = {}
        waiting = [*reversed(modules)]
        while waiting:
            name = waiting.pop()
            if name in found or name not in self.files:
                continue
            found[name] = None
            waiting += [_resolved(name, one) for one in self._imported[name]]
        return list(found)

    @cached_property
    def _imported(self) -> Mapping[tuple[str, str], list[str]]:
        return {
            name: [one.decode() for one in IMPORT.findall(asset.content)]
            for name, asset in self.files.items()
            if name[1].endswith(".js")
        }


class Assets:
    """The files of some folders, in memory; read again when one of them changed on the disk."""

    def __init__(self, folders: Mapping[str, Path], but: Mapping[str, str] | None = None) -> None:
        """
        Args:
            folders: by their names in addresses.
            but: by the same names, the ending of files that are not served.
        """
        self._folders = dict(folders)
        self._but = but or {}
        self._lock = threading.Lock()
        self._snapshot: Snapshot | None = None
        self._checked = 0.0

    @property
    def folders(self) -> frozenset[str]:
        """The names of the folders."""
        return frozenset(self._folders)

    def snapshot(self) -> Snapshot:
        """The files as they were at most ``RECHECKED_AFTER`` seconds ago."""
        found = self._snapshot
        if found is not None and time.monotonic() - self._checked < RECHECKED_AFTER:
            return found
        with self._lock:
            found, signature = self._snapshot, self._signature()
            if found is None or found.signature != signature:
                found = self._snapshot = _read(self._folders, signature)
            self._checked = time.monotonic()
            return found

    def _signature(self) -> Signature:
        return tuple(sorted(_listed(self._folders, self._but)))


def _resolved(module: tuple[str, str], address: str) -> tuple[str, str]:
    folder, _, path = posixpath.normpath(posixpath.join(*module, "..", address)).partition("/")
    return folder, path


def _listed(
    folders: Mapping[str, Path], but: Mapping[str, str]
) -> Iterator[tuple[str, str, int, int]]:
    for name, folder in folders.items():
        # A folder of npm packages may be a link.
        for at, _, files in os.walk(folder, followlinks=True):
            for file in files:
                path = Path(at, file)
                if not file.startswith(".") and path.suffix != but.get(name):
                    stat = path.stat()
                    relative = path.relative_to(folder).as_posix()
                    yield name, relative, stat.st_mtime_ns, stat.st_size


def _read(folders: Mapping[str, Path], signature: Signature) -> Snapshot:
    whole, files = hashlib.sha256(), {}
    for name, path, *_ in signature:
        content = (folders[name] / path).read_bytes()
        digest = hashlib.sha256(content).hexdigest()
        whole.update(f"{name}/{path}\0{digest}\n".encode())
        mimetype = mimetypes.guess_type(path)[0] or "application/octet-stream"
        files[name, path] = Asset(content, mimetype, digest[:VERSION_LENGTH])
    return Snapshot(whole.hexdigest()[:VERSION_LENGTH], files, signature)
