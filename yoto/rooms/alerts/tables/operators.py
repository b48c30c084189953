"""The tables that operators write: silences, and the audit log."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import RowMapping, insert, select, update

from yoto.audit import AuditEntry
from yoto.store.models import record_entry, require_account

from ..model import AlertSilenceRow
from ..records import Silence
from .rows import SessionRows, moment, seconds, table_of

_SILENCES = table_of(AlertSilenceRow)


class OperatorRows(SessionRows):
    """The rows that operators' actions read and write."""

    def silences(
        self, only_active: bool, limit: int, after: int | None = None
    ) -> Sequence[Silence]:
        """Silences."""
        statement = select(_SILENCES).order_by(_SILENCES.c.id.desc()).limit(limit)
        if after is not None:
            statement = statement.where(_SILENCES.c.id < after)
        if only_active:
            statement = statement.where(self._active())
        return [_silence(row) for row in self.session.execute(statement).mappings()]

    def add_silence(
        self, rule: str, labels: Mapping[str, str], seconds: float, by: str, reason: str
    ) -> Silence:
        """Insert a silence from now on."""
        silence_id = self.insert(
            insert(_SILENCES).values(
                rule=rule,
                labels=dict(labels),
                until=moment(self.now + seconds),
                by=by,
                reason=reason,
                created_at=self.now_at,
            )
        )
        return self._silence(silence_id)

    def end_silence(self, silence_id: int, by: str) -> Silence | None:
        """End an active silence; None if there is none of that id."""
        statement = (
            update(_SILENCES)
            .where(_SILENCES.c.id == silence_id, self._active())
            .values(ended_at=self.now_at, ended_by=by)
        )
        return self._silence(silence_id) if self.changed(statement) else None

    def audit(self, entry: AuditEntry) -> None:
        """Record an act.

        Raises:
            UnknownResource: it names an account that does not exist.
        """
        require_account(self.session, entry.by)
        stated = replace(entry, before=entry.before or {}, after=entry.after or {})
        record_entry(stated, self.session)

    def _active(self) -> Any:
        return _SILENCES.c.ended_at.is_(None) & (_SILENCES.c.until > self.now_at)

    def _silence(self, silence_id: int) -> Silence:
        statement = select(_SILENCES).where(_SILENCES.c.id == silence_id)
        return _silence(self.session.execute(statement).mappings().one())


def _silence(row: RowMapping) -> Silence:
    return Silence(
        id=row["id"],
        rule=row["rule"],
        labels=row["labels"],
        until=row["until"].timestamp(),
        by=row["by"],
        reason=row["reason"],
        created_at=row["created_at"].timestamp(),
        ended_at=seconds(row["ended_at"]),
        ended_by=row["ended_by"],
    )
