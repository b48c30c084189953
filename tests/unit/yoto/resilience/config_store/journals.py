"""A record in a list, for tests that need a record and no database."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import Any

from yoto.errors import StoreUnavailable, VersionConflict
from yoto.resilience import Change, Kind, Origin


class ListJournal:
    """The protocol at its plainest: ``appended`` is what it holds, ``away`` cuts it off."""

    def __init__(self) -> None:
        self.appended: list[Change] = []
        self.away = False
        self.reads = 0
        self._lock = threading.Lock()

    def append(self, change: Change, before: Mapping[str, Any], newest: int | None = None) -> None:
        self._check()
        with self._lock:
            found = max((c.version for c in self.appended if c.key == change.key), default=0)
            if found != (change.version - 1 if newest is None else newest):
                raise VersionConflict(found, {})
            self.appended.append(change)

    def newest(self, kind: Kind | None = None, name: str | None = None) -> Sequence[Change]:
        self._check()
        self.reads += 1
        latest: dict[tuple[Kind, str, Origin], Change] = {}
        for change in sorted(self.appended, key=lambda c: c.version):
            if kind in (None, change.kind) and name in (None, change.name):
                latest[change.kind, change.name, change.origin] = change
        return list(latest.values())

    def history(
        self, kind: Kind, name: str, limit: int, before_version: int | None = None
    ) -> Sequence[Change]:
        self._check()
        changes = [c for c in reversed(self.appended) if c.key == (kind, name)]
        return [c for c in changes if before_version is None or c.version < before_version][:limit]

    def fingerprint(self) -> str:
        self._check()
        return str(len(self.appended))

    def _check(self) -> None:
        if self.away:
            raise StoreUnavailable("database")
