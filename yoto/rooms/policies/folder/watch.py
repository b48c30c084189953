"""A folder whose policies are stored as soon as a file is saved, for development."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from pathlib import Path

from yoto.errors import PlatformError, PolicyError, ValidationFailed, VersionConflict
from yoto.rooms.policies.folder.files import read_folder
from yoto.rooms.policies.store import Entry, StoredSet, source_hash

log = logging.getLogger(__name__)

LOOK_SECONDS = 0.5

# File to its time of change in ns and its size in bytes.
Stamp = dict[str, tuple[int, int]]


class FolderWatch:
    """Looks at one folder from time to time.

    Files are only read when one of them has changed. A file that leaves the folder stays in
    force: a folder may hold a few of many policies.

    Attributes:
        error: why the folder's contents are not in force; None: they are.
    """

    def __init__(
        self,
        folder: Path,
        read: Callable[[], StoredSet],
        put: Callable[[Sequence[Entry]], object],
    ) -> None:
        """``read`` gives the entries in force; ``put`` activates entries or raises."""
        self._folder = folder
        self._read = read
        self._put = put
        self._stamp: Stamp | None = None
        self.error: str | None = None

    def work(self) -> float:
        """Look once; seconds until the next time."""
        try:
            stamp = self._look()
        except OSError as error:
            self._failed(f"{self._folder} cannot be read: {error}")
            return LOOK_SECONDS
        if stamp == self._stamp:
            return LOOK_SECONDS
        try:
            changed = _differing(self._read(), read_folder(self._folder))
            if changed:
                self._put(changed)
                log.info("%d files of %s are in force", len(changed), self._folder)
            self.error = None
        except VersionConflict:
            return LOOK_SECONDS  # another process watches the same folder
        except (PolicyError, ValidationFailed) as error:
            # The same files give the same error.
            self._failed(str(error))
        except PlatformError as error:
            self._failed(str(error))
            return LOOK_SECONDS
        self._stamp = stamp
        return LOOK_SECONDS

    def _look(self) -> Stamp:
        files = [*self._folder.glob("*.rego"), *self._folder.glob("data/*.json")]
        stats = {str(file): file.stat() for file in files}
        return {name: (stat.st_mtime_ns, stat.st_size) for name, stat in stats.items()}

    def _failed(self, reason: str) -> None:
        if reason != self.error:
            log.error("the folder of policies: %s", reason)
        self.error = reason


def _differing(stored: StoredSet, entries: Sequence[Entry]) -> list[Entry]:
    changed = []
    for entry in entries:
        live = stored.find(entry.kind, entry.name)
        if live is None or live.source_hash != source_hash(entry.source, entry.tests):
            changed.append(entry)
    return changed
