"""Policies in files: the default bundle, and the folder that is watched in development."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from importlib.resources.abc import Traversable
from pathlib import Path

from yoto.errors import PlatformError, PolicyError, ValidationFailed, VersionConflict
from yoto.rooms.policies.store.entry import (
    Entry,
    StoredSet,
    checked_name,
    document_text,
    source_hash,
)
from yoto.rooms.policies.tables import PolicyKind

log = logging.getLogger(__name__)

REGO, TESTS, DATA = ".rego", "_test.rego", ".json"
DATA_FOLDER = "data"


def read_folder(folder: Traversable | Path) -> list[Entry]:
    """The policies and documents of a folder, by kind and name; other files are left alone.

    Raises:
        PolicyError: there is no such folder, or a file cannot be read, is no UTF-8, or has a name
            that no policy can have.
    """
    if not folder.is_dir():
        raise PolicyError(folder.name, f"{folder} is no folder")
    sources: dict[str, str] = {}
    tests: dict[str, str] = {}
    for name, file in _files(folder, REGO):
        if name.endswith("_test"):
            tests[name.removesuffix("_test")] = _text(file)
        else:
            sources[name] = _text(file)
    alone = sorted(tests.keys() - sources.keys())
    if alone:
        raise PolicyError(alone[0], f"there is {alone[0]}{TESTS}, but no {alone[0]}{REGO}")
    entries = [
        Entry(PolicyKind.REGO, _checked(name), source, tests.get(name, ""))
        for name, source in sources.items()
    ]
    documents = folder.joinpath(DATA_FOLDER)
    if documents.is_dir():
        entries += [
            Entry(PolicyKind.DATA, _checked(name), _document(name, file))
            for name, file in _files(documents, DATA)
        ]
    return sorted(entries)


def _files(folder: Traversable, suffix: str) -> Iterator[tuple[str, Traversable]]:
    for file in folder.iterdir():
        # Editors leave hidden files beside the edited one.
        if file.name.endswith(suffix) and not file.name.startswith(".") and file.is_file():
            yield file.name.removesuffix(suffix), file


def _checked(name: str) -> str:
    try:
        return checked_name(name)
    except ValidationFailed as error:
        raise PolicyError(name, str(error)) from None


def _document(name: str, file: Traversable) -> str:
    try:
        return document_text(json.loads(_text(file)))
    except (ValueError, ValidationFailed) as error:
        raise PolicyError(name, f"{file.name} is no JSON: {error}") from None


def _text(file: Traversable) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise PolicyError(file.name, f"cannot be read: {error}") from error


DEFAULT_AUTHOR = "default"


@dataclass(frozen=True, slots=True)
class Upgrade:
    """The changes to store for bundles.

    Attributes:
        stored: entries that are new, or newer than an unedited one of a bundle.
        removed: unedited entries that their bundle no longer has.
        kept: entries of a bundle that were edited or deactivated.
    """

    stored: Sequence[Entry]
    removed: Sequence[tuple[PolicyKind, str]]
    kept: Sequence[tuple[PolicyKind, str]]

    def __bool__(self) -> bool:
        return bool(self.stored or self.removed)

    def __add__(self, other: Upgrade) -> Upgrade:
        return Upgrade(
            [*self.stored, *other.stored],
            [*self.removed, *other.removed],
            [*self.kept, *other.kept],
        )


def upgrade_of(
    stored: StoredSet,
    known: Collection[tuple[PolicyKind, str]],
    bundle: Sequence[Entry],
    author: str = DEFAULT_AUTHOR,
) -> Upgrade:
    """Compare the entries in force with a bundle.

    Args:
        known: kind and name of every entry that ever was, in force or not.
        bundle: the entries of this release.
        author: the author under whom its entries are stored.
    """
    new: list[Entry] = []
    kept: list[tuple[PolicyKind, str]] = []
    for entry in bundle:
        live = stored.find(entry.kind, entry.name)
        if live is None and (entry.kind, entry.name) not in known:
            new.append(entry)
        elif live is None or live.author != author:
            kept.append((entry.kind, entry.name))
        elif live.source_hash != source_hash(entry.source, entry.tests):
            new.append(entry)
    names = {(entry.kind, entry.name) for entry in bundle}
    removed = [
        (live.kind, live.name)
        for live in stored.live
        if live.author == author and (live.kind, live.name) not in names
    ]
    return Upgrade(new, removed, kept)


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
