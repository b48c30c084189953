"""The record of the resilience configuration in the application's database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from flask import Flask
from sqlalchemy import RowMapping, func, select, tuple_
from sqlalchemy.exc import IntegrityError

from yoto.errors import VersionConflict
from yoto.persistence.database import bypassing_breaker
from yoto.resilience import Action, Change, Kind, Origin, audit_of
from yoto.store.models import ResilienceConfigChange, record_entry, require_account
from yoto.store.sessions import reading, recording

_TABLE = ResilienceConfigChange.__table__


class _Late(Exception):
    """Another writer appended the version first."""


class SqlJournal:
    """A ``Journal`` for one application; works inside and outside its contexts."""

    def __init__(self, app: Flask) -> None:
        """Nothing is opened before the first call."""
        self._app = app

    def append(self, change: Change, before: Mapping[str, Any], newest: int | None = None) -> None:
        """See ``Journal.append``."""
        try:
            with bypassing_breaker(), recording(self._app) as session:
                found = session.scalar(_newest_version(change.kind, change.name)) or 0
                if found != (change.version - 1 if newest is None else newest):
                    raise _Late
                # A change that is recorded again was made: its author may be gone by now.
                if newest is None:
                    require_account(session, change.author)
                session.add(_row(change))
                record_entry(
                    audit_of(change, dict(before)),
                    session,
                    version=change.version,
                    origin=change.origin.value,
                    expires_at=change.expires_at or None,
                )
        except (_Late, IntegrityError):
            raise self._conflict(change) from None

    def newest(self, kind: Kind | None = None, name: str | None = None) -> Sequence[Change]:
        """See ``Journal.newest``."""
        layer = (_TABLE.c.kind, _TABLE.c.name, _TABLE.c.origin)
        latest = select(*layer, func.max(_TABLE.c.version)).group_by(*layer)
        if kind is not None:
            latest = latest.where(_TABLE.c.kind == kind.value)
        if name is not None:
            latest = latest.where(_TABLE.c.name == name)
        statement = select(_TABLE).where(tuple_(*layer, _TABLE.c.version).in_(latest))
        with bypassing_breaker(), reading(self._app) as session:
            return _changes(session.execute(statement).mappings().all())

    def history(
        self, kind: Kind, name: str, limit: int, before_version: int | None = None
    ) -> Sequence[Change]:
        """See ``Journal.history``."""
        statement = (
            select(_TABLE)
            .where(_TABLE.c.kind == kind.value, _TABLE.c.name == name)
            .order_by(_TABLE.c.version.desc())
            .limit(limit)
        )
        if before_version is not None:
            statement = statement.where(_TABLE.c.version < before_version)
        with bypassing_breaker(), reading(self._app) as session:
            return _changes(session.execute(statement).mappings().all())

    def fingerprint(self) -> str:
        """See ``Journal.fingerprint``.

        The number of rows is in it because ids are given out before the commit: a row may become
        visible after one with a higher id.
        """
        statement = select(func.count(), func.max(_TABLE.c.id)).select_from(_TABLE)
        with bypassing_breaker(), reading(self._app) as session:
            count, last = session.execute(statement).one()
        return f"{count}:{last or 0}"

    def _conflict(self, change: Change) -> VersionConflict:
        newest = self.newest(change.kind, change.name)
        values = next((c.values for c in newest if c.origin is change.origin), None)
        return VersionConflict(max((c.version for c in newest), default=0), values or {})


def _newest_version(kind: Kind, name: str) -> Any:
    return select(func.max(_TABLE.c.version)).where(
        _TABLE.c.kind == kind.value, _TABLE.c.name == name
    )


def _row(change: Change) -> ResilienceConfigChange:
    return ResilienceConfigChange(
        kind=change.kind.value,
        name=change.name,
        version=change.version,
        origin=change.origin.value,
        action=change.action.value,
        config_values=change.values,
        expires_at=_datetime(change.expires_at) if change.expires_at else None,
        author=change.author,
        reason=change.reason,
        at=_datetime(change.at),
    )


def _changes(rows: Sequence[RowMapping]) -> list[Change]:
    """Rows as changes; rows of a kind that this process does not know are left out."""
    kinds = {kind.value for kind in Kind}
    return [
        Change(
            kind=Kind(row["kind"]),
            name=row["name"],
            version=row["version"],
            origin=Origin(row["origin"]),
            action=Action(row["action"]),
            values=row["config_values"],
            expires_at=_milliseconds(row["expires_at"]) if row["expires_at"] else 0,
            author=row["author"],
            reason=row["reason"],
            at=_milliseconds(row["at"]),
        )
        for row in rows
        if row["kind"] in kinds
    ]


def _datetime(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def _milliseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)
