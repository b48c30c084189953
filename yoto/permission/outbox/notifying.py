"""Notifies listeners of platform events of changed permissions; the log notifies the caches."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from yoto.cache import Position
from yoto.events import Event, event_type
from yoto.permission.outbox.rows import Event as Change

# Subjects that an event names; it counts the others.
MAX_SUBJECTS = 32
# Audit records that an event names; their readers learn who did it.
MAX_RECORDS = 8


@event_type("permission.changed")
class PermissionsChanged(Event, frozen=True, kw_only=True):
    """Changes of people's permissions were committed, and are in the invalidation log.

    Attributes:
        subjects: their tags, such as ``role:9``; at most ``MAX_SUBJECTS``.
        count: how many subjects there are in all.
        position: the position of the newest; a check with ``at_least`` this includes them all.
        late: whether a relay put some into the log, because their writer could not.
        records: ids of the audit records committed with them; at most the newest ``MAX_RECORDS``,
            and none for changes that a relay published.
    """

    subjects: list[str]
    count: int
    position: str
    late: bool = False
    records: list[int] = []


class ChangeNotifier:
    """Publishes at once or, while ``deferred``, one event for all changes noted since the last.

    A busy platform changes many times a second, and the stream of events is short.

    Attributes:
        deferred: whether a caller runs ``publish_noted`` periodically.
    """

    def __init__(self, publish: Callable[[PermissionsChanged], object]) -> None:
        self.deferred = False
        self._publish = publish
        self._lock = threading.Lock()
        # In the order of arrival, each once.
        self._subjects: dict[str, None] = {}
        self._position: Position | None = None
        self._late = False
        self._records: list[int] = []

    def note(
        self,
        changes: Sequence[Change],
        position: Position,
        late: bool = False,
        records: Sequence[int] = (),
    ) -> None:
        """Note that the log has changes up to ``position``, with ``records`` of the audit log."""
        with self._lock:
            self._subjects.update(dict.fromkeys(change.subject for change in changes))
            # Threads come here in any order.
            self._position = max(self._position or position, position)
            self._late |= late
            self._records += records
        if not self.deferred:
            self.publish_noted()

    def publish_noted(self) -> None:
        """Publish the noted changes, if any; whether Redis takes them is its own business."""
        with self._lock:
            subjects, self._subjects = list(self._subjects), {}
            position, late, self._late = self._position, self._late, False
            records, self._records = self._records, []
        if subjects:
            self._publish(
                PermissionsChanged(
                    subjects=subjects[:MAX_SUBJECTS],
                    count=len(subjects),
                    position=str(position),
                    late=late,
                    records=records[-MAX_RECORDS:],
                )
            )
