"""Seats: the use of a worker without Redis, kept for its successor on this machine.

A worker has one seat, a file that it locks for as long as it lives: the lock ends with the process,
however it ends. Beside the use of keys the file records the number of instances when its worker
last heard Redis. Files are written through memory, which outlives a killed process.
"""

from __future__ import annotations

import hashlib
import logging
import mmap
import os
import struct
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

try:
    import fcntl
except ImportError:  # only Unix has it
    fcntl = None  # type: ignore[assignment]

log = logging.getLogger(__name__)

# Moments are seconds of the system's monotonic clock, which all processes of a machine share.
_HEADER = struct.Struct("<8sddI")
_MAGIC = b"yotoseat"
_ROW = struct.Struct("<8sdddd")
# Keys whose use a seat keeps; beyond them, the last used. 1.3 MB when they are all used.
ROWS = 32_768
# Files of one application on one machine.
MOST_SEATS = 1_024
# s. A seat is abandoned if its worker heard Redis so long before the worker that heard it last.
# Less than the roster remembers a worker, so that no taken seat lacks a part.
SILENCE = 9.0


class Used(NamedTuple):
    """The use of a key without Redis.

    Attributes:
        at: the moment.
        units: units in use then; Redis does not know ``unreported`` of them.
        counts_for: seconds after which none of them is in use any more.
    """

    at: float
    units: float
    unreported: float
    counts_for: float


class Seat:
    """A locked file. Only the worker that holds it writes."""

    def __init__(self, number: int, descriptor: int, now: float) -> None:
        self.number = number
        self._descriptor = descriptor
        size = _HEADER.size + ROWS * _ROW.size
        if os.fstat(descriptor).st_size != size:
            os.truncate(descriptor, size)
        self._memory = mmap.mmap(descriptor, size)
        self._rows: dict[bytes, int] = {}
        magic, begun, heard, count = _HEADER.unpack_from(self._memory)
        if magic != _MAGIC:
            begun, heard, count = now, 0.0, 0
        # After a restart of the machine its clock begins anew.
        self.begun = min(begun, now)
        self.heard = heard
        self.count = count
        self._write()
        self.inherited = self._read(now)

    def hear(self, now: float, count: int) -> None:
        """Note the number of instances that Redis reported."""
        self.heard, self.count = now, count
        self._write()

    def vacate(self) -> None:
        """Note that the worker ends, and Redis knows: it has no part of the limit any more."""
        self.heard = 0.0
        self._write()

    def note(self, key: str, used: Used) -> None:
        """Keep the use of a key."""
        name = _name(key)
        row = self._rows.pop(name, None)
        if row is None:
            full = len(self._rows) >= ROWS
            row = self._rows.pop(next(iter(self._rows))) if full else len(self._rows)
        self._rows[name] = row
        _ROW.pack_into(self._memory, _HEADER.size + row * _ROW.size, name, *used)

    def report(self, key: str) -> None:
        """Note that Redis knows the use of a key now."""
        row = self._rows.get(_name(key))
        if row is not None:
            at = _HEADER.size + row * _ROW.size
            name, *numbers = _ROW.unpack_from(self._memory, at)
            _ROW.pack_into(self._memory, at, name, *Used(*numbers)._replace(unreported=0.0))

    def forget(self, key: str) -> None:
        """Note that a key is unused."""
        self.inherited.pop(_name(key), None)
        if _name(key) in self._rows:
            self.note(key, Used(0.0, 0.0, 0.0, 0.0))

    def recall(self, key: str) -> Used | None:
        """The use of a key by the workers before, once."""
        return self.inherited.pop(_name(key), None) if self.inherited else None

    def leave(self) -> None:
        """Leave the seat to the next one; also in a child, which does not own it."""
        self._memory.close()
        os.close(self._descriptor)

    def _write(self) -> None:
        _HEADER.pack_into(self._memory, 0, _MAGIC, self.begun, self.heard, self.count)

    def _read(self, now: float) -> dict[bytes, Used]:
        """The rows that still count, moved to the beginning."""
        found = []
        for row in range(ROWS):
            name, *numbers = _ROW.unpack_from(self._memory, _HEADER.size + row * _ROW.size)
            if not any(name):
                break
            used = Used(*numbers)
            if min(used.at, now) + used.counts_for > now:
                found.append((name, used._replace(at=min(used.at, now))))
        end = _HEADER.size + len(found) * _ROW.size
        for row, (name, used) in enumerate(found):
            self._rows[name] = row
            _ROW.pack_into(self._memory, _HEADER.size + row * _ROW.size, name, *used)
        if len(found) < ROWS:
            self._memory[end : end + _ROW.size] = bytes(_ROW.size)
        return dict(found)


def _name(key: str) -> bytes:
    return hashlib.blake2b(key.encode(), digest_size=8).digest()


class Seats:
    """The folder of seats of one application on this machine."""

    def __init__(self, folders: Iterable[Path]) -> None:
        """``folders``: the first writable one is used; nothing is touched yet."""
        self._candidates = list(folders)
        self._folder: Path | None = None

    def take(self, now: float, heard: bool) -> Seat | None:
        """A free seat: any for a worker that has ``heard`` Redis, else one whose last worker was
        there when Redis was heard last; if no worker ever was, any.

        Raises:
            OSError: no folder can be written.
        """
        if heard:
            return self._lock(range(MOST_SEATS), now)
        known = self._heard(now)
        if not known:
            return self._lock(range(MOST_SEATS), now)
        newest = max(known.values())
        return self._lock(sorted(n for n, at in known.items() if at > newest - SILENCE), now)

    def _heard(self, now: float) -> dict[int, float]:
        """The time at which the worker of each seat last heard Redis, where it did."""
        found = {}
        for path in self._writable().glob("seat-*"):
            with open(path, "rb") as file:
                header = file.read(_HEADER.size)
            if len(header) == _HEADER.size:
                magic, _, heard, _ = _HEADER.unpack(header)
                if magic == _MAGIC and heard:
                    # A time before the machine restarted, with a new clock, is long ago.
                    number = int(path.name.removeprefix("seat-"))
                    found[number] = heard if heard <= now else -SILENCE
        return found

    def _lock(self, numbers: Iterable[int], now: float) -> Seat | None:
        folder = self._writable()
        for number in numbers:
            descriptor = os.open(folder / f"seat-{number}", os.O_RDWR | os.O_CREAT, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(descriptor)
                continue
            return Seat(number, descriptor, now)
        return None

    def _writable(self) -> Path:
        if self._folder is None:
            if fcntl is None:
                raise OSError("this system has no locks of files")
            error = OSError("no folder")
            for folder in self._candidates:
                try:
                    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                    if os.access(folder, os.W_OK | os.X_OK) and folder.stat().st_uid == os.getuid():
                        self._folder = folder
                        return folder
                except OSError as found:
                    error = found
            raise error
        return self._folder


def folders_of(instance_path: str | Path, application: str) -> list[Path]:
    """The possible folders of an application's seats: its instance folder, else one beside other
    temporary files.

    Args:
        application: a text that all its processes share, and no other application does.
    """
    digest = hashlib.blake2b(f"{instance_path}\n{application}".encode(), digest_size=8).hexdigest()
    name = f"yoto-limits-{digest}"
    # A system without numbered users has no locks of files either: see ``_writable``.
    user = getattr(os, "getuid", int)()
    return [Path(instance_path) / name, Path(tempfile.gettempdir()) / f"{name}-{user}"]
