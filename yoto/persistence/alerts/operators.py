"""The tables that operators write: silences, rules, and the audit log."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import RowMapping, func, insert, select, tuple_, update
from sqlalchemy.exc import IntegrityError

from yoto.audit import AuditEntry
from yoto.errors import UnknownResource, VersionConflict
from yoto.monitor import RuleChange, Silence
from yoto.persistence.alerts.rows import (
    SessionRows,
    moment,
    seconds,
    table_of,
)
from yoto.store.models import AlertRuleRow, AlertSilenceRow, User, account_of, record_entry

_SILENCES = table_of(AlertSilenceRow)
_RULES = table_of(AlertRuleRow)


class OperatorRows(SessionRows):
    """See ``AlertRows``."""

    def silences(
        self, only_active: bool, limit: int, after: int | None = None
    ) -> Sequence[Silence]:
        statement = select(_SILENCES).order_by(_SILENCES.c.id.desc()).limit(limit)
        if after is not None:
            statement = statement.where(_SILENCES.c.id < after)
        if only_active:
            statement = statement.where(self._active())
        return [_silence(row) for row in self.session.execute(statement).mappings()]

    def add_silence(
        self, rule: str, labels: Mapping[str, str], seconds: float, by: str, reason: str
    ) -> Silence:
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
        statement = (
            update(_SILENCES)
            .where(_SILENCES.c.id == silence_id, self._active())
            .values(ended_at=self.now_at, ended_by=by)
        )
        return self._silence(silence_id) if self.changed(statement) else None

    def rule_changes(self) -> Sequence[RuleChange]:
        newest = select(_RULES.c.rule, func.max(_RULES.c.version)).group_by(_RULES.c.rule)
        statement = select(_RULES).where(tuple_(_RULES.c.rule, _RULES.c.version).in_(newest))
        return [_change(row) for row in self.session.execute(statement).mappings()]

    def rule_history(self, rule: str, limit: int, after: int | None = None) -> Sequence[RuleChange]:
        statement = _history_of(rule, limit)
        if after is not None:
            statement = statement.where(_RULES.c.version < after)
        return [_change(row) for row in self.session.execute(statement).mappings()]

    def add_rule_change(
        self, rule: str, version: int, values: Mapping[str, Any], by: str, reason: str
    ) -> None:
        try:
            self.session.execute(
                insert(_RULES).values(
                    rule=rule,
                    version=version,
                    rule_values=dict(values),
                    by=by,
                    reason=reason,
                    at=self.now_at,
                )
            )
        except IntegrityError:
            with self.newest() as session:
                row = session.execute(_history_of(rule, 1)).mappings().one()
                raise VersionConflict(row["version"], row["rule_values"]) from None

    def audit(self, entry: AuditEntry) -> None:
        account = account_of(entry.by)
        if account is not None and self.session.get(User, account) is None:
            raise UnknownResource("user", account, field="by")
        stated = replace(entry, before=entry.before or {}, after=entry.after or {})
        record_entry(stated, self.session)

    def _active(self) -> Any:
        return _SILENCES.c.ended_at.is_(None) & (_SILENCES.c.until > self.now_at)

    def _silence(self, silence_id: int) -> Silence:
        statement = select(_SILENCES).where(_SILENCES.c.id == silence_id)
        return _silence(self.session.execute(statement).mappings().one())


def _history_of(rule: str, limit: int) -> Any:
    return (
        select(_RULES).where(_RULES.c.rule == rule).order_by(_RULES.c.version.desc()).limit(limit)
    )


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


def _change(row: RowMapping) -> RuleChange:
    return RuleChange(
        rule=row["rule"],
        version=row["version"],
        values=row["rule_values"],
        by=row["by"],
        reason=row["reason"],
        at=row["at"].timestamp(),
    )
