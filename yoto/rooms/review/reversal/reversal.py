"""One record of the audit log that is taken back, with its values.

Values that a record does not hold cannot be restored. They are listed in ``History.unknown``, never
guessed.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from yoto.permission.audited import Record, after_of, before_of, subject_id, window_of
from yoto.permission.registry.registry import PermissionRegistry
from yoto.rooms.review.history import History


class Reversal:
    """Rows and the record that is taken back from them.

    Attributes:
        history: the rows as they were after the record, and are before it in the end.
        before, after: the values of the record; empty for a creation, or a removal.
    """

    def __init__(self, history: History, record: Record, registry: PermissionRegistry) -> None:
        self.history, self.record = history, record
        self.before, self.after = before_of(record), after_of(record)
        self._known = registry.snapshot.by_name

    @property
    def number(self) -> int:
        """The number of the subject."""
        return subject_id(self.record)

    def note(self, what: str) -> None:
        """Note that something cannot be restored."""
        at, record = self.record.at.isoformat(), self.record
        self.history.unknown.append(f"{at} {record.action} ({record.id}): {what}")

    def note_absent(self, *parts: str) -> None:
        """Note the ``parts`` that the record lacks, since it is old, or they were too many."""
        absent = [part for part in parts if part not in self.before]
        if absent:
            self.note(f"the log does not hold {', '.join(absent)} of {self.record.subject}")

    def ids(self, names: Iterable[str]) -> set[int]:
        """The ids of those permissions that are registered; the others decide nothing."""
        return {self._known[name].id for name in names if name in self._known}

    @staticmethod
    def set_effect(rows: dict[Any, bool], key: Any, effect: str | None) -> None:
        """Put a row back as it was; None: there was no row."""
        if effect is None:
            rows.pop(key, None)
        else:
            rows[key] = effect == "allow"

    def restore_assignments(self, **same: Any) -> None:
        """Put back the ``assignments`` of a deletion; all have the values of ``same``."""
        for row in self.before.get("assignments", ()):
            held = row | same
            self.history.hold(held["subject"], held["role_id"], held["node"], window_of(held))

    def restore_overwrites(self) -> None:
        """Put back the ``overwrites`` of a deleted target."""
        for row in self.before.get("overwrites", ()):
            for permission_id in self.ids([row["permission"]]):
                key = (row["place"], self.record.subject, permission_id)
                self.set_effect(self.history.overwrites, key, row["effect"])

    def restore_members(self, team_id: int, part: str) -> None:
        """Put back those who were in a team."""
        for member in self.before.get(part, ()):
            self.history.joined[team_id][member["user_id"]] = window_of(member)
