"""Emergencies: whether the platform is in one, and who has emergency access; remembered.

Both are read for nearly every question and very rarely change, so one small snapshot of all is
kept, until the invalidation log reports a change by operators.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.engine import Connection

from yoto import cache
from yoto.store.models import EMERGENCY_SWITCH, EmergencyAccess, PlatformSwitch

_SWITCH = select(PlatformSwitch.enabled).where(PlatformSwitch.name == EMERGENCY_SWITCH)


@dataclass(frozen=True, slots=True)
class EmergencyHeld:
    """A user's emergency access; ``until`` is in epoch seconds."""

    id: int
    reason: str
    until: float


@dataclass(frozen=True, slots=True)
class Emergencies:
    """A snapshot of one moment.

    Attributes:
        declared: the platform is in an emergency.
        held: emergency access that was not over then, by user; of several the longest.
    """

    declared: bool
    held: Mapping[int, EmergencyHeld]

    def access_of(self, user_id: int, now: float) -> EmergencyHeld | None:
        """The access that a user has at ``now`` (epoch seconds)."""
        found = self.held.get(user_id)
        return found if found is not None and now < found.until else None


def load_emergencies(connection: Connection, now: float) -> Emergencies:
    """All that is in force at ``now`` or later."""
    taken = EmergencyAccess
    rows = connection.execute(
        select(taken.user_id, taken.id, taken.reason, taken.until)
        .where(taken.until > datetime.fromtimestamp(now, UTC), taken.ended_at.is_(None))
        .order_by(taken.until)
    )
    held = {row.user_id: EmergencyHeld(row.id, row.reason, row.until.timestamp()) for row in rows}
    return Emergencies(bool(connection.scalar(_SWITCH)), held)


class RememberedEmergencies:
    """The snapshot in memory. Safe for threads; ``heard`` is a listener to the log."""

    def __init__(self, load: Callable[[], Emergencies]) -> None:
        """``load`` reads the committed rows."""
        self._load = load
        self._lock = threading.Lock()
        self._known: Emergencies | None = None
        self._changes = 0

    def get(self, may_remember: bool) -> Emergencies:
        """The snapshot, or the error of ``load``; without ``may_remember`` a new snapshot."""
        known = self._known if may_remember else None
        if known is not None:
            return known
        changes = self._changes
        loaded = self._load()
        with self._lock:
            if may_remember and changes == self._changes:
                self._known = loaded
        return loaded

    def heard(self, dirty: Sequence[str], position: cache.Position) -> None:
        """Forget the snapshot when it may be wrong."""
        if cache.tags.POLICY in dirty or cache.tags.GLOBAL in dirty:
            with self._lock:
                self._changes += 1
                self._known = None
