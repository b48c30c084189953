"""Each process's counts of a candidate: written by the process, added up by a reader."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from yoto.rooms.policies.tables import PolicyShadowCount
from yoto.store.columns import utcnow
from yoto.store.sessions import reading, recording


@dataclass(frozen=True, slots=True)
class StoredCounts:
    """One process's part of a report.

    Attributes:
        evaluated: evaluations that the candidate took part in.
        errors: evaluations of the candidate that failed.
        flips: the differences between the two; see ``yoto.rooms.policies.shadow``.
    """

    evaluated: int
    errors: int
    flips: Mapping[str, Any]


class ShadowCountStore:
    """The counts of one application. Every call raises ``StoreUnavailable``."""

    def __init__(self, app: Flask, instance: str) -> None:
        """``instance`` names this process; nothing is opened before the first call."""
        self._app = app
        self._instance = instance

    def write(self, version_id: int, counts: StoredCounts) -> None:
        """Replace this process's counts for a candidate."""
        with recording(self._app) as session:
            _upsert(session, version_id, self._instance, counts)

    def read(self, version_id: int, own: StoredCounts | None = None) -> Sequence[StoredCounts]:
        """The counts of every process for a candidate.

        Args:
            own: this process's counts so far, in place of its written ones; None: as it wrote them.
        """
        statement = select(
            PolicyShadowCount.evaluated, PolicyShadowCount.errors, PolicyShadowCount.flips
        ).where(PolicyShadowCount.version_id == version_id)
        if own is not None:
            statement = statement.where(PolicyShadowCount.instance != self._instance)
        with reading(self._app) as session:
            found = [StoredCounts(*row) for row in session.execute(statement)]
        return found if own is None else [*found, own]


def _upsert(session: Session, version_id: int, instance: str, counts: StoredCounts) -> None:
    row = session.scalar(
        select(PolicyShadowCount).where(
            PolicyShadowCount.version_id == version_id, PolicyShadowCount.instance == instance
        )
    )
    if row is None:
        row = PolicyShadowCount(version_id=version_id, instance=instance)
        session.add(row)
    row.evaluated, row.errors = counts.evaluated, counts.errors
    row.flips, row.at = dict(counts.flips), utcnow()
